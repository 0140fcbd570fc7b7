"""The service under attack: a server process, the log it writes, the memory it takes, and whom it calls."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.attack.charts import Json
from tests.conftest import Server

_KILOBYTE = 1024


class Sink:
    """Counts who connects. Nobody should: it is the proxy of the service's environment."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.connections = 0
        threading.Thread(target=self._count, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._listener.close()

    def _count(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                connection.close()


@contextmanager
def listening() -> Iterator[Sink]:
    sink = Sink()
    try:
        yield sink
    finally:
        sink.close()


@dataclass(frozen=True, slots=True)
class Target:
    """The running service and what it does beside answering."""

    server: Server
    sink: Sink

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def alive(self) -> bool:
        return self.server.process.poll() is None

    def log_size(self) -> int:
        return self.server.log.stat().st_size

    def log_text(self, mark: int) -> str:
        """Everything logged since the mark."""
        with self.server.log.open("rb") as log:
            log.seek(mark)
            return log.read().decode("utf-8")

    def log_lines(self, mark: int) -> list[Json]:
        """The events logged since the mark."""
        lines: list[Any] = [line for line in self.log_text(mark).splitlines() if line.startswith("{")]
        return [json.loads(line) for line in lines]

    def metrics(self) -> str:
        """What it tells whoever asks for its numbers."""
        with requests.Session() as session:
            session.trust_env = False
            return session.get(f"{self.url}/metrics", timeout=10).text

    def memory(self) -> int:
        """Resident bytes of all processes of the server."""
        return sum(map(_resident, processes(self.server.process.pid)))


def processes(pid: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return [pid, *(int(child) for child in children.read_text().split())] if children.exists() else [pid]


def _resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * _KILOBYTE for line in lines if line.startswith("VmRSS:")), 0)
