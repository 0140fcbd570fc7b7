"""How the state would have read on earlier days: the same guideline, asked with what the chart holds up to each day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from cds_service.cards.numbers import Dates
from cds_service.case.model import Case, Day
from cds_service.course.labels import length_of
from cds_service.course.time_axis import NARROW, SLIVER, WIDE, TimeAxis, percent
from cds_service.course.wording import state_in_words
from cds_service.guideline.assessment import Assessment, Disease
from cds_service.guideline.catalogue import assess_all
from cds_service.guideline.thresholds import Thresholds

# Each day is a whole assessment, so a long chart is looked at on its newest days only.
MOST_DAYS = 60
# Letters that are not bold, against those that labels are reckoned with.
_REGULAR = 0.88


class Period(NamedTuple):
    """A time in which the state did not change. `judged` is False where a result was missing.

    `room` and `number_room` say on which screens its words and its number fit: "all", "wide", or "none".
    """

    number: int
    date: str
    state: str
    rule: str
    action: str
    x: str
    width: str
    room: str
    number_room: str
    judged: bool


class History(NamedTuple):
    """The periods, oldest first. `since` is the first day that was looked at when earlier ones were left out."""

    periods: tuple[Period, ...]
    since: str


class _Judged(NamedTuple):
    day: Day
    assessment: Assessment


def history_of(
    case: Case, assessment: Assessment, axis: TimeAxis, dates: Dates, thresholds: Thresholds, days: Iterable[Day]
) -> History:
    """The state on each of these days and today. Days before the disease is known have none."""
    past = sorted({day for day in days if axis.first <= day < axis.last})
    looked_at = past[-MOST_DAYS:]
    judged = [_Judged(day, _on(case, day, thresholds, assessment.disease)) for day in looked_at]
    judged.append(_Judged(axis.last, assessment))
    changes = [
        now
        for before, now in zip([None, *judged], judged, strict=False)
        if now.assessment.disease and (before is None or before.assessment.state != now.assessment.state)
    ]
    periods = tuple(
        _period(number, change, later.day if later else axis.last, axis, dates)
        for number, (change, later) in enumerate(zip(changes, [*changes[1:], None], strict=True), start=1)
    )
    return History(periods, dates[looked_at[0]] if len(looked_at) < len(past) else "")


def _on(case: Case, day: Day, thresholds: Thresholds, disease: Disease | None) -> Assessment:
    found = assess_all(case.until(date.fromordinal(day)), date.fromordinal(day), thresholds)
    return next((item for item in found if item.disease == disease), found[0])


def _period(number: int, change: _Judged, until: Day, axis: TimeAxis, dates: Dates) -> Period:
    begin, end = axis.share(change.day), axis.share(until)
    judged = not change.assessment.state.endswith("_INSUFFICIENT_DATA")
    state = state_in_words(change.assessment.state)
    return Period(
        number=number,
        date=dates[change.day],
        state=state,
        rule=change.assessment.rule,
        action=change.assessment.action,
        x=percent(begin),
        width=percent(max(end - begin, SLIVER)),
        room=_room(length_of(state) * _REGULAR + 24, end - begin),
        number_room=_room(length_of(str(number)) + 9, end - begin),
        judged=judged,
    )


def _room(needed: float, share: float) -> str:
    if needed <= share * NARROW:
        return "all"
    return "wide" if needed <= share * WIDE else "none"
