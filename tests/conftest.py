"""Shared fixtures: the app without a socket, and the real server process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

pytest.register_assert_rewrite("tests.contract.wire")

from tests.contract.wire import CheckedClient  # noqa: E402 - what it asserts is reported in full

# Every answer that a test gets from an app of ours is checked against its strict schema.
Flask.test_client_class = CheckedClient

# Apps made in this process keep what they keep in a folder of their own, not in the checkout.
_KEPT = tempfile.TemporaryDirectory(prefix="nextline-tests-")
os.environ["CDS_DATABASE_URL"] = f"sqlite:///{_KEPT.name}/tests.sqlite3"

SECONDS_TO_START = 60
COMMAND = (sys.executable, "-m", "gunicorn", "-c", "python:cds_service.gunicorn_settings")


@dataclass(frozen=True)
class Server:
    """A running server process. `log` is the file its standard output and error go to."""

    host: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(**settings: str) -> dict[str, str]:
    """This process's environment with exactly these CDS_ settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CDS_")} | settings


@contextmanager
def running_server(log: Path, **settings: str) -> Iterator[Server]:
    """The real gunicorn process on a free port, ready to answer; stopped at the end."""
    port = free_port()
    database = f"sqlite:///{log.with_suffix('.sqlite3')}"
    given = {"CDS_PORT": str(port), "CDS_WORKERS": "1", "CDS_DATABASE_URL": database} | settings
    with log.open("wb") as output:
        process = subprocess.Popen(COMMAND, env=environment(**given), stdout=output, stderr=output)
    try:
        server = Server("127.0.0.1", port, process, log)
        wait_until_ready(server)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            if requests.get(f"{server.url}/health/ready", timeout=2).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    pytest.fail(f"the server did not start:\n{server.log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server") / "log.txt") as running:
        yield running


@pytest.fixture(scope="session")
def client() -> FlaskClient:
    from cds_service.app import create_app
    from cds_service.settings import Settings

    return create_app(Settings()).test_client()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """The driver of browsers. It keeps a loop of asyncio running, so it ends with the module that needed it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        yield driver
