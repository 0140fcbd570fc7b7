"""Cases JSON-18, JSON-30 and JSON-38 to JSON-42: sizes, framing, hosts, versions and methods of HTTP itself."""

from __future__ import annotations

import json
import socket
import time

import pytest

from tests.attack.attacker import Attack
from tests.attack.case_table import case
from tests.attack.charts import TOKEN, UPCR, Json, add, membranous, observation
from tests.contract.calls import NEXT_THERAPY
from tests.contract.wire import problems_of

HEAD = f"POST {NEXT_THERAPY} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
LIMIT = 8 * 1024 * 1024
SECONDS = 5


def exchange(attack: Attack, sent: bytes, *, finished: bool = True) -> bytes:
    """Everything the service says until it closes the connection or falls silent."""
    server = attack.target.server
    said = b""
    with socket.create_connection((server.host, server.port), timeout=SECONDS) as connection:
        connection.sendall(sent)
        if finished:
            connection.shutdown(socket.SHUT_WR)
        while piece := connection.recv(65536):
            said += piece
    return said


def refused(said: bytes) -> int:
    """The status of a refusal that is JSON, repeats nothing and names no software."""
    head, _, body = said.partition(b"\r\n\r\n")
    assert b"application/json" in head
    assert problems_of("operation-outcome", json.loads(body)) == []
    assert [word for word in (b"gunicorn", b"evil", b"canary", TOKEN.encode()) if word in said.lower()] == []
    return int(head.split()[1])


def base() -> bytes:
    return json.dumps(membranous()).encode()


def headed(head: str, body: bytes | None = None) -> bytes:
    body = base() if body is None else body
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@case("JSON-18")
def test_a_size_over_the_limit_is_refused_before_the_body_comes(attack: Attack) -> None:
    started = time.perf_counter()
    said = exchange(attack, f"{HEAD}Content-Length: {LIMIT + 1}\r\nConnection: close\r\n\r\n".encode(), finished=False)
    assert refused(said) == 413
    assert time.perf_counter() - started < 1  # the service did not wait for eight megabytes


def fifty_thousand() -> Json:
    one = observation("many", UPCR, "2020-01-15", 8.1, "g/g", note=[{"text": "x" * 180}])
    return add(membranous(), "proteinuria", *[one] * 50_000)


@case("JSON-30")
def test_fifty_thousand_observations_are_too_large(attack: Attack) -> None:
    body = json.dumps(fifty_thousand()).encode()
    assert len(body) > 2 * LIMIT
    attack.send(body, 413)


@case("JSON-30")
def test_fifty_thousand_small_entries_that_fit_are_too_many(attack: Attack) -> None:
    call = membranous()
    call["prefetch"]["proteinuria"]["entry"] += [{"resource": {"resourceType": "Observation"}}] * 50_000
    assert len(json.dumps(call)) < LIMIT
    attack.send(call, 413)


@case("JSON-38")
@pytest.mark.parametrize(
    "framing",
    [
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
        "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "Content-Length: 2, 3\r\n\r\n{}",
        "Transfer-Encoding: xchunked\r\n\r\n{}",
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_a_body_framed_in_two_ways_is_refused_and_the_connection_closed(attack: Attack, framing: str) -> None:
    smuggled = f"POST {NEXT_THERAPY} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
    said = exchange(attack, (HEAD + framing + smuggled).encode(), finished=False)
    assert refused(said) in {400, 501}
    assert said.count(b"HTTP/1.1 ") == 1


@case("JSON-40")
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("", 400),
        ("Host: evil.test\r\n", 421),
        ("Host: localhost\r\nX-Forwarded-Host: evil.test\r\n", 421),
        ("Host: localhost@evil.test\r\n", 421),
        ("Host: localhost.evil.test\r\n", 421),
        ("Host: [::1\r\n", 421),
    ],
    ids=["none", "foreign", "forwarded", "with user", "below a foreign one", "broken"],
)
def test_a_host_that_is_not_ours_is_refused(attack: Attack, host: str, status: int) -> None:
    head = f"POST {NEXT_THERAPY} HTTP/1.1\r\n{host}Content-Type: application/json\r\n"
    assert refused(exchange(attack, headed(head))) in {status, 400}


@case("JSON-40")
def test_our_host_with_a_foreign_forwarding_header_never_reaches_a_link(attack: Attack) -> None:
    for header in ("Forwarded: host=evil.test", "X-Original-Host: evil.test", "X-Host: evil.test"):
        said = exchange(attack, headed(f"{HEAD}{header}\r\nConnection: close\r\n"))
        assert said.startswith(b"HTTP/1.1 200 ")
        assert b"evil.test" not in said


@case("JSON-41")
def test_a_promise_of_a_body_that_never_comes_is_no_server_error(attack: Attack) -> None:
    said = exchange(attack, f"{HEAD}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n".encode())
    assert b" 5" not in [line[8:10] for line in said.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    assert refused(said.partition(b"HTTP/1.1 100 Continue\r\n\r\n")[2] or said) == 400


@case("JSON-41")
def test_http_1_0_is_answered_and_closed(attack: Attack) -> None:
    head = HEAD.replace("HTTP/1.1", "HTTP/1.0")
    assert exchange(attack, headed(head), finished=False).split()[1] == b"200"


@case("JSON-41")
@pytest.mark.parametrize("line", [f"GET {NEXT_THERAPY}", "GET /cds-services", "GET /", "\x16\x03\x01\x02\x00"])
def test_http_0_9_and_what_is_no_http_are_refused(attack: Attack, line: str) -> None:
    assert refused(exchange(attack, f"{line}\r\n\r\n".encode())) == 400


@case("JSON-41")
def test_a_hundred_requests_at_once_get_their_own_answers_in_order(attack: Attack) -> None:
    instances = [f"6c0c9f1e-6d0a-4a4e-9df2-{number:012x}" for number in range(100)]
    bodies = [json.dumps(membranous() | {"hookInstance": one}).encode() for one in instances]
    alone = [json.loads(attack.send(body).text)["cards"][0]["uuid"] for body in bodies]
    heads = [HEAD] * 99 + [f"{HEAD}Connection: close\r\n"]
    said = exchange(
        attack, b"".join(headed(head, body) for head, body in zip(heads, bodies, strict=True)), finished=False
    )
    answers = said.split(b"HTTP/1.1 ")[1:]
    assert [answer[:3] for answer in answers] == [b"200"] * 100
    told = [json.loads(answer.partition(b"\r\n\r\n")[2])["cards"][0]["uuid"] for answer in answers]
    assert told == alone
    assert len(set(told)) == 100


@case("JSON-42")
@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "PUT", "DELETE", "PATCH", "GET", "PROPFIND", "CONNECT"])
def test_other_methods_do_nothing(attack: Attack, method: str) -> None:
    said = exchange(attack, headed(HEAD.replace("POST", method) + "Connection: close\r\nX-Canary: canary\r\n"))
    status = int(said.split()[1])
    assert status == (204 if method == "OPTIONS" else 405)
    assert b"canary" not in said
