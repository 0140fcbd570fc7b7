"""HTTP itself, byte by byte, against the real server (attack cases JSON-18, JSON-38 to JSON-42, OUT-15)."""

from __future__ import annotations

import json
import socket

import pytest
from flask.testing import FlaskClient

from tests.conftest import Server
from tests.contract.calls import NEXT_THERAPY, complete_call
from tests.contract.wire import CheckedSession, problems_of

CANARY = "canary-7f3a"
HEAD = f"POST {NEXT_THERAPY} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def exchange(server: Server, sent: bytes) -> bytes:
    """Everything the server says until it closes or falls silent."""
    with socket.create_connection((server.host, server.port), timeout=5) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        said = b""
        while piece := connection.recv(65536):
            said += piece
    return said


def status_and_body(said: bytes) -> tuple[int, bytes, bytes]:
    head, _, body = said.partition(b"\r\n\r\n")
    return int(head.split()[1]), head, body


@pytest.mark.parametrize(
    ("request_text", "statuses"),
    [
        (HEAD + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),  # JSON-38
        (HEAD + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", {400}),
        (HEAD + "Transfer-Encoding: xchunked\r\n\r\n{}", {400, 501}),
        (HEAD + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", {400}),
        (HEAD + f"Content-Length: {CANARY}\r\n\r\n", {400}),
        (HEAD + "Content-Length: -1\r\n\r\n", {400}),
        (HEAD + "Content-Length: +2\r\n\r\n{}", {400}),
        (HEAD + "Content-Length: 50\r\n\r\n{}", {400}),
        (HEAD + f"X Y: {CANARY}\r\n\r\n", {400}),
        (HEAD + f" folded: {CANARY}\r\n\r\n", {400}),
        (HEAD + f"X-Long: {'x' * 9000}\r\n\r\n", {431}),
        (HEAD + "".join(f"X-{number}: y\r\n" for number in range(150)) + "\r\n", {431}),
        (f"GET /{'x' * 5000} HTTP/1.1\r\nHost: localhost\r\n\r\n", {400, 414}),
        (f"{CANARY}\r\n\r\n", {400}),
        (f"GET /{CANARY} HTTP/9.9\r\nHost: localhost\r\n\r\n", {400}),
        (f"GET {NEXT_THERAPY}\r\n\r\n", {400}),  # HTTP/0.9
        (f"POST {NEXT_THERAPY} HTTP/1.1\r\nContent-Length: 2\r\n\r\n{{}}", {400}),  # JSON-40
        (f"POST {NEXT_THERAPY} HTTP/1.1\r\nHost: evil.test\r\nContent-Length: 2\r\n\r\n{{}}", {421}),
        (HEAD + "X-Forwarded-Host: evil.test\r\nContent-Length: 2\r\n\r\n{}", {421}),
        (HEAD + "SCRIPT_NAME: /elsewhere\r\nContent-Length: 2\r\n\r\n{}", {400}),
        (HEAD + "Expect: 200-ok\r\nContent-Length: 2\r\n\r\n{}", {417}),
    ],
)
def test_unreadable_http_is_refused_in_json_and_the_connection_closed(
    server: Server, request_text: str, statuses: set[int]
) -> None:
    status, head, body = status_and_body(exchange(server, request_text.encode()))
    assert status in statuses
    assert b"application/json" in head
    assert problems_of("operation-outcome", json.loads(body)) == []
    assert CANARY.encode() not in head + body
    assert b"gunicorn" not in head.lower()


def test_json_41_expect_continue_gets_its_answer(server: Server) -> None:
    said = exchange(server, (HEAD + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}").encode())
    assert said.startswith(b"HTTP/1.1 100 Continue")
    assert status_and_body(said.partition(b"\r\n\r\n")[2])[0] == 400


def test_json_41_http_1_0_is_answered(server: Server) -> None:
    said = exchange(server, b"GET /cds-services HTTP/1.0\r\nHost: localhost\r\n\r\n")
    assert status_and_body(said)[0] == 200


def test_json_41_a_hundred_requests_in_a_row_get_their_own_answers_in_order(server: Server) -> None:
    paths = [("/health/live" if number % 3 else "/none") for number in range(99)]
    sent = "".join(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n" for path in paths)
    sent += "GET /cds-services HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with socket.create_connection((server.host, server.port), timeout=10) as connection:
        connection.sendall(sent.encode())
        said = b""
        while piece := connection.recv(65536):
            said += piece
    statuses = [int(part.split()[0]) for part in said.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [*(200 if path == "/health/live" else 404 for path in paths), 200]


def test_json_18_a_body_too_large_is_refused_by_its_announcement(server: Server) -> None:
    with socket.create_connection((server.host, server.port), timeout=5) as connection:
        connection.sendall((HEAD + f"Content-Length: {8 * 1024 * 1024 + 1}\r\n\r\n").encode())
        status, _, _ = status_and_body(connection.recv(65536))
    assert status == 413


def test_a_chunked_body_too_large_is_refused_without_an_announcement(server: Server) -> None:
    def pieces() -> object:
        for _ in range(9):
            yield b" " * 1024 * 1024

    answer = CheckedSession().post(
        server.url + NEXT_THERAPY, data=pieces(), headers={"Content-Type": "application/json"}, timeout=10
    )
    assert answer.status_code == 413


def test_a_chunked_call_is_answered_like_any_other(server: Server, client: FlaskClient) -> None:
    body = json.dumps(complete_call(client)).encode()
    chunked = CheckedSession().post(
        server.url + NEXT_THERAPY, data=iter([body[:100], body[100:]]), headers={"Content-Type": "application/json"}
    )
    plain = client.post(NEXT_THERAPY, data=body, headers={"Content-Type": "application/json"})
    assert chunked.status_code == plain.status_code == 200
    assert [card["summary"] for card in chunked.json()["cards"]] == [
        card["summary"] for card in plain.get_json()["cards"]
    ]


def test_the_log_tells_the_call_and_nothing_of_the_chart(server: Server, client: FlaskClient) -> None:
    body = complete_call(client)
    body["prefetch"]["patient"]["name"] = [{"family": CANARY}]
    body["context"]["userId"] = f"Practitioner/{CANARY}"
    assert CheckedSession().post(server.url + NEXT_THERAPY, json=body).status_code == 200
    log = server.log.read_text()
    line = next(json.loads(line) for line in log.splitlines() if '"service_call"' in line)
    assert (line["service"], line["hook_instance"], line["cards"]) == ("next-therapy", body["hookInstance"], 1)
    assert {"rules", "milliseconds", "resources", "used", "set_aside"} <= set(line)
    assert CANARY not in log
    assert "pat-a" not in log
    assert "Traceback" not in log
