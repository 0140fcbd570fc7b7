"""FHIR dates, in the three Python types in which they arrive, to days (CLIN-24 to CLIN-32).

A dateTime becomes the day it was in the zone of record, UTC, so that one instant written in three zones
is one day. A date without a time stays as written. A year or a month is a span, never its first day.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from cds_service.case.model import Day, Span


class Taken(NamedTuple):
    """When an observation was taken. `fault` says why it cannot be used; `by_issue` that only its release is dated."""

    day: Day = 0
    fault: str = ""
    by_issue: bool = False


def span_of(value: Any) -> Span | None:
    """The days a FHIR date can mean; None for no date, or one outside the calendar."""
    if isinstance(value, str):
        return _span_of_text(value)
    day = _day_of(value)
    return None if day is None else Span(day, day)


def _day_of(value: Any) -> Day | None:
    """The day of a date or dateTime; None for anything else, a text included."""
    if not isinstance(value, datetime):
        return value.toordinal() if isinstance(value, date) else None
    zone = value.tzinfo
    try:
        return value.toordinal() if zone is UTC or zone is None else value.astimezone(UTC).toordinal()
    except (OverflowError, ValueError):
        return None


def _span_of_text(value: str) -> Span | None:
    """A year, a month, or a time with a leap second, which the models leave as text."""
    try:
        if len(value) == 4:
            return Span(date(int(value), 1, 1).toordinal(), date(int(value), 12, 31).toordinal())
        if len(value) == 7:
            year, month = int(value[:4]), int(value[5:])
            return Span(date(year, month, 1).toordinal(), date(year, month, monthrange(year, month)[1]).toordinal())
        day = date.fromisoformat(value[:10]).toordinal()
    except ValueError:
        return None
    return Span(day, day)


def is_exact(span: Span) -> bool:
    """Known to the day."""
    return span.first == span.last


def last_day(value: Any) -> Day | None:
    """The last day a date can mean: a start is taken no earlier than is sure."""
    span = span_of(value)
    return None if span is None else span.last


def first_day(value: Any) -> Day | None:
    """The first day a date can mean: an end is taken no later than is sure."""
    span = span_of(value)
    return None if span is None else span.first


def taken(observation: Any, today: Day) -> Taken:
    """When an Observation was taken: effective dateTime or instant, else the end of its period, else its start.

    Only `issued`: the day of release stands in, and is said. A year or a month is DATE_IMPRECISE, a day
    after today FUTURE, nothing usable DATE_MISSING.
    """
    value = observation.effectiveDateTime or observation.effectiveInstant
    if value is None and observation.effectivePeriod is not None:
        period = observation.effectivePeriod
        value = period.end or period.start
    by_issue = value is None and observation.effectiveTiming is None
    value = observation.issued if by_issue else value
    day = _day_of(value)
    if day is None and isinstance(value, str):
        span = _span_of_text(value)
        if span is not None and span.first != span.last:
            return Taken(fault="DATE_IMPRECISE")
        day = None if span is None else span.first
    if day is None:
        return Taken(fault="DATE_MISSING")
    return Taken(day, "FUTURE" if day > today else "", by_issue)


def written_instant(value: Any) -> str:
    """An instant in UTC, in a spelling that sorts; empty for none."""
    if not isinstance(value, datetime):
        return value.isoformat() if isinstance(value, date) else ""
    if value.tzinfo is UTC:
        return value.isoformat()
    try:
        return value.astimezone(UTC).isoformat()
    except (OverflowError, ValueError):
        return ""
