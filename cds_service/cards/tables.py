"""The two tables of a card: the values an answer rests on, and the treatment lines so far."""

from __future__ import annotations

from cds_service.cards.escape import chart_text
from cds_service.cards.figures import joined
from cds_service.cards.numbers import Dates, percent, shown
from cds_service.cards.wording_classes import LINE_CLASSES, OUTCOMES
from cds_service.cards.wording_measures import MEASURES, ROLES, UNITS
from cds_service.guideline.assessment import Assessment, Fact, LineSummary

MOST_VALUES = 16
MOST_LINES = 10
_PLACES = {name: place for place, name in enumerate(MEASURES)}


def values_table(assessment: Assessment, dates: Dates) -> str:
    """What, date, value, role; the chart's own writing behind the value when it differs."""
    if not assessment.facts:
        return ""
    rows = [_value_row(fact, dates) for fact in sorted(assessment.facts, key=_reading_order)[:MOST_VALUES]]
    hidden = len(assessment.facts) - len(rows)
    more = f"\n\n{hidden} more in the machine-readable part." if hidden > 0 else ""
    return "\n".join(("**Values used**", "", "| What | Date | Value | Role |", "|---|---|---|---|", *rows)) + more


def lines_table(assessment: Assessment, dates: Dates) -> str:
    """Class and agents, dates, and how the line is judged."""
    if not assessment.lines:
        return ""
    rows = [_line_row(line, dates) for line in assessment.lines[-MOST_LINES:]]
    return "\n".join(("**Treatment so far**", "", "| Treatment | Dates | Judged |", "|---|---|---|", *rows))


def measure_name(name: str) -> str:
    """The name of a measure on a card; one without an entry is said in its own words."""
    return MEASURES.get(name) or chart_text(name.replace("_", " "), 30)


_SPELLING = str.maketrans("", "", " {}[]_*")


def quantity_text(value: float | str, unit: str) -> str:
    """A value with its unit as a clinician writes it."""
    return _with_unit(chart_text(value.replace("_", " "), 40) if isinstance(value, str) else shown(value), unit)


def _with_unit(number: str, unit: str) -> str:
    return f"{number} {UNITS.get(unit) or chart_text(unit, 20)}" if unit else number


def _reading_order(fact: Fact) -> tuple[int, str, int]:
    """Proteinuria first, as the table of measures goes; of each the newest first."""
    return (_PLACES.get(fact.name, len(_PLACES)), fact.name, -fact.day)


def _value_row(fact: Fact, dates: Dates) -> str:
    number = chart_text(fact.value.replace("_", " "), 40) if isinstance(fact.value, str) else shown(fact.value)
    value = _with_unit(number, fact.unit)
    if fact.stated and fact.stated != f"{number} {fact.unit}" and not _says_the_same(fact):
        value += f" (chart: {chart_text(fact.stated, 40)})"
    role = ROLES.get(fact.role) or chart_text(fact.role.replace("_", " "), 20)
    return f"| {measure_name(fact.name)} | {dates[fact.day]} | {value} | {role} |"


def _says_the_same(fact: Fact) -> bool:
    """Whether the chart's own writing adds nothing: the same number, and the unit in the same letters."""
    number = fact.value if isinstance(fact.value, str) else shown(fact.value)
    stated = _letters(fact.stated)
    if stated in {_letters(f"{number}{fact.unit}"), _letters(number)}:
        return True
    stated = fact.stated.replace(" ", "").lower()
    if isinstance(fact.value, str) or not stated.endswith(fact.unit.lower()):
        return False
    try:
        return float(stated.removesuffix(fact.unit.lower())) == fact.value
    except ValueError:
        return False


def _letters(text: str) -> str:
    """What is left of a value without blanks, braces and underscores: mL/min/{1.73_m2} is mL/min/1.73m2."""
    return text.translate(_SPELLING).lower()


def _line_row(line: LineSummary, dates: Dates) -> str:
    classes = joined(LINE_CLASSES.get(code) or chart_text(code, 20) for code in line.classes)
    agents = [chart_text(agent.replace("_", " "), 30) for agent in line.agents]
    named = [agent for agent in agents if agent not in classes]
    treatment = f"{classes} ({', '.join(named)})" if named else classes
    end = "ongoing" if line.end is None else dates[line.end]
    return f"| {treatment[:1].upper()}{treatment[1:]} | {dates[line.start]} to {end} | {_judged(line)} |"


def _judged(line: LineSummary) -> str:
    words = [OUTCOMES.get(line.outcome) or chart_text(line.outcome.replace("_", " ").lower(), 30)]
    if line.reduction is not None:
        direction = "down" if line.reduction >= 0 else "up"
        words.append(f"proteinuria {direction} {percent(abs(line.reduction))}")
    if line.why:
        words.append(chart_text(line.why, 90))
    return "; ".join(word for word in words if word)
