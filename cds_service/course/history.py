"""How the state would have read on earlier days: the same guideline, asked with what the chart holds up to each day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from itertools import chain, groupby, pairwise
from typing import NamedTuple

from cds_service.cards.numbers import Dates
from cds_service.case.model import Case, Day
from cds_service.course.labels import length_of
from cds_service.course.time_axis import NARROW, SLIVER, WIDE, TimeAxis, percent
from cds_service.course.wording import state_in_words
from cds_service.guideline.assessment import Assessment, Disease
from cds_service.guideline.catalogue import assess_all
from cds_service.guideline.thresholds import Thresholds

# Each day is a whole assessment, and the process answers calls beside it. A course longer than so many days is asked
# every other, third, ... day, and on the newest days with an entry.
MOST_STEPS = 120
MOST_ENTRY_DAYS = 60
# Letters that are not bold, against those that labels are reckoned with.
_REGULAR = 0.88


class Period(NamedTuple):
    """A time in which the state did not change. `rule` is that of its first day.

    `judged` is False where a result was missing. `room` and `number_room` say on which screens its words and its
    number fit: "all", "wide", or "none".
    """

    number: int
    date: str
    state: str
    rule: str
    x: str
    width: str
    room: str
    number_room: str
    judged: bool


class History(NamedTuple):
    """The periods, oldest first. Every so many days were asked: a state that came and went between them is not seen."""

    periods: tuple[Period, ...]
    every: int


class _Judged(NamedTuple):
    """A day with its answer, and whether the disease of the page is spoken of at all."""

    day: Day
    assessment: Assessment
    known: bool

    @property
    def state(self) -> str:
        return self.assessment.state if self.known else ""


def history_of(case: Case, assessment: Assessment, axis: TimeAxis, dates: Dates, thresholds: Thresholds) -> History:
    """The state on each day of the axis. Days on which the disease is not known have none.

    The state changes with an entry, but also without one: when a value has become too old to count, or when a line
    has gone on for long enough. So the days between entries are asked as well.
    """
    every = -(-(axis.last - axis.first) // MOST_STEPS)
    entries = sorted(day for day in _entry_days(case, assessment) if axis.first <= day < axis.last)
    days = sorted({*range(axis.first, axis.last, every), *entries[-MOST_ENTRY_DAYS:]})

    def on(day: Day) -> _Judged:
        return _on(case, day, thresholds, assessment.disease)

    judged = [*map(on, days), _Judged(axis.last, assessment, known=True)]
    closer = chain(judged[:1], *(_halved(before, after, on) for before, after in pairwise(judged)))
    changes = [next(same) for _, same in groupby(closer, key=lambda item: item.state)]
    ends = [*(later.day for later in changes[1:]), axis.last]
    spoken = ((change, end) for change, end in zip(changes, ends, strict=True) if change.known)
    return History(
        tuple(_period(number, change, end, axis, dates) for number, (change, end) in enumerate(spoken, start=1)), every
    )


def _entry_days(case: Case, assessment: Assessment) -> set[Day]:
    """The days on which the chart changes in what moves the state."""
    days = {value.day for series in case.quantities.values() for value in series}
    days |= {answer.day for answers in case.findings.values() for answer in answers}
    days |= {day for line in assessment.lines for day in (line.start, line.end) if day is not None}
    days |= {event.day for event in case.procedures if event.day is not None}
    for condition in case.conditions:
        told = (condition.onset.first if condition.onset else condition.recorded, condition.ended)
        days |= {day for day in told if day is not None}
    return days


def _halved(before: _Judged, after: _Judged, on: Callable[[Day], _Judged]) -> Iterator[_Judged]:
    """What follows `before` up to `after`: where they differ, with the first day of each state found between them."""
    if before.state != after.state and after.day - before.day > 1:
        middle = on((before.day + after.day) // 2)
        yield from _halved(before, middle, on)
        yield from _halved(middle, after, on)
    else:
        yield after


def _on(case: Case, day: Day, thresholds: Thresholds, disease: Disease | None) -> _Judged:
    found = assess_all(case, date.fromordinal(day), thresholds)
    ours = next((item for item in found if item.disease == disease), None)
    return _Judged(day, ours or found[0], known=ours is not None)


def _period(number: int, change: _Judged, until: Day, axis: TimeAxis, dates: Dates) -> Period:
    begin, end = axis.share(change.day), axis.share(until)
    state = state_in_words(change.assessment.state)
    return Period(
        number=number,
        date=dates[change.day],
        state=state,
        rule=change.assessment.rule,
        x=percent(begin),
        width=percent(max(end - begin, SLIVER)),
        room=_room(length_of(state) * _REGULAR + 24, end - begin),
        number_room=_room(length_of(str(number)) + 9, end - begin),
        judged=not change.assessment.state.endswith("_INSUFFICIENT_DATA"),
    )


def _room(needed: float, share: float) -> str:
    if needed <= share * NARROW:
        return "all"
    return "wide" if needed <= share * WIDE else "none"
