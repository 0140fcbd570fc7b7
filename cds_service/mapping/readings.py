"""What one resource led to: facts, and what had to be set aside of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from cds_service.case.model import Allergy, Condition, Exposure, Finding, NotTaken, Procedure, Quantity, SetAside
from cds_service.mapping.terminology import Meaning, Terminology

Fact = Quantity | Finding | Condition | Procedure | Exposure | NotTaken | Allergy


class Reading(NamedTuple):
    """One resource, read. Without facts and without `set_aside` it turned out not to be relevant.

    `elsewhere` is what was given for another disease: set aside as a line, and looked at by safety.
    """

    source: str
    facts: tuple[Fact, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    elsewhere: tuple[Exposure, ...] = ()


@dataclass(frozen=True, slots=True)
class About:
    """What the codings of a resource say together. `fault` is CODE_CONFLICT when they contradict one another.

    `concepts` are all that they say it is, sorted: one where there is no fault. `taken_for` are the concepts that a
    coding says it only looks like.
    `distracted` means that a coding names something that only looks like the concept, `excluded` that one
    names another disease or drug. `is_number` says that an Observation with this code is read as a number.
    """

    meaning: Meaning | None = None
    fault: str = ""
    distracted: bool = False
    excluded: bool = False
    implies: tuple[tuple[str, str], ...] = ()
    is_number: bool = False
    concepts: tuple[str, ...] = ()
    taken_for: frozenset[str] = frozenset()


_NOTHING = About()
_MOST_REMEMBERED = 5_000
# Codes only: what a list of them means does not depend on whose they are.
_remembered: dict[tuple[int, tuple[tuple[str, str], ...]], tuple[Terminology, About]] = {}

# The same problem is coded as the disease and as its organ: the organ says more (terminology.md 3.3).
_MORE_SPECIFIC = {
    frozenset({"lupus_nephritis", "systemic_lupus_erythematosus"}): "lupus_nephritis",
    # Class V is often coded twice: lupus nephritis wins (clinical-spec 1). A named cause says more than the pattern.
    frozenset({"lupus_nephritis", "membranous_nephropathy"}): "lupus_nephritis",
    frozenset({"lupus_nephritis", "membranous_nephropathy", "systemic_lupus_erythematosus"}): "lupus_nephritis",
    frozenset({"lupus_nephritis", "secondary_membranous_nephropathy"}): "lupus_nephritis",
    frozenset({"membranous_nephropathy", "secondary_membranous_nephropathy"}): "secondary_membranous_nephropathy",
}


def about(concept: Any, terminology: Terminology) -> About:
    """The one concept of a CodeableConcept. Two different ones are refused, never the first picked (trap 58)."""
    codings = concept.coding if concept is not None else None
    if not codings:
        return _NOTHING
    pairs = tuple([(coding.system, coding.code) for coding in codings if coding.system and coding.code])
    known = _remembered.get((id(terminology), pairs))
    if known is not None and known[0] is terminology:
        return known[1]
    meant = _about(pairs, terminology)
    if len(_remembered) >= _MOST_REMEMBERED:
        _remembered.clear()
    _remembered[id(terminology), pairs] = (terminology, meant)
    return meant


def _about(pairs: tuple[tuple[str, str], ...], terminology: Terminology) -> About:
    found = [meaning for pair in pairs if (meaning := terminology.look_up(*pair)) is not None]
    included = [meaning for meaning in found if meaning.role == "include"]
    concepts = frozenset(meaning.concept for meaning in included)
    distracted = any(meaning.role != "include" for meaning in found)
    excluded = any(meaning.role == "exclude" for meaning in found)
    taken_for = frozenset([meaning.concept for meaning in found if meaning.role == "distractor"])
    if not included:
        return About(distracted=distracted, excluded=excluded, taken_for=taken_for)
    wanted = included[0].concept if len(concepts) == 1 else _MORE_SPECIFIC.get(concepts, "")
    if not wanted:
        return About(included[0], "CODE_CONFLICT", concepts=tuple(sorted(concepts)))
    meaning = next(meaning for meaning in included if meaning.concept == wanted)
    words = (m.implies.partition("=") for m in included if m.implies)
    implies = tuple(dict.fromkeys((key, word) for key, _, word in words))
    concept = terminology.concepts[wanted]
    is_number = "Observation" in concept.resources and "quantity" in concept.values
    return About(meaning, "", distracted, excluded, implies, is_number, (wanted,), taken_for)


def without_exposure(reading: Reading) -> Reading:
    """The reading of an order that was not carried out: no exposure, and said."""
    ordered = next((fact for fact in (*reading.facts, *reading.elsewhere) if isinstance(fact, Exposure)), None)
    return reading if ordered is None else refused(reading.source, "STATUS", concept=ordered.agent, day=ordered.start)


def refused(source: str, reason: str, *, concept: str = "", day: int | None = None, shown: str = "") -> Reading:
    """A resource that is set aside as a whole."""
    return Reading(source, (), (SetAside(source, reason, concept, day, shown),))
