"""The store as the service uses it: keep, spend, ask. What it says is kept is on a disk."""

from __future__ import annotations

from concurrent.futures import TimeoutError as TooLate
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from cds_service.errors import NotDurable
from cds_service.store import schema
from cds_service.store.connections import Connections
from cds_service.store.entries import Entry, decision_entry, feedback_entry, token_entry
from cds_service.store.records import Decision, FeedbackEntry, Kept, Silence
from cds_service.store.sealing import Sealing, Unsealable
from cds_service.store.spool import Spool
from cds_service.store.tables import CARDS, FEEDBACK, USED_TOKENS
from cds_service.store.writer import DatabaseAway, Writer

PATIENCE = 0.3
"""Seconds that a call waits for the database before it takes the spool."""


class Store:
    """Decisions, feedback and used tokens of one service, over all its processes."""

    def __init__(self, url: str, sealing: Sealing, spool_folder: Path) -> None:
        self.connections = Connections(url)
        self.sealing = sealing
        self.spool = Spool(spool_folder)
        self._writer = Writer(self.connections, self.spool)

    def check(self) -> None:
        """Refuse a database that is away or of another revision. Errors: ConfigurationFault."""
        schema.check(self.connections.reading)
        self.connections.close()

    def keep(self, decision: Decision) -> Kept:
        """Keep a decision; it is on a disk when this returns. Errors: NotDurable."""
        entry = decision_entry(decision, self.sealing)
        kept = self._kept(entry)
        return kept if isinstance(kept, Kept) else Kept(decision.id, spooled=True)

    def keep_feedback(self, entries: tuple[FeedbackEntry, ...]) -> None:
        """Keep feedback, all of it or none. Errors: NotDurable."""
        sealed = [feedback_entry(entry, self.sealing) for entry in entries]
        futures = [self._writer.submit(entry) for entry in sealed]
        try:
            for future in futures:
                future.result(PATIENCE)
        except (DatabaseAway, TooLate):
            self._spooled(*sealed)

    def spend(self, issuer: str, token_id: str, expires_at: int, now: int) -> bool:
        """Is this the first use of a token, over all workers and restarts? Errors: NotDurable."""
        entry = token_entry(issuer, token_id, expires_at)
        token: str = entry.row["token"]
        if self.spool.is_marked(token):
            return False
        try:
            return bool(self._writer.submit(entry, now).result(PATIENCE))
        except (DatabaseAway, TooLate):
            return self._spent_without_writing(entry, token)

    def silences(self, patient_key: str, since: datetime) -> tuple[Silence, ...]:
        """Overrides with a reason since a moment, newest first. When the database is away there are none."""
        statement = (
            select(
                CARDS.c.disease,
                CARDS.c.rule,
                CARDS.c.uuid,
                CARDS.c.facts,
                FEEDBACK.c.received_at,
                FEEDBACK.c.reason_code,
            )
            .join(FEEDBACK, (FEEDBACK.c.card == CARDS.c.uuid) & (FEEDBACK.c.decision_id == CARDS.c.decision_id))
            .where(CARDS.c.patient_key == patient_key, FEEDBACK.c.outcome == "overridden")
            .where(FEEDBACK.c.reason_code != "", FEEDBACK.c.received_at >= since)
            .order_by(FEEDBACK.c.received_at.desc())
        )
        try:
            with self.connections.reading.connect() as connection:
                rows = connection.execute(statement).all()
            return tuple(self._silence(row) for row in rows)
        except (SQLAlchemyError, Unsealable):
            return ()

    def _silence(self, row: Any) -> Silence:
        facts = self.sealing.open(row.facts, row.uuid)
        return Silence(row.disease, row.rule, facts, row.received_at, row.reason_code)

    def _kept(self, entry: Entry) -> Any:
        try:
            return self._writer.submit(entry).result(PATIENCE)
        except (DatabaseAway, TooLate):
            self._spooled(entry)
            return None

    def _spooled(self, *entries: Entry) -> None:
        try:
            self.spool.append(entries)
        except OSError:
            raise NotDurable from None

    def _spent_without_writing(self, entry: Entry, token: str) -> bool:
        """The database can be read and not written: a mark on the disk of this machine stands in for the row."""
        try:
            with self.connections.reading.connect() as connection:
                known = connection.execute(select(USED_TOKENS.c.token).where(USED_TOKENS.c.token == token)).first()
            if known is not None or not self.spool.mark_token(token):
                return False
            self.spool.append([entry])
        except (SQLAlchemyError, OSError):
            raise NotDurable from None
        return True
