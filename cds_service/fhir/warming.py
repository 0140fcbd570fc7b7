"""One resource of each kind, read once before the first call: models load lazily, and the first validation pays."""

from __future__ import annotations

from datetime import date

from cds_service.fhir.bins import Resource
from cds_service.fhir.chart import read_chart
from cds_service.fhir.codes import Meaning

_CODE: Resource = {"coding": [{"system": "urn:warm", "code": "warm"}]}
_QUANTITY: Resource = {"value": 1, "unit": "g/d", "system": "http://unitsofmeasure.org", "code": "g/d"}
_PERIOD: Resource = {"start": "2026-01-01", "end": "2026-02-01"}
_DRUG: Resource = {"status": "completed", "medicationCodeableConcept": _CODE, "statusReason": [{"text": "warm"}]}
_DOSAGE: Resource = {
    "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "boundsPeriod": _PERIOD}, "code": _CODE},
    "route": _CODE,
    "doseAndRate": [{"doseQuantity": _QUANTITY}],
}
_SAMPLES: tuple[Resource, ...] = (
    {
        "resourceType": "Observation",
        "status": "final",
        "code": _CODE,
        "effectiveDateTime": "2026-01-01T10:00:00Z",
        "issued": "2026-01-01T11:00:00Z",
        "valueQuantity": _QUANTITY,
        "method": {"text": "warm"},
        "component": [{"code": _CODE, "valueCodeableConcept": {"text": "warm"}}],
    },
    {"resourceType": "Condition", "clinicalStatus": _CODE, "code": _CODE, "onsetPeriod": _PERIOD},
    {"resourceType": "Procedure", "status": "completed", "code": _CODE, "performedPeriod": _PERIOD},
    {"resourceType": "AllergyIntolerance", "clinicalStatus": _CODE, "code": _CODE, "recordedDate": "2026-01-01"},
    {"resourceType": "MedicationStatement", **_DRUG, "effectivePeriod": _PERIOD, "dosage": [_DOSAGE]},
    {
        "resourceType": "MedicationRequest",
        **_DRUG,
        "statusReason": {"text": "warm"},
        "intent": "order",
        "dosageInstruction": [_DOSAGE],
    },
    {
        "resourceType": "MedicationAdministration",
        **_DRUG,
        "effectiveDateTime": "2026-01-01",
        "dosage": {"dose": _QUANTITY, "route": _CODE},
    },
)


class _Warm:
    """A meaning that makes every sample relevant."""

    concept, kind, role = "warm", "measure", "include"


def warm() -> int:
    """Read one resource of each kind; how many could be read."""
    subject = {"reference": "Patient/warm"}
    entries = [{"resource": {**sample, "subject": subject, "patient": subject}} for sample in _SAMPLES]
    for entry in entries:
        del entry["resource"]["subject" if entry["resource"]["resourceType"] == "AllergyIntolerance" else "patient"]
    patient = {"resourceType": "Patient", "id": "warm", "gender": "female", "birthDate": "1970-01-01"}
    bundle = {"resourceType": "Bundle", "entry": [*entries, {"resource": patient}]}
    meaning: Meaning = _Warm()
    known = {("urn:warm", "warm"): meaning}
    chart = read_chart({"warm": bundle}, "warm", knows=known, keep={}, on=date(2026, 6, 1), names=lambda _: None)
    return sum(len(kept) for kept in chart.resources.values()) + (chart.patient is not None)
