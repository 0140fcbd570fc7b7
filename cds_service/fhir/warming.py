"""Some resources of each kind, read before the first call.

Models load lazily, validators are made for each set of elements, and the first that needs them pays.
"""

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
        "interpretation": [_CODE],
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


_FIFTH_DRUG: Resource = {"status": "completed", "medication": {"concept": _CODE}, "reason": [{"concept": _CODE}]}
_FIFTH_SAMPLES: tuple[Resource, ...] = (
    {"resourceType": "Procedure", "status": "completed", "code": _CODE, "occurrencePeriod": _PERIOD},
    {"resourceType": "Condition", "clinicalStatus": _CODE, "code": _CODE, "onsetPeriod": _PERIOD, "participant": []},
    {"resourceType": "AllergyIntolerance", "clinicalStatus": _CODE, "code": _CODE, "type": _CODE, "participant": []},
    {
        "resourceType": "MedicationStatement",
        **_FIFTH_DRUG,
        "status": "recorded",
        "effectivePeriod": _PERIOD,
        "adherence": {"code": {"coding": [{"code": "stopped"}]}, "reason": _CODE},
        "dosage": [_DOSAGE],
    },
    {"resourceType": "MedicationRequest", **_FIFTH_DRUG, "intent": "order", "dosageInstruction": [_DOSAGE]},
    {
        "resourceType": "MedicationAdministration",
        **_FIFTH_DRUG,
        "occurenceDateTime": "2026-01-01",
        "dosage": {"dose": _QUANTITY, "route": _CODE},
    },
)
"""Of R5 what is written otherwise than in R4."""


_FIFTH_LEFT_OUT: tuple[tuple[str, ...], ...] = ((), ("reason",))
_LEFT_OUT = ((), ("method", "component", "statusReason"), ("method", "component", "statusReason", "interpretation"))


class _Warm:
    """A meaning that makes every sample relevant."""

    concept, kind, role, display, route = "warm", "measure", "include", "", ""


def warm() -> int:
    """Read some resources of each kind in each release; how many could be read."""
    fourth = [_without(sample, left_out) for sample in _SAMPLES for left_out in _LEFT_OUT]
    fifth = [_without(sample, left_out) for sample in _FIFTH_SAMPLES for left_out in _FIFTH_LEFT_OUT]
    return _read(fourth) + _read(fifth)


def _without(sample: Resource, left_out: tuple[str, ...]) -> Resource:
    whose = "patient" if sample["resourceType"] == "AllergyIntolerance" else "subject"
    kept = {name: value for name, value in sample.items() if name not in left_out}
    return {**kept, whose: {"reference": "Patient/warm"}}


def _read(samples: list[Resource]) -> int:
    patient = {"resourceType": "Patient", "id": "warm", "gender": "female", "birthDate": "1970-01-01"}
    bundle = {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in (*samples, patient)]}
    meaning: Meaning = _Warm()
    known = {("urn:warm", "warm"): meaning}
    chart = read_chart({"warm": bundle}, "warm", knows=known, keep={}, on=date(2026, 6, 1), names=lambda _: None)
    return sum(len(kept) for kept in chart.resources.values()) + (chart.patient is not None)
