"""What each concept of the vignettes looks like in FHIR: one primary coding, units, and other verified spellings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cds_service.stories.vignette import StoryFault

Coding = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OtherUnit:
    """Another unit for the same fact: multiply by `factor`; `coding` when the other unit asks for another code."""

    unit: str
    factor: float
    coding: Coding | None = None


@dataclass(frozen=True, slots=True)
class Writing:
    """How one concept is written. `component_of` is the panel it travels in; `units` maps fact unit to Quantity."""

    resource: str
    coding: Coding
    component_of: Coding | None = None
    also: tuple[Coding, ...] = ()
    units: Mapping[str, Mapping[str, str]] | None = None
    other_units: tuple[OtherUnit, ...] = ()


Writings = Mapping[str, Writing]


def load_codings(path: Path) -> Writings:
    """The table of `fixtures/codings.yaml`, by concept."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {concept: _writing(entry) for concept, entry in document["concepts"].items()}


def writing_of(writings: Writings, concept: str) -> Writing:
    """The row of a concept. Raises StoryFault when the table does not know it."""
    if concept not in writings:
        raise StoryFault(f"codings.yaml has no row for {concept}")
    return writings[concept]


def _writing(entry: Mapping[str, Any]) -> Writing:
    return Writing(
        resource=entry["resource"],
        coding=entry["coding"],
        component_of=entry.get("component_of"),
        also=tuple(entry.get("also", ())),
        units={row["fact_unit"]: row["quantity"] for row in entry.get("units", ())},
        other_units=tuple(OtherUnit(**row) for row in entry.get("other_units", ())),
    )
