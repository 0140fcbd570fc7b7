"""A service with a store of its own, at hook level: who calls and when is said by the test, not by a clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from cds_service.app import knowledge_of
from cds_service.hooks import feedback, patient_view
from cds_service.hooks.desk import Desk
from cds_service.hooks.knowledge import Knowledge
from cds_service.hooks.registry import Answer, Caller
from cds_service.hooks.replay import Replayed, replay
from cds_service.settings import Settings
from cds_service.store import reading, schema
from cds_service.store.reading import Filter
from cds_service.store.sealing import Sealing
from cds_service.store.store import Store
from cds_service.trust.clients import Client

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HOME = Client(issuer="https://ehr.example.org", tenant="main")


@dataclass
class Surgery:
    """The service as a client meets it, with a hand on the clock."""

    desk: Desk
    store: Store
    now: datetime = NOW
    _calls: int = field(default=0)

    def call(self, request: Mapping[str, Any], client: Client = HOME, *, instance: str = "") -> Answer:
        """The answer to a request, under a hookInstance of its own unless one is given."""
        self._calls += 1
        body = {**request, "hookInstance": instance or f"00000000-0000-4000-8000-{self._calls:012d}"}
        return self.call_with(orjson.dumps(body), client)

    def call_with(self, body: bytes, client: Client = HOME) -> Answer:
        """The answer to the bytes of a call."""
        call = patient_view.opening(body, self.desk)
        return patient_view.respond(call, Caller(client, self.now, date(2026, 11, 22)), self.desk)

    def override(
        self, card: Mapping[str, Any], client: Client = HOME, *, reason: str | None = "patient-refuses"
    ) -> None:
        """The clinician overrides a card, with a coded reason or only with words."""
        told: dict[str, Any] = {"userComment": "no"}
        if reason is not None:
            told = {"reason": {"code": reason, "system": "http://example.org/reasons"}}
        said = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": self.now.isoformat()}
        body = orjson.dumps({"feedback": [{**said, "overrideReason": told}]})
        feedback.receive(body, patient_view.SERVICE, client, self.now, self.store)

    def wait(self, days: float) -> None:
        self.now += timedelta(days=days)

    def replayed(self, knowledge: Knowledge | None = None) -> list[Replayed]:
        """Every decision answered again."""
        stored = reading.decisions(self.store, Filter(), with_payload=True)
        return [replay(one, knowledge or self.desk.knowledge) for one in stored]


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return knowledge_of(Settings())


@pytest.fixture
def surgery(knowledge: Knowledge, tmp_path: Path) -> Iterator[Surgery]:
    url = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    schema.upgrade(url)
    store = Store(url, Sealing([bytes(32)]), tmp_path / "spool")
    yield Surgery(Desk(knowledge, store=store), store)
    store.close()
