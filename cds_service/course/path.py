"""The decision path: every row that was considered, in order, up to the one that answered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from cds_service.cards.escape import plain_text
from cds_service.case.model import Day
from cds_service.course.wording import seen_in_words
from cds_service.guideline.assessment import Assessment, LineSummary
from cds_service.guideline.lupus.steps import STEPS as LUPUS_STEPS
from cds_service.guideline.membranous.steps import STEPS as MEMBRANOUS_STEPS
from cds_service.guideline.rows import Row

# The guideline counts days from the start of the line it judges, whether that goes on or not.
_DAY = re.compile(r"\b(?:on )?day (\d+)\b")
_NAMES_THE_LINE = "line: "
# Given on single days, so they do not end: they work on.
_INFUSED = frozenset({"RTX", "CD20_2G"})


class PathStep(NamedTuple):
    """A row as it was considered. `statement` and `source` are the guideline's own, of a row that applied."""

    row: str
    asked: str
    saw: str
    applied: bool
    inner: bool
    statement: str
    source: str


def path_of(assessment: Assessment, today: Day) -> tuple[PathStep, ...]:
    """The trace in words; `today` is the day of the answer."""
    steps = []
    for step in assessment.trace:
        known = _rows().get(step.row) if step.applied else None
        steps.append(
            PathStep(
                row=step.row,
                asked=step.asked,
                saw=_dated(seen_in_words(plain_text(step.saw, 200)), assessment, today),
                applied=step.applied,
                inner="step" not in step.row,
                statement=known.statement if known else "",
                source=known.source if known else "",
            )
        )
    return tuple(steps)


def _dated(saw: str, assessment: Assessment, today: Day) -> str:
    """With the days of a line told so that nobody takes one that has ended for one that goes on."""

    def told(found: re.Match[str]) -> str:
        days = int(found[1])
        lines = [line for line in assessment.lines if today - line.start == days]
        if not lines:
            return f"{days} days after the line's start"
        since = f"{'' if lines[-1].start_stated else 'at least '}{days} days"
        ended = _ended(lines[-1])
        if _NAMES_THE_LINE in saw:
            return f"begun {since} ago, {ended or 'ongoing'}"
        return f"{since} after the line's start{f' ({ended})' if ended else ''}"

    return _DAY.sub(told, saw)


def _ended(line: LineSummary) -> str:
    """When a line ended, in days from its start; empty while it goes on."""
    if line.end is None:
        return ""
    if not (line.start_stated and line.end_stated):
        return "ended, day not recorded"
    day = line.end - line.start
    if set(line.classes) <= _INFUSED:
        return f"last given on day {day}" if day else "given on one day"
    return f"ended on day {day}"


@cache
def _rows() -> Mapping[str, Row[Any]]:
    return {row.step: row for row in (*_all(MEMBRANOUS_STEPS), *_all(LUPUS_STEPS))}


def _all(rows: Sequence[Row[Any]]) -> Iterator[Row[Any]]:
    for row in rows:
        yield row
        yield from _all(row.table)
