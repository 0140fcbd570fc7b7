"""The base charts of the attack cases, and the ways in which one of them is bent.

Both charts are stories of `fixtures/patient-view`. Every text in which a person could be recognised is a canary: a
string found nowhere else, looked for afterwards in logs and refusals.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

Json = dict[str, Any]

PATIENT = "pat-a"
OTHER = "pat-b"
AS_OF = "org.nextline-cds.as-of"
TODAY = "2026-11-22"
UCUM = "http://unitsofmeasure.org"
FHIR_SERVER = "https://ehr.test/fhir"

LOINC = "http://loinc.org"
PROTEIN_24H, UPCR, ALBUMIN, EGFR, CREATININE = "2889-4", "2890-2", "1751-7", "98979-8", "2160-0"
PLA2R, C3, TROUGH = "73737-9", "4485-9", "77348-1"

NAME, MRN, BORN, NOTE, TOKEN = "Quillfeather Zyx", "mrn-58821-qx", "1974-03-19", "lab-note-vexillum", "token-T0-ombrage"
CANARIES = (NAME, MRN, BORN, NOTE, TOKEN)

_STORIES = Path(__file__).resolve().parents[2] / "fixtures" / "patient-view"
_TREATED = "tacrolimus-failed-so-rituximab-is-next"
_REFRACTORY = "mycophenolate-then-cyclophosphamide-failed"


def membranous(patient: str = PATIENT) -> Json:
    """A woman of 52, biopsy-proven and PLA2R-positive, seven months of tacrolimus without response: rule MN-07."""
    return _call(_TREATED, patient)


def membranous_by_ratio() -> Json:
    """The same woman, her proteinuria measured as protein/creatinine ratio in g/g instead of grams a day."""
    call = membranous()
    for one in found(call, PROTEIN_24H):
        one["code"] = coded(LOINC, UPCR)
        one["valueQuantity"] |= {"unit": "g/g", "code": "g/g"}
    return call


def lupus(patient: str = PATIENT) -> Json:
    """A patient with class IV lupus nephritis after two failed regimens: rule LN-24."""
    return _call(_REFRACTORY, patient)


def resources(call: Json) -> Iterator[Json]:
    """Every resource of the prefetch."""
    for value in call["prefetch"].values():
        entries = [{"resource": value}] if value["resourceType"] != "Bundle" else value.get("entry", ())
        yield from (entry["resource"] for entry in entries)


def found(call: Json, code: str) -> list[Json]:
    """The observations of a LOINC code, newest last."""
    have = [one for one in resources(call) if one["resourceType"] == "Observation" and code in str(one.get("code"))]
    return sorted(have, key=lambda one: str(one.get("effectiveDateTime")))


def newest(call: Json, code: str) -> Json:
    return found(call, code)[-1]


def subjects(call: Json) -> Iterator[Json]:
    """Everything that says whose a resource is."""
    for one in resources(call):
        yield from (one[name] for name in ("subject", "patient") if name in one)


def coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def quantity(value: Any, unit: str | None) -> Json:
    return {"value": value} | ({"unit": unit, "system": UCUM, "code": unit} if unit else {})


def observation(name: str, code: str, day: str | None, value: Any, unit: str | None, **members: Any) -> Json:
    dated = {"effectiveDateTime": day} if day else {}
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": coded(LOINC, code),
        "subject": {"reference": f"Patient/{PATIENT}"},
        "valueQuantity": quantity(value, unit),
        **dated,
        **members,
    }


def resource(kind: str, name: str, **members: Any) -> Json:
    return {"resourceType": kind, "id": name, "subject": {"reference": f"Patient/{PATIENT}"}, **members}


def add(call: Json, key: str, *added: Json) -> Json:
    """The call with more resources under a prefetch key."""
    bundle = call["prefetch"][key]
    bundle["entry"] = [*bundle.get("entry", ()), *({"resource": one} for one in added)]
    bundle["total"] = len(bundle["entry"])
    return call


def without(call: Json, unwanted: Callable[[Json], bool]) -> Json:
    """The call without the resources that are unwanted."""
    for value in call["prefetch"].values():
        if value["resourceType"] == "Bundle":
            kept = [entry for entry in value.get("entry", ()) if not unwanted(entry["resource"])]
            value["entry"], value["total"] = kept, len(kept)
    return call


def written(call: Json, mark: str, raw: str) -> bytes:
    """The body with a member whose value is `mark` written as raw text: what no JSON writer would write."""
    return json.dumps(call).replace(json.dumps(mark), raw).encode()


@cache
def _story(name: str) -> str:
    return (_STORIES / name / "request.json").read_text(encoding="utf-8")


def _call(story: str, patient: str) -> Json:
    call: Json = json.loads(_story(story))
    told = call["context"]["patientId"]
    call = json.loads(json.dumps(call).replace(f'"Patient/{told}"', f'"Patient/{patient}"'))
    call["context"] = {"userId": "Practitioner/prac-1", "patientId": patient}
    call["fhirServer"] = FHIR_SERVER
    call["fhirAuthorization"] = {
        "access_token": TOKEN,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.rs",
        "subject": "nextline",
    }
    call["prefetch"]["patient"] |= {
        "id": patient,
        "gender": "female",
        "birthDate": BORN,
        "name": [{"text": NAME}],
        "identifier": [{"system": "https://ehr.test/mrn", "value": MRN}],
    }
    for one in resources(call):
        if one["resourceType"] == "Observation":
            one["note"] = [{"text": NOTE}]
    return call
