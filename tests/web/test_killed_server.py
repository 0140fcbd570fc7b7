"""The whole server, killed while it works: no acknowledged feedback is lost, no card is out without its decision (A1).

`kill -9` for single workers, then for everything at once, as when the machine loses power.
"""

from __future__ import annotations

import copy
import json
import threading
import time
import uuid
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests
from flask.testing import FlaskClient

from cds_service.app import store_of
from cds_service.settings import Settings
from cds_service.store import refusals, verification
from tests.contract.calls import NEXT_THERAPY, complete_call
from tests.ehr.service import service
from tests.store.samples import decision, eventually, rows

SECONDS, KILLS, CLIENTS = 5.0, 4, 6


class Clinic:
    """A client that opens charts and tells what became of the cards, and notes what was acknowledged."""

    def __init__(self, url: str, call: dict[str, Any]) -> None:
        self._url, self._call = url, call
        self.cards: list[str] = []
        self.feedback: list[str] = []
        self.refused = 0

    def work(self, until: float) -> None:
        while time.monotonic() < until:
            with suppress(requests.RequestException, json.JSONDecodeError):
                self.open_a_chart()

    def open_a_chart(self) -> None:
        call = copy.deepcopy(self._call) | {"hookInstance": str(uuid.uuid4())}
        answer = requests.post(self._url + NEXT_THERAPY, json=call, timeout=5)
        if answer.status_code == 503:
            return
        assert answer.status_code == 200, answer.text
        card = answer.json()["cards"][0]["uuid"]
        self.cards.append(card)
        reason = {"code": f"r-{uuid.uuid4().hex}", "system": "http://example.org"}
        told = {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-11-22T10:00:00Z"}
        body = {"feedback": [told | {"overrideReason": {"reason": reason}}]}
        if requests.post(f"{self._url}{NEXT_THERAPY}/feedback", json=body, timeout=5).status_code == 200:
            self.feedback.append(reason["code"])
        refused = copy.deepcopy(call)
        del refused["prefetch"]["conditions"]
        self.refused += requests.post(self._url + NEXT_THERAPY, json=refused, timeout=5).status_code == 412


def test_what_was_acknowledged_survives_kill_9(client: FlaskClient, tmp_path: Path) -> None:
    call = complete_call(client)
    settings = {"CDS_WORKERS": "2", "CDS_SILENCE_DAYS": "0", "CDS_LOG_LEVEL": "error"}
    with service(tmp_path / "server", settings) as running:
        clinics = [Clinic(running.url, call) for _ in range(CLIENTS)]
        until = time.monotonic() + SECONDS
        threads = [threading.Thread(target=clinic.work, args=(until,)) for clinic in clinics]
        for thread in threads:
            thread.start()
        for _ in range(KILLS):
            time.sleep(SECONDS / (KILLS + 1))
            running.kill_workers()
        running.kill()
        for thread in threads:
            thread.join()
        url = f"sqlite:///{running.database}"
    cards = [card for clinic in clinics for card in clinic.cards]
    feedback = [reason for clinic in clinics for reason in clinic.feedback]
    assert len(cards) > 50
    assert len(feedback) > 20
    check(url, cards, feedback, sum(clinic.refused for clinic in clinics))


def check(url: str, cards: list[str], feedback: list[str], refused: int) -> None:
    store = store_of(Settings(database_url=url))
    try:
        assert eventually(lambda: not store.keep(decision()).spooled)
        assert eventually(lambda: not store.spool.waiting())
        joined = "SELECT c.uuid FROM cards c JOIN decisions d ON d.id = c.decision_id WHERE d.payload IS NOT NULL"
        decided = Counter(row[0] for row in rows(store, joined))
        told = Counter(row[0] for row in rows(store, "SELECT reason_code FROM feedback WHERE decision_id IS NOT NULL"))
        assert [card for card in cards if decided[card] != 1] == [], "a card without its one decision"
        assert [reason for reason in feedback if told[reason] != 1] == [], "acknowledged feedback is lost or doubled"
        assert rows(store, "SELECT count(*) FROM refusals")[0][0] >= refused > 0, "a refusal without a record"
        assert verification.verify(store).whole
        assert refusals.verify(store).whole
    finally:
        store.close()
