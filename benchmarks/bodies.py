"""Request bodies: one membranous nephropathy course among the Observations of a busy chart.

A man of 52 with membranous nephropathy has taken tacrolimus for seven months, his proteinuria fell from 8.4
to 7.7 g/d, and anti-PLA2R is high: every body holds the newest visit with all measures that it has room for, and
earlier ones back to the last before treatment, so that each leads to a full card.

`bodies()` are the three of the promise. At 10 kB few resources are relevant, and each is as large as laboratories
write them (1.6 kB); at 150 kB 36 of 200 Observations are, at 2 MB 99 of 2,700, as where a server answers searches
by category and not by code. `shared(...)` makes a body of any size and share, in R4 or R5. Deterministic: the
same octets in every run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import orjson

Release = Literal["R4", "R5"]
AS_OF = date(2026, 11, 22)
PATIENT = "bench-1"
TREATED_FOR = 215
FIRST_VISIT, NEWEST_VISIT = 220, 10
# Value at the newest visit, and how much higher it was at the first.
MEASURES = (
    ("2889-4", "Protein [Mass/time] in 24 hour Urine", "g/d", 7.7, 0.7),
    ("98979-8", "Glomerular filtration rate (CKD-EPI 2021)", "mL/min/{1.73_m2}", 80.0, 3.0),
    ("1751-7", "Albumin [Mass/volume] in Serum or Plasma", "g/L", 24.0, 0.0),
    ("73737-9", "Phospholipase A2 receptor IgG Ab [Units/volume] in Serum by Immunoassay", "[RU]/mL", 160.0, 10.0),
    ("14682-9", "Creatinine [Moles/volume] in Serum or Plasma", "umol/L", 88.0, -2.0),
    ("11253-2", "Tacrolimus [Mass/volume] in Blood", "ng/mL", 6.1, 0.5),
)
NOISE = ("718-7", "2951-2", "2823-3", "2345-7", "17861-6", "1975-2", "6768-6", "1920-8", "1742-6", "777-3")


@dataclass(frozen=True, slots=True)
class Body:
    """One body with what it holds."""

    name: str
    data: bytes
    observations: int
    relevant: int
    release: Release = "R4"


def bodies() -> tuple[Body, ...]:
    """About 10 kB, 150 kB and 2 MB."""
    return (_small(), shared("150 kB", 200, 36), shared("2 MB", 2700, 99))


def _small() -> Body:
    """Four measures of the newest visit and proteinuria of the one before treatment, with one that nobody needs."""
    newest = [_with_all_its_parts(_result(number, number, 2)) for number in range(4)]
    first = _with_all_its_parts(_result(4, len(MEASURES), 2))
    return _request("10 kB", [*newest, first, _with_all_its_parts(_noise(5))], 5, "R4")


def shared(name: str, observations: int, relevant: int, release: Release = "R4") -> Body:
    """A body with so many Observations, of which so many are relevant, spread evenly."""
    every = max(1, observations // relevant)
    visits = -(-relevant // len(MEASURES))
    entries = [
        _result(index, index // every, visits) if index % every == 0 and index // every < relevant else _noise(index)
        for index in range(observations)
    ]
    return _request(name, entries, relevant, release)


def _request(name: str, entries: list[dict[str, Any]], relevant: int, release: Release) -> Body:
    request = {
        "hook": "patient-view",
        "hookInstance": "9d1a4d4a-6a05-4e0b-8f0b-0d7c3b1f2a10",
        "context": {"userId": "Practitioner/prac-1", "patientId": PATIENT},
        "extension": {"org.nextline-cds.as-of": AS_OF.isoformat()},
        "prefetch": _prefetch(entries, release),
    }
    return Body(name, orjson.dumps(request), len(entries), relevant, release)


def _prefetch(entries: list[dict[str, Any]], release: Release) -> dict[str, Any]:
    keys: tuple[str, ...] = (
        "procedures",
        "allergies",
        "administrations",
        "requests",
        "antibodies",
        "drug-levels",
        "screening",
    )
    keys += ("biopsy-findings", "vital-signs", "patient-reported", "proteinuria")
    return {
        "patient": {"resourceType": "Patient", "id": PATIENT, "gender": "male", "birthDate": "1974-02-01"},
        "conditions": _bundle([_condition()]),
        "statements": _bundle([_statement() if release == "R4" else _fifth_statement()]),
        "kidney-function": _bundle(entries),
        **{key: _bundle([]) for key in keys},
    }


def _bundle(resources: list[dict[str, Any]]) -> dict[str, Any]:
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": len(resources)}
    if resources:
        bundle["entry"] = [
            {
                "fullUrl": f"https://ehr.example/fhir/{r['resourceType']}/{r['id']}",
                "resource": r,
                "search": {"mode": "match"},
            }
            for r in resources
        ]
    return bundle


def _subject() -> dict[str, str]:
    return {"reference": f"Patient/{PATIENT}", "display": "Bench, One"}


def _day(offset: int) -> str:
    return (AS_OF - timedelta(days=offset)).isoformat()


def _condition() -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": "c1",
        "clinicalStatus": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
        },
        "verificationStatus": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "confirmed"}]
        },
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "722119002"}]},
        "subject": _subject(),
        "onsetDateTime": _day(700),
    }


def _statement() -> dict[str, Any]:
    return {
        "resourceType": "MedicationStatement",
        "id": "m1",
        "status": "active",
        "medicationCodeableConcept": {
            "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "42316"}]
        },
        "subject": _subject(),
        "effectivePeriod": {"start": _day(TREATED_FOR)},
        "dosage": [
            {
                "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
                "route": {
                    "coding": [{"system": "http://snomed.info/sct", "code": "26643006", "display": "Oral route"}]
                },
                "doseAndRate": [
                    {"doseQuantity": {"value": 2, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}
                ],
            }
        ],
    }


def _fifth_statement() -> dict[str, Any]:
    """The same drug as FHIR R5 writes it."""
    statement = {**_statement(), "status": "recorded"}
    statement["medication"] = {"concept": statement.pop("medicationCodeableConcept")}
    return statement


def _result(index: int, number: int, visits: int) -> dict[str, Any]:
    """The result of this number: all measures of the newest visit, then those of the visits before it."""
    visit, measure = divmod(number, len(MEASURES))
    code, display, unit, value, before = MEASURES[measure]
    past = visit / max(1, visits - 1)
    day = NEWEST_VISIT + round((FIRST_VISIT - NEWEST_VISIT) * past)
    return _observation(index, code, display, round(value + before * past, 2), unit, day)


def _noise(index: int) -> dict[str, Any]:
    return _observation(index, NOISE[index % len(NOISE)], "Noise", 4.2, "mmol/L", 1 + index % 600)


def _observation(index: int, code: str, display: str, value: float, unit: str, day: int) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"o{index}",
        "meta": {"versionId": "1", "lastUpdated": f"{_day(day)}T10:00:00Z"},
        "identifier": [{"system": "https://lab.example/results", "value": f"R-{index:06d}"}],
        "status": "final",
        "category": [{"coding": list(_category())}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": display}], "text": display},
        "subject": _subject(),
        "effectiveDateTime": f"{_day(day)}T07:30:00Z",
        "issued": f"{_day(day)}T09:00:00Z",
        "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
        "referenceRange": [{"text": "see laboratory catalogue"}],
    }


def _with_all_its_parts(observation: dict[str, Any]) -> dict[str, Any]:
    """What a large EHR writes besides: profile, encounter, order, specimen, performer, limits."""
    unit = observation["valueQuantity"]["unit"]
    limits = {name: {"value": value, "unit": unit} for name, value in (("low", 1), ("high", 5))}
    profile = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-observation-lab"
    return {
        **observation,
        "meta": {**observation["meta"], "profile": [profile]},
        "encounter": {
            "reference": "Encounter/eXYZ12345678901234567890",
            "identifier": {"use": "usual", "system": "urn:oid:1.2.3.4.5.6.7.698084.8", "value": "27554"},
            "display": "Office Visit",
        },
        "basedOn": [{"reference": "ServiceRequest/eK4x12345678901234567890", "display": observation["code"]["text"]}],
        "specimen": {"reference": "Specimen/eT12345678901234567890", "display": "Specimen 23-081"},
        "performer": [{"reference": "Organization/eLab123456789", "display": "Central Laboratory"}],
        "referenceRange": [{**limits, "text": f"1 - 5 {unit}"}],
    }


def _category() -> Iterator[dict[str, str]]:
    yield {
        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
        "code": "laboratory",
        "display": "Laboratory",
    }
