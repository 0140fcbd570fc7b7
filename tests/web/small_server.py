"""gunicorn with the worker of the service and a small app, and raw conversations with it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import environment, free_port

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 15
_TICKS = 100


@dataclass(frozen=True, slots=True)
class SmallServer:
    """A running server with one worker process."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def worker(self) -> int:
        """Process id of the worker."""
        parent = self.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return int(children[0])

    @property
    def descriptors(self) -> int:
        """Open file descriptors of the worker."""
        return len(list(Path(f"/proc/{self.worker}/fd").iterdir()))

    @property
    def seconds_of_work(self) -> float:
        """Processor time of the worker so far."""
        fields = Path(f"/proc/{self.worker}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    @property
    def memory(self) -> int:
        """Resident octets of the worker."""
        status = Path(f"/proc/{self.worker}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS:"))

    def connect(self, seconds: float = SECONDS, receive_buffer: int = 0) -> socket.socket:
        """A connection. A small receive buffer makes a client that reads slowly felt at once."""
        connection = socket.socket()
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(seconds)
        connection.connect(("127.0.0.1", self.port))
        return connection

    def exchange(self, *pieces: bytes) -> bytes:
        """Everything it says to these pieces until it closes the connection."""
        with self.connect() as connection:
            for piece in pieces:
                connection.sendall(piece)
            return everything(connection)


def command(port: int, *options: str) -> tuple[str, ...]:
    """How such a server is started."""
    worker = "tests.web.hasty_worker.HastyWorker"
    own = ("--keep-alive", "75", "--graceful-timeout", "10", "--no-control-socket", *options)
    address = f"127.0.0.1:{port}"
    return (sys.executable, "-m", "gunicorn", "-b", address, "-k", worker, *own, "tests.web.small_app:application")


@contextmanager
def small_server(log: Path, *options: str, descriptors: int = 1024, **settings: str) -> Iterator[SmallServer]:
    """A server on a free port until the end of the block, with further options of gunicorn and CDS_ settings."""
    port = free_port()
    limited = ("prlimit", f"--nofile={descriptors}", *command(port, *options))
    with log.open("wb") as output:
        process = subprocess.Popen(limited, cwd=ROOT, env=environment(**settings), stdout=output, stderr=output)
    server = SmallServer(port, process, log)
    try:
        _wait_until_ready(server)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_until_ready(server: SmallServer) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            answer_to(server, b"GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"the server did not start:\n{server.log.read_text()[-3000:]}")


def everything(connection: socket.socket) -> bytes:
    """All octets until the server closes."""
    said = b""
    while piece := connection.recv(65536):
        said += piece
    return said


def one_answer(connection: socket.socket, said: bytes = b"") -> tuple[int, bytes, bytes]:
    """Status, head and body of the next answer of a connection that stays open."""
    while b"\r\n\r\n" not in said:
        piece = connection.recv(65536)
        assert piece, "closed instead of answered"
        said += piece
    head, _, body = said.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    while len(body) < length:
        piece = connection.recv(65536)
        assert piece, "closed in the middle of an answer"
        body += piece
    return int(head.split()[1]), head, body


def answer_to(server: SmallServer, *pieces: bytes) -> dict[str, Any]:
    """What the small app told, over a connection of its own."""
    with server.connect() as connection:
        for piece in pieces:
            connection.sendall(piece)
        status, _, body = one_answer(connection)
    assert status == 200
    told: dict[str, Any] = json.loads(body)
    return told


def refusal_of(said: bytes) -> tuple[int, str]:
    """Status and issue code of a refusal that closes the connection."""
    head, _, body = said.partition(b"\r\n\r\n")
    assert b"Connection: close" in head
    assert b"Content-Type: application/json" in head
    return int(head.split()[1]), str(json.loads(body)["issue"][0]["code"])
