"""From plain dictionaries to the few resources worth validating (hot-path section 4, steps 2 and 3).

Relevance is asked of the mappings over all codings; status is looked at before anything is counted
off; only measures for which the rules say so are cut to their newest values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from cds_service.fhir.bins import Bins, Resource, reference_of
from cds_service.fhir.candidates import USED_STATUSES, Candidate, is_ruled_out, status_of
from cds_service.fhir.codes import FindName, Meaning, Memory, displays_of, known_of, remembered, text_of
from cds_service.fhir.instants import day_of
from cds_service.fhir.lookalikes import disease_named, looks_like, name_of

WhatItIsAbout = Callable[[Resource], tuple[Any, str]]
"""A resource to the CodeableConcept it is about, and the reference of another resource that said so."""

# The ways by which a drug reaches the kidney, in the words of the mappings.
_SYSTEMIC = frozenset({"", "oral", "parenteral", "subcutaneous", "injected"})
# What a clinician may take for the measure: said once, on the newest (terminology.md section 7).
_SAID_ONCE = frozenset({"upcr", "proteinuria_24h", "cyclosporine_trough", "tacrolimus_trough"})


@dataclass(frozen=True, slots=True)
class Told:
    """What an Observation.code says. `mistaken` is the reason why it is not what it looks like.

    `distractor` and `lookalike` are the concept it may be taken for.
    """

    measure: str
    pairs: tuple[tuple[str, str], ...]
    mistaken: str
    distractor: str
    lookalike: str


def select_observations(resources: Iterable[Resource], known: Memory, bins: Bins) -> list[Candidate]:
    """Observations about a measure. Distractors and lookalikes are named, the rest is not relevant."""
    candidates: list[Candidate] = []
    mistaken: dict[tuple[str, str], list[Resource]] = {}
    tellings, spoken = _tellings(known), dict[bytes, Told]()
    for resource in resources:
        told = _told_of(resource.get("code"), known, tellings, spoken)
        if "component" in resource:
            panel = _panel(resource, told, known)
            if panel is not None:
                candidates.append(panel)
                continue
        if told.measure:
            candidates.append(Candidate(resource, told.measure, told.pairs))
        elif told.lookalike:
            candidates.append(_unmapped(resource, told.lookalike))
        elif told.mistaken and status_of(resource) in USED_STATUSES:
            mistaken.setdefault((told.mistaken, told.distractor), []).append(resource)
        else:
            bins.not_relevant += 1
    for (reason, concept), several in mistaken.items():
        _say_once(several, reason, concept, bins)
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
    meant, pairs = known_of(code, known)
    if not meant:
        return Told("", (), "", "", looks_like(code))
    measure = next((meaning.concept for meaning in meant if meaning.role == "include"), "")
    excluded = _excluded(meant)
    distractor = next((m.concept for m in meant if m.role == "distractor" and m.concept in _SAID_ONCE), "")
    mistaken = "CODE_EXCLUDED" if excluded else "DISTRACTOR" if distractor else ""
    return Told(measure, pairs, mistaken, excluded or distractor, "")


def _excluded(meant: Iterable[Meaning]) -> str:
    """The concept that the codes must not be taken for (terminology.md, roles), or nothing."""
    return next((meaning.concept for meaning in meant if meaning.role == "exclude"), "")


def select_coded(resources: Iterable[Resource], known: Memory, bins: Bins) -> list[Candidate]:
    """Conditions and procedures about something we know. Text never establishes anything."""
    candidates = []
    for resource in resources:
        meant, pairs = known_of(resource.get("code"), known)
        included = [meaning for meaning in meant if meaning.role == "include"]
        if included:
            candidates.append(Candidate(resource, included[0].concept, pairs))
            continue
        other = _other_problem(resource, meant)
        if other is None:
            bins.not_relevant += 1
        else:
            candidates.append(other)
    return candidates


def _other_problem(resource: Resource, meant: Sequence[Meaning]) -> Candidate | None:
    """What establishes nothing and is not passed over in silence.

    A diagnosis of ours that is only written out, and one that is coded as the disease that must not be taken for it.
    """
    code = resource.get("code")
    excluded = _excluded(meant)
    if excluded and not is_ruled_out(resource):
        return Candidate(resource, excluded, aside="CODE_EXCLUDED", shown=name_of(code))
    concept = disease_named(text_of(code)) if not meant and resource["resourceType"] == "Condition" else ""
    return _unmapped(resource, concept) if concept else None


def select_drugs(
    resources: Iterable[Resource],
    known: Memory,
    concept_of: WhatItIsAbout,
    names: FindName | None,
    bins: Bins,
    with_reasons: Callable[[Resource], Resource] = lambda record: record,
) -> list[Candidate]:
    """Medication records about one of our agents, by code, else by name.

    Without `names`, every drug that has only a name is kept for somebody else to tell. `with_reasons` puts in for what
    a record says the drug was given, where it only points at it.
    """
    candidates = []
    for resource in resources:
        concept, support = concept_of(resource)
        if concept is None:
            candidates.append(Candidate(resource, "", aside="MEDICATION_UNRESOLVED"))
            continue
        meant, pairs = known_of(concept, known)
        included = [meaning for meaning in meant if meaning.role == "include"]
        text = name_beside(concept, included[0], names) if included else "" if meant else drug_name(concept, names)
        if included or text:
            measure = included[0].concept if included else text
            told = with_reasons(resource) if "reasonReference" in resource or "reason" in resource else resource
            candidates.append(Candidate(told, measure, pairs, text, None, support))
        elif refused := _refused_product(meant, concept, names):
            candidates.append(Candidate(resource, refused, aside="CODE_EXCLUDED", shown=name_of(concept)))
        else:
            bins.not_relevant += 1
    return candidates


def _refused_product(meant: Iterable[Meaning], concept: Any, names: FindName | None) -> str:
    """Our agent in a product for animals. A code of another drug, everolimus for tacrolimus, is not relevant."""
    return next((m.concept for m in meant if m.role == "exclude" and names and remembered(names)[m.display]), "")


def _panel(resource: Resource, told: Told, known: Memory) -> Candidate | None:
    """An Observation of which a component is about a measure, or which is said to be a panel of ours."""
    listed = resource["component"]
    parts: list[Resource] = []
    named: dict[str, None] = {}
    for part in listed if isinstance(listed, list) else ():
        code = part.get("code") if isinstance(part, dict) else None
        meant, pairs = known_of(code, known)
        if pairs:
            parts.append({**part, "code": {"coding": [{"system": system, "code": code} for system, code in pairs]}})
            named |= dict.fromkeys([meaning.concept for meaning in meant if meaning.role == "include"])
    if not told.measure and not parts:
        return None
    if told.measure and any(name.startswith("value") for name in resource):
        named[told.measure] = None
    return Candidate(resource, told.measure or "components", told.pairs, "", parts, named=tuple(named))


def _unmapped(resource: Resource, concept: str) -> Candidate:
    return Candidate(resource, concept, aside="CODE_UNMAPPED", shown=name_of(resource.get("code")))


def _say_once(several: list[Resource], reason: str, concept: str, bins: Bins) -> None:
    """What may be taken for a measure is said once, on the newest."""
    newest = max(several, key=lambda resource: (day_of(_taken(resource)), reference_of(resource)))
    bins.not_relevant += len(several) - 1
    bins.set_aside(newest, reason, concepts=(concept,), shown=name_of(newest.get("code")))


def _taken(resource: Resource) -> Any:
    period = resource.get("effectivePeriod")
    ended = (period.get("end") or period.get("start")) if isinstance(period, dict) else None
    return resource.get("effectiveDateTime") or ended or resource.get("effectiveInstant") or resource.get("issued")


def drug_name(concept: Any, names: FindName | None) -> str:
    """The first name of the drug that names one of ours; any name when nobody can tell."""
    if names is None:
        return text_of(concept) or next(displays_of(concept), "")
    known = remembered(names)
    for display in displays_of(concept):
        if known[display] is not None:
            return display
    text = text_of(concept)
    return text if text and text not in displays_of(concept) and names(text) is not None else ""


def name_beside(concept: Any, meaning: Meaning, names: FindName | None) -> str:
    """The name beside a code of ours that says more: another drug of ours, or that it acts in one place (traps 27, 28).

    Empty as a rule: then nobody has to look at the name again.
    """
    if names is None:
        return ""
    known, text = remembered(names), text_of(concept)
    told = [(display, known[display]) for display in displays_of(concept)]
    if text and text not in [display for display, _ in told]:
        told.insert(0, (text, names(text)))
    formed = ""
    for name, drug in told:
        if drug is not None and drug[0] not in ("", meaning.concept):
            return name
        if drug is not None and drug[1] not in _SYSTEMIC and not (formed or meaning.route):
            formed = name
    if text and told[0] == (text, None) and not (formed or meaning.route):  # a form, and nothing of what
        whole = f"{meaning.display} {text}"
        formed = whole if (names(whole) or ("", ""))[1] not in _SYSTEMIC else ""
    return formed
