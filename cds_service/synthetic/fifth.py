"""A record of FHIR R4 as R5 writes it."""

from __future__ import annotations

from typing import Any

Resource = dict[str, Any]
_ADHERENCE = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"
_TAKING = {"active": "taking", "completed": "stopped", "stopped": "stopped"}
_RENAMED = {
    "Procedure": {"performedDateTime": "occurrenceDateTime"},
    # R5 spells it with one r here.
    "MedicationAdministration": {"effectiveDateTime": "occurenceDateTime"},
    "Encounter": {"period": "actualPeriod"},
}


def in_fifth(resource: Resource) -> Resource:
    """The same record in R5."""
    kind = resource["resourceType"]
    names = _RENAMED.get(kind, {})
    changed = {names.get(name, name): value for name, value in resource.items()}
    if "medicationCodeableConcept" in changed:
        changed["medication"] = {"concept": changed.pop("medicationCodeableConcept")}
    if "medicationReference" in changed:
        changed["medication"] = {"reference": changed.pop("medicationReference")}
    if kind == "MedicationStatement":
        return _statement(changed)
    if kind == "Encounter":
        changed |= {"status": "completed", "class": [{"coding": [changed["class"]]}]}
    return changed


def _statement(changed: Resource) -> Resource:
    """R5 says in two places what R4 says in one: whether the record stands, and whether the drug is taken."""
    code = _TAKING.get(changed["status"])
    if code is None:
        return changed
    adherence: Resource = {"code": {"coding": [{"system": _ADHERENCE, "code": code}]}}
    if "statusReason" in changed:
        adherence["reason"] = changed.pop("statusReason")[0]
    return {**changed, "status": "recorded", "adherence": adherence}
