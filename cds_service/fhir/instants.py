"""Instants and days of FHIR dates, compared by when they are and not by their letters (CLIN-31)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cds_service.fhir.bins import Repairs
from cds_service.fhir.repairs import date_time

DAY_SECONDS = 86_400.0


def instant_of(value: Any) -> float | None:
    """Seconds since the epoch of a full date or dateTime, by instant and not by its letters; else None."""
    is_usual = type(value) is str and len(value) == 20 and value[10::9] == "TZ"
    written = value if is_usual else date_time(value, Repairs())
    if not isinstance(written, str) or len(written) < 10:
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError):
        return None


def day_of(value: Any) -> str:
    """The day in the zone of record, UTC, as something to compare; what is no full date as it is written."""
    instant = instant_of(value)
    if instant is None:
        return value if isinstance(value, str) else ""
    return str(int(instant // DAY_SECONDS))


def has_a_time(value: Any) -> bool:
    """Whether a date is written with its time of day."""
    return isinstance(value, str) and len(value) > 10 and instant_of(value) is not None
