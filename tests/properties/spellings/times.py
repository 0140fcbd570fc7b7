"""A day written as an instant, in any zone, or as a period.

A day is the day in the zone of record, UTC (`mapping/dates.py`): one instant in three zones is one day, and a
date without a time stays as written. So a date may become any instant of that day in UTC, wherever it is written.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from random import Random

from tests.properties.spellings.chart import Resource, Spelling, one_by_one, replaced

KINDS = (
    "Observation",
    "Condition",
    "Procedure",
    "MedicationStatement",
    "MedicationRequest",
    "MedicationAdministration",
)
DATES = ("effectiveDateTime", "onsetDateTime", "performedDateTime", "authoredOn")
PERIODS = {"effectiveDateTime": "effectivePeriod", "performedDateTime": "performedPeriod"}
EARLIEST, LATEST, STEP = -12 * 60, 14 * 60, 15


def in_another_zone(resource: Resource, dice: Random) -> Resource | None:
    """Every date of the resource as an instant of that day."""
    return _each_date(resource, lambda date: _instant(date, dice))


def at_a_time_without_a_zone(resource: Resource, dice: Random) -> Resource | None:
    """Older servers leave the zone out: it is the zone of record then."""
    return _each_date(resource, lambda date: f"{date}T{dice.randrange(24):02d}:{dice.randrange(60):02d}:00")


def as_a_period(resource: Resource, dice: Random) -> Resource | None:
    """A period of that day: collected from then to then, given from then to then."""
    name = next((name for name in PERIODS if name in resource), None)
    if name is None or resource["resourceType"] == "MedicationStatement":
        return None
    day = resource[name]
    period = {"start": day, "end": day}
    if len(day) == 10 and dice.random() < 0.5:
        period = {"start": f"{day}T08:00:00Z", "end": f"{day}T{dice.randrange(9, 24):02d}:00:00Z"}
    return replaced(resource, name, **{PERIODS[name]: period})


def as_an_instant(observation: Resource, dice: Random) -> Resource | None:
    """effectiveInstant for effectiveDateTime."""
    when = observation.get("effectiveDateTime", "")
    if len(when) < 10:
        return None
    instant = _instant(when, dice) if len(when) == 10 else _zoned(when)
    return replaced(observation, "effectiveDateTime", effectiveInstant=instant)


def as_an_onset_period(condition: Resource, dice: Random) -> Resource | None:
    """A problem that goes on since its onset."""
    if "onsetDateTime" not in condition:
        return None
    return replaced(condition, "onsetDateTime", onsetPeriod={"start": condition["onsetDateTime"]})


def with_its_release(observation: Resource, dice: Random) -> Resource | None:
    """When the result was released does not date the sample."""
    when = observation.get("effectiveDateTime", "")
    return {**observation, "issued": f"{when}T23:30:00Z"} if len(when) == 10 and "issued" not in observation else None


def _each_date(resource: Resource, change: Callable[[str], str]) -> Resource | None:
    changed: Resource = {name: change(resource[name]) for name in DATES if len(resource.get(name, "")) == 10}
    for name in ("effectivePeriod", "performedPeriod", "onsetPeriod"):
        # Both ends on one day are one instant then: a period that ends before it starts is no period.
        days = {day: change(day) for day in resource.get(name, {}).values() if len(day) == 10}
        if days:
            changed[name] = {end: days.get(text, text) for end, text in resource[name].items()}
    return {**resource, **changed} if changed else None


def _instant(date: str, dice: Random) -> str:
    moment = datetime.fromisoformat(date).replace(tzinfo=UTC) + timedelta(minutes=dice.randrange(24 * 60))
    offset = dice.randrange(EARLIEST, LATEST + 1, STEP)
    written = moment.astimezone(timezone(timedelta(minutes=offset))).isoformat()
    return written.replace("+00:00", "Z") if dice.random() < 0.5 else written


def _zoned(when: str) -> str:
    return when if when.endswith("Z") or when[-6] in "+-" else f"{when}Z"


SPELLINGS: dict[str, Spelling] = {
    "in another zone": one_by_one(in_another_zone, *KINDS),
    "at a time without a zone": one_by_one(at_a_time_without_a_zone, *KINDS),
    "as a period": one_by_one(as_a_period, *KINDS),
    "as an instant": one_by_one(as_an_instant, "Observation"),
    "as an onset period": one_by_one(as_an_onset_period, "Condition"),
    "with its release": one_by_one(with_its_release, "Observation"),
}
