"""More calls than the service can answer: those beyond are told so at once, the others are answered as ever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import pytest

from tests.web.small_server import SmallServer, answer_to, one_answer, small_server

WORK = 0.004
"""Seconds of processor time that an answer takes, about as many as one of the service."""
CALL = f"GET /work/{WORK} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
HEALTH = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"
THREADS = 2
WAITING = 8 * THREADS
AT_ONCE = 50.0
"""Milliseconds within which a call that cannot be answered is told so."""
SECONDS = 3.0
TRIES = 3


@dataclass(frozen=True, slots=True)
class Told:
    """An answer: its status, its head, and when it was there, in milliseconds from the call."""

    status: int
    head: bytes
    milliseconds: float


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallServer]:
    with small_server(tmp_path_factory.mktemp("overload") / "log.txt", "--threads", str(THREADS)) as running:
        yield running


def test_whoever_comes_too_many_is_told_at_once_and_the_others_are_answered(server: SmallServer) -> None:
    """Twice as many calls as it answers, for some seconds. A machine busy with something else is tried again."""
    for left in reversed(range(TRIES)):
        capacity = answered(asyncio.run(as_fast_as_possible(server, 2 * THREADS, SECONDS / 2))) / (SECONDS / 2)
        told = asyncio.run(at_a_rate(server, 2 * capacity, SECONDS))
        assert {one.status for one in told} == {200, 503}
        refused = sorted(one.milliseconds for one in told if one.status == 503)
        goodput = answered(told) / SECONDS / capacity
        late = refused[int(0.99 * len(refused))]
        if (goodput >= 0.9 and late < AT_ONCE) or not left:
            break
    assert goodput >= 0.9, f"{goodput:.2f} of what it answers when it is asked for no more"
    assert late < AT_ONCE, f"{late:.0f} ms until a call was told to come back"
    assert all(b"Retry-After: 2" in one.head for one in told if one.status == 503)
    after = asyncio.run(as_fast_as_possible(server, 1, 0.5))
    assert {one.status for one in after} == {200}


def test_so_many_requests_wait_and_no_more(server: SmallServer) -> None:
    held = [server.connect() for _ in range(THREADS + WAITING + 5)]
    for connection in held:
        connection.sendall(b"GET /sleep/0.5 HTTP/1.1\r\nHost: a\r\n\r\n")
    time.sleep(0.2)
    statuses = [one_answer(connection)[0] for connection in held]
    for connection in held:
        connection.close()
    assert sorted(statuses) == [200] * (THREADS + WAITING) + [503] * 5


def test_a_refused_client_may_use_its_connection_again_and_loses_nothing_sent_behind(server: SmallServer) -> None:
    held = [server.connect() for _ in range(THREADS + WAITING)]
    for connection in held:
        connection.sendall(b"GET /sleep/0.2 HTTP/1.1\r\nHost: a\r\n\r\n")
    time.sleep(0.1)
    with server.connect() as polite, server.connect() as hasty:
        polite.sendall(CALL)
        assert one_answer(polite)[0] == 503
        hasty.sendall(CALL * 3)
        status, head, _ = one_answer(hasty)
        assert (status, b"Connection: close" in head) == (503, True)
        for connection in held:
            assert one_answer(connection)[0] == 200
            connection.close()
        polite.sendall(CALL)
        assert one_answer(polite)[0] == 200


def test_health_is_answered_when_nobody_else_is(server: SmallServer) -> None:
    held = [server.connect() for _ in range(THREADS + WAITING)]
    for connection in held:
        connection.sendall(b"GET /sleep/0.1 HTTP/1.1\r\nHost: a\r\n\r\n")
    time.sleep(0.05)
    assert answer_to(server, HEALTH)["path"] == "/health/live"
    for connection in held:
        one_answer(connection)
        connection.close()


async def as_fast_as_possible(server: SmallServer, clients: int, seconds: float) -> list[Told]:
    """So many clients, each with its next call as soon as it is answered."""
    end, told = time.perf_counter() + seconds, list[Told]()

    async def one() -> None:
        idle: list[Pair] = []
        while time.perf_counter() < end:
            told.append(await call(server, idle))

    await asyncio.gather(*(one() for _ in range(clients)))
    return told


async def at_a_rate(server: SmallServer, rate: float, seconds: float) -> list[Told]:
    """So many calls a second, whether earlier ones were answered or not."""
    began, idle, calls = time.perf_counter(), list[Pair](), list[asyncio.Task[Told]]()
    for number in count():
        if number >= rate * seconds:
            break
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        calls.append(asyncio.create_task(call(server, idle)))
    return list(await asyncio.gather(*calls))


Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def call(server: SmallServer, idle: list[Pair]) -> Told:
    """One call over an idle connection, or over a new one."""
    started = time.perf_counter()
    reader, writer = idle.pop() if idle else await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(CALL)
    head = await reader.readuntil(b"\r\n\r\n")
    milliseconds = (time.perf_counter() - started) * 1000
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length:"))
    await reader.readexactly(length)
    if b"Connection: close" in head:
        writer.close()
    else:
        idle.append((reader, writer))
    return Told(int(head.split()[1]), head, milliseconds)


def answered(told: list[Told]) -> int:
    return sum(one.status == 200 for one in told)
