"""FHIR that other people made: nothing crashes, no patient without our diseases gets a card, the bins add up.

Reads the folder named by NEXTLINE_FOREIGN_DATA; `.ci/run` sets it when the data lie beside the checkout.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

FOLDER = os.environ.get("NEXTLINE_FOREIGN_DATA", "")
pytestmark = pytest.mark.skipif(
    not Path(FOLDER).is_dir() or not FOLDER, reason="charts of other makers are not here (NEXTLINE_FOREIGN_DATA)"
)
ANSWERS = {200, 400, 412, 422}


def texts(*folders: str) -> Iterator[tuple[str, str]]:
    """Every JSON or NDJSON file of these folders, unpacked."""
    for folder in folders:
        for path in sorted((Path(FOLDER) / folder).glob("*.*json*")):
            packed = path.read_bytes()
            plain = gzip.decompress(packed) if path.suffix == ".gz" else packed
            yield f"{folder}/{path.name}", plain.decode("utf-8", errors="replace")


def resources_of(text: str) -> list[dict[str, Any]]:
    """The resources of a Bundle, of NDJSON lines, or the one resource."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    if document.get("resourceType") == "Bundle":
        return [entry["resource"] for entry in document.get("entry", ()) if "resource" in entry]
    return [document]


def call(resources: list[dict[str, Any]], patient_id: str) -> dict[str, Any]:
    """A call that brings a whole chart under one key of the client's own."""
    entries = [{"resource": resource} for resource in resources]
    return {
        "hook": "patient-view",
        "hookInstance": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "context": {"userId": "Practitioner/p1", "patientId": patient_id},
        "extension": {"org.nextline-cds.as-of": "2026-11-22"},
        "prefetch": {"chart": {"resourceType": "Bundle", "type": "searchset", "entry": entries}},
    }


def test_whole_charts_of_synthetic_patients_are_read_and_get_no_card_without_our_diseases(client: FlaskClient) -> None:
    charts = list(texts("synthea-r4", "pysynthea-lupus-ckd"))
    assert charts
    for name, text in charts:
        resources = resources_of(text)
        patient = next(resource for resource in resources if resource["resourceType"] == "Patient")
        answer = client.post("/cds-services/next-therapy", json=call(resources, patient["id"]))
        assert answer.status_code in ANSWERS, (name, answer.status_code)
        if answer.status_code == 200:
            assert answer.get_json()["cards"] == [], name


def test_every_sample_resource_of_every_release_gets_an_answer_that_is_not_a_server_error(client: FlaskClient) -> None:
    asked = 0
    for name, text in texts("spec-r4", "spec-r4b", "spec-r5", "spec-stu3", "spec-dstu2"):
        for resource in resources_of(text):
            subject = resource.get("subject") or resource.get("patient") or {}
            reference = str(subject.get("reference", "")) if isinstance(subject, dict) else ""
            patient_id = reference.rpartition("/")[2] or "example"
            answer = client.post("/cds-services/next-therapy", json=call([resource], patient_id))
            assert answer.status_code in ANSWERS, (name, resource.get("id"), answer.status_code)
            asked += 1
    assert asked > 300


def test_requests_and_broken_files_of_others_get_an_answer_that_is_not_a_server_error(client: FlaskClient) -> None:
    asked = 0
    for name, text in texts("cds-hooks-requests", "malformed", "nephrology", "server-fixtures"):
        answer = client.post("/cds-services/next-therapy", data=text.encode(), content_type="application/json")
        assert answer.status_code in ANSWERS, (name, answer.status_code)
        asked += 1
    assert asked > 50
