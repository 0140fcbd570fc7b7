"""Results that came in two versions which differ, with nothing that tells the later one (R-04, terminology.md 3.2).

They are two values of one moment under one id, so that neither can win by its id. Up to 20 % apart the one that is
worse for the patient stands; further apart, or with two answers or two days, none of them is used, and each is said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from cds_service.case.model import Finding, Quantity, SetAside
from cds_service.mapping.readings import Fact, Reading
from cds_service.mapping.series import disagree

VERSION_CONFLICT = "VERSION_CONFLICT"

_Told = Quantity | Finding
# Of these too little is worse, or less certain; of all other measures too much.
_TOO_LITTLE = frozenset(
    {"albumin", "egfr", "c3", "c4", "igg", "wbc", "neutrophils", "kidney_length"}
    | {"tacrolimus_trough", "cyclosporine_trough"}
)


def settled(readings: Sequence[Reading], told_twice: Collection[str]) -> list[Reading]:
    """The readings, of which those in `told_twice` are left with the facts that their versions agree in."""
    versions: dict[str, list[int]] = {}
    for place, reading in enumerate(readings):
        if reading.source in told_twice:
            versions.setdefault(reading.source, []).append(place)
    found = list(readings)
    for places in versions.values():
        if len(places) > 1:
            for place, reading in zip(places, _agreed([readings[place] for place in places]), strict=True):
                found[place] = reading
    return found


def _agreed(versions: Sequence[Reading]) -> list[Reading]:
    """The versions of one result: per measure the careful value in the first, or in none of them any."""
    facts: list[list[Fact]] = [[] for _ in versions]
    aside = [list(version.set_aside) for version in versions]
    told = [{fact.measure: fact for fact in version.facts if isinstance(fact, _Told)} for version in versions]
    for measure in dict.fromkeys([measure for version in told for measure in version]):
        several = [version.get(measure) for version in told]
        known = [fact for fact in several if fact is not None]
        if len(known) == len(several) and _agree(known):
            # Of two with one day, release and id the first stands (`series.one_a_day`).
            for place, fact in enumerate(sorted(known, key=_careful)):
                facts[place].append(fact)
            continue
        for place, one in enumerate(several):
            if one is not None:
                aside[place].append(_said(one))
    return [
        version._replace(facts=tuple(kept), set_aside=tuple(refused))
        for version, kept, refused in zip(versions, facts, aside, strict=True)
    ]


def _agree(facts: Iterable[_Told]) -> bool:
    first, *others = facts
    for other in others:
        if other.day != first.day:
            return False
        if isinstance(first, Quantity) and isinstance(other, Quantity):
            if first.bound != other.bound or disagree(first, other):
                return False
        elif first.value != other.value:
            return False
    return True


def _careful(fact: _Told) -> tuple[float, str]:
    if isinstance(fact, Finding):
        return 0.0, fact.value
    return (fact.value if fact.measure in _TOO_LITTLE else -fact.value), fact.stated


def _said(fact: _Told) -> SetAside:
    shown = fact.stated if isinstance(fact, Quantity) else fact.value
    return SetAside(fact.source, VERSION_CONFLICT, fact.measure, fact.day, shown)
