"""Each row of a screening beside the answer that a running server gives for the same patient, over HTTP.

The lines are read here with `json` alone and put into prefetch keys by their type: nothing of the screening's own
reading is used. Three in ten of the charts are messy, half of them are written in R5.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from cds_service.stories.convert import BY_TYPE
from cds_service.synthetic.export import write_export
from cds_service.synthetic.registry import registry
from tests.ehr.service import Service, service
from tests.population.exports import ON, RECOMMENDATION, rows, screened
from tests.population.test_screening import SAME

NUMBER = 150
KEYS = {**BY_TYPE, "Observation": "proteinuria"}
DRUGS = ("MedicationStatement", "MedicationRequest", "MedicationAdministration")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(tmp_path_factory.mktemp("server")) as running:
        yield running


def charts_in(export: Path) -> dict[str, dict[str, list[Any]]]:
    """By patient and type, the records of an export; a record that is there twice is there twice."""
    everything = [json.loads(line) for path in sorted(export.glob("[A-Z]*.ndjson")) for line in path.open()]
    drugs = {one["id"]: one for one in everything if one["resourceType"] == "Medication"}
    charts: dict[str, dict[str, list[Any]]] = {}
    for one in everything:
        kind = one["resourceType"]
        about = one.get("subject") or one.get("patient") or {}
        patient = one["id"] if kind == "Patient" else str(about.get("reference", "")).removeprefix("Patient/")
        if patient:
            mine = charts.setdefault(patient, {}).setdefault(kind, [])
            mine.append(one)
            # R4 points with a Reference, R5 with a Reference in a CodeableReference.
            pointer = one.get("medicationReference") or (one.get("medication") or {}).get("reference") or {}
            pointed_at = str(pointer.get("reference", "")).removeprefix("Medication/")
            if kind in DRUGS and pointed_at in drugs:
                mine.append(drugs[pointed_at])
    return charts


def call_for(patient: str, chart: dict[str, list[Any]], asked_for: Iterable[str], number: int) -> dict[str, Any]:
    prefetch: dict[str, Any] = {"patient": chart["Patient"][0]}
    for kind, key in KEYS.items():
        prefetch[key] = bundle(chart.get(kind, []))
    prefetch |= {key: bundle([]) for key in asked_for if key not in prefetch}
    return {
        "hook": "patient-view",
        "hookInstance": f"00000000-0000-4000-8000-{number:012d}",
        "context": {"userId": "Practitioner/one", "patientId": patient},
        "extension": {"org.nextline-cds.as-of": ON.isoformat()},
        "prefetch": prefetch,
    }


def bundle(resources: list[Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in resources]}


@pytest.mark.timeout(180)
@pytest.mark.parametrize("release", ["R4", "R5"])
def test_a_row_says_what_the_server_answers(release: str, server: Service, tmp_path: Path) -> None:
    seed = 31 if release == "R4" else 32
    write_export(registry(NUMBER, seed, ON), tmp_path / "export", seed, ON, release, lambda done: None)
    screened(tmp_path / "export", tmp_path / "out")
    found = {row["patient"]: row for row in rows(tmp_path / "out" / "screening.ndjson")}
    labels = {label["patient"]: label for label in rows(tmp_path / "export" / "labels.ndjson")}
    charts = charts_in(tmp_path / "export")
    assert set(charts) == set(found), "every patient of the registry has either disease"
    differ, messy, states = [], 0, set()
    with requests.Session() as session:
        (discovered,) = session.get(f"{server.url}/cds-services").json()["services"]
        for number, (patient, chart) in enumerate(sorted(charts.items())):
            call = call_for(patient, chart, discovered["prefetch"], number)
            answer = session.post(f"{server.url}/cds-services/next-therapy", json=call)
            assert answer.status_code == 200, (patient, answer.text)
            if said := difference(found[patient], answer.json()["cards"], release):
                differ.append((patient, labels[patient], said))
            messy += not labels[patient]["clean"]
            states.add(found[patient]["state"])
    assert differ == []
    assert messy > NUMBER / 5
    assert len(states) > 15


def difference(row: dict[str, Any], cards: list[Any], release: str) -> dict[str, Any]:
    """What the row and the answer do not agree on."""
    halves = [card["extension"][RECOMMENDATION] for card in cards if RECOMMENDATION in card.get("extension", {})]
    if not halves:
        return {} if row["action"] == "NO_CARD" else {"cards": len(cards)}
    (half,) = halves
    expected = {column: half.get(name, [] if isinstance(row[column], list) else "") for name, column in SAME.items()}
    expected |= {
        "lines": [(line["classes"], line["start"], line.get("end"), line["outcome"]) for line in half.get("lines", ())],
        "facts": [(fact["name"], fact.get("value"), fact["source"]) for fact in half.get("facts", ())],
        "setAside": sorted(item["reason"] for item in half.get("setAside", ())),
        "fhirVersion": release,
    }
    told = {column: row[column] for column in SAME.values()}
    told |= {
        "lines": [(line["classes"], line["start"], line["end"], line["outcome"]) for line in row["lines"]],
        "facts": [(fact["name"], fact["word"] or fact["value"], fact["source"]) for fact in row["facts"]],
        "setAside": sorted(one["reason"] for one in row["setAside"] for _ in range(one["count"])),
        "fhirVersion": row["fhirVersion"],
    }
    return {name: (told[name], expected[name]) for name in expected if told[name] != expected[name]}
