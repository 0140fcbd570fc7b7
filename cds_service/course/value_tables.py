"""Every value of the chart as plain tables: the alternative to the figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cds_service.cards.escape import plain_text
from cds_service.cards.numbers import Dates
from cds_service.cards.wording_measures import MEASURES
from cds_service.case.model import Case
from cds_service.course.kinds import Kind
from cds_service.course.panels import Panel
from cds_service.course.points import Point, points_of, role_in_words
from cds_service.guideline.assessment import Assessment


class Row(NamedTuple):
    """One value. `name` is empty where the table is of one measure; `used` marks what the answer rests on."""

    date: str
    name: str
    said: str
    role: str
    stated: str
    source: str
    used: bool


class ValueTable(NamedTuple):
    """The values of one figure, newest first, or all values without a figure."""

    title: str
    rows: tuple[Row, ...]


def value_tables(case: Case, assessment: Assessment, panels: Sequence[Panel], dates: Dates) -> tuple[ValueTable, ...]:
    """A table for each figure, then one for what has no figure: other numbers and words."""
    drawn = {point.measure for panel in panels for point in panel.points}
    tables = [ValueTable(panel.title, tuple(_rows(panel.points, named=_mixed(panel.points)))) for panel in panels]
    rest = tuple(sorted(_others(case, assessment, drawn, dates), key=lambda row: row.date, reverse=True))
    return (*tables, ValueTable("Other values and findings", rest)) if rest else tuple(tables)


def _mixed(points: Iterable[Point]) -> bool:
    return len({point.name for point in points}) > 1


def _rows(points: Sequence[Point], *, named: bool) -> Iterator[Row]:
    for point in reversed(points):
        role = point.standing if point.doubt else ", ".join(point.roles)
        name = point.name if named else ""
        yield Row(point.date, name, point.said, role, point.stated, point.source, point.used)


def _others(case: Case, assessment: Assessment, drawn: set[str], dates: Dates) -> Iterator[Row]:
    for measure in sorted(set(case.quantities) - drawn):
        name = MEASURES.get(measure) or plain_text(measure.replace("_", " ").capitalize(), 40)
        points = points_of(Kind(name, (measure,), 0, 1), case, assessment, dates)
        yield from _rows([point._replace(name=name) for point in points], named=True)
    roles = {(fact.source, fact.name): role_in_words(fact.role) for fact in assessment.facts}
    for measure, answers in case.findings.items():
        name = MEASURES.get(measure) or plain_text(measure.replace("_", " ").capitalize(), 40)
        for answer in answers:
            role = roles.get((answer.source, measure), "")
            said = plain_text(answer.value.replace("_", " "), 60)
            yield Row(dates[answer.day], name, said, role, "", plain_text(answer.source, 120), bool(role))
