"""Any answer given back, and bodies that go to a disk: the same rules of addresses and time as for every call."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from cds_service.outbound.address import Base, base
from cds_service.outbound.allowance import Allowance
from cds_service.outbound.client import Fetched, Outbound
from cds_service.outbound.deadline import Deadline
from cds_service.outbound.failure import FetchFailed
from tests.ehr import faults, wrong_answers
from tests.ehr.exchange import Answer, Request
from tests.ehr.listener import Listener, listening

BODY = b"".join(b"%07d\n" % number for number in range(100_000))


@dataclass
class Kept:
    """A sink of the memory. It takes what has status 200."""

    pieces: list[bytes] = field(default_factory=list)
    begun: list[int] = field(default_factory=list)
    fault: Exception | None = None

    def begin(self, status: int, headers: Mapping[str, str]) -> bool:
        self.begun.append(status)
        assert "content-type" in headers
        return status == 200

    def write(self, piece: bytes) -> None:
        if self.fault:
            raise self.fault
        self.pieces.append(piece)


@pytest.fixture
def server() -> Iterator[Listener]:
    def told(request: Request) -> Answer:
        headers = (("Content-Type", "text/plain"), ("X-Method", request.method))
        return Answer(200, headers, BODY)

    with listening(told) as running:
        yield running


def exchange(server: Listener, method: str = "GET", *, seconds: float = 10, **how: Any) -> Fetched:
    where = base(f"{server.url}/a", local_http=True)
    allowance = Allowance(how.pop("most", 1_000_000))
    deadline = Deadline.after(seconds)
    return Outbound(loopback=True).exchange(
        method, where, "b=1", headers={}, deadline=deadline, allowance=allowance, **how
    )


@pytest.mark.parametrize("status", [202, 302, 307, 400, 401, 404, 416, 429, 500, 503])
def test_every_status_is_an_answer_and_is_asked_for_once(server: Listener, status: int) -> None:
    headers = (("Location", f"{server.url}/elsewhere"), ("Retry-After", "0"))
    server.script.add(wrong_answers.said(Answer(status, headers, b"why")))
    fetched = exchange(server)
    assert (fetched.status, fetched.headers["retry-after"], fetched.body) == (status, "0", b"why")
    assert [one.target for one in server.requests] == ["/a?b=1"]


def test_the_body_of_a_redirect_is_not_read_beyond_the_allowance(server: Listener) -> None:
    where = base(f"{server.url}/a", local_http=True)
    server.handler = lambda _request: Answer(302, (("Location", f"{server.url}/elsewhere"),))
    server.script.add(faults.endless())
    began = time.monotonic()
    with pytest.raises(FetchFailed, match="redirect"):
        Outbound(loopback=True).get(where, "", headers={}, deadline=Deadline.after(5), allowance=Allowance(1))
    with pytest.raises(FetchFailed, match="too-large"):
        exchange(server, seconds=5, most=1_000)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
def test_methods_and_forms_are_sent_as_they_are(server: Listener, method: str) -> None:
    exchange(server, method, form=b"x=1" if method == "POST" else None)
    (request,) = server.requests
    assert (request.method, request.body) == (method, b"x=1" if method == "POST" else b"")
    assert (request.header("content-type") is not None) is (method == "POST")


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_goes_to_its_sink_piece_by_piece_and_not_against_the_allowance(server: Listener, packed: bool) -> None:
    if packed:
        headers = (("Content-Type", "text/plain"), ("Content-Encoding", "gzip"))
        server.script.add(wrong_answers.said(Answer(200, headers, gzip.compress(BODY))))
    sink = Kept()
    fetched = exchange(server, into=sink, most=10)
    assert (fetched.body, b"".join(sink.pieces), sink.begun) == (b"", BODY, [200])
    assert len(sink.pieces) > 3


def test_a_body_that_the_sink_does_not_want_is_kept_within_the_allowance(server: Listener) -> None:
    server.script.add(wrong_answers.said(Answer(404, (("Content-Type", "text/plain"),), b"x" * 100)))
    sink = Kept()
    assert exchange(server, into=sink, most=100).body == b"x" * 100
    assert sink.pieces == []
    with pytest.raises(FetchFailed, match="too-large"):
        exchange(server, into=sink, most=99)


@pytest.mark.parametrize(
    "fault", [faults.reset_mid_body(), faults.truncated(right_length=False)], ids=["reset", "shorter than it said"]
)
@pytest.mark.parametrize("packed", [False, True])
def test_half_a_body_is_a_failure_after_what_came(server: Listener, fault: Any, packed: bool) -> None:
    if packed:
        server.handler = lambda _request: Answer(
            200, (("Content-Type", "text/plain"), ("Content-Encoding", "gzip")), gzip.compress(BODY)
        )
    server.script.add(fault)
    sink = Kept()
    with pytest.raises(FetchFailed) as failed:
        exchange(server, into=sink)
    assert failed.value.reason in {"unreachable", "broken"}
    assert BODY.startswith(b"".join(sink.pieces))


def test_what_the_sink_says_is_not_taken_for_a_fault_of_the_line(server: Listener) -> None:
    class DiskFullError(Exception):
        pass

    with pytest.raises(DiskFullError):
        exchange(server, into=Kept(fault=DiskFullError()))


@pytest.mark.parametrize(
    ("fault", "how"),
    [
        (faults.hang(), {"silence": 0.3}),
        (faults.half_close(), {"silence": 0.3}),
        (faults.drip_body(octets=10, every=0.05), {"seconds": 0.4}),
    ],
    ids=["silent", "half closed", "drop by drop"],
)
def test_nothing_lasts_longer_than_the_silence_or_the_deadline(
    server: Listener, fault: Any, how: dict[str, float]
) -> None:
    server.script.add(fault)
    began = time.monotonic()
    with pytest.raises(FetchFailed):
        exchange(server, into=Kept(), **({"seconds": 60.0} | how))
    assert time.monotonic() - began < 2


def test_the_rules_of_addresses_are_the_same(server: Listener) -> None:
    where = Base("https", "127.0.0.1", server.port, "")
    with pytest.raises(FetchFailed) as failed:
        Outbound().exchange("GET", where, headers={}, deadline=Deadline.after(2), allowance=Allowance(1))
    assert failed.value.reason == "refused"
    assert server.connections == 0
