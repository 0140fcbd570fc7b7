"""The selected resources through fhir.resources: those that pass are handed on, newest first where a cap applies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from cds_service.fhir import interned
from cds_service.fhir.bins import Bins, reference_of
from cds_service.fhir.newest import capped, value_key
from cds_service.fhir.resources import read_resource, subject_reference
from cds_service.fhir.selection import Candidate

Read = tuple[str, Any]
"""A reference such as `Observation/123`, and the validated model."""

_EPOCH = date(1970, 1, 1).toordinal()


def validated(
    candidates: Sequence[Candidate], keep: Mapping[str, int | None], on: date, patient_id: str, bins: Bins
) -> dict[str, tuple[Read, ...]]:
    """What passed, by type. A capped measure fills its places with values that can be read."""
    subject = subject_reference(patient_id)
    passed: dict[str, list[Read]] = defaultdict(list)
    for group in capped(candidates, keep, on.toordinal() - _EPOCH):
        limit = keep.get(group[0].measure) if len(group) > 1 else None
        for candidate, resource in _readable(group, limit, subject, bins):
            passed[candidate.resource["resourceType"]].append((reference_of(candidate.resource), resource))
    return {kind: tuple(resources) for kind, resources in passed.items()}


def _readable(
    group: Sequence[Candidate], limit: int | None, subject: Any, bins: Bins
) -> Iterator[tuple[Candidate, Any]]:
    """Those that can be read until `limit` different results are found; the rest is older than the rules can look."""
    places: set[Any] = set()
    for position, candidate in enumerate(group):
        if limit is not None and len(places) >= limit:
            bins.not_relevant += len(group) - position
            return
        resource = _read(candidate, subject, bins)
        if resource is None:
            continue
        if limit is not None:
            places.add(value_key(candidate))
        yield candidate, resource


def _read(candidate: Candidate, subject: Any, bins: Bins) -> Any | None:
    repairs = bins.repairs
    code = interned.coded(candidate.pairs, repairs) if candidate.pairs else {"text": candidate.text or "panel"}
    resource = read_resource(candidate.resource, code, subject, repairs, candidate.components)
    if resource is None:
        bins.set_aside(candidate.resource, "UNREADABLE", concept=candidate.measure if candidate.pairs else "")
        return None
    if candidate.support and candidate.support not in bins.supporting:
        bins.supporting.append(candidate.support)
    return resource
