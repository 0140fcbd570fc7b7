"""Faults as answers: the table from the error tree to HTTP, and the handler of last resort."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cds_service import errors
from cds_service.errors import RequestFault
from cds_service.hooks.registry import Answer, Service
from cds_service.settings import Settings
from cds_service.web.assembly import assemble
from cds_service.web.errors import STATUS, status_of
from cds_service.web.event_log import event_log

SECRET = "Ms Example, born 1974"
CARD = {
    "uuid": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    "summary": SECRET,
    "indicator": "info",
    "source": {"label": "Guideline", "topic": {"code": "MN-07", "system": "https://example.org/rules"}},
}


class PlainCall:
    hook_instance = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"


def app_whose_service(answers: Callable[[], Answer], log: io.StringIO) -> Flask:
    service = Service(
        id="probe",
        hook="patient-view",
        title="Probe",
        description="Probe",
        usage_requirements="none",
        prefetch={},
        read=lambda body: PlainCall(),
        respond=lambda request, today: answers(),
    )
    told = {"status": "ready"}
    return assemble(
        Settings(), [service], lambda _: {"name": "x"}, lambda _: told, event_log("info", log), lambda: date(2026, 1, 1)
    )


def call(client: FlaskClient) -> tuple[int, dict[str, object], dict[str, str]]:
    answer = client.post("/cds-services/probe", json={})
    return answer.status_code, answer.get_json(), dict(answer.headers)


def raising(error: Exception) -> Callable[[], Answer]:
    def answers() -> Answer:
        raise error

    return answers


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (errors.MalformedBody("no"), 400, "invalid"),
        (errors.UnknownService("no"), 404, "not-found"),
        (errors.MethodNotAllowed(["GET"]), 405, "not-supported"),
        (errors.PreconditionFailed("no"), 412, "required"),
        (errors.DataUnobtainable(["conditions"]), 412, "required"),
        (errors.BodyTooLarge("no"), 413, "too-costly"),
        (errors.UnsupportedMediaType("no"), 415, "not-supported"),
        (errors.MisdirectedRequest("no"), 421, "not-supported"),
        (errors.PatientMismatch("no"), 422, "conflict"),
        (errors.Overloaded(), 503, "throttled"),
    ],
)
def test_each_fault_has_its_status_and_issue_code(fault: RequestFault, status: int, code: str) -> None:
    log = io.StringIO()
    answered, body, headers = call(app_whose_service(raising(fault), log).test_client())
    assert answered == status
    assert headers["Content-Type"] == "application/json"
    assert body == {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, "details": {"text": fault.message}}],
    }
    logged = json.loads(log.getvalue())
    assert (logged["event"], logged["status"], logged["fault"]) == ("call_refused", status, type(fault).__name__)


def test_every_fault_of_the_tree_has_a_status() -> None:
    faults = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, RequestFault)]
    concrete = [kind for kind in faults if kind is not RequestFault]
    assert len(concrete) > 8
    assert all(any(kind in STATUS for kind in fault.__mro__) for fault in concrete)
    assert status_of(errors.DataUnobtainable([])) == 412


def test_a_busy_service_says_when_to_come_back() -> None:
    _, _, headers = call(app_whose_service(raising(errors.Overloaded(retry_after=3)), io.StringIO()).test_client())
    assert headers["Retry-After"] == "3"


class TestTheLastResort:
    """No request reaches it; a service that breaks on purpose does."""

    def test_it_answers_500_and_keeps_the_message_to_itself(self) -> None:
        log = io.StringIO()
        status, body, _ = call(app_whose_service(raising(KeyError(SECRET)), log).test_client())
        assert status == 500
        assert body["resourceType"] == "OperationOutcome"
        assert SECRET not in json.dumps(body)

    def test_it_logs_kind_and_place_only(self) -> None:
        log = io.StringIO()
        call(app_whose_service(raising(ValueError(SECRET)), log).test_client())
        logged = json.loads(log.getvalue())
        assert (logged["event"], logged["fault"], logged["service"]) == ("call_failed", "ValueError", "probe")
        assert "test_fault_answers.py:" in logged["at"]
        assert SECRET not in log.getvalue()


def test_a_good_call_is_one_line_with_names_counts_and_milliseconds() -> None:
    log = io.StringIO()
    answer = Answer(cards=(CARD,), event={"rules": ["MN-07"], "used": 4})
    call(app_whose_service(lambda: answer, log).test_client())
    logged = json.loads(log.getvalue())
    assert logged.pop("milliseconds") >= 0
    assert logged.pop("timestamp").endswith("Z")
    assert len(logged.pop("request_id")) == 32
    assert logged == {
        "event": "service_call",
        "level": "info",
        "service": "probe",
        "client": "",
        "hook_instance": PlainCall.hook_instance,
        "rules": ["MN-07"],
        "used": 4,
        "cards": 1,
    }
