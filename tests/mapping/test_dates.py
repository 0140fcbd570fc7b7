"""FHIR dates to days (attack cases CLIN-24 to CLIN-32)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from fhir_samples import case, day, numbered, observation, reasons

from cds_service.case.model import Span
from cds_service.mapping.dates import first_day, is_exact, last_day, span_of, written_instant


def zone(hours: int) -> timezone:
    return timezone(timedelta(hours=hours))


SPANS: dict[str, tuple[Any, tuple[str, str] | None]] = {
    "a date": (date(2026, 11, 12), ("2026-11-12", "2026-11-12")),
    "an instant in UTC": (datetime(2026, 11, 12, 23, 59, tzinfo=UTC), ("2026-11-12", "2026-11-12")),
    "an evening in the west is the next day": (
        datetime(2026, 11, 12, 20, tzinfo=zone(-5)),
        ("2026-11-13", "2026-11-13"),
    ),
    "a morning in the east is the day before": (
        datetime(2026, 11, 12, 8, tzinfo=zone(9)),
        ("2026-11-11", "2026-11-11"),
    ),
    "a month": ("2024-02", ("2024-02-01", "2024-02-29")),
    "a year": ("2024", ("2024-01-01", "2024-12-31")),
    "a leap second": ("2016-12-31T23:59:60Z", ("2016-12-31", "2016-12-31")),
    "beyond the calendar": (datetime(9999, 12, 31, 23, tzinfo=zone(-14)), None),
    "before the calendar": (datetime(1, 1, 1, 1, tzinfo=zone(14)), None),
    "no month": ("2024-13", None),
    "nothing": (None, None),
    "a number": (2024, None),
}


@pytest.mark.parametrize(("value", "days"), SPANS.values(), ids=SPANS.keys())
def test_the_days_a_date_can_mean(value: Any, days: tuple[str, str] | None) -> None:
    span = Span(*map(day, days)) if days else None
    assert span_of(value) == span
    assert (first_day(value), last_day(value)) == ((span.first, span.last) if span else (None, None))
    assert span is None or is_exact(span) == (span.first == span.last)


def test_instants_are_written_so_that_they_sort() -> None:
    early = datetime(2026, 11, 12, 1, tzinfo=zone(9))
    late = datetime(2026, 11, 11, 23, 0, 0, 5, tzinfo=zone(0))
    assert written_instant(early) < written_instant(late)
    assert written_instant(None) == ""
    assert written_instant(datetime(9999, 12, 31, 23, tzinfo=zone(-14))) == ""


TAKEN: dict[str, tuple[dict[str, Any], str | None, str | None]] = {
    "a date": ({"effectiveDateTime": "2026-11-12"}, "2026-11-12", None),
    "an instant": ({"effectiveDateTime": None, "effectiveInstant": "2026-11-12T10:00:00Z"}, "2026-11-12", None),
    "a period: its end": (
        {"effectiveDateTime": None, "effectivePeriod": {"start": "2026-11-11", "end": "2026-11-12"}},
        "2026-11-12",
        None,
    ),
    "a period that is open: its start": (
        {"effectiveDateTime": None, "effectivePeriod": {"start": "2026-11-11"}},
        "2026-11-11",
        None,
    ),
    "only its release": ({"effectiveDateTime": None, "issued": "2026-11-12T10:00:00Z"}, "2026-11-12", None),
    "a timing": ({"effectiveDateTime": None, "effectiveTiming": {"event": ["2026-11-12"]}}, None, "DATE_MISSING"),
    "nothing": ({"effectiveDateTime": None}, None, "DATE_MISSING"),
    "a month": ({"effectiveDateTime": "2026-05"}, None, "DATE_IMPRECISE"),
    "a year": ({"effectiveDateTime": "2024"}, None, "DATE_IMPRECISE"),
    "today": ({"effectiveDateTime": "2026-11-22"}, "2026-11-22", None),
    "in two days": ({"effectiveDateTime": "2026-11-24"}, None, "FUTURE"),
    "in ten years": ({"effectiveDateTime": "2036-11-22"}, None, "FUTURE"),
    "today in the far east, already tomorrow there": (
        {"effectiveDateTime": "2026-11-23T08:00:00+14:00"},
        "2026-11-22",
        None,
    ),
}


@pytest.mark.parametrize(("elements", "expected", "reason"), TAKEN.values(), ids=TAKEN.keys())
def test_when_a_result_was_taken(elements: dict[str, Any], expected: str | None, reason: str | None) -> None:
    read = case(observation(**elements))
    assert [value.day for value in read.series("proteinuria_24h")] == ([day(expected)] if expected else [])
    assert reasons(read) == ([reason] if reason else [])


def test_a_result_dated_by_its_release_says_so() -> None:
    read = case(observation(effectiveDateTime=None, issued="2026-11-12T10:00:00Z"))
    assert read.series("proteinuria_24h")[0].stated == "7.6 g/d (dated by its release)"


def test_one_instant_in_three_zones_is_one_day_and_one_value() -> None:
    written = ("2026-11-12T23:30:00+14:00", "2026-11-11T21:30:00-12:00", "2026-11-12T09:30:00Z")
    days = {case(observation(effectiveDateTime=when)).series("proteinuria_24h")[0].day for when in written}
    assert days == {day("2026-11-12")}
    read = case(*numbered(*(observation(effectiveDateTime=when) for when in written)))
    assert (len(read.series("proteinuria_24h")), len(read.bins.superseded), read.disagreements) == (1, 2, ())
