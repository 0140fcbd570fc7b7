"""The one outbound client against real servers: what comes back, what is refused, and how long it may take."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cds_service.errors import ConfigurationFault
from cds_service.outbound.address import Base, base
from cds_service.outbound.allowance import Allowance
from cds_service.outbound.client import Fetched, Outbound
from cds_service.outbound.connection import Reachable
from cds_service.outbound.deadline import Deadline
from cds_service.outbound.failure import FetchFailed
from tests.ehr import faults, wrong_answers
from tests.ehr.exchange import Answer, Request, fhir_answer
from tests.ehr.listener import Listener, listening
from tests.ehr.tls import BAD, Authority, Fault

PLENTY = 1_000_000
SHORT = 0.4


def told(_request: Request) -> Answer:
    return fhir_answer({"resourceType": "Bundle", "language": "x" * 2_000})


@pytest.fixture(scope="module")
def running() -> Iterator[Listener]:
    with listening(told) as server:
        yield server


@pytest.fixture
def server(running: Listener) -> Listener:
    running.forget()
    return running


@pytest.fixture
def outbound() -> Outbound:
    return Outbound(loopback=True)


def get(outbound: Outbound, server: Listener, *, seconds: float = 5, most: int | Allowance = PLENTY) -> Fetched:
    where = base(f"{server.url}/fhir", local_http=True)
    allowance = most if isinstance(most, Allowance) else Allowance(most)
    return outbound.get(where, "a=1", headers={"X-A": "b"}, deadline=Deadline.after(seconds), allowance=allowance)


def failure_of(outbound: Outbound, server: Listener, **how: Any) -> FetchFailed:
    with pytest.raises(FetchFailed) as failed:
        get(outbound, server, **how)
    return failed.value


def test_an_answer_comes_with_status_headers_and_body(outbound: Outbound, server: Listener) -> None:
    fetched = get(outbound, server)
    assert fetched.status == 200
    assert fetched.headers["content-type"].startswith("application/fhir+json")
    assert len(fetched.body) > 2_000
    (request,) = server.requests
    assert (request.target, request.header("x-a"), request.header("cookie")) == ("/fhir?a=1", "b", None)
    assert request.header("user-agent") == "nextline-cds"


def test_connections_are_kept_and_no_cookie_is(outbound: Outbound, server: Listener) -> None:
    server.script.add(wrong_answers.changed(lambda answer: answer.with_header("Set-Cookie", "a=b")))
    for _ in range(5):
        get(outbound, server)
    assert server.connections == 1
    assert [request.header("cookie") for request in server.requests] == [None] * 5


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(outbound: Outbound, server: Listener, status: int) -> None:
    server.script.add(wrong_answers.redirect(f"{server.url}/elsewhere", status))
    assert failure_of(outbound, server).reason == "redirect"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "reason", "tries"),
    [
        (400, "status", 1),
        (401, "refused", 1),
        (403, "refused", 1),
        (404, "status", 1),
        (500, "status", 3),
        (503, "status", 3),
    ],
)
def test_what_may_pass_is_tried_again_and_the_rest_is_not(
    outbound: Outbound, server: Listener, status: int, reason: str, tries: int
) -> None:
    server.script.add(wrong_answers.status(status))
    failure = failure_of(outbound, server)
    assert (failure.reason, failure.status, len(server.requests)) == (reason, status, tries)


@pytest.mark.parametrize(
    ("header", "tries"), [("0", 2), (None, 2), ("3600", 1), ("99999999999", 1), ("soon", 1), ("-5", 1), ("1e9", 1)]
)
def test_retry_after_is_kept_to_where_there_is_time(
    outbound: Outbound, server: Listener, header: str | None, tries: int
) -> None:
    server.script.add(wrong_answers.status(503, header), nth=1)
    if tries == 2:
        assert get(outbound, server).status == 200
    else:
        assert failure_of(outbound, server).status == 503
    assert len(server.requests) == tries


@pytest.mark.parametrize(
    "fault",
    [faults.hang(), faults.drip_headers(every=0.05), faults.drip_body(every=0.02), faults.half_close()],
    ids=["silent", "head by octets", "body by octets", "half closed"],
)
def test_nothing_lasts_longer_than_the_deadline(outbound: Outbound, server: Listener, fault: Any) -> None:
    server.script.add(fault)
    began = time.monotonic()
    failure_of(outbound, server, seconds=SHORT)
    assert time.monotonic() - began < SHORT + 0.5


def test_a_name_server_that_is_silent_does_not_outlast_the_deadline(
    outbound: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(3))
    began = time.monotonic()
    with pytest.raises(FetchFailed) as failed:
        where, deadline = Base("https", "ehr.test", 443, ""), Deadline.after(SHORT)
        outbound.get(where, "", headers={}, deadline=deadline, allowance=Allowance(1))
    assert failed.value.reason == "timeout"
    assert time.monotonic() - began < SHORT + 0.5


def test_a_deadline_that_has_passed_asks_nobody(outbound: Outbound, server: Listener) -> None:
    assert failure_of(outbound, server, seconds=-1).reason in {"timeout", "busy"}
    assert server.requests == []


@pytest.mark.parametrize(
    "fault", [None, faults.gzip_bomb(50_000_000), faults.endless()], ids=["long", "bomb", "endless"]
)
def test_more_than_the_allowance_is_not_read(outbound: Outbound, server: Listener, fault: Any) -> None:
    if fault is not None:
        server.script.add(fault)
    assert failure_of(outbound, server, most=1_000).reason == "too-large"


def test_an_allowance_is_for_everything_that_shares_it(outbound: Outbound, server: Listener) -> None:
    shared = Allowance(5_000)
    get(outbound, server, most=shared)
    get(outbound, server, most=shared)
    assert failure_of(outbound, server, most=shared).reason == "too-large"


@pytest.mark.parametrize(
    "fault",
    [faults.reset_mid_body(), faults.truncated(right_length=False), faults.reset_at_once()],
    ids=["reset in the body", "shorter than it said", "reset at once"],
)
def test_half_an_answer_is_none(outbound: Outbound, server: Listener, fault: Any) -> None:
    server.script.add(fault)
    assert failure_of(outbound, server).reason in {"unreachable", "broken"}


def test_kept_connections_that_the_server_has_closed_are_opened_again(server: Listener) -> None:
    from concurrent.futures import ThreadPoolExecutor

    outbound = Outbound(loopback=True)
    server.script.add(faults.latency(0.05))
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: get(outbound, server), range(6)))
    server.script.clear()
    server.script.add(faults.close_idle())
    assert get(outbound, server).status == 200


def test_a_refusing_server_is_unreachable(outbound: Outbound, server: Listener) -> None:
    with server.refusing():
        assert failure_of(outbound, server).reason == "unreachable"


def test_this_machine_is_not_called_in_production(server: Listener) -> None:
    where = Base("https", "127.0.0.1", server.port, "")
    for outbound in (Outbound(), Outbound(private=True)):
        with pytest.raises(FetchFailed) as failed:
            outbound.get(where, "", headers={}, deadline=Deadline.after(2), allowance=Allowance(PLENTY))
        assert failed.value.reason == "refused"
    assert server.connections == 0


def test_a_name_that_moves_from_one_kind_of_network_to_another_is_not_believed() -> None:
    reachable = Reachable(frozenset({"public", "private"}))
    assert reachable.allows("ehr.test", ["93.184.216.34"])
    assert reachable.allows("ehr.test", ["93.184.216.35"])
    assert not reachable.allows("ehr.test", ["10.0.0.1"])
    assert not reachable.allows("new.test", ["93.184.216.34", "10.0.0.1"])
    assert not reachable.allows("none.test", [])


def test_a_good_certificate_is_believed_and_asked_for_by_name(authority: Authority) -> None:
    with listening(told, tls=authority.context("localhost")) as secure:
        outbound = Outbound(loopback=True, ca_file=str(authority.bundle))
        where, deadline = Base("https", "localhost", secure.port, "/fhir"), Deadline.after(5)
        for _ in range(3):
            outbound.get(where, "", headers={}, deadline=deadline, allowance=Allowance(PLENTY))
        assert secure.connections == 1
        assert secure.requests[0].server_name == "localhost"


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_certificate_is_refused_before_a_request_and_not_tried_again(authority: Authority, fault: Fault) -> None:
    with listening(told, tls=authority.context("localhost", fault=fault)) as secure:
        outbound = Outbound(loopback=True, ca_file=str(authority.bundle))
        where = Base("https", "localhost", secure.port, "/fhir")
        with pytest.raises(FetchFailed) as failed:
            outbound.get(where, "", headers={}, deadline=Deadline.after(5), allowance=Allowance(PLENTY))
        assert failed.value.reason == "refused"
        assert (secure.requests, secure.connections) == ([], 1)


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_authorities_that_cannot_be_read_are_a_fault_of_the_configuration(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "authorities.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationFault, match="CDS_TLS_CA_FILE"):
        Outbound(ca_file=str(file))


def test_what_the_environment_says_is_not_asked(
    outbound: Outbound, server: Listener, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("default login u password p\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert get(outbound, server).status == 200
    assert server.requests[0].header("authorization") is None
