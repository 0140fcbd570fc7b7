"""The real service as a process, started by its documented command, with what it says and how it can be ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.conftest import environment, free_port
from tests.ehr.hosts import Network

PROGRAM = ("-m", "cds_service.cli")
SECONDS_TO_START = 60.0
SECONDS_TO_STOP = 30.0


@dataclass(slots=True)
class Service:
    """A service with its own directory: the working directory, the log and the default database lie there.

    `settings` are CDS_ variables; `surroundings` are other variables, None to remove one. With a `network` the process
    sees only that network. Start, stop, kill and start again as often as needed: port and directory stay.
    """

    directory: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    network: Network | None = None
    surroundings: Mapping[str, str | None] = field(default_factory=dict)
    host: str = "127.0.0.1"
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def log(self) -> Path:
        """Standard output and error of all starts, one after the other."""
        return self.directory / "service.log"

    @property
    def database(self) -> Path:
        return self.directory / "service.sqlite3"

    def variables(self) -> dict[str, str]:
        """The whole environment of the process."""
        given = {
            "CDS_HOST": self.host,
            "CDS_PORT": str(self.port),
            "CDS_WORKERS": "1",
            "CDS_DATABASE_URL": f"sqlite:///{self.database}",
        }
        outside = environment(**(given | dict(self.settings))) | (self.network.environment() if self.network else {})
        changed = outside | {name: value for name, value in self.surroundings.items() if value is not None}
        removed = {name for name, value in self.surroundings.items() if value is None}
        return {name: value for name, value in changed.items() if name not in removed}

    def command(self, *arguments: str) -> list[str]:
        """The `cds-service` command with these arguments, in the service's network."""
        return self.network.command(*PROGRAM, *arguments) if self.network else [sys.executable, *PROGRAM, *arguments]

    def run(self, *arguments: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Another command of the service with the same settings, for example `run("db", "upgrade")`."""
        return subprocess.run(
            self.command(*arguments),
            env=self.variables(),
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def start(self) -> Service:
        """Starts `serve` and waits until it is ready."""
        self.launch()
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline and self.alive:
            if self.is_ready():
                self._check_network()
                return self
            time.sleep(0.05)
        self.kill()
        raise AssertionError(f"the service did not start:\n{self.log_text()[-3000:]}")

    def launch(self) -> None:
        """Starts `serve` and does not wait."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command("serve"),
                env=self.variables(),
                cwd=self.directory,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def is_ready(self) -> bool:
        with suppress(requests.RequestException), _direct() as session:
            return session.get(f"{self.url}/health/ready", timeout=2).ok
        return False

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> int | None:
        """SIGTERM, waits for the end; the exit code, or None if it did not run."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL for the master and every worker at once, as when the machine loses power."""
        self._end(signal.SIGKILL)

    def kill_workers(self) -> list[int]:
        """SIGKILL for the workers alone; the master is to replace them."""
        workers = self.workers()
        for worker in workers:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        return workers

    def restart(self) -> Service:
        self.stop()
        return self.start()

    def workers(self) -> list[int]:
        """Process ids of the children."""
        if self.process is None:
            return []
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(child) for child in children.read_text().split()] if children.exists() else []

    def log_size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def log_text(self, mark: int = 0) -> str:
        """All that was logged since the mark (a `log_size` of before)."""
        return self.log.read_bytes()[mark:].decode("utf-8", errors="replace") if self.log.exists() else ""

    def _end(self, how: signal.Signals) -> int | None:
        if self.process is None:
            return None
        if how is signal.SIGKILL:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, how)  # its own session: nobody else is in this group
        else:
            self.process.send_signal(how)
        try:
            return self.process.wait(timeout=SECONDS_TO_STOP)
        finally:
            self._sweep()
            self.process = None

    def _sweep(self) -> None:
        """Whatever is left of the process group: its id is the one of the process that began the session."""
        if self.process:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def _check_network(self) -> None:
        """The process that serves must have begun in the network, or every test of outside calls would be hollow."""
        if self.network and self.process and self.process.pid not in self.network.process_ids[-1:]:
            self.kill()
            raise AssertionError(f"the service left the test's network: {self.network.commands}")


@contextmanager
def service(
    directory: Path,
    settings: Mapping[str, str] | None = None,
    *,
    network: Network | None = None,
    surroundings: Mapping[str, str | None] | None = None,
) -> Iterator[Service]:
    """A running service for the time of a block."""
    directory.mkdir(parents=True, exist_ok=True)
    running = Service(directory, settings or {}, network, surroundings or {})
    running.start()
    try:
        yield running
    finally:
        running.stop()


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a start that must fail went. `port_was_open`: somebody could connect meanwhile."""

    code: int | None
    output: str
    seconds: float
    port_was_open: bool


def refused_start(
    directory: Path, settings: Mapping[str, str], *, seconds: float = 15, network: Network | None = None
) -> Refusal:
    """Starts a service that ought to refuse. A `code` of None: it still ran after so long, and was killed."""
    directory.mkdir(parents=True, exist_ok=True)
    trying, opened = Service(directory, settings, network), False
    began = time.monotonic()
    trying.launch()
    while trying.alive and time.monotonic() - began < seconds:
        opened = opened or _is_open(trying.host, trying.port)
        time.sleep(0.02)
    took = time.monotonic() - began
    code = trying.process.poll() if trying.process else None
    trying.kill()
    return Refusal(code, trying.log_text(), took, opened)


def _is_open(host: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


@contextmanager
def _direct() -> Iterator[requests.Session]:
    """Without the proxies of the environment, which tests set on purpose."""
    with requests.Session() as session:
        session.trust_env = False
        yield session
