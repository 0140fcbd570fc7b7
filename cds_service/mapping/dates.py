"""FHIR dates, in the three Python types in which they arrive, to days (CLIN-24 to CLIN-32).

A dateTime becomes the day it was in the zone of record, UTC, so that one instant written in three zones
is one day. A date without a time stays as written. A year or a month is a span, never its first day.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from cds_service.case.model import Day, Span


@dataclass(frozen=True, slots=True)
class Taken:
    """When an observation was taken. `fault` says why it cannot be used; `by_issue` that only its release is dated."""

    day: Day = 0
    fault: str = ""
    by_issue: bool = False


def span_of(value: Any) -> Span | None:
    """The days a FHIR date can mean; None for no date, or one outside the calendar."""
    if isinstance(value, datetime):
        try:
            day = value.toordinal() if value.tzinfo in (None, UTC) else value.astimezone(UTC).toordinal()
        except (OverflowError, ValueError):
            return None
        return Span(day, day)
    if isinstance(value, date):
        return Span(value.toordinal(), value.toordinal())
    return _span_of_text(value) if isinstance(value, str) else None


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
    period = observation.effectivePeriod
    value = observation.effectiveDateTime or observation.effectiveInstant
    if value is None and period is not None:
        value = period.end or period.start
    by_issue = value is None and observation.effectiveTiming is None
    span = span_of(observation.issued if by_issue else value)
    if span is None:
        return Taken(fault="DATE_MISSING")
    if not is_exact(span):
        return Taken(fault="DATE_IMPRECISE")
    return Taken(span.first, "FUTURE" if span.first > today else "", by_issue)


def written_instant(value: Any) -> str:
    """An instant in UTC, in a spelling that sorts; empty for none."""
    if not isinstance(value, datetime):
        return value.isoformat() if isinstance(value, date) else ""
    try:
        return value.astimezone(UTC).isoformat()
    except (OverflowError, ValueError):
        return ""
