"""Connections that send or read octet by octet, and the calls of a well-behaved client meanwhile."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

import requests

from tests.attack.attacker import post
from tests.attack.charts import membranous
from tests.contract.calls import NEXT_THERAPY

NO_ANSWER = 0
HEADERS = f"POST {NEXT_THERAPY} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n".encode()
BODY = HEADERS + b"Content-Length: 4000\r\n\r\n{"
CHUNKS = HEADERS + b"Transfer-Encoding: chunked\r\n\r\nfa0\r\n{"
LARGEST_ANSWER = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
OCTETS_BETWEEN = 1.0
"""Seconds between two octets of one connection. Any connection is kept open for longer than a test lasts."""
_SMALL_WINDOW = 4096
_MORE_THAN_FITS = 150
"""Answers that are asked for at once by somebody who does not read: several megabytes, more than a socket takes."""

Drip = Callable[[socket.socket], object]


@contextmanager
def slow_senders(host: str, port: int, count: int, beginning: bytes) -> Iterator[None]:
    """So many connections that have sent the beginning of a request, and go on by one octet every second."""
    with ExitStack() as open_ones:
        connections = [open_ones.enter_context(socket.create_connection((host, port), timeout=5)) for _ in range(count)]
        for connection in connections:
            connection.sendall(beginning)
        with _dripping(connections, lambda connection: connection.sendall(b"a")):
            yield


@contextmanager
def slow_readers(host: str, port: int, count: int) -> Iterator[None]:
    """So many connections that read one octet every second of an answer; every fifth has asked for too many."""
    with ExitStack() as open_ones:
        connections = [open_ones.enter_context(_reader(host, port)) for _ in range(count)]
        for number, connection in enumerate(connections):
            connection.sendall(LARGEST_ANSWER * (1 if number % 5 else _MORE_THAN_FITS))
        with _dripping(connections, lambda connection: connection.recv(1)):
            yield


def _reader(host: str, port: int) -> socket.socket:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_WINDOW)
    connection.settimeout(5)
    connection.connect((host, port))
    return connection


@contextmanager
def _dripping(connections: list[socket.socket], drip: Drip) -> Iterator[None]:
    stopped = threading.Event()
    thread = threading.Thread(target=_drip, args=(connections, drip, stopped))
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _drip(connections: list[socket.socket], drip: Drip, stopped: threading.Event) -> None:
    for connection in connections:
        connection.settimeout(0.01)
    while not stopped.wait(OCTETS_BETWEEN):
        for connection in connections:
            with suppress(OSError):  # the service may close it, and should
                drip(connection)


def calls_at(url: str, rate: float, seconds: float) -> list[tuple[int, float]]:
    """Status and milliseconds of base calls sent at a fixed rate, whether earlier ones were answered or not."""
    number = int(rate * seconds)
    began = time.perf_counter()
    with ThreadPoolExecutor(max_workers=min(number, 100)) as pool:
        sent = []
        for count in range(number):
            time.sleep(max(0.0, began + count / rate - time.perf_counter()))
            sent.append(pool.submit(_call, url))
        return [one.result() for one in sent]


def calls_until_calm(url: str, seconds: float) -> None:
    """Call one after the other until three in a row are answered as fast as by an idle service, or time is up."""
    end, calm = time.monotonic() + seconds, 0
    while calm < 3 and time.monotonic() < end:
        status, milliseconds = _call(url)
        calm = calm + 1 if status == 200 and milliseconds < 20 else 0


def slowest(answers: list[tuple[int, float]]) -> float:
    """The 99th percentile in milliseconds; of a hundred or fewer calls it is the slowest."""
    ordered = sorted(milliseconds for _, milliseconds in answers)
    return ordered[int(0.99 * len(ordered))]


def _call(url: str) -> tuple[int, float]:
    started = time.perf_counter()
    try:
        status = post(url, membranous(), seconds=5).status
    except requests.RequestException:
        status = NO_ANSWER
    return status, (time.perf_counter() - started) * 1000
