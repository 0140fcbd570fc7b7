"""The self-test at start: one invented patient through the whole evaluation, values and units checked.

It refuses a start that would answer wrongly from the first call on (a unit factor, a missing code list),
and it warms every model that a call needs, before the server forks its workers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from cds_service.errors import ConfigurationFault
from cds_service.hooks.evaluation import Evaluation, evaluate
from cds_service.hooks.knowledge import Knowledge

ON = date(2026, 6, 1)
_PATIENT = "self-test"
_LOINC = "http://loinc.org"
_SNOMED = "http://snomed.info/sct"
_ATC = "http://www.whocc.no/atc"
_UCUM = "http://unitsofmeasure.org"


def check(knowledge: Knowledge) -> Mapping[str, str]:
    """What was checked, by name. Errors: ConfigurationFault naming each check that failed."""
    loud = replace(knowledge, stamp=replace(knowledge.stamp, quiet_rules=frozenset()))
    evaluation = evaluate(_chart(), _PATIENT, ON, loud)
    case = evaluation.case
    checks = {
        "mappings": bool(case.quantities) and bool(case.exposures),
        "units": _shows(case.quantities, "creatinine", 88.4) and _shows(case.quantities, "proteinuria_24h", 6.0),
        "bins": _add_up(evaluation),
        "guidelines": [assessment.disease for assessment in evaluation.assessments] == ["MN"],
        "cards": len(evaluation.cards) == 1,
    }
    failed = [f"self-test failed: {name}" for name, passed in checks.items() if not passed]
    if failed:
        raise ConfigurationFault(failed)
    return dict.fromkeys(checks, "passed")


def _shows(quantities: Mapping[str, Any], measure: str, value: float) -> bool:
    series = quantities.get(measure, ())
    return len(series) == 1 and abs(series[0].value - value) < 0.005 * value


def _add_up(evaluation: Evaluation) -> bool:
    bins = evaluation.bins
    binned = len(bins.used) + len(bins.superseded) + bins.not_relevant + bins.set_aside
    return bins.total == binned == len(_chart()["entry"])


def _chart() -> dict[str, Any]:
    """Membranous nephropathy under rituximab for five months; creatinine 1.0 mg/dL is 88.4 umol/L."""
    resources = [
        {"resourceType": "Patient", "id": _PATIENT, "gender": "female", "birthDate": "1974-03-01"},
        _resource(
            "Condition",
            "c1",
            code=_coded(_SNOMED, "77182004"),
            clinicalStatus=_coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
            verificationStatus=_coded("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"),
            onsetDateTime="2025-01-10",
        ),
        _observation("o1", "2160-0", 1.0, "mg/dL"),
        _observation("o2", "2889-4", 6000.0, "mg/(24.h)"),
        _resource(
            "MedicationStatement",
            "m1",
            status="active",
            medicationCodeableConcept=_coded(_ATC, "L01FA01"),
            effectivePeriod={"start": "2026-01-05"},
        ),
    ]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": resource} for resource in resources],
    }


def _resource(kind: str, identifier: str, **members: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": identifier, "subject": {"reference": f"Patient/{_PATIENT}"}, **members}


def _observation(identifier: str, code: str, value: float, unit: str) -> dict[str, Any]:
    return _resource(
        "Observation",
        identifier,
        status="final",
        code=_coded(_LOINC, code),
        effectiveDateTime="2026-05-20",
        valueQuantity={"value": value, "unit": unit, "system": _UCUM, "code": unit},
    )


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}
