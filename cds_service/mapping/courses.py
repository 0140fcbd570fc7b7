"""From when to when a drug was given, as its record says it (clinical-spec 3.2, R-27)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from cds_service.case.model import Day
from cds_service.mapping.dates import first_day, is_exact, span_of

_LONGEST_MONTH = 31
_DAYS_OF = {"h": 1 / 24, "d": 1.0, "wk": 7.0, "mo": 30.0, "a": 365.0}


@dataclass(frozen=True, slots=True)
class Course:
    """From when to when. `end` None is ongoing; `fault` says why there are no usable days.

    `start_stated` is False where no day is told: of a month `start` is the last day, without any start it is the end.
    """

    start: Day = 0
    end: Day | None = None
    fault: str = ""
    end_stated: bool = True
    start_stated: bool = True


@dataclass(frozen=True, slots=True)
class _Bounds:
    """The start and the end of an order of several steps, as FHIR dates."""

    start: Any
    end: Any


def statement_course(statement: Any, today: Day) -> Course:
    """From when to when. A statement without any date cannot be placed in time and is set aside, active or not."""
    period = statement.effectivePeriod
    active = statement.status == "active"
    if period is not None and (period.start or period.end):
        # Only the end is told: one day is sure, and how long before that it was given is not.
        course = _started(period.start or period.end, today)
        return _closed(course if period.start else replace(course, start_stated=False), period.end, active, today)
    stated = statement.effectiveDateTime or statement.dateAsserted
    if stated is None:
        return Course(fault="DATE_MISSING")
    course = _started(stated, today)
    # On the day that it is asserted it is taken; since when, nobody says.
    return _closed(course if statement.effectiveDateTime else replace(course, start_stated=False), None, active, today)


def administration_course(administration: Any, today: Day) -> Course:
    """One day, the first of its period."""
    period = administration.effectivePeriod
    course = _started(administration.effectiveDateTime or (period and (period.start or period.end)), today)
    return replace(course, end=course.start)


def request_course(request: Any, today: Day, *, one_dose: bool) -> Course:
    """Bounds of the dosages, else the day it was written. An infusion order without bounds is one dose."""
    repeats = [d.timing.repeat for d in request.dosageInstruction or () if d.timing and d.timing.repeat]
    repeat = next(iter(repeats), None)
    bounds = _bounds_of_all(repeats)
    active = request.status == "active"
    start = (bounds.start if bounds is not None else None) or request.authoredOn
    if start is None:
        return Course(fault="DATE_MISSING")
    course = _started(start, today)
    end = bounds.end if bounds is not None else None
    if end is None and repeat is not None and repeat.boundsDuration is not None and not course.fault:
        days = _length(repeat.boundsDuration)
        if days is not None:
            return replace(course, end=_capped(course.start + days, active, today))
    closed = _closed(course, end, active and not (one_dose and bounds is None), today)
    return replace(closed, end_stated=True) if one_dose else closed


def _bounds_of_all(repeats: Sequence[Any]) -> Any:
    """The bounds of an order; of a step-by-step one, from the first day of its steps to the last."""
    bounds = [repeat.boundsPeriod for repeat in repeats if repeat.boundsPeriod is not None]
    if len(bounds) < 2 or not all(first_day(step.start) is not None for step in bounds):
        return next(iter(bounds), None)
    first = min(bounds, key=lambda step: first_day(step.start) or 0)
    open_step = next((step for step in bounds if step.end is None), None)
    last = open_step or max(bounds, key=lambda step: first_day(step.end) or 0)
    return _Bounds(first.start, last.end)


def _started(value: Any, today: Day) -> Course:
    """A start known to the month counts from its last day. A year, or the month that is not over, places nothing.

    No day is taken that nobody wrote and that the line would be judged by (CLIN-28).
    """
    span = span_of(value)
    if span is None:
        return Course(fault="DATE_MISSING")
    if span.first > today:
        return Course(span.first, fault="FUTURE")
    if is_exact(span):
        return Course(span.last)
    if span.last - span.first >= _LONGEST_MONTH or span.last >= today:
        return Course(fault="DATE_IMPRECISE")
    return Course(span.last, start_stated=False)


def _closed(course: Course, end: Any, active: bool, today: Day) -> Course:
    """The course with its end. Ended without saying when: on the last day that is sure, which is the start."""
    if course.fault:
        return course
    stated = first_day(end)
    if stated is None:
        return course if active else replace(course, end=course.start, end_stated=False)
    span = span_of(end)
    if span is not None and span.last < course.start and is_exact(span):
        earliest = course.start if course.start_stated else date.fromordinal(course.start).replace(day=1).toordinal()
        if span.last < earliest:
            return Course(course.start, fault="DATE_REVERSED")
        course = replace(course, start=span.last)
    # Where start and end are known to the same month, at least one day is sure.
    return replace(course, end=_capped(max(stated, course.start), active, today))


def _capped(end: Day, active: bool, today: Day) -> Day | None:
    """An end ahead of today is a plan: ongoing while active, else over by today."""
    if end <= today:
        return end
    return None if active else today


def _length(duration: Any) -> int | None:
    factor = _DAYS_OF.get(duration.code or duration.unit or "")
    usable = factor is not None and duration.value is not None and 0 < duration.value < 100_000
    return int(float(duration.value) * factor) if usable and factor is not None else None
