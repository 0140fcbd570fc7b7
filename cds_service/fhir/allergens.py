"""Allergies and what they are to: the code of the entry, and the substance of a reaction (CLIN-40).

Charts name a class or nothing in the code and the drug where the reaction is told. Every agent that is named counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from cds_service.fhir.bins import Bins, Resource
from cds_service.fhir.candidates import Candidate, code_of_status, is_ruled_out
from cds_service.fhir.codes import FindName, Memory, codings_of, displays_of, known_of, text_of
from cds_service.fhir.selection import drug_name

_OVER = frozenset({"inactive", "resolved"})
_TAG = re.compile(r"<[^>]{0,400}>")
# Of a drug that is taken these words say that it is not the drug; of an allergy they say what the entry is.
_OF_AN_ALLERGY = re.compile(r"\b(?:allerg(?:y|ies|ic)|intoleran(?:ce|t))\b", re.IGNORECASE)
_LONGEST = 2_000


def select_allergies(
    resources: Iterable[Resource], known: Memory, names: FindName | None, bins: Bins
) -> list[Candidate]:
    """Allergies and intolerances to our agents, by code, else by name.

    Without `names`, every allergen that has only a name is kept for somebody else to tell.
    """
    candidates = []
    for resource in resources:
        code = resource.get("code") or {}
        substances = [reaction.get("substance") for reaction in _reactions(resource)]
        candidate = _coded(resource, code, substances, known, names)
        if candidate is None and not any(_says_something(concept) for concept in (code, *substances)):
            candidate = _only_told(resource, names)
        if candidate is None:
            bins.not_relevant += 1
        else:
            candidates.append(candidate)
    return candidates


def _coded(
    resource: Resource, code: Any, substances: Iterable[Any], known: Memory, names: FindName | None
) -> Candidate | None:
    """An entry that names one of our agents. Two agents in its one code contradict each other (trap 58)."""
    meant, pairs = known_of(code, known)
    agents = sorted({meaning.concept for meaning in meant if meaning.role == "include"})
    if len(agents) > 1:
        return Candidate(resource, agents[0], aside="CODE_CONFLICT")
    texts = [] if meant else [_named(code, names)]
    for substance in substances:
        its_meant, its_pairs = known_of(substance, known)
        agents += [meaning.concept for meaning in its_meant if meaning.role == "include"]
        pairs += its_pairs
        texts += [] if its_meant else [_named(substance, names)]
    text = next((text for text in texts if text), "")
    if not agents and not text:
        return None
    return Candidate(resource, agents[0] if agents else text, tuple(dict.fromkeys(pairs)), text)


def _only_told(resource: Resource, names: FindName | None) -> Candidate | None:
    """An entry without any code or name, of which the words beside it name one of our agents: said, and not used."""
    if names is None or is_ruled_out(resource) or code_of_status(resource, "clinicalStatus") in _OVER:
        return None
    found = (names(_bare(_TAG.sub(" ", text[:_LONGEST]))) for text in _texts(resource))
    named = next((name for name in found if name is not None), None)
    return None if named is None else Candidate(resource, named[0], aside="CODE_UNMAPPED")


def _named(concept: Any, names: FindName | None) -> str:
    """The name that names one of our drugs; any name when nobody can tell."""
    if names is None:
        return drug_name(concept, None)
    spoken = [*displays_of(concept), text_of(concept)]
    return next((bare for text in spoken if text and names(bare := _bare(text)) is not None), "")


def _bare(text: str) -> str:
    return _OF_AN_ALLERGY.sub(" ", text).strip()


def _texts(resource: Resource) -> Iterator[str]:
    notes, narrative = resource.get("note"), resource.get("text")
    parts = [part.get("description") for part in _reactions(resource)]
    parts += [note.get("text") for note in notes if isinstance(note, dict)] if isinstance(notes, list) else []
    parts += [narrative.get("div")] if isinstance(narrative, dict) else []
    yield from (part for part in parts if isinstance(part, str))


def _reactions(resource: Resource) -> list[Resource]:
    listed = resource.get("reaction")
    return [reaction for reaction in listed if isinstance(reaction, dict)] if isinstance(listed, list) else []


def _says_something(concept: Any) -> bool:
    return bool(text_of(concept).strip() or codings_of(concept))
