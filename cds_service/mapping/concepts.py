"""The concept keys of clinical-spec section 12, and what each of them is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cds_service.mapping.tables import Tables

CONCEPTS_FILE = "concepts.toml"
_RESOURCES = {
    "measure": ("Observation",),
    "finding": ("Observation",),
    "condition": ("Condition",),
    "procedure": ("Procedure",),
    "medication": ("MedicationStatement", "MedicationRequest", "MedicationAdministration"),
}
_VALUES = {"measure": ("quantity",), "finding": ("word",)}
_FIELDS = {"kind", "resources", "values", "unit", "low", "high", "max_age_days", "words", "noise", "note"}
_NUMBERS = ("low", "high", "max_age_days")
_LISTS = ("resources", "values", "words", "noise")


@dataclass(frozen=True, slots=True)
class Concept:
    """One word of this service.

    `unit`, `low` and `high` are in the canonical unit of clinical-spec 2.1; None means no limit.
    `values` says what an Observation may hold: quantity, word, components. `words` are its answers.
    """

    key: str
    kind: str
    resources: tuple[str, ...]
    values: tuple[str, ...] = ()
    unit: str = ""
    low: float | None = None
    high: float | None = None
    max_age_days: int | None = None
    words: tuple[str, ...] = ()
    noise: tuple[str, ...] = ()

    def is_plausible(self, value: float) -> bool:
        """False for what clinical-spec 2.1 drops as PLAUSIBILITY_REJECTED."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


def read_concepts(tables: Tables) -> dict[str, Concept]:
    """All concepts; a faulty one is left out and its problem kept."""
    found: dict[str, Concept] = {}
    for key, fields in tables.toml(CONCEPTS_FILE).items():
        fault = _fault(fields)
        if fault:
            line = tables.line_of(CONCEPTS_FILE, f"[{key}]")
            tables.fault(CONCEPTS_FILE, line, f"[{key}] {fault}", "the head of the file says what belongs there")
            continue
        found[key] = _concept(key, fields)
    return found


def _fault(fields: Any) -> str:
    if not isinstance(fields, dict):
        return "is not a table"
    unknown = sorted(set(fields) - _FIELDS)
    if unknown:
        return f"has unknown fields: {', '.join(unknown)}"
    if fields.get("kind") not in _RESOURCES:
        return f"the kind must be one of {', '.join(_RESOURCES)}"
    for name in _NUMBERS:
        if isinstance(fields.get(name, 0), bool) or not isinstance(fields.get(name, 0), int | float):
            return f"{name} must be a number"
    for name in _LISTS:
        if not _is_text_list(fields.get(name, [])):
            return f"{name} must be a list of texts"
    return _fault_of_values(fields)


def _is_text_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _fault_of_values(fields: dict[str, Any]) -> str:
    values = fields.get("values", _VALUES.get(fields["kind"], ()))
    if ("quantity" in values) != bool(fields.get("unit")):
        return "a quantity needs a unit, and nothing else has one"
    if "word" in values and not fields.get("words"):
        return "a word needs its list of words"
    if not isinstance(fields.get("unit", ""), str):
        return "the unit must be a text"
    if fields.get("low", float("-inf")) > fields.get("high", float("inf")):
        return "low is above high"
    return ""


def _concept(key: str, fields: dict[str, Any]) -> Concept:
    kind = fields["kind"]
    return Concept(
        key=key,
        kind=kind,
        resources=tuple(fields.get("resources", _RESOURCES[kind])),
        values=tuple(fields.get("values", _VALUES.get(kind, ()))),
        unit=fields.get("unit", ""),
        low=fields.get("low"),
        high=fields.get("high"),
        max_age_days=fields.get("max_age_days"),
        words=tuple(fields.get("words", ())),
        noise=tuple(sorted(fields.get("noise", ()), key=len, reverse=True)),
    )
