"""The demonstration: the real server on a free port, example patients sent over HTTP, answers compared."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests

from cds_service.errors import ConfigurationFault, NextlineError

SELECTION = (
    "tacrolimus-failed-so-rituximab-is-next",
    "rituximab-failed-and-egfr-falls",
    "antibody-gone-while-proteinuria-lags",
    "mycophenolate-then-cyclophosphamide-failed",
    "antibody-result-too-old-to-judge",
)
"""What is shown unless more is asked for: two failures, a false alarm, a refractory lupus, a gap in the data."""

STORED_BASE_URL = "http://127.0.0.1:8080"
"""The address the stored answers were given under: that of a service with default settings."""

SECONDS_TO_START = 60
SECONDS_TO_ANSWER = 30

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class DemonstrationFault(NextlineError):  # noqa: N818 - see ConfigurationFault
    """The server did not start, did not answer, or answered otherwise than the stored answer."""


def gunicorn_command() -> list[str]:
    """The one way this service is started: here, by `cds-service serve`, and in the container."""
    return [sys.executable, "-m", "gunicorn", "-c", "python:cds_service.gunicorn_settings", "--no-control-socket"]


@contextmanager
def running_server() -> Iterator[str]:
    """The base URL of a real server with default settings, stopped at the end.

    Errors: DemonstrationFault with the last words of the server.
    """
    port = free_port()
    settings = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    settings |= {"CDS_PORT": str(port), "CDS_WORKERS": "1", "CDS_LOG_LEVEL": "error"}
    settings["CDS_PUBLIC_BASE_URL"] = STORED_BASE_URL
    base = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="nextline-demo-") as folder, tempfile.TemporaryFile("w+") as words:
        settings["CDS_DATABASE_URL"] = f"sqlite:///{folder}/demo.sqlite3"
        server = subprocess.Popen(gunicorn_command(), env=settings, stdout=words, stderr=words)  # noqa: S603
        try:
            if not _ready(base, server):
                words.seek(0)
                raise DemonstrationFault(f"the server did not start:\n{words.read()[-2000:].rstrip()}")
            yield base
        finally:
            server.terminate()
            _wait_or_kill(server)


def answer_over_http(base: str, request: Mapping[str, Any], service: str = "next-therapy") -> dict[str, Any]:
    """What the service says to one CDS Hooks request.

    Errors: DemonstrationFault when the answer is not 200 or does not come.
    """
    address = f"{base}/cds-services/{service}"
    try:
        answer = _direct().post(address, json=request, timeout=SECONDS_TO_ANSWER)
    except requests.RequestException as fault:
        raise DemonstrationFault(f"no answer from {address} ({type(fault).__name__})") from fault
    if answer.status_code != 200:
        raise DemonstrationFault(f"{address} answered {answer.status_code}: {answer.text[:500]}")
    body: dict[str, Any] = answer.json()
    return body


def first_difference(stored: Any, answered: Any, where: str = "") -> str:
    """Where the two answers differ first, in words; empty when they say the same. A uuid equals any uuid."""
    if isinstance(stored, dict) and isinstance(answered, dict):
        if stored.keys() != answered.keys():
            return f"{where or 'the answer'}: members {sorted(stored.keys() ^ answered.keys())}"
        pairs = ((f"{where}.{name}".lstrip("."), stored[name], answered[name]) for name in stored)
    elif isinstance(stored, list) and isinstance(answered, list):
        if len(stored) != len(answered):
            return f"{where}: {len(stored)} stored, {len(answered)} answered"
        pairs = ((f"{where}[{place}]", *both) for place, both in enumerate(zip(stored, answered, strict=True)))
    else:
        same = _without_uuids(stored) == _without_uuids(answered)
        return "" if same else f"{where}: stored {stored!r:.200}, answered {answered!r:.200}"
    return next(filter(None, (first_difference(old, new, place) for place, old, new in pairs)), "")


def _without_uuids(value: Any) -> Any:
    return _UUID.sub("uuid", value) if isinstance(value, str) else value


def _direct() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # a proxy of the environment cannot reach our own loopback
    return session


def refuse_a_taken_port(host: str, port: int) -> None:
    """Say in one line that something else listens there, before a server is announced. Errors: ConfigurationFault."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigurationFault(f"CDS_HOST, CDS_PORT: cannot listen on {host}:{port} ({error.strerror})") from None


def free_port() -> int:
    """A port of the loopback address that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ready(base: str, server: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if _direct().get(f"{base}/health/ready", timeout=2).ok:
                return True
        except requests.RequestException:
            pass
        time.sleep(0.1)
    return False


def _wait_or_kill(server: subprocess.Popen[bytes]) -> None:
    try:
        server.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
