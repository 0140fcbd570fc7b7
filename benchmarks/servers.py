"""Servers under load: CPU for each call over all processes of the server, and latency of an open loop.

The real service with gunicorn (two workers) and with Granian, and an endpoint of bare Flask that parses the body and
answers a constant, on the same machine in the same run. Every call has a hookInstance of its own, so each decision
is kept; `CDS_REMEMBER_SECONDS=0` makes every opening a first one.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from benchmarks.bodies import Body
from cds_service.store import schema

WORKERS = 2
GUNICORN = ("-m", "gunicorn", "-c", "python:cds_service.gunicorn_settings")
GRANIAN = ("-m", "cds_service.cli", "serve", "--server", "granian")
FLASK = (
    "-m",
    "gunicorn",
    "-w",
    str(WORKERS),
    "--threads",
    "4",
    "--keep-alive",
    "75",
    "benchmarks.bare_flask:application",
)
PATH = "/cds-services/next-therapy"
# Our own service reads its port from the settings.
ARGUMENT_OF_PORT = {
    "benchmarks.bare_flask:application": ("-b", "127.0.0.1:{port}"),
    "benchmarks.peers.healthchain_service:application": ("--port", "{port}"),
}
_TICK = os.sysconf("SC_CLK_TCK")


class Loaded(NamedTuple):
    """What a server did: CPU milliseconds for each call, calls a second at most, latency at half of that."""

    name: str
    cpu: float
    capacity: float
    p50: float
    p99: float
    refused: int


class Started(NamedTuple):
    """Seconds from start to ready, and resident megabytes of a worker of its own and in all."""

    seconds: float
    resident: float
    proportional: float


@contextmanager
def running(
    arguments: Sequence[str], python: str = sys.executable, **settings: str
) -> Iterator[tuple[int, subprocess.Popen[bytes], float]]:
    """The server on a free port, its database built before: port, process, seconds until it was ready."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="nextline-bench-") as folder:
        own = {
            "CDS_PORT": str(port),
            "CDS_WORKERS": str(WORKERS),
            "CDS_DATABASE_URL": f"sqlite:///{folder}/store.sqlite3",
            "CDS_RATE_LIMIT": "0",
            **settings,
        }
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
        is_bound = ARGUMENT_OF_PORT.keys() & set(arguments)
        bind = [word.format(port=port) for name in is_bound for word in ARGUMENT_OF_PORT[name]]
        log = Path(folder) / "log.txt"
        schema.upgrade(own["CDS_DATABASE_URL"])
        started = time.perf_counter()
        with log.open("wb") as output:
            process = subprocess.Popen((python, *arguments, *bind), env=inherited | own, stdout=output, stderr=output)
        try:
            _wait(port, process, log)
            yield port, process, time.perf_counter() - started
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError(f"the server did not start: {log.read_text()[-2000:]}")


def started() -> Started:
    """How long the service needs to be ready, and what a worker takes once it has answered."""
    with running(GUNICORN) as (_, process, seconds):
        time.sleep(0.5)
        workers = _children(process.pid)
        resident = max(_memory(worker, "Rss") for worker in workers)
        return Started(seconds, resident, max(_memory(worker, "Pss") for worker in workers))


def loaded(
    name: str,
    arguments: Sequence[str],
    body: Body,
    seconds: float,
    python: str = sys.executable,
    **settings: str,
) -> Loaded:
    """One server under load: as fast as it can for some seconds, then at half of that."""
    with running(arguments, python, **settings) as (port, process, _):
        calls = _Calls(port, body)
        asyncio.run(calls.closed(1.0))
        before = _cpu(process.pid)
        fast = asyncio.run(calls.closed(seconds))
        cpu = (_cpu(process.pid) - before) / max(1, len(fast))
        capacity = len(fast) / seconds
        half = sorted(asyncio.run(calls.open(capacity / 2, seconds)))
        return Loaded(name, cpu * 1000, capacity, _quantile(half, 0.5), _quantile(half, 0.99), calls.refused)


class _Calls:
    """Calls over keep-alive connections. A latency is in milliseconds, from the moment the call was due."""

    def __init__(self, port: int, body: Body) -> None:
        self._port, self._number, self.refused = port, count(1), 0
        before, _, after = body.data.partition(b'"hookInstance":"')
        self._parts = before + b'"hookInstance":"', after[36:]

    async def closed(self, seconds: float, clients: int = 2 * WORKERS) -> list[float]:
        """So many clients, each with its next call as soon as it is answered."""
        end, latencies = time.perf_counter() + seconds, list[float]()

        async def client() -> None:
            streams = await asyncio.open_connection("127.0.0.1", self._port)
            while time.perf_counter() < end:
                latencies.append(await self._call(streams, time.perf_counter()))
            streams[1].close()

        await asyncio.gather(*(client() for _ in range(clients)))
        return latencies

    async def open(self, rate: float, seconds: float) -> list[float]:
        """So many calls a second, whether earlier ones were answered or not."""
        idle = list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]()
        began, latencies = time.perf_counter(), list[float]()

        async def one(due: float) -> None:
            streams = idle.pop() if idle else await asyncio.open_connection("127.0.0.1", self._port)
            latencies.append(await self._call(streams, due))
            idle.append(streams)

        tasks = []
        for number in range(int(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.append(asyncio.create_task(one(due)))
        await asyncio.gather(*tasks)
        for _, writer in idle:
            writer.close()
        return latencies

    async def _call(self, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], due: float) -> float:
        reader, writer = streams
        instance = str(UUID(int=next(self._number) | 4 << 76 | 8 << 60)).encode()
        body = instance.join(self._parts)
        head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        lines = answer.lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        await reader.readexactly(length)
        self.refused += b" 200 " not in lines[0]
        return (time.perf_counter() - due) * 1000


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _children(parent: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def _cpu(process: int) -> float:
    """CPU seconds of a process and of those it started."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK + sum(_cpu(child) for child in _children(process))


def _memory(process: int, kind: str) -> float:
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{kind}:"):
            return int(line.split()[1]) / 1024
    return 0.0
