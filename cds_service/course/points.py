"""The points of a figure: every value of the chart, those that the answer rests on marked as such."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from cds_service.cards.escape import plain_text
from cds_service.cards.numbers import Dates, shown
from cds_service.cards.wording_measures import MEASURES, ROLES, SET_ASIDE, UNITS
from cds_service.case.model import Case, Comparator, Day, Quantity
from cds_service.course.kinds import Kind
from cds_service.guideline.assessment import Assessment, Fact

Roles = Mapping[tuple[str, str, Day], tuple[str, ...]]
_SIGNS: Mapping[Comparator, str] = {"": "", "<": "< ", "<=": "≤ ", ">": "> ", ">=": "≥ "}
OTHER_TAKEN = "another result of that day was taken"
_NOT_COUNTED = frozenset({"outdated", "too late"})


class Point(NamedTuple):
    """One value. `roles` says as what the answer used it, in words; empty when it did not.

    `doubt` says why it was not taken although it could have mattered; empty for the others.
    """

    day: Day
    date: str
    value: float
    number: str
    unit: str
    name: str
    measure: str
    stated: str
    source: str
    bound: Comparator
    roles: tuple[str, ...]
    doubt: str

    @property
    def said(self) -> str:
        """The value with its unit."""
        return f"{self.number} {self.unit}".strip()

    @property
    def used(self) -> bool:
        """Whether the answer rests on it; a value that was too old to count does not carry it."""
        return bool(set(self.roles) - _NOT_COUNTED)

    @property
    def standing(self) -> str:
        """What part it plays."""
        if self.doubt:
            return f"not used: {self.doubt}"
        if not self.roles:
            return "not needed for this answer"
        word = "used as" if self.used else "not counted:"
        return f"{word} {' and '.join(self.roles)}"

    @property
    def full(self) -> str:
        """Everything in one sentence, for a screen reader."""
        charted = f"; in the chart: {self.stated}" if self.stated else ""
        return f"{self.name} {self.said}, {self.date}, {self.standing}{charted}; {self.source}"


def roles_of(assessment: Assessment) -> Roles:
    """As what the answer used each value, in the words of the card."""
    found: dict[tuple[str, str, Day], tuple[str, ...]] = {}
    for fact in assessment.facts:
        key = (fact.source, fact.name, fact.day)
        found[key] = (*found.get(key, ()), role_in_words(fact.role))
    return found


def role_in_words(role: str) -> str:
    """A role as the card writes it."""
    return ROLES.get(role) or plain_text(role.replace("_", " "), 40)


def points_of(kind: Kind, case: Case, assessment: Assessment, dates: Dates) -> tuple[Point, ...]:
    """The points of a figure, oldest first. What the answer rests on is there, wherever it came from."""
    roles = roles_of(assessment)
    doubts = {item.resource: SET_ASIDE.get(item.reason, "in doubt") for item in assessment.undecided}
    points = [_point(value, roles, dates, doubts.get(value.source, "")) for value in kind.series(case)]
    there = {(point.source, point.measure, point.day) for point in points}
    # A 24-hour collection hides the spot ratio of its day; if the answer rests on that one, it is drawn as well.
    extra = (fact for fact in assessment.facts if fact.name in kind.measures)
    points += [_of_fact(fact, roles, dates) for fact in _once(extra) if (fact.source, fact.name, fact.day) not in there]
    others = (other for _, other in case.disagreements if other.measure in kind.measures)
    points += [_point(other, {}, dates, doubts.get(other.source, OTHER_TAKEN)) for other in others]
    return tuple(sorted(points, key=lambda point: point.day))


def _once(facts: Iterable[Fact]) -> Sequence[Fact]:
    numbers = {(fact.source, fact.name, fact.day): fact for fact in facts if not isinstance(fact.value, str)}
    return tuple(numbers.values())


def _point(value: Quantity, roles: Roles, dates: Dates, doubt: str = "") -> Point:
    return Point(
        day=value.day,
        date=dates[value.day],
        value=value.value,
        number=_SIGNS[value.bound] + shown(value.value),
        unit=unit_in_words(value.unit),
        name=MEASURES.get(value.measure, plain_text(value.measure.replace("_", " "), 30)),
        measure=value.measure,
        stated=plain_text(value.stated, 80),
        source=plain_text(value.source, 120),
        bound=value.bound,
        roles=roles.get((value.source, value.measure, value.day), ()),
        doubt=doubt,
    )


def _of_fact(fact: Fact, roles: Roles, dates: Dates) -> Point:
    value = Quantity(fact.name, fact.day, float(fact.value), fact.unit, fact.source, fact.stated)
    return _point(value, roles, dates)


def unit_in_words(unit: str) -> str:
    """A unit as a clinician writes it."""
    return UNITS.get(unit) or plain_text(unit, 20)
