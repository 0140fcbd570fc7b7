"""A resource of FHIR R4 as R5 writes it: the same record for a client of the other version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Resource = dict[str, Any]

ADHERENCE = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"
ALLERGY_TYPE = "http://hl7.org/fhir/allergy-intolerance-type"
# R5 splits the status in two: whether the record stands, and whether the drug is taken.
_TAKING = {
    "active": "taking",
    "completed": "stopped",
    "stopped": "stopped",
    "on-hold": "on-hold",
    "not-taken": "not-taking",
    "unknown": "unknown",
}
_STANDING = {"entered-in-error": "entered-in-error", "intended": "draft"}


def as_r5(resource: Resource) -> Resource:
    """The same resource in R5; types that did not change come back as they are."""
    change = _CHANGES.get(resource["resourceType"])
    changed = change(dict(resource)) if change else resource
    if "contained" in changed:
        changed = {**changed, "contained": [as_r5(part) for part in changed["contained"]]}
    return changed


def _statement(resource: Resource) -> Resource:
    """R5 has no statusReason here: the line-end reason moved to `adherence.reason` (R-19)."""
    status = resource["status"]
    adherence: Resource = {"code": {"coding": [{"system": ADHERENCE, "code": _TAKING.get(status, "unknown")}]}}
    if "statusReason" in resource:
        adherence["reason"] = resource.pop("statusReason")[0]
    resource["status"] = _STANDING.get(status, "recorded")
    return {**_medication(resource), "adherence": adherence}


def _request(resource: Resource) -> Resource:
    if "reportedBoolean" in resource:
        resource["reported"] = resource.pop("reportedBoolean")
    return _medication(resource)


def _administration(resource: Resource) -> Resource:
    for old, new in (("effectiveDateTime", "occurenceDateTime"), ("effectivePeriod", "occurencePeriod")):
        if old in resource:
            resource[new] = resource.pop(old)  # R5 spells it with one r
    return _medication(resource)


def _dispense(resource: Resource) -> Resource:
    return _medication(resource)


def _procedure(resource: Resource) -> Resource:
    for old, new in (("performedDateTime", "occurrenceDateTime"), ("performedPeriod", "occurrencePeriod")):
        if old in resource:
            resource[new] = resource.pop(old)
    return resource


def _allergy(resource: Resource) -> Resource:
    if "type" in resource:
        resource["type"] = {"coding": [{"system": ALLERGY_TYPE, "code": resource["type"]}]}
    return resource


def _medication_resource(resource: Resource) -> Resource:
    if "ingredient" in resource:
        resource["ingredient"] = [{"item": {"concept": part["itemCodeableConcept"]}} for part in resource["ingredient"]]
    return resource


def _medication(resource: Resource) -> Resource:
    """Medication, code and reason became one element that holds a concept or a reference."""
    if "medicationCodeableConcept" in resource:
        resource["medication"] = {"concept": resource.pop("medicationCodeableConcept")}
    elif "medicationReference" in resource:
        resource["medication"] = {"reference": resource.pop("medicationReference")}
    return _reasons(resource)


def _service(resource: Resource) -> Resource:
    return _reasons({**resource, "code": {"concept": resource["code"]}})


def _reasons(resource: Resource) -> Resource:
    if "reasonCode" in resource:
        resource["reason"] = [{"concept": concept} for concept in resource.pop("reasonCode")]
    return resource


_CHANGES: Mapping[str, Callable[[Resource], Resource]] = {
    "MedicationStatement": _statement,
    "MedicationRequest": _request,
    "MedicationAdministration": _administration,
    "MedicationDispense": _dispense,
    "Medication": _medication_resource,
    "Procedure": _procedure,
    "AllergyIntolerance": _allergy,
    "ServiceRequest": _service,
}
