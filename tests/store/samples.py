"""Decisions and feedback as they are kept, and ways to look at and to hold a database from outside."""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from cds_service.store.records import Decision, FeedbackEntry, KeptCard
from cds_service.store.sealing import Sealing
from cds_service.store.store import Store

KEY = bytes(range(32))
OTHER_KEY = bytes(range(32, 64))
NOW = datetime(2026, 11, 22, 10, 30, 0, 123456, tzinfo=UTC)
SECOND = int(NOW.timestamp())
CANARIES = ("Canary-Quill", "1957-03-09", "CANARY-COMMENT", "canary-patient-77")
PAYLOAD = b'{"patientId":"canary-patient-77","prefetch":{"name":"Canary-Quill","born":"1957-03-09"},"cards":[]}'


def decision(**changes: Any) -> Decision:
    """A decision with one card about patient `canary-patient-77` of client `https://ehr.example.org`."""
    made = Decision(
        id=str(uuid.uuid4()),
        made_at=NOW,
        as_of=date(2026, 11, 22),
        service="next-therapy",
        hook="patient-view",
        hook_instance=str(uuid.uuid4()),
        issuer="https://ehr.example.org",
        tenant="main",
        patient_key=patient_key(),
        chart_digest=uuid.uuid4().hex * 2,
        request_digest=uuid.uuid4().hex * 2,
        rules=("MN-07",),
        shown=True,
        quiet="",
        cards=(KeptCard(str(uuid.uuid4()), "MN", "MN-07", b'{"state":"MN_RESISTANT","facts":[]}'),),
        versions={"service": "0.1.0", "knowledge": "1.0"},
        payload=PAYLOAD,
    )
    return replace(made, **changes)


def patient_key(patient: str = "canary-patient-77") -> str:
    return Sealing([KEY]).patient_key("https://ehr.example.org", "main", patient)


def feedback(card: str, **changes: Any) -> FeedbackEntry:
    """An override with a coded reason and a comment."""
    made = FeedbackEntry(
        service="next-therapy",
        issuer="https://ehr.example.org",
        tenant="main",
        card=card,
        outcome="overridden",
        outcome_at="2026-11-22T10:31:00Z",
        received_at=NOW + timedelta(minutes=1),
        reason_system="http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes",
        reason_code="patient-refuses",
        comment="CANARY-COMMENT",
    )
    return replace(made, **changes)


def keep_all(store: Store, decisions: Iterable[Decision]) -> list[Decision]:
    """Keep them, and wait until all are in the database: on a slow machine some take the way through the spool."""
    made = list(decisions)
    for one in made:
        store.keep(one)
    assert eventually(lambda: not store.spool.waiting())
    return made


def rows(store: Store, question: str, **given: Any) -> list[Any]:
    """What a query finds, on a connection of its own."""
    with store.connections.reading.connect() as connection:
        return list(connection.execute(text(question), given).all())


def change(store: Store, statement: str, **given: Any) -> int:
    """Change the database behind the back of the store; how many rows."""
    with store.connections.reading.connect() as connection:
        return int(connection.execute(text(statement), given).rowcount)


def eventually(holds: Callable[[], bool], seconds: float = 15) -> bool:
    """Does it become true within this time?"""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return False


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Somebody else writes into the SQLite file, for as long as the block takes."""
    other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def octets_of(folder: Path) -> bytes:
    """Everything that lies in the files of a folder."""
    return b"\0".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
