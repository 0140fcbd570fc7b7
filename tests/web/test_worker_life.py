"""The worker stops and reloads without losing a call, and lives within the descriptors and connections it has."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import environment, free_port
from tests.web.small_server import ROOT, SmallServer, answer_to, command, one_answer, small_server

GET = b"GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"
HEAD = b"POST /echo HTTP/1.1\r\nHost: a\r\n"


def test_a_stop_answers_what_has_begun_and_closes_what_has_not(tmp_path: Path) -> None:
    with small_server(tmp_path / "log.txt") as server, ExitStack() as open_ones:
        working, arriving, idle, fresh = (open_ones.enter_context(server.connect()) for _ in range(4))
        idle.sendall(GET)
        assert one_answer(idle)[0] == 200
        working.sendall(b"GET /sleep/0.7 HTTP/1.1\r\nHost: a\r\n\r\n")
        arriving.sendall(HEAD + b"Content-Length: 3\r\n\r\nab")
        time.sleep(0.2)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        arriving.sendall(b"c")
        for connection in (arriving, working):
            status, head, _ = one_answer(connection)
            assert (status, b"Connection: close" in head) == (200, True)
            assert connection.recv(1) == b""
        assert (idle.recv(1), fresh.recv(1)) == (b"", b"")
        assert server.process.wait(timeout=8) == 0


def test_a_request_on_its_way_to_a_stopping_worker_is_answered(tmp_path: Path) -> None:
    with small_server(tmp_path / "log.txt") as server, server.connect() as idle:
        idle.sendall(GET)
        assert one_answer(idle)[0] == 200
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        idle.sendall(GET)
        status, head, _ = one_answer(idle)
        assert (status, b"Connection: close" in head) == (200, True)


def test_a_client_that_holds_on_does_not_keep_a_worker_from_stopping(tmp_path: Path) -> None:
    with small_server(tmp_path / "log.txt") as server, server.connect() as slow, server.connect() as deaf:
        slow.sendall(HEAD)
        deaf.sendall(b"GET /large/20000000 HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.2)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=8) == 0


def test_no_call_is_lost_while_the_workers_are_replaced(tmp_path: Path) -> None:
    with small_server(tmp_path / "log.txt", "--workers", "2") as server:
        stopped, statuses = threading.Event(), list[int]()

        def call_on_and_on() -> None:
            while not stopped.is_set():
                statuses.append(_status_of_a_call(server))

        callers = [threading.Thread(target=call_on_and_on) for _ in range(4)]
        for caller in callers:
            caller.start()
        for _ in range(3):
            server.process.send_signal(signal.SIGHUP)
            time.sleep(1)
        stopped.set()
        for caller in callers:
            caller.join()
    assert len(statuses) > 100
    assert set(statuses) == {200}


def _status_of_a_call(server: SmallServer) -> int:
    try:
        with server.connect() as connection:
            connection.sendall(GET)
            return one_answer(connection)[0]
    except OSError:
        return 0


@pytest.mark.parametrize(
    ("options", "descriptors"), [((), 120), (("--worker-connections", "50"), 1024)], ids=["descriptors", "connections"]
)
@pytest.mark.parametrize("beginning", [b"", b"P", HEAD + b"Content-Length: 9\r\n\r\n"], ids=["idle", "head", "body"])
def test_more_connections_than_there_is_room_for_do_not_keep_others_out(
    tmp_path: Path, options: tuple[str, ...], descriptors: int, beginning: bytes
) -> None:
    with small_server(tmp_path / "log.txt", *options, descriptors=descriptors) as server, ExitStack() as open_ones:
        for _ in range(150):
            connection = open_ones.enter_context(server.connect())
            connection.sendall(beginning)
        work = server.seconds_of_work
        for _ in range(10):
            assert answer_to(server, GET)["path"] == "/echo"
            time.sleep(0.05)
        assert server.seconds_of_work - work < 0.3
    assert "accept_failed" not in server.log.read_text()


def test_tls_is_refused_at_the_start_instead_of_being_spoken_badly() -> None:
    started = subprocess.run(
        command(free_port(), "--certfile", __file__), cwd=ROOT, env=environment(), capture_output=True, timeout=20
    )
    assert started.returncode != 0
    assert b"TLS ends at the proxy" in started.stderr


def test_an_answer_is_not_lost_when_the_client_sends_on_behind_its_last_request(tmp_path: Path) -> None:
    with small_server(tmp_path / "log.txt") as server, server.connect() as connection:
        last = b"GET /large/1000000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        connection.sendall(last + b"x" * 100_000)
        time.sleep(0.2)
        status, _, body = one_answer(connection)
        assert (status, len(body)) == (200, 1_000_000)
        assert connection.recv(1) == b""
        connection.shutdown(socket.SHUT_RDWR)
