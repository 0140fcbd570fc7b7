"""Processes that are killed while they write: what was acknowledged is there exactly once, and the chain is whole.

A short schedule in every run; `make faults` tries many. The seed of a schedule stands in its name.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from cds_service.store import verification
from cds_service.store.connections import opened
from cds_service.store.sealing import Sealing
from cds_service.store.store import Store
from tests.store.samples import KEY, decision, eventually, rows

SCHEDULES = int(os.environ.get("FAULT_SCHEDULES", "1"))
PROCESSES, KILLS = 3, 6
ROOT = Path(__file__).resolve().parents[2]


class Crowd:
    """Writing processes in one folder, started and killed."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self._folder = url, folder
        self._started = 0
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        self._started += 1
        notes = self._folder / f"{self._started}.notes"
        command = [
            sys.executable,
            "-m",
            "tests.store.acknowledging",
            self._url,
            str(self._folder / "spool"),
            str(notes),
        ]
        self._running.append(subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL))

    def kill(self, number: int) -> None:
        process = self._running.pop(number % len(self._running))
        process.send_signal(signal.SIGKILL)
        process.wait()

    def kill_all(self) -> None:
        while self._running:
            self.kill(0)

    def acknowledged(self) -> dict[str, Counter[str]]:
        """What was noted, by kind. The last line of a killed process is whole: a note is one write."""
        told: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for file in self._folder.glob("*.notes"):
            for line in file.read_text().splitlines():
                kind, _, what = line.partition(" ")
                told[kind][what] += 1
        return told


@pytest.mark.parametrize("seed", range(SCHEDULES))
def test_what_was_acknowledged_is_there_exactly_once(url: str, tmp_path: Path, seed: int) -> None:
    dice, crowd = random.Random(seed), Crowd(url, tmp_path)
    try:
        for _ in range(PROCESSES):
            crowd.start()
        assert eventually(lambda: len(crowd.acknowledged()["decision"]) > 20, seconds=60)
        for _ in range(KILLS):
            time.sleep(dice.uniform(0.02, 0.3))
            if dice.random() < 0.5:
                with held(url):
                    time.sleep(dice.uniform(0.1, 0.8))
                    crowd.kill(dice.randrange(PROCESSES))
            else:
                crowd.kill(dice.randrange(PROCESSES))
            crowd.start()
    finally:
        crowd.kill_all()
    check(url, tmp_path, crowd.acknowledged())


def check(url: str, folder: Path, told: dict[str, Counter[str]]) -> None:
    """The history: nothing acknowledged is lost or doubled, no token was let in twice, no row was altered."""
    store = Store(url, Sealing([KEY]), folder / "spool")
    assert eventually(lambda: not store.keep(decision()).spooled)
    assert eventually(lambda: not store.spool.waiting(), seconds=60)
    decisions = Counter(row[0] for row in rows(store, "SELECT id FROM decisions"))
    reasons = Counter(row[0] for row in rows(store, "SELECT reason_code FROM feedback"))
    untied = rows(store, "SELECT count(*) FROM feedback WHERE decision_id IS NULL")
    report = verification.verify(store)
    store.close()
    assert len(told["decision"]) > 20
    assert not told["decision"].keys() - decisions.keys(), "lost"
    assert set(decisions.values()) == {1}, "doubled"
    assert not told["feedback"].keys() - reasons.keys(), "lost"
    assert set(reasons.values()) == {1}, "doubled"
    assert untied == [(0,)]
    assert set(told["token"].values()) <= {1}, "let in twice"
    assert report.whole, report.fault


@contextmanager
def held(url: str) -> Iterator[None]:
    """Somebody holds the end of the chain, or fails to."""
    engine = opened(url)
    connection = engine.connect()
    with suppress(OperationalError):
        connection.exec_driver_sql("UPDATE chain_head SET id = 1 WHERE id = 1")
    try:
        yield
    finally:
        with suppress(OperationalError):
            connection.close()
        engine.dispose()
