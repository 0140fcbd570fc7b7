"""Cases UP-01 to UP-21: a FHIR server that is down, slow, wrong, or says only half of it."""

from __future__ import annotations

import gzip
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from statistics import median

import pytest

from tests.attack.attacker import Said, post
from tests.attack.case_table import field_case
from tests.attack.charts import Json
from tests.attack.field import FAR_SERVER, FAR_TOKEN, PUBLIC_WARDS
from tests.attack.raid import Raid, eventually, unfetched
from tests.attack.test_attack_addresses import PROTEINURIA, closing, host_of, with_next
from tests.ehr import faults, wrong_answers
from tests.ehr.exchange import Connection, Request
from tests.ehr.hosts import Step
from tests.ehr.script import Fault, Truth

DEADLINE = 1.5
AT_ONCE = 0.05
WORKERS = 2
SICK_SECONDS = float(os.environ.get("NEXTLINE_SICK_SECONDS", "0"))
"""The case asks for a server that is dead for 60 seconds at 20 calls a second."""


def sick(raid: Raid, fault: Fault, path: str = "", **when: int) -> Json:
    """The base call without prefetch to a server with this fault."""
    server = raid.field.ward()
    raid.field.wards.script.add(fault, path, **when)
    return unfetched(server)


@field_case("UP-01")
def test_a_server_that_refuses_connections(raid: Raid) -> None:
    call = unfetched(raid.field.ward())
    with raid.field.wards.refusing():
        assert raid.unobtainable(call).issue["code"] == "transient"
    assert set(raid.line["fetch_failed"].values()) <= {"unreachable", "busy"}


@pytest.mark.conformance("FHA-6", "PFD-7")
@field_case("UP-02")
@pytest.mark.parametrize(
    "fault",
    [faults.hang(), faults.drip_headers(), faults.drip_body(), faults.latency(DEADLINE + 1)],
    ids=["never", "head by octets", "body by octets", "too late"],
)
def test_a_server_that_does_not_come_to_an_end(raid: Raid, fault: Fault) -> None:
    said = raid.unobtainable(sick(raid, fault))
    assert said.issue["code"] == "timeout"
    assert said.milliseconds > DEADLINE * 900


@pytest.mark.conformance("PFD-7")
@field_case("UP-02")
def test_optional_data_that_do_not_come_in_time_are_said_not_to_have_been_checked(raid: Raid) -> None:
    said = raid.send(sick(raid, faults.hang(), "/AllergyIntolerance"))
    assert said.rule == "MN-07"
    assert "Not sent by the record system, so not checked" in said.detail
    assert raid.line["fetch_failed"] == {"allergies": "timeout"}


@field_case("UP-05")
@pytest.mark.parametrize(
    "fault",
    [
        faults.reset_at_once(),
        faults.half_close(),
        faults.reset_mid_body(),
        faults.truncated(),
        faults.truncated(right_length=False),
        faults.endless(),
    ],
    ids=["reset", "half closed", "reset in the body", "cut short", "shorter than it said", "endless"],
)
def test_a_server_that_breaks_off(raid: Raid, fault: Fault) -> None:
    raid.unobtainable(sick(raid, fault))


@field_case("UP-05")
def test_a_body_that_ends_with_the_connection_is_whole(raid: Raid) -> None:
    assert raid.is_golden(raid.send(sick(raid, faults.without_length())))


@field_case("UP-06")
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_search_that_fails_once_is_tried_once_more(raid: Raid, status: int) -> None:
    said = raid.send(sick(raid, wrong_answers.status(status), PROTEINURIA, nth=1))
    assert raid.is_golden(said)
    assert tries(raid) == 2


@field_case("UP-06")
@pytest.mark.parametrize("wait", ["0", "Wed, 21 Oct 2099 07:28:00 GMT", "3600", "soon", "-1"])
def test_what_retry_after_asks_for_does_not_hold_the_call(raid: Raid, wait: str) -> None:
    said = raid.send(sick(raid, wrong_answers.status(503, wait), PROTEINURIA, nth=1), {200, 412})
    assert (said.status, tries(raid)) == ((200, 2) if wait == "0" else (412, 1))


@field_case("UP-06")
@pytest.mark.parametrize("status", [400, 404, 410, 501])
def test_a_search_that_cannot_succeed_is_not_tried_again(raid: Raid, status: int) -> None:
    raid.unobtainable(sick(raid, wrong_answers.status(status), PROTEINURIA))
    assert tries(raid) == 1


def tries(raid: Raid) -> int:
    """How often the results of urine protein were asked for."""
    return sum("2889-4" in request.target for request in raid.asked())


@field_case("UP-08")
@pytest.mark.parametrize("fault", [wrong_answers.unauthorized(), wrong_answers.forbidden()], ids=["401", "403"])
def test_a_server_that_does_not_let_us_in_is_not_asked_again(raid: Raid, fault: Fault) -> None:
    raid.unobtainable(sick(raid, fault))
    targets = [request.target for request in raid.asked()]
    assert len(targets) == len(set(targets))


@field_case("UP-08")
def test_an_optional_type_that_is_forbidden_is_said_not_to_have_been_checked(raid: Raid) -> None:
    said = raid.send(sick(raid, wrong_answers.forbidden(), "/AllergyIntolerance"))
    assert said.rule == "MN-07"
    assert "Not sent by the record system, so not checked" in said.detail
    assert "allergies" in said.detail.lower()


@pytest.mark.conformance("FHA-5")
@field_case("UP-08")
def test_an_optional_type_that_no_scope_grants_is_not_asked_for(raid: Raid) -> None:
    granted = "patient/Patient.rs patient/Observation.read patient/Condition.rs patient/Procedure.s"
    drugs = " user/MedicationStatement.rs patient/MedicationRequest.cruds patient/MedicationAdministration.*"
    said = raid.send(unfetched(scope=granted + drugs))
    assert said.rule == "MN-07"
    assert raid.field.hospital.ehr.asked_for("AllergyIntolerance") == []
    assert "Not sent by the record system, so not checked" in said.detail


@field_case("UP-10")
@pytest.mark.parametrize(
    "fault",
    [
        wrong_answers.login_page(),
        wrong_answers.xml(),
        wrong_answers.content_type(None),
        wrong_answers.content_type("text/html"),
        wrong_answers.outcome_with_200(),
        wrong_answers.body(b""),
        wrong_answers.body(b"[]"),
        wrong_answers.body(b"null"),
        wrong_answers.body(b"[" * 100_000),
        wrong_answers.body(b'{"resourceType":"Bundle","entry":7}'),
        wrong_answers.body(b'{"resourceType":"Binary"}'),
        wrong_answers.body(b"\xff\xfe{}"),
    ],
    ids=range(12),
)
def test_a_server_that_says_something_else(raid: Raid, fault: Fault) -> None:
    said = raid.send(sick(raid, fault), 412)
    assert said.issue["code"] in {"transient", "timeout", "required"}


@field_case("UP-10")
def test_a_server_that_says_json_without_fhir_is_understood(raid: Raid) -> None:
    assert raid.is_golden(raid.send(sick(raid, wrong_answers.content_type("application/json"))))


@field_case("UP-12")
@pytest.mark.parametrize(
    "fault",
    [wrong_answers.status(500), faults.reset_at_once(), wrong_answers.login_page()],
    ids=["500", "reset", "login"],
)
def test_a_further_page_that_fails_is_said(raid: Raid, fault: Fault) -> None:
    raid.field.twin.page = 1
    try:
        said = raid.send(sick(raid, fault, r"2889-4.*_start=1\b"), {200, 412})
        asked = [request.target for request in raid.asked() if "2889-4" in request.target]
    finally:
        raid.field.twin.page = 1000
    assert said.status == 412 or "further pages of proteinuria" in said.detail
    assert not any("_start=2" in target for target in asked)


@field_case("UP-12")
def test_pages_that_all_come_give_the_golden_answer(raid: Raid) -> None:
    raid.field.twin.page = 2
    try:
        assert raid.is_golden(raid.send(unfetched()))
        assert any("_start" in request.target for request in raid.asked())
    finally:
        raid.field.twin.page = 1000


@field_case("UP-12")
def test_pages_without_end_are_left_after_some(raid: Raid) -> None:
    server = raid.field.ward()
    onward = f"{server}/Observation?patient=pat-a&code=2889-4"
    raid.field.wards.script.add(wrong_answers.edited(lambda bundle: with_next(bundle, onward)), "2889-4")
    said = raid.send(unfetched(server))
    assert "further pages of proteinuria" in said.detail
    assert tries(raid) <= 20


@field_case("UP-15")
def test_what_unpacks_to_far_more_than_was_sent_is_not_unpacked(raid: Raid) -> None:
    mark = raid.target.memory()
    raid.unobtainable(sick(raid, faults.gzip_bomb()))
    assert raid.target.memory() - mark < 50 * 1024 * 1024


@field_case("UP-15")
def test_packed_answers_are_understood(raid: Raid) -> None:
    assert raid.is_golden(raid.send(sick(raid, packed)))


def packed(connection: Connection, request: Request, truth: Truth) -> None:
    told = truth()
    assert request.header("accept-encoding") == "gzip"
    told = replace(told.with_header("Content-Encoding", "gzip"), body=gzip.compress(told.body))
    connection.send(told.head() + told.body)


@field_case("UP-18")
def test_a_server_that_is_dead_for_a_while_costs_the_others_nothing(raid: Raid) -> None:
    """The breaker of a worker opens after one call that hung: its searches are more than five failures."""
    call = sick(raid, faults.hang())
    far = unfetched(FAR_SERVER, access_token=FAR_TOKEN)
    other = dict(raid.field.token(client=raid.field.hospital.other))
    assert raid.is_golden(raid.send(far, headers=other))
    with ThreadPoolExecutor(8) as pool:
        hung = [pool.submit(told_of, raid, call) for _ in range(8)]
        time.sleep(DEADLINE / 3)
        best = min(told_far(raid, far) for _ in range(3))
        slow = [one.result() for one in hung]
    assert {said.status for said in slow} == {412}
    assert best < DEADLINE * 1000 / 2, f"the other hospital waited {best:.0f} ms"
    while time.monotonic() < SICK_SECONDS:
        told_of(raid, call)
    fast = [told_of(raid, call) for _ in range(12)]
    assert {said.status for said in fast} == {412}
    assert median(said.milliseconds for said in fast) < AT_ONCE * 1000
    raid.field.wards.script.clear()
    assert eventually(lambda: all(told_of(raid, call).status == 200 for _ in range(6)))


def told_of(raid: Raid, call: Json) -> Said:
    """The answer, without a look at the log: others write there as well."""
    said = post(raid.target.url, call, dict(raid.field.token()))
    raid.answered += said.status == 200
    return said


def told_far(raid: Raid, call: Json) -> float:
    said = post(raid.target.url, call, dict(raid.field.token(client=raid.field.hospital.other)))
    assert said.status == 200, said.text[:300]
    raid.answered += 1
    return said.milliseconds


@field_case("UP-20")
@pytest.mark.parametrize(
    "step",
    [
        Step(error="NXDOMAIN"),
        Step(error="SERVFAIL"),
        Step((PUBLIC_WARDS,), delay=5),
        Step(error="SERVFAIL", delay=5),
        Step(("192.88.99.250",)),
    ],
    ids=["no such name", "failure", "late", "late failure", "an address where nobody is"],
)
def test_a_name_server_that_fails(raid: Raid, step: Step) -> None:
    server = raid.field.ward()
    raid.field.hospital.network.resolve(host_of(server), step)
    raid.unobtainable(unfetched(server))
    raid.field.hospital.network.forget()


@field_case("UP-20")
def test_a_name_that_moves_inside_between_two_pages_is_not_followed(raid: Raid) -> None:
    server, network = raid.field.ward(), raid.field.hospital.network

    def move(connection: Connection, request: Request, truth: Truth) -> None:
        network.resolve(host_of(server), "127.0.0.1")
        closing(connection, request, truth)

    raid.field.twin.page = 1
    raid.field.wards.script.add(move, r"2889-4.*_start=1\b")
    raid.field.wards.script.add(closing)
    try:
        said = raid.send(unfetched(server), {200, 412})
    finally:
        raid.field.twin.page = 1000
    assert said.status == 412 or "further pages of proteinuria" in said.detail
    assert ("127.0.0.1",) in {one.addresses for one in network.lookups}, "nobody asked for the name again"
    assert {one.address for one in network.connects} == {PUBLIC_WARDS}


@field_case("UP-21")
def test_kept_connections_that_are_closed_in_the_moment_of_use_are_opened_again(raid: Raid) -> None:
    call = sick(raid, faults.close_idle())
    assert all(raid.is_golden(raid.send(call)) for _ in range(4))
    assert max(request.on_connection for request in raid.asked()) > 1
