"""`make sandbox` as the documents have it: what it starts, what it prints, and how it ends."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests

from tests.smart.ward import Person, heading

ROOT = Path(__file__).resolve().parents[2]
LAUNCHERS = ("http://127.0.0.1:9/v/r4/fhir", "http://127.0.0.1:9/v/r4/sim/WzIsInMtMDEiXQ/fhir")
SECONDS_TO_START, SECONDS_TO_END = 60, 30
READY = "Stop with Ctrl-C."


def recipe(*given: str) -> list[str]:
    """The command that make runs, on free ports."""
    said = subprocess.run(["make", "-n", "sandbox", *given], cwd=ROOT, capture_output=True, text=True, check=True)
    (line,) = [line for line in said.stdout.splitlines() if "tools.sandbox" in line]
    command = shlex.split(line)
    assert command[:3] == [".venv/bin/python", "-m", "tools.sandbox"]
    # In CI the environment need not be the one of this folder.
    return [sys.executable, *command[1:], "--port", "0", "--fhir-port", "0"]


@contextmanager
def running(folder: Path, *given: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The command, and what it has printed when everything runs."""
    said = folder / "said.txt"
    with said.open("wb") as output:
        process = subprocess.Popen(recipe(*given), cwd=ROOT, stdout=output, stderr=output, env=os.environ)
    try:
        deadline = time.monotonic() + SECONDS_TO_START
        while READY not in said.read_text() and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.1)
        assert READY in said.read_text(), said.read_text()
        yield process, said.read_text()
    finally:
        process.terminate()
        process.wait(timeout=SECONDS_TO_END)


@pytest.mark.timeout(150)
def test_make_sandbox_starts_what_it_prints(tmp_path: Path) -> None:
    with running(tmp_path, f"LAUNCHER={' '.join(LAUNCHERS)}") as (process, told):
        assert all(launcher in told for launcher in LAUNCHERS)
        (app,) = re.findall(r"http\S+/launch\?iss=\S+", told)
        person = Person(app.partition("/launch")[0])
        assert "Story S-01" in person.opened(app).text
        # Registered, and not there: so it was asked. A stranger is not.
        for launcher, words in (
            (LAUNCHERS[1], "does not say where to sign in"),
            ("http://127.0.0.1:9/x", "registered"),
        ):
            assert words in heading(person.get(f"/launch?{urlencode({'iss': launcher})}"))
        fhir = re.findall(r"(http://127\.0\.0\.1:\d+/fhir)  \(R[45]\)", told)
        assert [requests.get(f"{one}/metadata", timeout=10).json()["fhirVersion"] for one in fhir] == ["4.0.1", "5.0.0"]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=SECONDS_TO_END) == 0
    assert "Stopped." in (tmp_path / "said.txt").read_text()


def test_without_more_it_knows_the_public_launcher() -> None:
    assert "--launcher" not in recipe()
    usage = subprocess.run([*recipe(), "--help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "https://launch.smarthealthit.org/v/r4/fhir" in usage
