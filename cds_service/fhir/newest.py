"""Cutting a measure to the newest values that the rules can look at (hot-path section 4, step 3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cds_service.fhir.bins import Resource
from cds_service.fhir.repairs import Repairs, date_time
from cds_service.fhir.selection import Candidate

_DAY = 86_400.0


def instant_of(value: Any) -> float | None:
    """Seconds since the epoch of a full date or dateTime, by instant and not by its letters; else None."""
    written = date_time(value, Repairs())
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


def capped(candidates: Sequence[Candidate], keep: Mapping[str, int | None], last_day: int) -> Iterator[list[Candidate]]:
    """Groups of candidates, each newest first with what its cap leaves to spare at the end.

    Yields one-element groups where nothing is cut. A value without a full date, or dated after
    `last_day`, takes no place: it cannot be used and must be named by who reads it.
    """
    groups: dict[str, list[tuple[float, int, Candidate]]] = {}
    for position, candidate in enumerate(candidates):
        limit = keep.get(candidate.measure)
        moment = _taken_at(candidate.resource) if limit is not None else None
        if moment is None or moment >= (last_day + 1) * _DAY:
            yield [candidate]
        else:
            groups.setdefault(candidate.measure, []).append((-moment, position, candidate))
    for group in groups.values():
        yield [candidate for *_, candidate in sorted(group, key=lambda item: item[:2])]


def value_key(candidate: Candidate) -> tuple[Any, ...]:
    """When and what: two candidates that agree in both are one result sent twice (CLIN-21)."""
    resource = candidate.resource
    return (
        _taken_at(resource),
        *(str(resource.get(name)) for name in ("valueQuantity", "valueCodeableConcept", "valueString", "component")),
    )


def _taken_at(resource: Resource) -> float | None:
    period = resource.get("effectivePeriod")
    ends = (period.get("end") or period.get("start")) if isinstance(period, dict) else None
    taken = resource.get("effectiveDateTime") or ends or resource.get("effectiveInstant")
    return instant_of(taken or resource.get("issued"))
