"""The values an answer rests on, written in one walk: a table for the reader, members for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from cds_service.cards.escape import chart_text
from cds_service.cards.numbers import Dates, written
from cds_service.cards.recommendation import without_empty
from cds_service.cards.wording_measures import MEASURES, ROLES, UNITS
from cds_service.guideline.assessment import Fact

MOST_VALUES = 16
_LAST = len(MEASURES)
# Where a measure stands in the table, and how it is called there.
_MEASURED = {name: (place, text) for place, (name, text) in enumerate(MEASURES.items())}
_HEAD = "**Values used**\n\n| What | Date | Value | Role |\n|---|---|---|---|"
# As UCUM spells them: what charts nearly always write. Looked at first, `_letters` is dearer.
_UCUM = {"mL/min/1.73m2": "mL/min/{1.73_m2}", "RU/mL": "[RU]/mL"}
_SPELLING = str.maketrans("", "", " {}[]_*")


class WrittenFacts(NamedTuple):
    """`table` is Markdown, `members` are those of the contract (section 3); both empty without facts."""

    table: str
    members: list[dict[str, Any]]


def written_facts(facts: Sequence[Fact], dates: Dates) -> WrittenFacts:
    """What, date, value, role; the chart's own writing behind the value when it differs."""
    rows: list[tuple[int, str, int, int, str]] = []
    members: list[dict[str, Any]] = []
    for fact in facts:
        name, value, unit, day, role, source, stated = fact
        date = dates[day]
        if isinstance(value, str):
            number: float | str = value
            text = chart_text(value.replace("_", " "), 40)
        else:
            number, text = written(value)
        member = {"name": name, "value": number, "unit": unit, "date": date, "role": role, "source": source}
        members.append(member if unit and role and source else without_empty(member))
        chart = ""
        if stated and stated != f"{text} {unit}" and stated != f"{text} {_UCUM.get(unit, unit)}":
            chart = _otherwise(fact, text)
        said = f"{text} {UNITS.get(unit) or chart_text(unit, 20)}" if unit else text
        place, what = _MEASURED.get(name) or (_LAST, measure_name(name))
        as_what = ROLES.get(role) or chart_text(role.replace("_", " "), 20)
        # Proteinuria first, as the table of measures goes; of each the newest first. No two places are alike.
        row = f"\n| {what} | {date} | {said}{chart} | {as_what} |"
        rows.append((place, name, -day, len(rows), row))
    rows.sort()
    return WrittenFacts(_table([row[4] for row in rows]) if rows else "", members)


def _table(rows: list[str]) -> str:
    hidden = len(rows) - MOST_VALUES
    more = f"\n\n{hidden} more in the machine-readable part." if hidden > 0 else ""
    return f"{_HEAD}{''.join(rows[:MOST_VALUES])}{more}"


def measure_name(name: str) -> str:
    """The name of a measure on a card; one without an entry is said in its own words."""
    return MEASURES.get(name) or chart_text(name.replace("_", " "), 30)


def said_value(fact: Fact) -> str:
    """The value of a fact with its unit, in a sentence."""
    value = fact.value
    return with_unit(
        chart_text(value.replace("_", " "), 40) if isinstance(value, str) else written(value)[1], fact.unit
    )


def with_unit(number: str, unit: str) -> str:
    """A value with its unit as a clinician writes it."""
    return f"{number} {UNITS.get(unit) or chart_text(unit, 20)}" if unit else number


def _otherwise(fact: Fact, text: str) -> str:
    """The chart's own writing, behind the value that is shown as `text`; nothing when it says the same."""
    return "" if _says_the_same(fact, text) else f" (chart: {chart_text(fact.stated, 40)})"


def _says_the_same(fact: Fact, text: str) -> bool:
    """Whether the chart's own writing adds nothing: the same number, and the unit in the same letters."""
    value, unit, stated = fact.value, fact.unit, fact.stated
    number = value if isinstance(value, str) else text
    letters = _letters(stated)
    if letters == _letters(f"{number}{unit}") or letters == _letters(number):
        return True
    stated = stated.replace(" ", "").lower()
    if isinstance(value, str) or not stated.endswith(unit.lower()):
        return False
    try:
        return float(stated.removesuffix(unit.lower())) == value
    except ValueError:
        return False


def _letters(text: str) -> str:
    """What is left of a value without blanks, braces and underscores: mL/min/{1.73_m2} is mL/min/1.73m2."""
    return text.translate(_SPELLING).lower()
