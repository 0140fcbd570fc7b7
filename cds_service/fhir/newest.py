"""Cutting a measure to the newest values that the rules can look at (hot-path section 4, step 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cds_service.fhir.bins import Resource
from cds_service.fhir.candidates import Candidate
from cds_service.fhir.instants import DAY_SECONDS, instant_of


def capped(
    candidates: Sequence[Candidate], keep: Mapping[str, int | None], last_day: int
) -> tuple[list[Candidate], list[list[Candidate]]]:
    """The candidates that no cap can cut, and groups of the others, each newest first.

    A value without a full date, or dated after `last_day`, takes no place: it cannot be used and must be
    named by who reads it.
    """
    free: list[Candidate] = []
    groups: dict[str, list[tuple[float, int, Candidate]]] = {}
    for position, candidate in enumerate(candidates):
        limit = keep.get(candidate.measure)
        moment = _taken_at(candidate.resource) if limit is not None else None
        if moment is None or moment >= (last_day + 1) * DAY_SECONDS:
            free.append(candidate)
        else:
            groups.setdefault(candidate.measure, []).append((-moment, position, candidate))
    # No two have one position, so the candidates themselves are never compared.
    return free, [[candidate for *_, candidate in sorted(group)] for group in groups.values()]


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
