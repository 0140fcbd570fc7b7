"""A resource of the stories (FHIR R4) as R5 writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Resource = dict[str, Any]

ADHERENCE = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"
_TAKING = {"active": "taking", "completed": "stopped", "stopped": "stopped", "not-taken": "not-taking"}


def as_r5(resource: Resource) -> Resource:
    """The same resource in R5; types that did not change come back as they are."""
    change = _CHANGES.get(resource["resourceType"])
    return change(dict(resource)) if change else resource


def _statement(resource: Resource) -> Resource:
    """R5 has no statusReason here: the line-end reason moved to `adherence.reason` (R-19)."""
    adherence: Resource = {"code": {"coding": [{"system": ADHERENCE, "code": _TAKING[resource["status"]]}]}}
    if "statusReason" in resource:
        adherence["reason"] = resource.pop("statusReason")[0]
    return {**_medication(resource), "status": "recorded", "adherence": adherence}


def _administration(resource: Resource) -> Resource:
    resource["occurenceDateTime"] = resource.pop("effectiveDateTime")  # R5 spells it with one r
    return _medication(resource)


def _procedure(resource: Resource) -> Resource:
    resource["occurrenceDateTime"] = resource.pop("performedDateTime")
    return resource


def _medication(resource: Resource) -> Resource:
    resource["medication"] = {"concept": resource.pop("medicationCodeableConcept")}
    return resource


_CHANGES: Mapping[str, Callable[[Resource], Resource]] = {
    "MedicationStatement": _statement,
    "MedicationRequest": _medication,
    "MedicationAdministration": _administration,
    "Procedure": _procedure,
}
