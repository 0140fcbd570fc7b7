"""What `mappings lookup` tells of a concept: its units, its limits, and what reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cds_service.case.drug_classes import CLASS_OF, NEVER_A_LINE
from cds_service.guideline.needs import NEEDS
from cds_service.mapping.lookup import Found, FoundCode, FoundConcept, FoundUnit, short_name
from cds_service.mapping.terminology import Concept, Factor

Told = dict[str, Any]


def as_told(found: Found) -> Told:
    """Plain members for the terminal."""
    return {
        "codes": [_code(row) for row in found.codes],
        "concepts": [_concept(concept) for concept in found.concepts],
        "left_off": found.left_off,
    }


def _code(row: FoundCode) -> Told:
    meaning = row.meaning
    also = {"route": meaning.route, "implies": meaning.implies, "of": meaning.property, "unit": meaning.unit_default}
    return {
        "code": row.code,
        "system": short_name(row.system),
        "concept": meaning.concept,
        "role": meaning.role,
        "display": meaning.display,
        "also": ", ".join(f"{name} {value}" for name, value in also.items() if value),
        "row": meaning.row,
    }


def _concept(found: FoundConcept) -> Told:
    concept = found.concept
    codes = ", ".join(f"{short_name(system)} {count}" for system, count in found.codes)
    return {
        "key": concept.key,
        "kind": concept.kind,
        "facts": [*_limits(concept), f"codes: {codes}", *_readers(concept)],
        "units": [_unit(unit) for unit in found.units],
    }


def _limits(concept: Concept) -> Iterator[str]:
    if concept.unit:
        limits = [f"{limit:g}" for limit in (concept.low, concept.high) if limit is not None]
        plausible = f", plausible {' to '.join(limits)}" if limits else ""
        current = f", current for {concept.max_age_days} days" if concept.max_age_days is not None else ""
        yield f"in {concept.unit}{plausible}{current}"
    if concept.words:
        yield f"answers: {', '.join(concept.words)}"


def _readers(concept: Concept) -> Iterator[str]:
    """Which need of the guidelines asks for it; of a drug, the class that it counts as."""
    for need in NEEDS:
        if concept.key in need.concepts:
            yield f"asked for as {need.key}{' (required)' if need.required else ''}: {need.why}"
    for need in NEEDS:
        if not need.concepts and need.resource in concept.resources:
            yield f"read from {need.resource}: {need.why}"
    drug_class = CLASS_OF.get(concept.key)
    if drug_class:
        line = "never a line of treatment by itself" if drug_class in NEVER_A_LINE else "a line of treatment"
        yield f"counts as {drug_class}: {line}"


def _unit(found: FoundUnit) -> Told:
    entry = found.entry
    if isinstance(entry, Factor):
        return {"unit": found.unit, "factor": f"x {entry.decimal}", "note": entry.dimension, "row": entry.row}
    return {"unit": found.unit, "factor": "refused", "note": entry.reason, "row": entry.row}
