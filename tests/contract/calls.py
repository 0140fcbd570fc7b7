"""A complete patient-view call to build every contract test from, and the two checks of every answer."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

AS_OF = "org.nextline-cds.as-of"
NEXT_THERAPY = "/cds-services/next-therapy"
PATIENT = "pat-a"

Json = dict[str, Any]

_SCHEMAS = Path(__file__).parent / "schemas"
_LOINC = "http://loinc.org"
_UCUM = "http://unitsofmeasure.org"
_MAY_BE_EMPTY = frozenset({"services", "cards"})


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


def problems_of(schema: str, body: Any) -> list[str]:
    """What a strict schema of this folder says against a body."""
    validator = Draft202012Validator(json.loads((_SCHEMAS / f"{schema}.json").read_text()))
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]


def silences_of(value: Any, where: str = "$") -> list[str]:
    """Every null, "", [] and {} in an answer, except the two lists that may be empty (GEN-3)."""
    if value is None or value in ("", [], {}):
        return [where]
    if isinstance(value, dict):
        allowed = {name for name in _MAY_BE_EMPTY if where == "$" and value.get(name) == []}
        members = [(name, member) for name, member in value.items() if name not in allowed]
        return [place for name, member in members for place in silences_of(member, f"{where}.{name}")]
    if isinstance(value, list):
        return [place for number, member in enumerate(value) for place in silences_of(member, f"{where}[{number}]")]
    return []


def answer_of(client: FlaskClient, body: Any, status: int = 200) -> Json:
    """The checked answer to a call: status, JSON, strict schema, nothing empty."""
    answer = client.post(NEXT_THERAPY, json=body)
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/json"
    checked = answer.get_json()
    assert problems_of("response" if status == 200 else "operation-outcome", checked) == []
    assert silences_of(checked) == []
    assert isinstance(checked, dict)
    return checked


def rules_of(answer: Json) -> list[str]:
    recommendations = (card["extension"]["org.nextline-cds.recommendation"] for card in answer["cards"])
    return [recommendation["rule"] for recommendation in recommendations]
