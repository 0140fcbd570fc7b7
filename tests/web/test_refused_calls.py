"""Every refused call of a client that proved itself leaves exactly one record, without a patient (promise I8)."""

from __future__ import annotations

import copy
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.hooks import patient_view
from cds_service.store import reading, refusals
from cds_service.store.reading import Filter
from cds_service.store.records import Refusal
from tests.contract.calls import complete_call
from tests.store.samples import locked, octets_of
from tests.web.guarded import BASE, FIRST, NEXT_THERAPY, NORTH, STRANGER, Guarded, guarded

CANARY = "Canary-Quill-77"
FEEDBACK = f"{NEXT_THERAPY}/feedback"
Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def service(tmp_path: Path) -> Guarded:
    return guarded(tmp_path, {})


@pytest.fixture
def call(client: FlaskClient) -> dict[str, Any]:
    """A complete call with a canary wherever a name or a text may stand."""
    call = copy.deepcopy(complete_call(client))
    call["prefetch"]["patient"]["name"] = [{"family": CANARY}]
    return call


def records(service: Guarded) -> list[Refusal]:
    store = service.store()
    try:
        assert refusals.verify(store).whole
        return list(refusals.refusals(store, Filter()))
    finally:
        store.close()


def decided(service: Guarded) -> int:
    store = service.store()
    try:
        return reading.number_of(store, Filter())
    finally:
        store.close()


def without(key: str) -> Change:
    return lambda call: call["prefetch"].pop(key)


def of_another_patient(call: dict[str, Any]) -> None:
    call["prefetch"]["patient"]["id"] = CANARY


def of_another_hook(call: dict[str, Any]) -> None:
    call["hook"] = "order-sign"


def unchanged(_call: dict[str, Any]) -> None:
    pass


REFUSED = {
    "required data are missing": (NEXT_THERAPY, without("conditions"), 412, "DataUnobtainable", "service"),
    "another patient": (NEXT_THERAPY, of_another_patient, 422, "PatientMismatch", "service"),
    "another hook": (NEXT_THERAPY, of_another_hook, 400, "MalformedBody", "service"),
    "no such service": (f"/cds-services/{CANARY}", unchanged, 404, "UnknownService", ""),
    "feedback that is none": (FEEDBACK, unchanged, 400, "MalformedBody", "feedback"),
}


@pytest.mark.parametrize(("path", "change", "status", "fault", "kind"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refusal_leaves_one_record(
    service: Guarded, call: dict[str, Any], path: str, change: Change, status: int, fault: str, kind: str
) -> None:
    change(call)
    answer = service.send(NORTH, path, call, **{"X-Request-ID": "asked-1"})
    assert answer.status_code == status, answer.text
    (record,) = records(service)
    assert (record.status, record.fault, record.kind) == (status, fault, kind)
    assert (record.issuer, record.tenant) == (NORTH.issuer, "north")
    assert record.service == ("next-therapy" if kind else "")
    assert record.request_id == "asked-1"
    assert decided(service) == 0


def test_what_was_missing_is_named_by_our_keys(service: Guarded, call: dict[str, Any]) -> None:
    del call["prefetch"]["conditions"]
    service.send(FIRST, NEXT_THERAPY, call)
    (record,) = records(service)
    assert record.told["missing"] == ["conditions"]
    assert record.hook_instance == call["hookInstance"]


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b'{"a": 1}', {"Content-Type": "text/plain"}, 415),
        (b'{"a": 1}', {"Content-Encoding": "gzip"}, 415),
    ],
)
def test_so_does_what_cannot_be_read(service: Guarded, body: bytes, headers: dict[str, str], status: int) -> None:
    assert service.send(FIRST, NEXT_THERAPY, body, **headers).status_code == status
    assert [one.status for one in records(service)] == [status]


def test_too_many_calls_leave_a_record_each(tmp_path: Path, call: dict[str, Any]) -> None:
    service = guarded(tmp_path, {}, client_rate=0.01)
    statuses = [service.send(FIRST, NEXT_THERAPY, call).status_code for _ in range(4)]
    assert statuses.count(429) == len(records(service)) > 0
    assert {one.fault for one in records(service)} == {"TooManyCalls"}


def test_a_failure_of_ours_leaves_one_too(
    service: Guarded, call: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError(CANARY)

    monkeypatch.setattr(patient_view, "judge", fail)
    assert service.send(FIRST, NEXT_THERAPY, call).status_code == 500
    (record,) = records(service)
    assert (record.status, record.fault) == (500, "ZeroDivisionError")


class TestWhatLeavesNone:
    def test_whoever_proves_nothing_cannot_fill_the_disk(self, service: Guarded, call: dict[str, Any]) -> None:
        assert service.send(None, NEXT_THERAPY, call).status_code == 401
        assert service.send(STRANGER, NEXT_THERAPY, call).status_code == 401
        assert service.send(FIRST, NEXT_THERAPY, call, Authorization="Bearer a.b.c").status_code == 401
        assert records(service) == []

    def test_a_call_that_is_answered_is_a_decision_and_no_refusal(self, service: Guarded, call: dict[str, Any]) -> None:
        assert service.send(FIRST, NEXT_THERAPY, call).status_code == 200
        assert (decided(service), records(service)) == (1, [])

    def test_other_addresses_are_no_calls(self, service: Guarded) -> None:
        assert service.app.post("/about", headers={"Host": "cds.example.org"}).status_code == 405
        assert records(service) == []


def test_no_record_holds_anything_about_a_patient(service: Guarded, call: dict[str, Any], tmp_path: Path) -> None:
    for path, change, *_ in REFUSED.values():
        changed = copy.deepcopy(call)
        change(changed)
        service.send(FIRST, path, changed)
    assert len(records(service)) == len(REFUSED)
    assert CANARY.encode() not in octets_of(tmp_path)
    assert call["context"]["patientId"] not in json.dumps([str(one) for one in records(service)])


class TestWhileTheDatabaseIsAway:
    def test_the_record_waits_in_the_spool_and_the_answer_is_the_same(
        self, service: Guarded, call: dict[str, Any]
    ) -> None:
        del call["prefetch"]["conditions"]
        with locked(service.settings.database_url):
            assert service.send(FIRST, NEXT_THERAPY, call).status_code == 412
        spooled = octets_of(Path(service.settings.database_url.removeprefix("sqlite:///")).with_suffix(".spool"))
        assert spooled.count(b'"kind":"refusal"') == 1

    @pytest.mark.conformance("JWT-11")
    def test_nobody_is_let_in_whose_token_cannot_be_marked_as_used(
        self, service: Guarded, call: dict[str, Any]
    ) -> None:
        """Neither once nor twice: not knowing whether a token was used is no reason to believe it."""
        file = Path(service.settings.database_url.removeprefix("sqlite:///"))
        away = file.rename(file.with_suffix(".away"))
        token = FIRST.token(f"{BASE}{FEEDBACK}")
        told = {"Host": "cds.example.org", "Authorization": f"Bearer {token}"}
        for _ in range(3):
            answer = service.app.post(FEEDBACK, json={}, headers=told)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
            assert answer.get_json()["issue"][0]["code"] == "transient"
            assert service.send(FIRST, NEXT_THERAPY, call).status_code == 503
        away.rename(file)
        assert (decided(service), records(service)) == (0, [])

    def test_without_a_record_there_is_no_answer_but_503(self, unkept: Guarded, call: dict[str, Any]) -> None:
        del call["prefetch"]["conditions"]
        answer = unkept.app.post(NEXT_THERAPY, json=call)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")

    @pytest.fixture
    def unkept(self, tmp_path: Path) -> Iterator[Guarded]:
        """An open service whose database is locked and whose spool folder is a file."""
        from cds_service.app import create_app
        from cds_service.settings import Settings

        (tmp_path / "spool").write_text("")
        url = f"sqlite:///{tmp_path}/kept.sqlite3"
        given = Settings(database_url=url, spool_dir=tmp_path / "spool")
        app = create_app(given).test_client()
        with locked(url):
            yield Guarded(given, app)


def test_the_table_of_the_database_is_what_the_command_shows(
    service: Guarded, call: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.cli.in_process import run

    del call["prefetch"]["conditions"]
    service.send(FIRST, NEXT_THERAPY, call)
    given = {"CDS_DATABASE_URL": service.settings.database_url}
    done = run("decisions", "refused", "--json", **given)
    (told,) = json.loads(done.out)
    assert (told["status"], told["fault"], told["client"]) == (412, "DataUnobtainable", FIRST.issuer)
    assert told["told"]["missing"] == ["conditions"]
    assert "412" in run("decisions", "refused", "--plain", **given).out
    assert run("decisions", "refused", "--csv", **given).out.count("\n") == 2
    assert run("decisions", "refused", "--client", "https://nobody.example.org", "--plain", **given).out == (
        "No refused call.\n"
    )
    file = service.settings.database_url.removeprefix("sqlite:///")
    with sqlite3.connect(file) as database:
        assert database.execute("SELECT count(*) FROM refusals").fetchone() == (1,)
