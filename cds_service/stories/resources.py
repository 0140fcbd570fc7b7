"""One fact of a vignette -> one FHIR R4 resource. Blood pressure of one day becomes one panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import groupby
from typing import Any

from cds_service.stories.codings import Writing, Writings, writing_of
from cds_service.stories.vignette import INDEX_DATE, Fact, Vignette

Resource = dict[str, Any]

UCUM = "http://unitsofmeasure.org"
LINE_END = "https://nextline-cds.org/CodeSystem/line-end"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
METHODS = {
    "BCG": "Bromocresol green (BCG)",
    "BCP": "Bromocresol purple (BCP)",
    "immunometric": "Immunometric assay (immunometric)",
}


def patient_of(vignette: Vignette) -> Resource:
    """The Patient: no name beyond the story's, because nobody is meant."""
    return {
        "resourceType": "Patient",
        "id": patient_id(vignette),
        "active": True,
        "name": [{"use": "official", "text": f"Story {vignette.id}"}],
        "gender": vignette.sex,
        "birthDate": vignette.born.isoformat(),
    }


def patient_id(vignette: Vignette) -> str:
    """The logical id, from the vignette id: `s-01`."""
    return vignette.id.lower()


def resources_of(vignette: Vignette, writings: Writings) -> tuple[tuple[Fact, Resource], ...]:
    """Every fact with its resource, in the order of the vignette; a panel stands at its first component."""
    numbered = tuple(enumerate(vignette.facts, start=1))
    single = [(n, f, _resource(n, f, vignette, writings)) for n, f in numbered if not _in_panel(f, writings)]
    panels = _panels([(n, f) for n, f in numbered if _in_panel(f, writings)], vignette, writings)
    return tuple((fact, resource) for _, fact, resource in sorted(single + panels, key=lambda row: row[0]))


def day_text(offset: int) -> str:
    """Day offset -> calendar date."""
    return (INDEX_DATE + timedelta(days=offset)).isoformat()


def _in_panel(fact: Fact, writings: Writings) -> bool:
    return writing_of(writings, fact.concept).component_of is not None


def _panels(parts: list[tuple[int, Fact]], vignette: Vignette, writings: Writings) -> list[tuple[int, Fact, Resource]]:
    rows = []
    for _, group in groupby(sorted(parts, key=lambda part: part[1].since), key=lambda part: part[1].since):
        members = list(group)
        number, first = members[0]
        panel = _start(number, first, vignette, "Observation", first.status or "final")
        panel["code"] = _concept(writing_of(writings, first.concept).component_of or {})
        panel["subject"] = _subject(vignette)
        panel["effectiveDateTime"] = day_text(first.since)
        panel["component"] = [
            {"code": _concept(row.coding), "valueQuantity": _quantity(fact, row)}
            for fact, row in ((fact, writing_of(writings, fact.concept)) for _, fact in members)
        ]
        rows.append((number, first, panel))
    return rows


def _resource(number: int, fact: Fact, vignette: Vignette, writings: Writings) -> Resource:
    return _WRITERS[fact.r](number, fact, vignette, writing_of(writings, fact.concept))


def _start(number: int, fact: Fact, vignette: Vignette, kind: str, status: str) -> Resource:
    resource: Resource = {"resourceType": kind, "id": f"{patient_id(vignette)}-{number:02d}"}
    if status:
        resource["status"] = status
    return resource


def _subject(vignette: Vignette) -> Resource:
    return {"reference": f"Patient/{patient_id(vignette)}"}


def _concept(coding: Mapping[str, str]) -> Resource:
    return {"coding": [dict(coding)], "text": coding["display"]}


def _status_concept(system: str, code: str) -> Resource:
    return {"coding": [{"system": f"{TERMINOLOGY}/{system}", "code": code}]}


def _quantity(fact: Fact, row: Writing) -> Resource:
    stated = (row.units or {}).get(fact.unit) or ({"unit": fact.unit} if fact.unit else {})
    return {"value": fact.value, **stated}


def _condition(number: int, fact: Fact, vignette: Vignette, row: Writing) -> Resource:
    resource = _start(number, fact, vignette, "Condition", "")
    if fact.clinical and fact.verification != "entered-in-error":  # con-5
        resource["clinicalStatus"] = _status_concept("condition-clinical", fact.clinical)
    if fact.verification:
        resource["verificationStatus"] = _status_concept("condition-ver-status", fact.verification)
    resource["code"] = _concept(row.coding)
    resource["subject"] = _subject(vignette)
    if fact.onset is not None:
        resource["onsetDateTime"] = day_text(fact.onset)
    return resource


def _observation(number: int, fact: Fact, vignette: Vignette, row: Writing) -> Resource:
    resource = _start(number, fact, vignette, "Observation", fact.status or "final")
    resource["code"] = _concept(row.coding)
    resource["subject"] = _subject(vignette)
    resource["effectiveDateTime"] = day_text(fact.since)
    if isinstance(fact.value, str):
        resource["valueCodeableConcept"] = {"text": fact.value}
    else:
        resource["valueQuantity"] = _quantity(fact, row)
    if fact.method:
        resource["method"] = {"text": METHODS[fact.method]}
    return resource


def _statement(number: int, fact: Fact, vignette: Vignette, row: Writing) -> Resource:
    resource = _start(number, fact, vignette, "MedicationStatement", fact.status)
    if fact.reason:
        resource["statusReason"] = [_reason(fact)]
    resource["medicationCodeableConcept"] = _concept(row.coding)
    resource["subject"] = _subject(vignette)
    resource["effectivePeriod"] = _period(fact)
    if fact.dose is not None:
        resource["dosage"] = [_dosage(fact)]
    return resource


def _request(number: int, fact: Fact, vignette: Vignette, row: Writing) -> Resource:
    resource = _start(number, fact, vignette, "MedicationRequest", fact.status)
    if fact.reason:
        resource["statusReason"] = _reason(fact)
    resource["intent"] = fact.intent or "order"
    resource["medicationCodeableConcept"] = _concept(row.coding)
    resource["subject"] = _subject(vignette)
    resource["authoredOn"] = day_text(fact.since)
    dosage = _dosage(fact) if fact.dose is not None else {}
    repeat = dosage.setdefault("timing", {}).setdefault("repeat", {})
    repeat["boundsPeriod"] = _period(fact)
    resource["dosageInstruction"] = [dosage]
    return resource


def _administration(number: int, fact: Fact, vignette: Vignette, row: Writing) -> Resource:
    resource = _start(number, fact, vignette, "MedicationAdministration", fact.status or "completed")
    if fact.reason:
        resource["statusReason"] = [_reason(fact)]
    resource["medicationCodeableConcept"] = _concept(row.coding)
    resource["subject"] = _subject(vignette)
    resource["effectiveDateTime"] = day_text(fact.since)
    if fact.dose is not None:
        resource["dosage"] = {"dose": _dose(fact)}
    return resource


def _procedure(number: int, fact: Fact, vignette: Vignette, row: Writing) -> Resource:
    resource = _start(number, fact, vignette, "Procedure", fact.status or "completed")
    resource["code"] = _concept(row.coding)
    resource["subject"] = _subject(vignette)
    resource["performedDateTime"] = day_text(fact.since)
    return resource


def _allergy(number: int, fact: Fact, vignette: Vignette, row: Writing) -> Resource:
    resource = _start(number, fact, vignette, "AllergyIntolerance", "")
    if fact.clinical and fact.verification != "entered-in-error":  # ait-2
        resource["clinicalStatus"] = _status_concept("allergyintolerance-clinical", fact.clinical)
    if fact.verification:
        resource["verificationStatus"] = _status_concept("allergyintolerance-verification", fact.verification)
    if fact.criticality:
        resource["criticality"] = fact.criticality
    resource["code"] = _concept(row.coding)
    resource["patient"] = _subject(vignette)
    return resource


def _reason(fact: Fact) -> Resource:
    return {"coding": [{"system": LINE_END, "code": fact.reason}], "text": fact.reason}


def _period(fact: Fact) -> Resource:
    period = {"start": day_text(fact.since)}
    if fact.end is not None:
        period["end"] = day_text(fact.end)
    return period


def _dose(fact: Fact) -> Resource:
    unit = fact.dose_unit.removesuffix("/d")
    return {"value": fact.dose, "unit": unit, "system": UCUM, "code": unit}


def _dosage(fact: Fact) -> Resource:
    dosage: Resource = {"doseAndRate": [{"doseQuantity": _dose(fact)}]}
    if fact.dose_unit.endswith("/d"):
        dosage["timing"] = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
    return dosage


_WRITERS: Mapping[str, Callable[[int, Fact, Vignette, Writing], Resource]] = {
    "Condition": _condition,
    "Observation": _observation,
    "MedicationStatement": _statement,
    "MedicationRequest": _request,
    "MedicationAdministration": _administration,
    "Procedure": _procedure,
    "AllergyIntolerance": _allergy,
}
