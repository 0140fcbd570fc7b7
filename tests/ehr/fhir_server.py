"""A real FHIR R4 server of another author (sekmet-fhir): a process on a free loopback port that asks for tokens."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests
import yaml

from tests.conftest import free_port
from tests.ehr.charts import Chart, batch, chart_of
from tests.ehr.exchange import Json

TOKENS = ("canary-token-of-pat-a", "canary-token-of-pat-b")
SECONDS_TO_START = 60


@dataclass(frozen=True, slots=True)
class FhirServer:
    """The running server. `base` is its FHIR base address, by http."""

    base: str
    tokens: tuple[str, ...] = TOKENS

    @property
    def token(self) -> str:
        return self.tokens[0]

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def load(self, resources: Iterable[Json]) -> None:
        """Writes resources under their own ids; what stands there already is replaced."""
        answer = requests.post(self.base, json=batch(resources), headers=self.authorization, timeout=30)
        statuses = [entry["response"]["status"] for entry in answer.json().get("entry", ())]
        wrong = [status for status in statuses if status[:2] != "20"]
        if not answer.ok or wrong:
            raise AssertionError(f"the FHIR server refused resources: {answer.status_code} {wrong[:5]}")

    def load_request(self, request: Json, patient: str | None = None) -> Chart:
        """Writes all that a request prefetched, for another patient id if given. The chart tells the id."""
        chart = chart_of(request, patient)
        self.load(chart.resources)
        return chart


@contextmanager
def fhir_server(directory: Path) -> Iterator[FhirServer]:
    """A server of its own with an empty store; about 4 seconds to start. The shared one is cheaper."""
    process, base = _start(directory)
    try:
        yield FhirServer(base)
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextmanager
def shared_fhir_server(directory: Path) -> Iterator[FhirServer]:
    """The one server of all pytest workers that name this directory; the last to leave stops it.

    Loading is idempotent, so workers do not disturb one another as long as a test that changes a chart loads it under
    a patient id of its own.
    """
    directory.mkdir(parents=True, exist_ok=True)
    state = directory / "state.json"
    with _alone(directory):
        if not state.exists():
            process, base = _start(directory)
            state.write_text(json.dumps({"base": base, "pid": process.pid, "users": 0}))
        known = _count_users(state, +1)
    try:
        yield FhirServer(known["base"])
    finally:
        with _alone(directory):
            left = _count_users(state, -1)
            if not left["users"]:
                state.unlink()
                _stop(left["pid"])


def _start(directory: Path) -> tuple[subprocess.Popen[bytes], str]:
    port = free_port()
    base = f"http://127.0.0.1:{port}/fhir"
    settings = {
        "base_url": base,
        "db_path": str(directory / "store.db"),
        "server_auth": {"types": ["bearer"], "tokens": list(TOKENS)},
        "validation": {"inbound": "off"},  # charts of attack cases are not valid on purpose
        "simulator": {"enabled": False},  # else it answers orders by itself
        "log_inbound": False,
    }
    for name in ("store.db", "store.db-wal", "store.db-shm"):
        (directory / name).unlink(missing_ok=True)
    (directory / "settings.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("sekmet")), "serve", "-c", str(directory / "settings.yaml")]
    with (directory / "fhir-server.log").open("wb") as log:
        where = ["--host", "127.0.0.1", "--port", str(port)]
        process = subprocess.Popen([*command, *where], cwd=directory, stdout=log, stderr=log, start_new_session=True)
    _wait_until_ready(process, base, directory / "fhir-server.log")
    return process, base


def _wait_until_ready(process: subprocess.Popen[bytes], base: str, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(requests.ConnectionError):
            if requests.get(f"{base}/metadata", timeout=5).ok:
                return
        time.sleep(0.1)
    process.kill()
    raise AssertionError(f"the FHIR server did not start:\n{log.read_text()[-2000:]}")


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _count_users(state: Path, change: int) -> Json:
    known: Json = json.loads(state.read_text())
    known["users"] += change
    state.write_text(json.dumps(known))
    return known


def _stop(pid: int) -> None:
    """Ends the server; the worker that leaves last need not be the one that started it, so it may not wait for it."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)
