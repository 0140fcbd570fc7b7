"""A complete patient-view call to build every contract test from. The answers are checked on their way (wire.py)."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from flask.testing import FlaskClient

AS_OF = "org.nextline-cds.as-of"
NEXT_THERAPY = "/cds-services/next-therapy"
PATIENT = "pat-a"

Json = dict[str, Any]

_LOINC = "http://loinc.org"
_UCUM = "http://unitsofmeasure.org"


def resource(kind: str, identifier: str, **members: Any) -> Json:
    return {"resourceType": kind, "id": identifier, "subject": {"reference": f"Patient/{PATIENT}"}} | members


def coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def observation(identifier: str, code: str, day: str, value: float, unit: str) -> Json:
    return resource(
        "Observation",
        identifier,
        status="final",
        code=coded(_LOINC, code),
        effectiveDateTime=day,
        valueQuantity={"value": value, "unit": unit, "system": _UCUM, "code": unit},
    )


def searchset(*resources: Json) -> Json:
    bundle: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(resources)}
    return bundle | ({"entry": [{"resource": one} for one in resources]} if resources else {})


def outcome(severity: str) -> Json:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": "processing"}]}


_CHART: Mapping[str, Json] = {
    "patient": {"resourceType": "Patient", "id": PATIENT, "gender": "male", "birthDate": "1974-03-01"},
    "conditions": searchset(
        resource(
            "Condition",
            "c1",
            code=coded("http://snomed.info/sct", "77182004"),
            clinicalStatus=coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
            verificationStatus=coded("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"),
            onsetDateTime="2024-12-20",
        )
    ),
    "statements": searchset(
        resource(
            "MedicationStatement",
            "m1",
            status="active",
            medicationCodeableConcept=coded("http://www.whocc.no/atc", "L04AD02"),
            effectivePeriod={"start": "2026-04-21"},
        )
    ),
    "proteinuria": searchset(
        observation("p1", "2889-4", "2026-04-16", 8.4, "g/(24.h)"),
        observation("p2", "2889-4", "2026-07-25", 8.0, "g/(24.h)"),
        observation("p3", "2889-4", "2026-11-12", 7.6, "g/(24.h)"),
    ),
    "kidney-function": searchset(
        observation("k1", "2160-0", "2026-04-16", 1.0, "mg/dL"),
        observation("k2", "2160-0", "2026-11-12", 1.0, "mg/dL"),
        observation("k3", "1751-7", "2026-11-12", 24, "g/L"),
    ),
    "drug-levels": searchset(
        observation("t1", "11253-2", "2026-08-24", 6.0, "ng/mL"),
        observation("t2", "11253-2", "2026-11-02", 6.4, "ng/mL"),
    ),
}


def discovery(client: FlaskClient) -> Json:
    body = client.get("/cds-services").get_json()
    assert isinstance(body, dict)
    return body


def advertised_keys(client: FlaskClient) -> tuple[str, ...]:
    return tuple(discovery(client)["services"][0]["prefetch"])


def complete_call(client: FlaskClient) -> Json:
    """A man of 52, membranous nephropathy, 8 months of tacrolimus without response; every advertised key is sent."""
    empty = {key: searchset() for key in advertised_keys(client)}
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/prac-1", "patientId": PATIENT},
        "extension": {AS_OF: "2026-11-22"},
        "prefetch": empty | copy.deepcopy(dict(_CHART)),
    }


def answer_of(client: FlaskClient, body: Any, status: int = 200) -> Json:
    """The answer to a call, which the client has checked; it must have the status."""
    answer = client.post(NEXT_THERAPY, json=body)
    assert answer.status_code == status, answer.text
    said = answer.get_json()
    assert isinstance(said, dict)
    return said


def rules_of(answer: Json) -> list[str]:
    recommendations = (card["extension"]["org.nextline-cds.recommendation"] for card in answer["cards"])
    return [recommendation["rule"] for recommendation in recommendations]
