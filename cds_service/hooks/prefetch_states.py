"""What the client sent for each need: given, known empty, incomplete, failed or absent (conformance section 6).

Absent and failed both mean *unknown*; null and an empty searchset mean *none*. Mixing the two up would
turn "we could not look" into "there is nothing".
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

from cds_service.cdshooks.prefetch import keys_of
from cds_service.errors import BodyTooLarge, DataUnobtainable
from cds_service.fhir.chart import ChartData
from cds_service.fhir.prefetch_data import NOTHING, Opened
from cds_service.guideline.needs import NEEDS, Need

State = Literal["given", "known-empty", "incomplete", "failed", "absent"]

_WORST_FIRST: Mapping[State, int] = {"failed": 0, "absent": 1, "incomplete": 2, "given": 3, "known-empty": 4}
_UNKNOWN: frozenset[State] = frozenset({"failed", "absent"})


@dataclass(frozen=True, slots=True)
class NeedState:
    """One need with its state, and the keys that are absent or failed."""

    need: Need
    state: State
    missing: tuple[str, ...]


class NeedStates(tuple[NeedState, ...]):
    """The state of every need, and what follows for the call, told once for all calls that sent the same.

    `missing` are the keys of required needs that are unknown, `unseen` is what the card says was not seen:
    needs whose data are unknown, and further pages of what came in part.
    """

    missing: tuple[str, ...]
    unseen: tuple[str, ...]

    @classmethod
    def of(cls, states: Iterable[NeedState]) -> NeedStates:
        """These states, with what follows."""
        made = cls(states)
        made.missing = tuple([key for state in made if state.need.required for key in state.missing])
        made.unseen = tuple(
            [
                f"further pages of {state.need.key}" if state.state == "incomplete" else state.need.key
                for state in made
                if state.state == "incomplete" or state.missing
            ]
        )
        return made


def states_of(chart: ChartData, advertised: Collection[str]) -> NeedStates:
    """The state of every need of the guidelines. `advertised` are the prefetch keys of the service.

    A client may also send its data under keys of its own. A resource type found there counts as given
    for the needs whose own keys are absent, but never for a key that failed.
    """
    keys = tuple(advertised)
    opened = chart.opened
    elsewhere: set[str] = set()
    for key in opened.keys() - keys:
        elsewhere.update(opened[key].by_kind, opened[key].odd_kinds)
    found: list[State] = []
    for key, kind in _asked(keys):
        value = opened.get(key)
        found.append("known-empty" if value is NOTHING else _state_of(value, kind, elsewhere))
    return _judged(keys, tuple(found))


def _state_of(opened: Opened | None, kind: str, elsewhere: Container[str]) -> State:
    """The state of a key that should bring resources of this type."""
    if opened is None:
        return "given" if kind in elsewhere else "absent"
    if opened.state == "failed":
        return "failed"
    if not (opened.by_kind or opened.odd_kinds):
        return "failed" if opened.incomplete else "known-empty"
    if kind not in opened.by_kind and kind not in opened.odd_kinds:
        return "failed"
    return "incomplete" if opened.incomplete else "given"


# Needs and templates are the same for every call of a process, and so are most answers.
@lru_cache(maxsize=16)
def _keys_of_needs(keys: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(keys_of(need.key, keys) for need in NEEDS)


@lru_cache(maxsize=16)
def _asked(keys: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Every key of every need, with the resource type that it should bring."""
    return tuple((key, need.resource) for need, own in zip(NEEDS, _keys_of_needs(keys), strict=True) for key in own)


@lru_cache(maxsize=1024)
def _judged(keys: tuple[str, ...], found: tuple[State, ...]) -> NeedStates:
    """The needs, from the states of their keys in the order of `_asked`: the worst of its keys is the need's."""
    state_of = {key: state for (key, _), state in zip(_asked(keys), found, strict=True)}
    return NeedStates.of(
        NeedState(
            need,
            min((state_of[key] for key in own), key=_WORST_FIRST.__getitem__),
            tuple(key for key in own if state_of[key] in _UNKNOWN),
        )
        for need, own in zip(NEEDS, _keys_of_needs(keys), strict=True)
    )


def require(states: NeedStates, fetch_failed: Mapping[str, str] = MappingProxyType({})) -> None:
    """Refuse the call when a required need is unknown: 412 naming the keys (PFD-6).

    `fetch_failed` says of keys that were asked for in vain why they did not come (UP-01 to UP-21).
    """
    if states.missing:
        reasons = {fetch_failed[key] for key in states.missing if key in fetch_failed}
        code = "timeout" if "timeout" in reasons else "transient" if reasons else "required"
        raise DataUnobtainable(states.missing, issue_code=code)


def not_whole(states: NeedStates) -> tuple[str, ...]:
    """What was not seen, for the card."""
    return states.unseen


def check_size(prefetch: Mapping[str, Any], most_entries: int) -> None:
    """Refuse more Bundle entries than the service reads in one call (JSON-30)."""
    entries = 0
    for value in prefetch.values():
        if type(value) is dict and "entry" in value:
            listed = value["entry"]
            entries += len(listed) if isinstance(listed, list) else 0
    if entries > most_entries:
        raise BodyTooLarge("There are more Bundle entries than this service reads in one call.")
