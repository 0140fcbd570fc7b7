"""The selected resources through fhir.resources: those that pass are handed on, newest first where a cap applies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from cds_service.fhir import interned
from cds_service.fhir.bins import Bins, reference_of
from cds_service.fhir.candidates import Candidate
from cds_service.fhir.fifth_shapes import MOVED
from cds_service.fhir.newest import capped, value_key
from cds_service.fhir.resources import read_resource, subject_reference
from cds_service.fhir.shapes import Shape

Read = tuple[str, Any]
"""A reference such as `Observation/123`, and the validated model."""

_EPOCH = date(1970, 1, 1).toordinal()


class Reading(NamedTuple):
    """How the resources of one call are read: whose they are, the shapes of R5 that are read, and where it is told."""

    subject: Any
    later: Mapping[str, Shape]
    bins: Bins


def validated(
    candidates: Sequence[Candidate],
    keep: Mapping[str, int | None],
    on: date,
    patient_id: str,
    bins: Bins,
    later: Mapping[str, Shape] = MOVED,
) -> dict[str, tuple[Read, ...]]:
    """What passed, by type. A capped measure fills its places with values that can be read.

    `later` are the shapes of R5 that are read where R4 does not have the elements.
    """
    reading = Reading(subject_reference(patient_id), later, bins)
    passed: dict[str, list[Read]] = {}
    free, groups = capped(candidates, keep, on.toordinal() - _EPOCH)
    for candidate in free:
        _read_into(passed, candidate, reading)
    for group in groups:
        _read_newest(passed, group, keep[group[0].measure] or 0, reading)
    return {kind: tuple(resources) for kind, resources in passed.items()}


def _read_newest(passed: dict[str, list[Read]], group: Sequence[Candidate], limit: int, reading: Reading) -> None:
    """Those that can be read until `limit` different results are found; the rest is older than the rules can look."""
    places: set[Any] = set()
    may_be_cut = len(group) > limit
    for position, candidate in enumerate(group):
        if len(places) >= limit:
            reading.bins.not_relevant += len(group) - position
            return
        if _read_into(passed, candidate, reading) and may_be_cut:
            places.add(value_key(candidate))


def _read_into(passed: dict[str, list[Read]], candidate: Candidate, reading: Reading) -> bool:
    subject, later, bins = reading
    source, pairs, repairs = candidate.resource, candidate.pairs, bins.repairs
    code = interned.coded(pairs, repairs) if pairs else {"text": candidate.text or "panel"}
    if pairs and candidate.text:
        code = {"coding": [{"system": system, "code": known} for system, known in pairs], "text": candidate.text}
    resource = read_resource(source, code, subject, repairs, candidate.components, later)
    if resource is None:
        concepts = candidate.concepts if pairs or candidate.named else ("",)
        bins.set_aside(source, "UNREADABLE", concepts=concepts, shown=candidate.text)
        return False
    if candidate.support and candidate.support not in bins.supporting:
        bins.supporting.append(candidate.support)
    kind, read = source["resourceType"], (reference_of(source), resource)
    if kind in passed:
        passed[kind].append(read)
    else:
        passed[kind] = [read]
    return True
