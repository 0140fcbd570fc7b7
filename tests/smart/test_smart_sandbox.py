"""`make sandbox`: the requests of the public CDS Hooks Sandbox in their order, and its SMART link, on R4 and on R5."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from cds_service.demo import free_port
from cds_service.stories.catalogue import all_stories
from cds_service.stories.vignette import INDEX_DATE
from tests.smart.ward import Person, heading
from tools.sandbox import FIRST_STORY, SANDBOX, Sandbox, check_ports, sandbox, told_of
from tools.sandbox_patients import patients_of

STORIES = (FIRST_STORY, "mycophenolate-then-cyclophosphamide-failed", "relapse-two-years-after-tacrolimus")
DSTU2 = {"Accept": "application/json+fhir"}
A_BROWSER = {"Accept": "text/html,application/xhtml+xml"}
BEARER = {"Authorization": "Bearer eyJhbGciOiJFUzM4NCJ9.e30.c2lnbmF0dXJl", "Origin": SANDBOX}
FOR_BROWSERS = "Access-Control-Allow-Origin"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with sandbox(datetime.now(UTC).date(), port=0, fhir_port=0, names=STORIES) as made:
        yield made


@pytest.fixture(params=["r4", "r5"])
def fhir(request: pytest.FixtureRequest, running: Sandbox) -> str:
    return str(getattr(running, request.param))


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.trust_env = False
        yield made


def preflight(session: requests.Session, address: str, method: str, headers: str) -> None:
    """What a browser asks first."""
    asked = {"Origin": SANDBOX, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    answer = session.options(address, headers=asked, timeout=10)
    assert answer.ok
    assert answer.headers[FOR_BROWSERS] in ("*", SANDBOX)
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    assert all(name in allowed for name in headers.split(","))


def resolved(session: requests.Session, fhir: str, template: str, patient: str) -> Any:
    """A template as the Sandbox resolves it; None for a key that it leaves out."""
    filled = template.replace("{{context.patientId}}", patient)
    if "{{" in filled:
        return None
    path, _, query = filled.partition("?")
    if not query:
        return session.get(f"{fhir}/{path}", headers=DSTU2, timeout=10).json()
    form = {name: ",".join(values) for name, values in parse_qs(query).items()}
    answer = session.post(f"{fhir}/{path}/_search", data=form, headers=DSTU2 | {"Origin": SANDBOX}, timeout=10)
    assert answer.headers[FOR_BROWSERS] == "*"
    return answer.json() if answer.ok else None


def called(session: requests.Session, running: Sandbox, fhir: str) -> tuple[str, dict[str, Any]]:
    """Discovery, prefetch and the call; the address of the service, and its card."""
    discovery = f"{running.service}/cds-services"
    preflight(session, discovery, "GET", "authorization")
    (service,) = session.get(discovery, headers=BEARER, timeout=10).json()["services"]
    filled = {key: resolved(session, fhir, template, running.patient) for key, template in service["prefetch"].items()}
    body = {
        "hookInstance": str(uuid.uuid4()),
        "hook": "patient-view",
        "fhirServer": fhir,
        "context": {"patientId": running.patient, "userId": "Practitioner/COREPRACTITIONER1"},
        "prefetch": {key: value for key, value in filled.items() if value is not None},
    }
    address = f"{discovery}/{service['id']}"
    preflight(session, address, "POST", "authorization,content-type")
    answer = session.post(address, json=body, headers=BEARER, timeout=20)
    assert answer.ok, answer.text
    assert answer.headers[FOR_BROWSERS] in ("*", SANDBOX)
    return address, answer.json()["cards"][0]


def test_the_record_system_says_what_the_sandbox_asks_first(
    session: requests.Session, fhir: str, running: Sandbox
) -> None:
    metadata = session.get(f"{fhir}/metadata", headers={"Accept": "application/json"}, timeout=10)
    assert metadata.json()["fhirVersion"] == {running.r4: "4.0.1", running.r5: "5.0.0"}[fhir]
    assert session.get(f"{fhir}/Patient", timeout=10).status_code == 200
    patient = session.get(f"{fhir}/Patient/{running.patient}", headers=DSTU2, timeout=10)
    assert patient.headers[FOR_BROWSERS] == "*"
    assert patient.json()["name"][0]["given"] == ["Story"]
    assert session.get(f"{fhir}/Condition?patient={running.patient}", headers=DSTU2, timeout=10).json()["total"] >= 1


def test_the_card_is_that_of_the_story_and_a_click_and_a_dismissal_are_taken(
    session: requests.Session, fhir: str, running: Sandbox
) -> None:
    # A dismissal with a reason is heeded afterwards, so each release has a patient of its own here.
    patient, rule = {running.r4: ("s-24", "LN-24"), running.r5: ("n-053", "MN-23")}[fhir]
    address, card = called(session, replace(running, patient=patient), fhir)
    assert card["extension"]["org.nextline-cds.recommendation"]["rule"] == rule
    feedback = f"{address}/feedback"
    preflight(session, feedback, "POST", "authorization,content-type")
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    clicked = {"outcome": "accepted", "acceptedSuggestions": [{"id": card["suggestions"][0]["uuid"]}]}
    reason = {name: card["overrideReasons"][0][name] for name in ("code", "system")}
    dismissed = {"outcome": "overridden", "overrideReason": {"reason": reason}}
    for said in (clicked, clicked, dismissed):
        body = {"feedback": [{"card": card["uuid"], "outcomeTimestamp": now, **said}]}
        answer = session.post(feedback, json=body, headers=BEARER, timeout=10)
        assert (answer.status_code, answer.headers[FOR_BROWSERS]) == (200, SANDBOX)
    with pytest.raises(IndexError):
        called(session, replace(running, patient=patient), fhir)


def test_without_prefetch_the_service_reads_the_open_server_itself(
    session: requests.Session, fhir: str, running: Sandbox
) -> None:
    body = {
        "hookInstance": str(uuid.uuid4()),
        "hook": "patient-view",
        "fhirServer": fhir,
        "context": {"patientId": running.patient, "userId": "Practitioner/COREPRACTITIONER1"},
    }
    answer = session.post(f"{running.service}/cds-services/next-therapy", json=body, headers=BEARER, timeout=20)
    assert [card["summary"] for card in answer.json()["cards"]] == [called(session, running, fhir)[1]["summary"]]


def test_its_smart_link_opens_the_course_that_the_card_is_about(
    session: requests.Session, fhir: str, running: Sandbox
) -> None:
    _, card = called(session, running, fhir)
    (link,) = [link for link in card["links"] if link["type"] == "smart"]
    told = {"patient": running.patient, "smart_messaging_origin": SANDBOX, "appContext": link["appContext"]}
    launch = f"{fhir}/_services/smart/Launch"
    preflight(session, launch, "POST", "content-type")
    answer = session.post(launch, json={"launchUrl": link["url"], "parameters": told}, timeout=10)
    assert answer.headers[FOR_BROWSERS] == "*"
    person = Person(running.service)
    asked = urlencode({"launch": answer.json()["launch_id"], "iss": fhir})
    shown = person.opened(f"{link['url']}?{asked}")
    assert shown.status_code == 200
    assert '<strong class="patient">Story S-01</strong>' in shown.text
    assert card["summary"] in shown.text
    assert "Opened from the card of rule MN-07." in shown.text


def test_a_launch_without_launch_context_opens_the_first_patient(running: Sandbox) -> None:
    shown = Person(running.service).opened(f"/launch?{urlencode({'iss': running.r4})}")
    assert "Story S-01" in shown.text
    assert heading(shown)


def test_what_is_printed_leads_to_what_runs(running: Sandbox) -> None:
    told = told_of(running)
    address = next(line.strip() for line in told.splitlines() if SANDBOX in line)
    asked = parse_qs(urlsplit(address).query)
    assert asked["fhirServiceUrl"] == [running.r4]
    assert asked["serviceDiscoveryURL"] == [f"{running.service}/cds-services"]
    assert f"{running.service}/launch" in told
    for address in re.findall(r"https?://127\.0\.0\.1\S*", told):
        answer = requests.get(address, headers=A_BROWSER, allow_redirects=False, timeout=10)
        # Only the address that a record system sends people back to has nothing to say by itself.
        assert answer.status_code < 400 or address.endswith(("/callback,", "/launch")), address
        assert answer.headers["Content-Type"].startswith(("text/html", "application/json"))


def test_a_fhir_server_shows_people_its_patients_and_tells_programs_where_to_ask(
    session: requests.Session, fhir: str, running: Sandbox
) -> None:
    for address in (fhir, f"{fhir}/", fhir.removesuffix("/fhir")):
        assert "server of the sandbox" in session.get(address, headers=A_BROWSER, timeout=10).text
    asked = session.get(fhir, headers={"Accept": "application/fhir+json"}, timeout=10)
    assert asked.json()["resourceType"] == "OperationOutcome"
    page = session.get(fhir, headers=A_BROWSER, timeout=10).text
    links = [unescape(link) for link in re.findall(r'href="([^"]+)"', page)]
    hooks = [parse_qs(urlsplit(link).query) for link in links if link.startswith(SANDBOX)]
    assert sorted(one["patientId"][0] for one in hooks) == ["n-053", "s-01", "s-24"]
    assert {one["fhirServiceUrl"][0] for one in hooks} == {fhir}
    assert all(session.get(link, timeout=10).ok for link in links if link.startswith(fhir))
    launches = [link for link in links if "/launch?" in link]
    names = [re.search(r'class="patient">([^<]+)<', Person(running.service).opened(link).text) for link in launches]
    assert {found[1] for found in names if found} == {"Story S-01", "Story S-24", "Story N-053"}


def test_a_launcher_finds_clinicians_to_sign_in_as_and_a_visit_of_each_patient(
    session: requests.Session, fhir: str, running: Sandbox
) -> None:
    clinicians = session.get(f"{fhir}/Practitioner?_count=10", timeout=10).json()
    assert {one["resource"]["id"] for one in clinicians["entry"]} == {"COREPRACTITIONER1", "prac-1"}
    visits = session.get(f"{fhir}/Encounter/?_count=1&patient={running.patient}", timeout=10).json()
    assert visits["entry"][0]["resource"]["subject"]["reference"] == f"Patient/{running.patient}"


def test_a_port_that_is_taken_is_said_before_anything_is_started(running: Sandbox) -> None:
    taken, free = urlsplit(running.r4).port or 0, free_port()
    with pytest.raises(SystemExit, match=f"Port {taken} is taken.*--fhir-port"):
        check_ports(free, taken)
    with pytest.raises(SystemExit, match=f"Port {taken} is taken.*--fhir-port"):
        check_ports(free, taken - 1)
    with pytest.raises(SystemExit, match=f"Port {taken} is taken.*--port"):
        check_ports(taken, free)


def test_every_date_of_a_chart_moves_with_today_and_nothing_else_does() -> None:
    stories = [story for story in all_stories() if story.name == FIRST_STORY]
    then, later = (list(patients_of(stories, INDEX_DATE + timedelta(days=days))) for days in (0, 400))
    day = re.compile(r"\d{4}-\d{2}-\d{2}")
    first, second = (day.findall(str(chart)) for chart in (then, later))
    moved = {(date.fromisoformat(b) - date.fromisoformat(a)).days for a, b in zip(first, second, strict=True)}
    assert moved == {400}
    assert day.sub("", str(then)) == day.sub("", str(later))
