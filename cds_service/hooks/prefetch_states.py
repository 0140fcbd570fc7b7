"""What the client sent for each need: given, known empty, incomplete, failed or absent (conformance section 6).

Absent and failed both mean *unknown*; null and an empty searchset mean *none*. Mixing the two up would
turn "we could not look" into "there is nothing".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from cds_service.cdshooks.prefetch import keys_of
from cds_service.errors import BodyTooLarge, DataUnobtainable
from cds_service.fhir.chart import ChartData
from cds_service.guideline.needs import Need

Prefetch = Mapping[str, Any]


class State(StrEnum):
    """What became of one prefetch key."""

    GIVEN = "given"
    KNOWN_EMPTY = "known-empty"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    ABSENT = "absent"


_WORST_FIRST = {
    state: rank
    for rank, state in enumerate((State.FAILED, State.ABSENT, State.INCOMPLETE, State.GIVEN, State.KNOWN_EMPTY))
}
_UNUSUAL = frozenset({"Bundle", "OperationOutcome"})
_UNKNOWN = frozenset({State.FAILED, State.ABSENT})


@dataclass(frozen=True, slots=True)
class NeedState:
    """One need with its state, and the keys that are absent or failed."""

    need: Need
    state: State
    missing: tuple[str, ...]


def states_of(
    prefetch: Prefetch, chart: ChartData, needs: Iterable[Need], advertised: Iterable[str]
) -> tuple[NeedState, ...]:
    """The state of every need. `chart` is what was read of `prefetch`.

    A client may also send its data under keys of its own. A resource type found there counts as given
    for the needs whose own keys are absent, but never for a key that failed.
    """
    keys = tuple(advertised)
    types = {key: _resource_types(value) for key, value in prefetch.items()}
    elsewhere = frozenset(kind for key, kinds in types.items() if key not in keys for kind in kinds)

    def state_of(key: str, resource: str) -> State:
        if key not in prefetch:
            return State.GIVEN if resource in elsewhere else State.ABSENT
        if chart.states[key] == "failed" or (types[key] and resource not in types[key]):
            return State.FAILED
        if key in chart.incomplete or _total(prefetch[key]) > len(_entries(prefetch[key])):
            return State.INCOMPLETE if types[key] else State.FAILED
        return State.GIVEN if types[key] else State.KNOWN_EMPTY

    def need_state(need: Need) -> NeedState:
        found = {key: state_of(key, need.resource) for key in _keys_of(need.key, keys)}
        worst = min(found.values(), key=_WORST_FIRST.__getitem__)
        return NeedState(need, worst, tuple(key for key, state in found.items() if state in _UNKNOWN))

    return tuple(need_state(need) for need in needs)


def require(states: Iterable[NeedState]) -> None:
    """Refuse the call when a required need is unknown: 412 naming the keys (PFD-6)."""
    missing = [key for state in states if state.need.required and state.state in _UNKNOWN for key in state.missing]
    if missing:
        raise DataUnobtainable(missing)


def not_whole(states: Iterable[NeedState]) -> tuple[str, ...]:
    """What was not seen, for the card: needs whose data are unknown, and further pages of what came in part."""
    said = ((state.need.key, state.state) for state in states)
    return tuple(
        f"further pages of {key}" if state is State.INCOMPLETE else key
        for key, state in said
        if state in _UNKNOWN or state is State.INCOMPLETE
    )


def check_size(prefetch: Prefetch, most_entries: int) -> None:
    """Refuse more Bundle entries than the service reads in one call (JSON-30)."""
    if sum(len(_entries(value)) for value in prefetch.values()) > most_entries:
        raise BodyTooLarge("There are more Bundle entries than this service reads in one call.")


@lru_cache(maxsize=256)
def _keys_of(need_key: str, advertised: tuple[str, ...]) -> tuple[str, ...]:
    """Needs and templates are the same for every call of a process."""
    return keys_of(need_key, advertised)


def _resource_types(value: Any) -> frozenset[str]:
    """The types of the data in a value: its own, or those of a Bundle's entries. An outcome is no data.

    Some gateways put a Bundle into a Bundle; one level of that is read, as the chart reader does.
    """
    if not isinstance(value, dict):
        return frozenset()
    try:  # the usual searchset in one pass; whatever is shaped otherwise takes the careful way
        plain = frozenset([entry["resource"]["resourceType"] for entry in value.get("entry", ())])
    except (KeyError, TypeError):
        plain = _UNUSUAL
    if value.get("resourceType") == "Bundle" and not plain & _UNUSUAL:
        return plain
    resources = _contents([value])
    kinds = (resource.get("resourceType") for resource in _contents(resources))
    return frozenset(kind for kind in kinds if isinstance(kind, str) and kind != "OperationOutcome")


def _contents(resources: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The resources, each Bundle replaced by what is in it."""
    contents: list[Mapping[str, Any]] = []
    for resource in resources:
        if resource.get("resourceType") == "Bundle":
            inside = (entry.get("resource") for entry in _entries(resource) if isinstance(entry, dict))
            contents.extend(inner for inner in inside if isinstance(inner, dict))
        else:
            contents.append(resource)
    return contents


def _entries(value: Any) -> list[Any]:
    entries = value.get("entry") if isinstance(value, dict) else None
    return entries if isinstance(entries, list) else []


def _total(value: Any) -> int:
    """How many matches the server says there are; included resources only make it come out lower."""
    total = value.get("total") if isinstance(value, dict) else None
    return total if isinstance(total, int) else 0
