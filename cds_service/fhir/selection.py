"""From plain dictionaries to the few resources worth validating (hot-path section 4, steps 2 and 3).

Relevance is asked of the mappings over all codings; status is looked at before anything is counted
off; only measures for which the rules say so are cut to their newest values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from cds_service.fhir.bins import Bins, Resource
from cds_service.fhir.codes import FindName, Memory, displays_of, meanings_of, pairs_of, remembered, text_of
from cds_service.fhir.lookalikes import disease_named, looks_like, name_of

WhatItIsAbout = Callable[[Resource], tuple[Any, str]]
"""A resource to the CodeableConcept it is about, and the reference of another resource that said so."""

USED_STATUSES = frozenset({"final", "amended", "corrected"})

# What a clinician may take for the measure: said once, on the newest (terminology.md section 7).
_SAID_ONCE = frozenset({"upcr", "proteinuria_24h", "cyclosporine_trough", "tacrolimus_trough"})
_NEVER_DATA = frozenset({"entered-in-error"})


@dataclass(slots=True)
class Candidate:
    """One resource worth validating. `pairs` are the codes we know of it, `text` stands in where there is none.

    `measure` is the concept that the cap counts by.
    """

    resource: Resource
    measure: str
    pairs: tuple[tuple[str, str], ...] = ()
    text: str = ""
    components: list[Resource] | None = None
    support: str = field(default="")


@dataclass(frozen=True, slots=True)
class Told:
    """What an Observation.code says. `distractor` and `lookalike` are the concept it may be taken for."""

    measure: str
    pairs: tuple[tuple[str, str], ...]
    distractor: str
    lookalike: str


def select_observations(resources: Iterable[Resource], known: Memory, bins: Bins) -> list[Candidate]:
    """Observations about a measure. Distractors and lookalikes are named, the rest is not relevant."""
    candidates: list[Candidate] = []
    distracting: dict[str, Resource] = {}
    tellings, spoken = _tellings(known), dict[bytes, Told]()
    for resource in resources:
        code = resource.get("code")
        told = _told_of(code, known, tellings, spoken)
        parts = _known_components(resource, known) if "component" in resource else None
        if told.measure or parts:
            candidates.append(Candidate(resource, told.measure or "components", told.pairs, "", parts))
        elif told.pairs:
            _bin_distractor(resource, told.distractor, distracting, bins)
        elif told.lookalike:
            _bin_unmapped(resource, code, told.lookalike, bins)
        else:
            bins.not_relevant += 1
    for concept, resource in distracting.items():
        bins.set_aside(resource, "DISTRACTOR", concept=concept, shown=name_of(resource.get("code")))
    return candidates


def _tellings(known: Memory) -> Memory:
    """What a single coding with a display tells, remembered beside what its code means."""
    if known.derived is None:
        known.derived = Memory(
            lambda system, code, display: _told(
                {"coding": [{"system": system, "code": code, "display": display}]}, known
            )
        )
    return known.derived


def _told_of(code: Any, known: Memory, tellings: Memory, spoken: dict[bytes, Told]) -> Told:
    """What a code says. Charts repeat their codes, and one code with its own display is the same for everybody.

    Any other shape, a free text above all, is kept in `spoken`, by its bytes, for one call only.
    """
    try:
        (coding,) = code["coding"]
        display = coding.get("display", "")
        if len(code) == 1 or code["text"] == display:
            told: Told = tellings[coding["system"], coding["code"], display]
            return told
    except (KeyError, TypeError, ValueError, AttributeError):
        pass
    written = orjson.dumps(code)
    if written not in spoken:
        spoken[written] = _told(code, known)
    return spoken[written]


def _told(code: Any, known: Memory) -> Told:
    meant = meanings_of(code, known)
    if not meant:
        return Told("", (), "", looks_like(code))
    measure = next((meaning.concept for meaning in meant if meaning.role == "include"), "")
    distractor = next((m.concept for m in meant if m.role == "distractor" and m.concept in _SAID_ONCE), "")
    return Told(measure, tuple(pair for pair in pairs_of(code) if known[pair] is not None), distractor, "")


def select_coded(resources: Iterable[Resource], known: Memory, bins: Bins) -> list[Candidate]:
    """Conditions, procedures and allergies about something we know. Text never establishes anything."""
    candidates = []
    for resource in resources:
        code = resource.get("code")
        meant = [meaning for meaning in meanings_of(code, known) if meaning.role == "include"]
        if not meant:
            _bin_other_problem(resource, code, bool(meanings_of(code, known)), bins)
            continue
        pairs = tuple(pair for pair in pairs_of(code) if known[pair] is not None)
        candidates.append(Candidate(resource, meant[0].concept, pairs))
    return candidates


def _bin_other_problem(resource: Resource, code: Any, known: bool, bins: Bins) -> None:
    """A diagnosis of ours that is only written out establishes nothing, but is not passed over in silence."""
    concept = disease_named(text_of(code)) if not known and resource["resourceType"] == "Condition" else ""
    if not concept:
        bins.not_relevant += 1
    elif not _is_never_data(resource, bins):
        bins.set_aside(resource, "CODE_UNMAPPED", concept=concept, shown=name_of(code))


def select_drugs(
    resources: Iterable[Resource], known: Memory, concept_of: WhatItIsAbout, names: FindName | None, bins: Bins
) -> list[Candidate]:
    """Medication records and allergies about one of our agents, by code, else by name.

    Without `names`, every drug that has only a name is kept for somebody else to tell.
    """
    candidates = []
    for resource in resources:
        concept, support = concept_of(resource)
        if concept is None:
            if not _is_never_data(resource, bins):
                bins.set_aside(resource, "MEDICATION_UNRESOLVED")
            continue
        meant = meanings_of(concept, known)
        included = [meaning for meaning in meant if meaning.role == "include"]
        text = "" if meant else _drug_name(concept, names)
        if not included and not text:
            bins.not_relevant += 1
            continue
        pairs = tuple(pair for pair in pairs_of(concept) if known[pair] is not None)
        candidates.append(Candidate(resource, included[0].concept if included else text, pairs, text, None, support))
    return candidates


def with_status(candidates: Iterable[Candidate], bins: Bins) -> list[Candidate]:
    """Those whose status lets them speak. Looked at after copies: a later version may have withdrawn the result."""
    return [candidate for candidate in candidates if _status_counts(candidate, bins)]


def _known_components(resource: Resource, known: Memory) -> list[Resource]:
    listed = resource["component"]
    if not isinstance(listed, list):
        return []
    found = []
    for part in listed:
        code = part.get("code") if isinstance(part, dict) else None
        pairs = [pair for pair in pairs_of(code) if known[pair] is not None]
        if pairs:
            found.append({**part, "code": {"coding": [{"system": system, "code": code} for system, code in pairs]}})
    return found


def _bin_unmapped(resource: Resource, code: Any, concept: str, bins: Bins) -> None:
    if not concept:
        bins.not_relevant += 1
    elif not _is_never_data(resource, bins):
        bins.set_aside(resource, "CODE_UNMAPPED", concept=concept, shown=name_of(code))


def _bin_distractor(resource: Resource, concept: str, distracting: dict[str, Resource], bins: Bins) -> None:
    if not concept or _status(resource) not in USED_STATUSES:
        bins.not_relevant += 1
        return
    said = distracting.get(concept)
    bins.not_relevant += said is not None
    if said is None or str(resource.get("effectiveDateTime")) > str(said.get("effectiveDateTime")):
        distracting[concept] = resource


def _status_counts(candidate: Candidate, bins: Bins) -> bool:
    resource = candidate.resource
    if resource["resourceType"] != "Observation":
        return not _is_never_data(resource, bins)
    status = _status(resource)
    if status in USED_STATUSES:
        return True
    reason = "STATUS_PRELIMINARY" if status == "preliminary" else "STATUS"
    bins.set_aside(resource, reason, concept=candidate.measure)
    return False


def _status(resource: Resource) -> str:
    status = resource.get("status")
    return status.strip() if isinstance(status, str) else ""


def _is_never_data(resource: Resource, bins: Bins) -> bool:
    if _status(resource) in _NEVER_DATA:
        bins.set_aside(resource, "STATUS")
        return True
    return False


def _drug_name(concept: Any, names: FindName | None) -> str:
    """The first name of the drug that names one of ours; any name when nobody can tell."""
    if names is None:
        return text_of(concept) or next(displays_of(concept), "")
    known = remembered(names)
    for display in displays_of(concept):
        if known[display] is not None:
            return display
    text = text_of(concept)
    return text if text and text not in displays_of(concept) and names(text) is not None else ""
