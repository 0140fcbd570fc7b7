"""An R4 chart written in R5: the same facts in the elements that R5 renamed or reshaped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

_MOVED = {
    "Procedure": {"performedDateTime": "occurrenceDateTime"},
    # The specification of R5 spells it so.
    "MedicationAdministration": {"effectiveDateTime": "occurenceDateTime", "effectivePeriod": "occurencePeriod"},
}
_TAKEN = {"active": "taking", "completed": "stopped", "stopped": "stopped"}
_ADHERENCE = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"


def prefetch_in_r5(prefetch: Mapping[str, Any]) -> Json:
    """Every resource of a prefetch object in R5."""
    return {key: _value(value) for key, value in prefetch.items()}


def _value(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value.get("resourceType") != "Bundle":
        return in_r5(value)
    entries = [entry | {"resource": in_r5(entry["resource"])} for entry in value.get("entry", ())]
    return value | ({"entry": entries} if entries else {})


def in_r5(resource: Json) -> Json:
    """One resource in R5."""
    kind = resource["resourceType"]
    moved = {_MOVED.get(kind, {}).get(name, name): value for name, value in resource.items()}
    if kind.startswith("Medication") and "medicationCodeableConcept" in moved:
        moved["medication"] = {"concept": moved.pop("medicationCodeableConcept")}
    if "reasonCode" in moved:
        moved["reason"] = [{"concept": concept} for concept in moved.pop("reasonCode")]
    return _statement(moved) if kind == "MedicationStatement" else moved


def _statement(resource: Json) -> Json:
    """R5 says in `status` whether the record stands, and in `adherence` whether the drug is taken."""
    adherence: Json = {"code": {"coding": [{"system": _ADHERENCE, "code": _TAKEN[resource.pop("status")]}]}}
    for reason in resource.pop("statusReason", ()):
        adherence["reason"] = reason
    return resource | {"status": "recorded", "adherence": adherence}
