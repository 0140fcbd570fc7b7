"""The decision path: every row that was considered, in order, up to the one that answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from cds_service.cards.escape import plain_text
from cds_service.course.wording import seen_in_words
from cds_service.guideline.assessment import Assessment
from cds_service.guideline.lupus.steps import STEPS as LUPUS_STEPS
from cds_service.guideline.membranous.steps import STEPS as MEMBRANOUS_STEPS
from cds_service.guideline.rows import Row


class PathStep(NamedTuple):
    """A row as it was considered. `statement` and `source` are the guideline's own, of a row that applied."""

    row: str
    asked: str
    saw: str
    applied: bool
    inner: bool
    statement: str
    source: str


def path_of(assessment: Assessment) -> tuple[PathStep, ...]:
    """The trace in words."""
    steps = []
    for step in assessment.trace:
        known = _rows().get(step.row) if step.applied else None
        steps.append(
            PathStep(
                row=step.row,
                asked=step.asked,
                saw=seen_in_words(plain_text(step.saw, 200)),
                applied=step.applied,
                inner="step" not in step.row,
                statement=known.statement if known else "",
                source=known.source if known else "",
            )
        )
    return tuple(steps)


@cache
def _rows() -> Mapping[str, Row[Any]]:
    return {row.step: row for row in (*_all(MEMBRANOUS_STEPS), *_all(LUPUS_STEPS))}


def _all(rows: Sequence[Row[Any]]) -> Iterator[Row[Any]]:
    for row in rows:
        yield row
        yield from _all(row.table)
