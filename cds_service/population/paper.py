"""Remission after rituximab as document 002 counts it, beside ours (Chen and others, Balkan Med J 2023;40:287-293).

Its definitions, on values of 24 h: complete: below 0.3 g, albumin at least 35 g/L, normal kidney function. Partial:
0.3 to 3.5 g, *or* at least halved, albumin at least 30 g/L, stable kidney function. Ours (KDIGO 2021): complete alike;
partial below 3.5 g *and* at least halved, whatever the albumin (conflict C-02). The paper counts what was reached by
twelve months, ours is the state of the twelfth month.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from cds_service.case.measures import between
from cds_service.case.model import Case, Day, Quantity
from cds_service.population.rows import Row

COMPLETE, PARTIAL, NEITHER = "complete", "partial", "none"
SAME, LOST, STILL_NEPHROTIC, NOT_HALVED, ALBUMIN_LOW, OTHER = (
    "the same",
    "reached earlier, gone in the twelfth month",
    "halved, and still 3.5 g or more: we ask for both",
    "below 3.5 g, and not halved: we ask for both",
    "albumin below 30 g/L, for which only the paper asks",
    "something else",
)
TWELVE_MONTHS, LAST_DAY = 365, 400
_FIRST_DAY = 30
_BEFORE, _AFTER = 90, 7
_NEAR = 14
_SEEN_AFTER = 15
_COMPLETE, _NEPHROTIC, _NORMAL_ALBUMIN, _PARTIAL_ALBUMIN = 0.3, 3.5, 35.0, 30.0
_NORMAL_EGFR, _KEPT = 60.0, 0.8
_OURS = {"MN_REMISSION_CR": COMPLETE, "MN_REMISSION_PR": PARTIAL}


class Treated(NamedTuple):
    """A course of rituximab the paper would have counted: its group and its first day."""

    group: str
    start: Day


class Compared(NamedTuple):
    """One patient by both definitions, and why they differ."""

    group: str
    paper: str
    ours: str
    because: str


def treated_as_in_the_paper(row: Row, on: date) -> Treated | None:
    """The first rituximab after failed treatment, alone or with a calcineurin inhibitor, a year or more ago."""
    earlier = 0
    for line in row["lines"] if row["disease"] == "MN" else ():
        classes = set(line["classes"])
        start = date.fromisoformat(line["start"]).toordinal()
        if "RTX" in classes:
            counted = earlier and classes <= {"RTX", "CNI"} and on.toordinal() - start >= TWELVE_MONTHS
            return Treated("RTX+CNI" if "CNI" in classes else "RTX", start) if counted else None
        if classes & {"CNI", "CYC"}:
            earlier += 1
    return None


def twelfth_month(treated: Treated, case: Case, on: date) -> date:
    """The day as of which ours is asked: when the last value of the twelfth month has come back."""
    visits = between(case.series("proteinuria_24h"), treated.start + _FIRST_DAY, treated.start + LAST_DAY)
    return min(on, date.fromordinal(visits[-1].day + _SEEN_AFTER)) if visits else on


def compared(treated: Treated, case: Case, state: str) -> Compared | None:
    """The patient by both definitions. `state` is ours of the twelfth month. None without the values for it."""
    start, series = treated.start, case.series("proteinuria_24h")
    before = _last(between(series, start - _BEFORE, start + _AFTER))
    visits = between(series, start + _FIRST_DAY, start + LAST_DAY)
    if before is None or not visits or visits[-1].day < start + TWELVE_MONTHS - 65:
        return None
    reached = [_by_paper(value, before, start, case) for value in visits]
    paper = COMPLETE if COMPLETE in reached else PARTIAL if PARTIAL in reached else NEITHER
    ours = _OURS.get(state, NEITHER)
    because = SAME if paper == ours else _because(paper, ours, reached[-1], visits[-1], before, case)
    return Compared(treated.group, paper, ours, because)


def _by_paper(value: Quantity, before: Quantity, start: Day, case: Case) -> str:
    albumin = _near(case, "albumin", value.day)
    egfr, first = _near(case, "egfr", value.day), _last(between(case.series("egfr"), start - _BEFORE, start + _AFTER))
    stable = egfr is None or first is None or egfr >= _KEPT * first.value
    if albumin is None or not stable:
        return NEITHER
    normal = egfr is None or egfr >= _NORMAL_EGFR
    if value.value < _COMPLETE and albumin >= _NORMAL_ALBUMIN and normal:
        return COMPLETE
    lower = value.value < _NEPHROTIC or value.value <= before.value / 2
    return PARTIAL if lower and albumin >= _PARTIAL_ALBUMIN else NEITHER


def _because(paper: str, ours: str, at_last: str, last: Quantity, before: Quantity, case: Case) -> str:
    halved, low = last.value <= before.value / 2, last.value < _NEPHROTIC
    albumin = _near(case, "albumin", last.day)
    if paper != at_last and at_last in (ours, NEITHER, PARTIAL):
        return LOST
    if paper == PARTIAL and halved and not low:
        return STILL_NEPHROTIC
    if paper == PARTIAL and low and not halved:
        return NOT_HALVED
    if paper == NEITHER and albumin is not None and albumin < _PARTIAL_ALBUMIN:
        return ALBUMIN_LOW
    return OTHER


def _near(case: Case, measure: str, day: Day) -> float | None:
    found = between(case.series(measure), day - _NEAR, day + _NEAR)
    return min(found, key=lambda value: abs(value.day - day)).value if found else None


def _last(values: Sequence[Quantity]) -> Quantity | None:
    return values[-1] if values else None
