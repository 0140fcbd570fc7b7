"""One result sent twice is one result (CLIN-21, terminology.md 3.2), in whatever order the copies come.

Which of two versions is the later one is told by their version, the time of their last update or release, else by
their status. Two that differ and cannot be told apart so: of an Observation both stand, and the mapping
decides (R-04); of any other record one stands and the other is set aside, so that it is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from cds_service.fhir.bins import Bins, Resource, reference_of
from cds_service.fhir.candidates import USED_STATUSES, Candidate, code_of_status, status_of
from cds_service.fhir.fifth_words import RECORDED, status_by_adherence
from cds_service.fhir.instants import day_of, has_a_time, instant_of

VERSION_CONFLICT = "VERSION_CONFLICT"

_TIMES = ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "authoredOn", "onsetDateTime", "onsetPeriod")
_MORE_TIMES = ("performedDateTime", "performedPeriod", "occurrenceDateTime", "occurrencePeriod", "occurenceDateTime")
_DATED_BY = (*_TIMES, *_MORE_TIMES, "occurencePeriod")
_STATUSES = ("clinicalStatus", "verificationStatus")
_VALUES = ("valueQuantity", "valueCodeableConcept", "valueString", "valueInteger", "valueBoolean")
_RESULT = (*_VALUES, "component", "dataAbsentReason", "interpretation", "method")
_CLOSED = frozenset({"inactive", "resolved", "remission", "stopped", "ended", "not-taken", "not-done"})
# What only comes later in the life of a record. A status that is not here tells nothing.
_LIVES = (
    ("registered", "draft", "preparation"),
    ("preliminary", "active", "on-hold", "in-progress"),
    ("final", "completed", "stopped", "not-done"),
    ("amended", "corrected"),
    ("cancelled", "refuted"),
    ("entered-in-error",),
)
_LIFE: Mapping[str, int] = {status: place for place, several in enumerate(_LIVES, 1) for status in several}


def without_copies(candidates: Sequence[Candidate], bins: Bins) -> list[Candidate]:
    """One of each resource: the latest version of an id, and of a business identifier (CLIN-21, terminology.md 3.2)."""
    identities = [_identities(candidate) for candidate in candidates]
    every = [key for keys in identities for key in keys]
    if len(set(every)) == len(every):
        return list(candidates)
    standing: dict[int, Candidate] = {}
    place_of: dict[tuple[Any, ...], int] = {}
    merged: dict[int, int] = {}
    for place, (candidate, keys) in enumerate(zip(candidates, identities, strict=True)):
        standing[place] = candidate
        for key in keys:
            # One with the id of a first and the identifier of a second makes those two one as well.
            here, earlier = _root(place, merged), _root(place_of.setdefault(key, place), merged)
            if here != earlier and _settled(standing, earlier, here, bins):
                merged[here] = earlier
    return list(standing.values())


def _root(place: int, merged: Mapping[int, int]) -> int:
    while place in merged:
        place = merged[place]
    return place


def _settled(standing: dict[int, Candidate], earlier: int, here: int, bins: Bins) -> bool:
    """Let the one that counts stand in the earlier place. False when both must stand."""
    old, new = standing[earlier], standing[here]
    if not _is_one_record(old, new):
        return False
    before, after = _version(old.resource), _version(new.resource)
    alike = old.resource == new.resource
    differ = not alike and before == after and _said(old) != _said(new)
    if differ and new.resource["resourceType"] == "Observation":
        if reference_of(old.resource) == reference_of(new.resource):
            bins.told_twice.add(reference_of(new.resource))
        return False
    is_later = not alike and (after, _rank(new)) > (before, _rank(old))
    standing[earlier], loser = (new, old) if is_later else (old, new)
    del standing[here]
    if differ:
        bins.set_aside(loser.resource, VERSION_CONFLICT, concepts=loser.concepts)
    else:
        bins.superseded.append(reference_of(loser.resource))
    return True


def _identities(candidate: Candidate) -> list[tuple[Any, ...]]:
    resource = candidate.resource
    kind, identifier = resource["resourceType"], resource.get("id")
    # A resource without an id is its own: two of them are not the same because both have none.
    keys: list[tuple[Any, ...]] = [(kind, identifier if isinstance(identifier, str) and identifier else id(resource))]
    listed = resource.get("identifier")
    if not isinstance(listed, list):
        return keys
    for item in listed:
        value = item.get("value") if isinstance(item, dict) else None
        if isinstance(value, str) and value:
            system = item.get("system")
            # Order numbers are shared by the doses of one course: outside Observation the time must agree too.
            days = () if isinstance(system, str) and kind == "Observation" else _days(resource)
            keys.append((kind, candidate.measure, str(system), value, days))
    return keys


def _is_one_record(old: Candidate, new: Candidate) -> bool:
    """Not two doses of one day under one order number: of those the times of day differ."""
    if old.resource.get("id") == new.resource.get("id") or new.resource["resourceType"] == "Observation":
        return True
    times = [_ends(candidate.resource) for candidate in (old, new)]
    if not all(has_a_time(time) for ends in times for time in ends if time is not None):
        return True
    first, second = ([instant_of(time) for time in ends] for ends in times)
    return first == second


def _days(resource: Resource) -> tuple[str, ...]:
    return tuple([day_of(end) for end in _ends(resource)])


def _ends(resource: Resource) -> tuple[Any, Any]:
    """When the record is of: its first and its last day. Of a problem the first alone."""
    for name in _DATED_BY:
        if name in resource:
            when = resource[name]
            if name.startswith("onset"):
                when = when.get("start") if isinstance(when, dict) else when
            return (when.get("start"), when.get("end")) if isinstance(when, dict) else (when, when)
    return None, None


def _version(resource: Resource) -> tuple[float, int, float, int]:
    meta = resource.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    number = meta.get("versionId")
    digits = number if isinstance(number, str) and number.isdecimal() and len(number) < 10 else "0"
    updated, issued = instant_of(meta.get("lastUpdated")), instant_of(resource.get("issued"))
    return updated or 0.0, int(digits), issued or 0.0, _life(resource)


def _life(resource: Resource) -> int:
    """How far a record has come. A problem that is active may have been resolved before, and the other way round."""
    return max(_LIFE.get(_status(resource), 0), _LIFE.get(code_of_status(resource, "verificationStatus"), 0))


def _status(resource: Resource) -> str:
    """The status, in R5 with whether the drug is taken."""
    status, adherence = status_of(resource), resource.get("adherence")
    if status != RECORDED or not isinstance(adherence, dict):
        return status
    return status_by_adherence(code_of_status(adherence, "code")) or status


def _statuses(resource: Resource) -> tuple[str, ...]:
    return (_status(resource), *[code_of_status(resource, element) for element in _STATUSES])


def _said(candidate: Candidate) -> tuple[Any, ...]:
    """What must agree for two to be copies. How often the same is spelled otherwise, the mapping sees."""
    resource, ended = candidate.resource, candidate.resource.get("abatementDateTime")
    is_result = status_of(resource) in USED_STATUSES and not candidate.aside
    result = tuple([_canonical(resource.get(name)) for name in _RESULT]) if is_result else ()
    return candidate.measure, candidate.aside, _statuses(resource), _days(resource), day_of(ended), result


def _rank(candidate: Candidate) -> tuple[bool, str, bytes]:
    """An order that does not depend on which came first: what goes on stands, then the higher id (R-04)."""
    resource = candidate.resource
    goes_on = _CLOSED.isdisjoint(_statuses(resource))
    return goes_on, str(resource.get("id")), _canonical(resource)


def _canonical(value: Any) -> bytes:
    return b"" if value is None else orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
