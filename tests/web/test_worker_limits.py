"""Every limit of the worker, on real sockets: what is too slow, too large or too much, and what it costs the others."""

from __future__ import annotations

import hashlib
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.web.small_server import SmallServer, answer_to, everything, one_answer, refusal_of, small_server

LARGEST = 2 * 1024 * 1024
HELD = 8 * LARGEST
HEAD = b"POST /echo HTTP/1.1\r\nHost: a\r\n"
GET = b"GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
EMPTY = hashlib.sha256(b"").hexdigest()
PATIENCE = 3.0
"""Seconds within which a worker whose limits are at most one second has noticed."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallServer]:
    log = tmp_path_factory.mktemp("worker") / "log.txt"
    with small_server(log, "--threads", "2", CDS_MAX_BODY_BYTES=str(LARGEST)) as running:
        yield running


def with_length(body: bytes) -> bytes:
    return HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    "beginning",
    [b"P", b"\r\n", HEAD, HEAD + b"Content-Length: 5\r\n\r\nabc", CHUNKED, CHUNKED + b"3\r\nab", CHUNKED + b"0\r\n"],
    ids=["an octet", "an empty line", "no end of the head", "half a body", "no chunk", "half a chunk", "no last line"],
)
def test_what_never_becomes_whole_is_told_so_and_closed(server: SmallServer, beginning: bytes) -> None:
    started = time.monotonic()
    assert refusal_of(server.exchange(beginning)) == (408, "timeout")
    assert time.monotonic() - started < PATIENCE + 1


def test_octets_that_drip_do_not_prolong_the_time_for_a_head(server: SmallServer) -> None:
    started = time.monotonic()
    with server.connect(seconds=0.2) as connection:
        connection.sendall(HEAD)
        said = b""
        while not said:
            assert time.monotonic() - started < PATIENCE
            connection.sendall(b"X")
            try:
                said = connection.recv(65536)
            except TimeoutError:
                continue
    assert said.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "beginning",
    [b"POST /ec", HEAD + b"Content-Length: 5\r\n\r\nabc", CHUNKED + b"3\r\nab"],
    ids=["head", "body", "chunk"],
)
def test_a_client_that_has_finished_too_early_is_told_at_once(server: SmallServer, beginning: bytes) -> None:
    with server.connect() as connection:
        connection.sendall(beginning)
        connection.shutdown(socket.SHUT_WR)
        started = time.monotonic()
        assert refusal_of(everything(connection)) == (400, "structure")
    assert time.monotonic() - started < 0.5


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01", 400),
        (b"GET /echo HTTP/1.1\nHost: a\n", 400),
        (b"GET /" + b"x" * 5000, 414),
        (HEAD + b"X-Long: " + b"x" * 9000 + b"\r\n\r\n", 431),
        (HEAD + b"X-Long: y\r\n" * 7000, 431),
        (HEAD + b"X-Long: y\r\n" * 101 + b"\r\n", 431),
        (CHUNKED + b"zz\r\n", 400),
        (CHUNKED + b"1\r\nab\r\n", 400),
        (CHUNKED + b"1\nX\n0\n\n", 400),
        (CHUNKED + b"0\r\nContent-Length: 5\r\n\r\n", 400),
    ],
    ids=["TLS", "bare LF", "line", "field", "head without end", "fields", "size", "end of a chunk", "LF", "trailer"],
)
def test_what_cannot_become_a_request_is_refused_without_waiting_for_its_end(
    server: SmallServer, sent: bytes, status: int
) -> None:
    started = time.monotonic()
    assert refusal_of(server.exchange(sent))[0] == status
    assert time.monotonic() - started < 0.5


@pytest.mark.parametrize(
    ("sent", "announced"),
    [
        (HEAD + f"Content-Length: {LARGEST + 1}\r\n\r\n".encode(), LARGEST + 1),
        (HEAD + f"Content-Length: {LARGEST + 1}\r\nExpect: 100-continue\r\n\r\n".encode(), LARGEST + 1),
        (HEAD + f"Content-Length: {10**18}\r\n\r\n{{}}".encode(), 10**18),
        (CHUNKED + f"{LARGEST + 1:x}\r\n".encode(), LARGEST + 1),
        (CHUNKED + b"100000\r\n" + b"x" * 0x100000 + b"\r\n100001\r\n", LARGEST + 1),
        (CHUNKED + b"1\r\nx\r\n" * 20_000, LARGEST + 1),
    ],
    ids=["announced", "asked before", "far too large", "one chunk", "chunks", "more frames than body"],
)
def test_a_body_too_large_goes_to_the_app_unread_and_the_connection_ends(
    server: SmallServer, sent: bytes, announced: int
) -> None:
    """The app refuses it by its size, in its own words, before anything else; the worker only does not gather it."""
    started = time.monotonic()
    with server.connect() as connection:
        connection.sendall(sent)
        status, head, body = one_answer(connection)
        assert time.monotonic() - started < 0.5
        assert everything(connection) == b""
    assert status == 200
    assert b"Connection: close" in head
    assert f'"announced": "{announced}"'.encode() in body
    assert f'"digest": "{EMPTY}"'.encode() in body


def test_a_refused_body_may_still_come_without_destroying_the_answer(server: SmallServer) -> None:
    with server.connect() as connection:
        connection.sendall(HEAD + f"Content-Length: {LARGEST + 1}\r\n\r\n".encode())
        for _ in range(8):
            time.sleep(0.01)
            connection.sendall(b"x" * 8192)
        assert one_answer(connection)[0] == 200


@pytest.mark.parametrize("octets", [0, 1, 1000, LARGEST], ids=str)
@pytest.mark.parametrize("pieces", [1, 2, 7])
def test_a_body_arrives_as_it_was_sent_with_a_length_or_in_chunks(
    server: SmallServer, octets: int, pieces: int
) -> None:
    body = (bytes(range(251)) * (octets // 251 + 1))[:octets]
    step = max(1, -(-octets // pieces))
    parts = [body[at : at + step] for at in range(0, octets, step)]
    chunks = b"".join(f"{len(part):X};a=b\r\n".encode() + part + b"\r\n" for part in parts) + b"0\r\nX-End: y\r\n\r\n"
    plain = answer_to(server, with_length(b"")[: -len(b"0\r\n\r\n")] + f"{octets}\r\n\r\n".encode(), *parts)
    chunked = answer_to(server, CHUNKED, chunks)
    assert plain == chunked
    assert plain["octets"] == octets
    assert plain["digest"] == hashlib.sha256(body).hexdigest()
    assert (chunked["announced"], chunked["coding"]) == (str(octets), None)


def test_who_waits_for_a_go_ahead_gets_it_before_the_body_is_sent(server: SmallServer) -> None:
    with server.connect() as connection:
        connection.sendall(HEAD + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert one_answer(connection)[0] == 200


def test_an_idle_connection_is_kept_and_used_again_and_the_client_may_close_it(server: SmallServer) -> None:
    with server.connect() as connection:
        for _ in range(3):
            connection.sendall(GET)
            status, head, _ = one_answer(connection)
            assert (status, b"Connection: keep-alive" in head) == (200, True)
            time.sleep(1.2)  # longer than a head may take: the time for it begins with its first octet
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""


def test_answers_to_requests_sent_at_once_never_cross(server: SmallServer) -> None:
    paths = [f"/echo/{number}" for number in range(100)]
    sent = b"".join(
        f"POST {path} HTTP/1.1\r\nHost: a\r\n".encode() + framed
        for number, path in enumerate(paths)
        for framed in [
            b"Content-Length: 3\r\n\r\nabc"
            if number % 2
            else b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        ]
    )
    said = server.exchange(sent + b"GET /echo/100 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    bodies = [part.partition(b"\r\n\r\n")[2] for part in said.split(b"HTTP/1.1 ")[1:]]
    assert [f'"path": "{path}"'.encode() in body for path, body in zip([*paths, "/echo/100"], bodies, strict=True)] == (
        [True] * 101
    )


def test_a_fault_of_the_app_is_a_clean_500_and_its_words_stay_inside(server: SmallServer) -> None:
    said = server.exchange(b"GET /fail HTTP/1.1\r\nHost: a\r\n\r\n")
    assert refusal_of(said) == (500, "exception")
    log = server.log.read_text()
    assert "http_failed fault=ValueError at=small_app.py:" in log
    assert "canary" not in log + said.decode()


def test_who_does_not_read_an_answer_keeps_no_thread_and_is_let_go(server: SmallServer) -> None:
    """Eight of them, for two threads: others are answered at once, and after a while nothing is left of them."""
    before = server.descriptors
    with ExitStack() as open_ones:
        for _ in range(8):
            reader = open_ones.enter_context(server.connect(receive_buffer=4096))
            reader.sendall(b"GET /large/3000000 HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
        started = time.monotonic()
        assert answer_to(server, GET)["path"] == "/echo"
        assert time.monotonic() - started < 1  # two threads that wait for a second for each of eight: four seconds
        assert server.descriptors > before
        wait_for_descriptors(server, before, PATIENCE)


def test_who_reads_slowly_but_reads_gets_the_whole_answer(server: SmallServer) -> None:
    with server.connect(receive_buffer=65536) as reader:
        reader.sendall(b"GET /large/6000000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        time.sleep(0.3)
        assert len(everything(reader).partition(b"\r\n\r\n")[2]) == 6_000_000


def test_small_requests_pass_while_others_hold_all_the_memory_they_can(server: SmallServer) -> None:
    """When there is too much, the largest unfinished body has to go, never the newcomer."""
    most = HEAD + f"Content-Length: {LARGEST}\r\n\r\n".encode() + b"x" * (LARGEST - 1)
    with ExitStack() as open_ones:
        hoarders = [open_ones.enter_context(server.connect()) for _ in range(HELD // LARGEST + 4)]
        for hoarder in hoarders:
            hoarder.sendall(most)
        refused = 0
        for _ in range(20):
            assert answer_to(server, with_length(b"x" * 2000))["octets"] == 2000
        for hoarder in hoarders:
            status, head, _ = one_answer(hoarder)
            refused += status == 503 and b"Retry-After: 2" in head
    assert 4 <= refused < len(hoarders)


def test_slow_connections_cost_no_work_and_leave_no_descriptor(server: SmallServer) -> None:
    before = server.descriptors
    with ExitStack() as open_ones:
        slow = [open_ones.enter_context(server.connect()) for _ in range(200)]
        for number, connection in enumerate(slow):
            connection.sendall([b"P", HEAD, HEAD + b"Content-Length: 9\r\n\r\n", CHUNKED + b"5\r\n"][number % 4])
        assert answer_to(server, GET)["path"] == "/echo"
        work = server.seconds_of_work
        time.sleep(0.4)
        assert server.seconds_of_work - work < 0.2
        wait_for_descriptors(server, before, 2 * PATIENCE)


def test_clients_that_break_off_anywhere_leave_no_descriptor(server: SmallServer) -> None:
    before = server.descriptors
    for sent in (
        b"",
        b"P",
        HEAD,
        CHUNKED,
        CHUNKED + b"3\r\n",
        GET,
        GET * 3,
        b"GET /large/6000000 HTTP/1.1\r\nHost: a\r\n\r\n",
    ):
        for reset in (True, False):
            connection = server.connect()
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            connection.sendall(sent)
            connection.close()
    wait_for_descriptors(server, before, PATIENCE)
    assert answer_to(server, GET)["path"] == "/echo"


def test_refusals_are_counted_in_the_log_not_repeated(server: SmallServer) -> None:
    time.sleep(1.2)  # what others caused is logged by now
    mark = server.log.stat().st_size
    for _ in range(50):
        server.exchange(b"canary-request\r\n\r\n")
    time.sleep(1.2)
    log = server.log.read_text()[mark:]
    assert log.count("http_refused") <= 5
    assert sum(int(line.rpartition("count=")[2]) for line in log.splitlines() if "InvalidRequestLine" in line) == 50
    assert "canary" not in log


def wait_for_descriptors(server: SmallServer, number: int, seconds: float) -> None:
    """No more descriptors than `number` within the time, for a leak stays."""
    deadline = time.monotonic() + seconds
    while server.descriptors > number and time.monotonic() < deadline:
        time.sleep(0.1)
    assert server.descriptors <= number
