"""One result sent twice is one result (CLIN-21, terminology.md 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cds_service.fhir.bins import Bins, Resource, reference_of
from cds_service.fhir.newest import instant_of
from cds_service.fhir.selection import Candidate

_TIMES = ("effectiveDateTime", "effectivePeriod", "authoredOn", "onsetDateTime", "performedDateTime")


def without_copies(candidates: Sequence[Candidate], bins: Bins) -> list[Candidate]:
    """One of each resource: the latest version of an id, and of a business identifier (CLIN-21, terminology.md 3.2)."""
    standing: dict[int, Candidate] = {}
    place_of: dict[tuple[Any, ...], int] = {}
    for place, candidate in enumerate(candidates):
        keys = _identities(candidate)
        earlier = None
        for key in keys:
            if key in place_of:
                earlier = place_of[key]
                break
        if earlier is None:
            earlier = place
            standing[place] = candidate
        else:
            # The copies share a place, and the latest version stands in it.
            old = standing[earlier]
            is_later = _version(candidate.resource) > _version(old.resource)
            standing[earlier], loser = (candidate, old) if is_later else (old, candidate)
            bins.superseded.append(reference_of(loser.resource))
        for key in keys:
            place_of.setdefault(key, earlier)
    return list(standing.values())


def _identities(candidate: Candidate) -> list[tuple[Any, ...]]:
    resource = candidate.resource
    kind, identifier = resource["resourceType"], resource.get("id")
    # A resource without an id is its own: two of them are not the same because both have none.
    keys: list[tuple[Any, ...]] = [(kind, identifier if isinstance(identifier, str) and identifier else id(resource))]
    listed = resource.get("identifier")
    for item in listed if isinstance(listed, list) else ():
        value = item.get("value") if isinstance(item, dict) else None
        if isinstance(value, str) and value:
            system = item.get("system")
            # Order numbers are shared by the doses of one course: outside Observation the time must agree too.
            time = "" if isinstance(system, str) and kind == "Observation" else _written_time(resource)
            keys.append((kind, candidate.measure, str(system), value, time))
    return keys


def _written_time(resource: Resource) -> str:
    return next((str(resource[name]) for name in _TIMES if name in resource), "")


def _version(resource: Resource) -> tuple[float, int, float]:
    meta = resource.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    number = meta.get("versionId")
    digits = number if isinstance(number, str) and number.isdecimal() and len(number) < 10 else "0"
    return instant_of(meta.get("lastUpdated")) or 0.0, int(digits), instant_of(resource.get("issued")) or 0.0
