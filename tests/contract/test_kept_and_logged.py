"""What a call leaves behind: never its access token (SEC-1), and in the log no patient data (SEC-3). Real processes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from cds_service.store.sealing import Sealing, read_keys
from tests.contract.calls import NEXT_THERAPY
from tests.ehr.charts import Chart, chart_of, request_of, without_prefetch
from tests.ehr.fixtures import authority
from tests.ehr.hosts import PUBLIC_EHR, Network
from tests.ehr.listener import listening
from tests.ehr.r5_twin import R4, Twin
from tests.ehr.service import Service
from tests.ehr.tls import Authority

__all__ = ("authority",)
STORY = "tacrolimus-failed-so-rituximab-is-next"
SERVER = "https://ehr.test/fhir"
TOKEN = "canary-token-quartzite-4711"
PATIENT = "canary-patient-malachite"
NAME = "Canaryname"
MEMBERS = {
    *("event", "level", "timestamp", "service", "client", "hook_instance", "request_id", "decision", "rules"),
    *("cards", "milliseconds"),
}


@dataclass(frozen=True, slots=True)
class Trail:
    """One answered call, after its service has ended."""

    answer: Any
    hook_instance: str
    directory: Path
    exported: str
    asked_with_token: int

    @property
    def log(self) -> str:
        return (self.directory / "service.log").read_text(encoding="utf-8")

    def event(self) -> dict[str, Any]:
        (line,) = (line for line in self.log.splitlines() if '"event": "service_call"' in line)
        told: dict[str, Any] = json.loads(line)
        return told


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Trail]:
    directory = tmp_path_factory.mktemp("trail")
    request = request_of(STORY)
    chart = named(chart_of(request, PATIENT))
    twin = Twin(version=R4, tokens=(TOKEN,), page=1000)
    twin.load(chart.resources)
    network = Network(directory / "network.json", trust=authority.bundle)
    settings = {"CDS_FHIR_SERVERS": SERVER, "CDS_CALL_BACK_SECONDS": "10"}
    running = Service(directory, settings, network)
    with listening(twin.answer, tls=authority.context("ehr.test")) as ehr:
        network.place("ehr.test", PUBLIC_EHR, ehr.port, 443)
        running.start()
        call = without_prefetch(request, PATIENT, SERVER, TOKEN)
        answer = requests.post(f"{running.url}{NEXT_THERAPY}", json=call, timeout=30)
        running.stop()
        exported = running.run("decisions", "export", "--with-patient-data").stdout
        told = [seen for seen in ehr.requests if seen.header("Authorization") == f"Bearer {TOKEN}"]
        yield Trail(answer, call["hookInstance"], directory, exported, len(told))


def named(chart: Chart) -> Chart:
    """The chart with a name that would be noticed anywhere."""
    return Chart(
        chart.patient,
        tuple(
            one | {"name": [{"family": NAME, "given": ["Invented"]}]} if one["resourceType"] == "Patient" else one
            for one in chart.resources
        ),
    )


def test_the_call_was_answered_with_what_the_token_opened(trail: Trail) -> None:
    assert trail.answer.status_code == 200
    assert trail.answer.json()["cards"]
    assert trail.asked_with_token > 5
    assert PATIENT in trail.exported, "without it the next tests would look into nothing"


@pytest.mark.conformance("SEC-1", "FHA-4")
def test_no_file_holds_the_access_token(trail: Trail) -> None:
    files = [path for path in trail.directory.rglob("*") if path.is_file() and path.name != "network.json"]
    assert {"service.log", "service.sqlite3"} <= {path.name for path in files}
    assert [path.name for path in files if TOKEN.encode() in path.read_bytes()] == []


@pytest.mark.conformance("SEC-1", "FHA-4")
def test_what_is_sealed_does_not_hold_it_either(trail: Trail) -> None:
    sealing = Sealing(read_keys(trail.directory / "service.key"))
    with closing(sqlite3.connect(trail.directory / "service.sqlite3")) as database:
        rows = database.execute("SELECT id, payload FROM decisions").fetchall()
    opened = [sealing.open(payload, name) for name, payload in rows]
    assert [PATIENT.encode() in plain for plain in opened] == [True]
    assert not [plain for plain in opened if TOKEN.encode() in plain]
    assert TOKEN not in trail.exported


@pytest.mark.conformance("SEC-3")
def test_the_log_says_which_call_which_rule_how_long_and_what_became_of_it(trail: Trail) -> None:
    event = trail.event()
    assert set(event) >= MEMBERS
    assert event["hook_instance"] == trail.hook_instance
    assert event["service"] == "next-therapy"
    assert event["rules"] == ["MN-07"]
    assert event["cards"] == 1
    assert event["milliseconds"] > 0
    assert event["decision"] in trail.exported


@pytest.mark.conformance("SEC-3", "JWT-13")
def test_the_log_holds_nothing_about_the_patient_and_no_token(trail: Trail) -> None:
    card = trail.answer.json()["cards"][0]
    (advice,) = card["extension"].values()
    values = {str(fact["value"]) for fact in advice["facts"] if len(str(fact["value"])) > 2}
    assert values
    for canary in (TOKEN, PATIENT, NAME, card["summary"][:40]):
        assert canary not in trail.log
    told = json.dumps({name: value for name, value in trail.event().items() if name not in ("timestamp", "decision")})
    assert not [value for value in values if f": {value}," in told]
