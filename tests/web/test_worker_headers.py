"""What the server refuses before the app hears of it: a browser can read it, and /metrics counts it (CORS-2)."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
import requests

from cds_service.settings import Settings
from cds_service.web.refusals import Refusals
from tests.conftest import Server, running_server
from tests.web.small_server import SmallServer, one_answer, small_server

EHR = "https://ehr.example.org"
LISTED = Settings(cors_origins=(EHR, "https://two.example.org"), public_base_url="https://cds.example.org")


def head_of(answer: bytes) -> dict[str, str]:
    lines = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name: value for name, _, value in (line.partition(": ") for line in lines)}


ORIGINS = {
    "a listed one": (LISTED, EHR, EHR),
    "a listed one in other letters": (LISTED, "https://EHR.example.org", "https://EHR.example.org"),
    "one that is not listed": (LISTED, "https://evil.example.org", None),
    "none": (LISTED, "", None),
    "any, where any is allowed": (Settings(cors_origins=("*",)), "http://localhost:8000", "http://localhost:8000"),
    "a sandboxed page": (Settings(cors_origins=("*",)), "null", "null"),
    "no origin at all": (Settings(cors_origins=("*",)), "canary", None),
    "markup": (Settings(cors_origins=("*",)), "https://<b>", None),
    "a header of its own": (Settings(cors_origins=("*",)), "https://a\r\nX-Injected: yes", None),
    "a service without browsers": (Settings(cors_origins=()), EHR, None),
}


@pytest.mark.conformance("CORS-2")
@pytest.mark.parametrize(("settings", "origin", "allowed"), ORIGINS.values(), ids=ORIGINS.keys())
def test_who_may_read_a_refusal(settings: Settings, origin: str, allowed: str | None) -> None:
    head = head_of(Refusals(settings).answer(HTTPStatus.SERVICE_UNAVAILABLE, origin))
    assert head.get("Access-Control-Allow-Origin") == allowed
    assert head.get("Access-Control-Expose-Headers") == ("Retry-After" if allowed else None)
    assert "X-Injected" not in head
    assert head.get("Vary") == ("Origin" if settings.origins else None)


@pytest.mark.conformance("CORS-2")
def test_it_has_the_headers_of_an_answer_of_the_app(server: Server) -> None:
    asked = {"Origin": EHR, "Content-Type": "application/json"}
    by_app = requests.post(f"{server.url}/cds-services/next-therapy", data="{", headers=asked, timeout=10)
    said = exchange(server.port, b"GET / HTTP/1.1\r\nHost: a\r\nOrigin: " + EHR.encode() + b"\r\nA B: c\r\n\r\n")
    by_server = head_of(said)
    assert said.startswith(b"HTTP/1.1 400 ")
    own = {"date", "connection", "content-length", "x-request-id", "server"}
    assert {name.lower(): value for name, value in by_server.items() if name.lower() not in own} == {
        name.lower(): value for name, value in by_app.headers.items() if name.lower() not in own
    }
    assert by_server["Access-Control-Allow-Origin"] == EHR


def exchange(port: int, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=15) as connection:
        connection.sendall(sent)
        said = b""
        while piece := connection.recv(65536):
            said += piece
        return said


REFUSED = {
    "a head that cannot be read": (b"GET / HTTP/1.1\r\nOrigin: %b\r\nA B: c\r\n\r\n", 400),
    "two lengths": (b"POST / HTTP/1.1\r\nOrigin: %b\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    "a head that never ends": (b"GET / HTTP/1.1\r\nHost: a\r\nOrigin: %b\r\nX: ", 408),
    "a body that never ends": (b"POST / HTTP/1.1\r\nHost: a\r\nOrigin: %b\r\nContent-Length: 9\r\n\r\n{", 408),
    "too many headers": (b"GET / HTTP/1.1\r\nOrigin: %b\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431),
}


@pytest.mark.conformance("CORS-2")
@pytest.mark.parametrize(("sent", "status"), REFUSED.values(), ids=REFUSED.keys())
def test_a_browser_can_read_every_refusal_of_the_server(hasty: SmallServer, sent: bytes, status: int) -> None:
    said = exchange(hasty.port, sent % EHR.encode())
    assert said.startswith(f"HTTP/1.1 {status} ".encode()), said[:200]
    assert head_of(said)["Access-Control-Allow-Origin"] == EHR
    assert json.loads(said.partition(b"\r\n\r\n")[2])["resourceType"] == "OperationOutcome"


@pytest.mark.conformance("CORS-2")
def test_and_a_503_of_overload(hasty: SmallServer) -> None:
    """One thread and its eight waiting places are taken; the next call is told to come back."""
    calls = [hasty.connect() for _ in range(10)]
    try:
        for call in calls[:9]:
            call.sendall(b"GET /sleep/1 HTTP/1.1\r\nHost: a\r\n\r\n")
        threading.Event().wait(0.3)
        calls[9].sendall(f"GET /sleep/1 HTTP/1.1\r\nHost: a\r\nOrigin: {EHR}\r\n\r\n".encode())
        status, head, _ = one_answer(calls[9])
        assert status == 503
        assert f"Access-Control-Allow-Origin: {EHR}".encode() in head
        assert b"Retry-After: 2" in head
    finally:
        for call in calls:
            call.close()


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallServer]:
    with small_server(tmp_path_factory.mktemp("headers") / "log.txt", "--threads", "1", CDS_CORS_ORIGINS=EHR) as one:
        yield one


def test_refusals_of_the_server_are_counted_in_metrics(tmp_path: Path) -> None:
    """Over all workers, beside those of the app."""
    with running_server(tmp_path / "log.txt", CDS_WORKERS="2", CDS_MAX_BODY_BYTES="2048") as server:
        for _ in range(3):
            assert exchange(server.port, b"GET / HTTP/1.1\r\nA B: c\r\n\r\n").startswith(b"HTTP/1.1 400 ")
        large = b"POST /cds-services/next-therapy HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n"
        assert exchange(server.port, large).startswith(b"HTTP/1.1 413 ")
        told = requests.get(f"{server.url}/metrics", timeout=10).text
    assert 'nextline_refused_total{fault="InvalidHeaderName"} 3.0' in told
    assert 'nextline_refused_total{fault="BodyTooLarge"} 1.0' in told
