"""Case JSON-45 and its kin: connections that send or read slowly must not keep others from their answers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest

from tests.attack.attacker import post
from tests.attack.case_table import case
from tests.attack.charts import membranous
from tests.attack.slow_clients import (
    BODY,
    CHUNKS,
    HEADERS,
    calls_at,
    calls_until_calm,
    slow_readers,
    slow_senders,
    slowest,
)
from tests.attack.target import processes
from tests.conftest import Server, environment, free_port, wait_until_ready

CONNECTIONS = 200
CALLS_A_SECOND = 5
SECONDS = float(os.environ.get("NEXTLINE_SLOW_SECONDS", "3"))
"""The case asks for 60; every run of the tests takes a shorter look."""

NOISE = 200.0
"""Milliseconds that a busy machine adds by itself: an answer within them is not slowed down by anybody's attack."""

TRIES = 3
"""Another process may have had the processor. That every call is answered must hold in each try."""

PATIENCE = 14.0
"""Seconds after which the service has let every slow connection go: ten for a body, and what is around it."""


class Attackers(Protocol):
    """Opens so many slow connections to an address for the time of a block."""

    def __call__(self, host: str, port: int, count: int) -> AbstractContextManager[None]: ...


ATTACKERS: dict[str, Attackers] = {
    "headers": partial(slow_senders, beginning=HEADERS),
    "bodies": partial(slow_senders, beginning=BODY),
    "chunks": partial(slow_senders, beginning=CHUNKS),
    "readers": slow_readers,
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The service as it is run: `cds-service serve` with nothing but a port and a place to keep what it keeps."""
    directory = tmp_path_factory.mktemp("slow")
    port, log = free_port(), directory / "log.txt"
    command = (sys.executable, "-m", "cds_service.cli", "serve")
    settings = {"CDS_PORT": str(port), "CDS_DATABASE_URL": f"sqlite:///{directory}/kept.sqlite3"}
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment(**settings), stdout=output, stderr=output)
    server = Server("127.0.0.1", port, process, log)
    try:
        wait_until_ready(server)
        for _ in range(4 * len(processes(process.pid))):
            post(server.url, membranous())
        yield server
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture(scope="module")
def idle(served: Server) -> float:
    """Milliseconds of the slowest call while nobody attacks."""
    answers = calls_at(served.url, CALLS_A_SECOND, 2)
    assert {status for status, _ in answers} == {200}
    return slowest(answers)


@pytest.mark.parametrize("kind", ATTACKERS)
@case("JSON-45")
@pytest.mark.usefixtures("attack")
def test_two_hundred_slow_connections_do_not_keep_others_from_their_answers(
    served: Server, idle: float, kind: str
) -> None:
    before = sockets(served)
    for _ in range(TRIES):
        with ATTACKERS[kind](served.host, served.port, CONNECTIONS):
            calls_until_calm(served.url, 5)  # answers that are asked for and not read have to be made all the same
            attacked = calls_at(served.url, CALLS_A_SECOND, SECONDS)
        answered = [status for status, _ in attacked].count(200)
        assert answered == len(attacked), f"{answered} of {len(attacked)} calls were answered"
        if slowest(attacked) < max(2 * idle, NOISE):
            break
    assert slowest(attacked) < max(2 * idle, NOISE)
    assert fewest_sockets(served, before, PATIENCE) <= before


def sockets(server: Server) -> int:
    """Open sockets of all processes of the service. (Files are opened as they are needed, by the store.)"""
    named = [one for process in processes(server.process.pid) for one in Path(f"/proc/{process}/fd").iterdir()]
    return sum(map(_is_socket, named))


def _is_socket(descriptor: Path) -> bool:
    try:
        return str(descriptor.readlink()).startswith("socket:")
    except FileNotFoundError:
        return False  # closed in the meantime


def fewest_sockets(server: Server, enough: int, seconds: float) -> int:
    """How few sockets there are again, once they are `enough` or the time is over."""
    end = time.monotonic() + seconds
    while sockets(server) > enough and time.monotonic() < end:
        time.sleep(0.2)
    return sockets(server)
