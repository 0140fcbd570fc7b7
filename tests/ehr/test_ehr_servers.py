"""The real R4 server, the proxy before it, and our own server of the other versions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.ehr import wrong_answers
from tests.ehr.charts import (
    CYCLOPHOSPHAMIDE_FAILED,
    TACROLIMUS_FAILED,
    Chart,
    chart_of,
    renamed,
    request_of,
    without_prefetch,
)
from tests.ehr.exchange import Json
from tests.ehr.fault_proxy import fault_proxy
from tests.ehr.fhir_server import FhirServer
from tests.ehr.listener import Listener
from tests.ehr.r5_twin import BASE_PATH, R4, R5, Twin, fhir_twin
from tests.stories.fifth_release import as_r5

LOINC = "http://loinc.org"
PROTEIN = f"{LOINC}|2889-4"


def bundle(answer: requests.Response) -> list[Json]:
    assert answer.status_code == 200, answer.text
    return [entry["resource"] for entry in answer.json().get("entry", ())]


def all_pages(session: requests.Session, address: str) -> list[str]:
    names: list[str] = []
    while address:
        page = session.get(address, timeout=10).json()
        names += [entry["resource"]["id"] for entry in page["entry"]]
        address = next((link["url"] for link in page["link"] if link["relation"] == "next"), "")
    return names


@pytest.fixture(scope="module")
def session(real_fhir_server: FhirServer, chart: Chart) -> Iterator[requests.Session]:
    assert chart.patient == "pat-a"
    with requests.Session() as session:
        session.headers.update(real_fhir_server.authorization)
        yield session


@pytest.fixture(scope="module")
def proxy(real_fhir_server: FhirServer, chart: Chart) -> Iterator[Listener]:
    assert chart.patient == "pat-a"
    with fault_proxy(real_fhir_server.base) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def told() -> Chart:
    return chart_of(request_of(TACROLIMUS_FAILED), "pat-a")


@pytest.fixture(scope="module")
def twin(told: Chart) -> Twin:
    twin = Twin(version=R5, tokens=("T0",))
    twin.load(as_r5(one) for one in told.resources)
    twin.load(as_r5(one) for one in chart_of(request_of(CYCLOPHOSPHAMIDE_FAILED), "pat-b").resources)
    return twin


@pytest.fixture(scope="module")
def base(twin: Twin) -> Iterator[str]:
    with fhir_twin(twin) as listener:
        yield listener.url + BASE_PATH


class TestCharts:
    def test_every_resource_of_a_request_once(self) -> None:
        chart = chart_of(request_of(TACROLIMUS_FAILED))
        assert len(chart.of_type("Patient")) == 1
        names = [(one["resourceType"], one["id"]) for one in chart.resources]
        assert len(set(names)) == len(names) > 15

    def test_under_another_patient_no_trace_of_the_first_is_left(self) -> None:
        chart = chart_of(request_of(TACROLIMUS_FAILED))
        moved = renamed(chart, "pat-b")
        assert {one["id"][:5] for one in moved.resources} == {"pat-b"}
        assert {one["subject"]["reference"] for one in moved.of_type("Observation")} == {"Patient/pat-b"}
        assert renamed(moved, chart.patient) == chart

    def test_a_request_without_prefetch_carries_server_and_token(self) -> None:
        story = request_of(TACROLIMUS_FAILED)
        request = without_prefetch(story, "pat-a", "https://ehr.test/fhir", "T0")
        assert "prefetch" not in request
        assert request["context"]["patientId"] == request["fhirAuthorization"]["patient"] == "pat-a"
        assert "fhirAuthorization" not in without_prefetch(story, "pat-a", "https://ehr.test/fhir", None)


class TestTheRealServer:
    def test_ids_are_kept(self, real_fhir_server: FhirServer, session: requests.Session) -> None:
        patient = session.get(f"{real_fhir_server.base}/Patient/pat-a", timeout=10).json()
        assert (patient["resourceType"], patient["id"]) == ("Patient", "pat-a")

    def test_without_a_token_it_says_401(self, real_fhir_server: FhirServer, chart: Chart) -> None:
        assert requests.get(f"{real_fhir_server.base}/Patient/{chart.patient}", timeout=10).status_code == 401

    def test_it_pages(self, real_fhir_server: FhirServer, session: requests.Session, chart: Chart) -> None:
        names = all_pages(session, f"{real_fhir_server.base}/Observation?patient=pat-a&_count=5")
        assert sorted(names) == sorted(one["id"] for one in chart.of_type("Observation"))

    def test_several_patients_do_not_mix(self, real_fhir_server: FhirServer, session: requests.Session) -> None:
        other = real_fhir_server.load_request(request_of(CYCLOPHOSPHAMIDE_FAILED), "pat-b")
        real_fhir_server.load_request(request_of(TACROLIMUS_FAILED), "pat-c")
        found = bundle(session.get(f"{real_fhir_server.base}/Observation?patient=pat-b&_count=200", timeout=10))
        assert {one["id"] for one in found} == {one["id"] for one in other.of_type("Observation")}

    def test_what_it_refuses_to_hold_is_told(self, real_fhir_server: FhirServer) -> None:
        with pytest.raises(AssertionError, match="refused"):
            real_fhir_server.load([{"resourceType": "Nonsense", "id": "x"}])


class TestTheProxy:
    def test_pages_lead_through_the_proxy(self, proxy: Listener, real_fhir_server: FhirServer, chart: Chart) -> None:
        proxy.forget()
        with requests.Session() as session:
            session.headers.update(real_fhir_server.authorization)
            names = all_pages(session, f"{proxy.url}/fhir/Observation?patient=pat-a&_count=5")
        assert sorted(names) == sorted(one["id"] for one in chart.of_type("Observation"))
        assert len(proxy.asked_for("Observation")) == -(-len(names) // 5)
        assert {one.header("authorization") for one in proxy.requests} == {f"Bearer {real_fhir_server.token}"}

    def test_a_refusal_comes_through(self, proxy: Listener) -> None:
        answer = requests.get(f"{proxy.url}/fhir/Patient/pat-a", timeout=10)
        assert (answer.status_code, answer.json()["resourceType"]) == (401, "OperationOutcome")

    def test_a_posted_search_comes_through(self, proxy: Listener, real_fhir_server: FhirServer) -> None:
        address, form = f"{proxy.url}/fhir/Observation/_search", {"patient": "pat-a", "code": PROTEIN}
        answer = requests.post(address, data=form, headers=real_fhir_server.authorization, timeout=10)
        assert {one["code"]["coding"][0]["code"] for one in bundle(answer)} == {"2889-4"}

    def test_a_fault_on_one_page(self, proxy: Listener, real_fhir_server: FhirServer) -> None:
        proxy.forget()
        proxy.script.add(wrong_answers.status(500), r"_offset=")
        address, headers = f"{proxy.url}/fhir/Observation?patient=pat-a&_count=5", real_fhir_server.authorization
        first = requests.get(address, headers=headers, timeout=10)
        second = next(link["url"] for link in first.json()["link"] if link["relation"] == "next")
        assert requests.get(second, headers=headers, timeout=10).status_code == 500


class TestOurOwnServer:
    def get(self, address: str) -> requests.Response:
        return requests.get(address, headers={"Authorization": "Bearer T0"}, timeout=5)

    def test_it_says_its_version_to_everybody(self, base: str) -> None:
        assert requests.get(f"{base}/metadata", timeout=5).json()["fhirVersion"] == "5.0.0"

    def test_it_asks_for_its_token(self, base: str) -> None:
        assert requests.get(f"{base}/Patient/pat-a", timeout=5).status_code == 401
        wrong = requests.get(f"{base}/Patient/pat-a", headers={"Authorization": "Bearer T1"}, timeout=5)
        assert wrong.status_code == 401

    def test_it_reads(self, base: str) -> None:
        assert self.get(f"{base}/Patient/pat-a").json()["id"] == "pat-a"
        assert self.get(f"{base}/Patient/pat-z").status_code == 404

    def test_it_holds_r5(self, base: str) -> None:
        (one, *_) = bundle(self.get(f"{base}/MedicationStatement?patient=pat-a"))
        assert "concept" in one["medication"]

    def test_it_searches_by_patient_and_codes(self, base: str, told: Chart) -> None:
        address = f"{base}/Observation?patient=pat-a&code={PROTEIN},{LOINC}|1751-7"
        wanted = {
            one["id"] for one in told.of_type("Observation") if one["code"]["coding"][0]["code"] in ("2889-4", "1751-7")
        }
        assert {one["id"] for one in bundle(self.get(address))} == wanted
        assert wanted

    def test_a_patient_nobody_knows_has_nothing(self, base: str) -> None:
        answer = self.get(f"{base}/Observation?patient=pat-z").json()
        assert (answer["total"], "entry" in answer) == (0, False)

    def test_it_pages(self, base: str, told: Chart) -> None:
        with requests.Session() as session:
            session.headers.update({"Authorization": "Bearer T0"})
            names = all_pages(session, f"{base}/Observation?patient=Patient/pat-a&_count=3")
        assert names == [one["id"] for one in told.of_type("Observation")]

    def test_newest_first(self, base: str) -> None:
        found = bundle(self.get(f"{base}/Observation?patient=pat-a&code={PROTEIN}&_sort=-date"))
        days = [one["effectiveDateTime"] for one in found]
        assert days == sorted(days, reverse=True)
        assert len(set(days)) > 1

    def test_by_date(self, base: str) -> None:
        found = bundle(self.get(f"{base}/Observation?patient=pat-a&date=ge2026-11-01"))
        assert {one["effectiveDateTime"][:7] for one in found} == {"2026-11"}

    def test_a_parameter_it_does_not_know_is_ignored_and_noted(self, base: str, twin: Twin) -> None:
        assert bundle(self.get(f"{base}/Condition?patient=pat-a&colour=red"))
        assert ("colour", "red") in twin.ignored

    def test_it_takes_a_posted_search(self, base: str) -> None:
        headers, form = {"Authorization": "Bearer T0"}, {"patient": "pat-a"}
        assert bundle(requests.post(f"{base}/Condition/_search", data=form, headers=headers, timeout=5))

    def test_a_browser_may_ask(self, base: str) -> None:
        assert requests.options(f"{base}/Condition", timeout=5).headers["Access-Control-Allow-Origin"] == "*"

    def test_it_can_be_r4_and_open(self, told: Chart) -> None:
        with fhir_twin(Twin(version=R4, resources={("Patient", "pat-a"): told.of_type("Patient")[0]})) as listener:
            base = listener.url + BASE_PATH
            assert requests.get(f"{base}/metadata", timeout=5).json()["fhirVersion"] == "4.0.1"
            assert requests.get(f"{base}/Patient/pat-a", timeout=5).ok
