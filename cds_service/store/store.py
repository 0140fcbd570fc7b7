"""The store as the service uses it: keep, spend, ask. What it says is kept is on a disk."""

from __future__ import annotations

import contextlib
import os
import time
import weakref
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from cds_service.errors import NotDurable
from cds_service.store import schema
from cds_service.store.chain import moment
from cds_service.store.connections import Connections
from cds_service.store.entries import Entry, decision_entry, feedback_entry, refusal_entry, token_entry
from cds_service.store.records import Decision, FeedbackEntry, Kept, Refusal, Silence
from cds_service.store.sealing import Sealing, Unsealable
from cds_service.store.spool import Marks, Spool
from cds_service.store.statements import statements_for
from cds_service.store.tables import USED_TOKENS
from cds_service.store.waiting import DatabaseAway, Ticket
from cds_service.store.writer import MOST_PATIENCE, PATIENCE, Writer


class Store:
    """Decisions, feedback and used tokens of one service, over all its processes."""

    def __init__(self, url: str, sealing: Sealing, spool_folder: Path) -> None:
        self.connections = Connections(url)
        self.sealing = sealing
        self.spool = Spool(spool_folder)
        self._marks = Marks(spool_folder / "tokens")
        self.writer = Writer(self.connections, sealing, self.spool, self._marks)
        ours = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _begin_anew(ours()))

    def check(self) -> None:
        """Refuse a database that is away or of another revision. Errors: ConfigurationFault."""
        schema.check(self.connections.url)
        self.connections.close()

    def close(self) -> None:
        """Write what waits, and close all connections of this process."""
        self.writer.stop()
        self.connections.close()

    def keep(self, decision: Decision) -> Kept:
        """Keep a decision; it is on a disk when this returns. Errors: NotDurable."""
        entry = decision_entry(decision, self.sealing)
        try:
            kept: Kept = self.writer.outcome(self.writer.submit(entry), time.monotonic() + PATIENCE)
        except DatabaseAway:
            self._spooled([entry])
            return Kept(decision.id, spooled=True)
        return kept

    def keep_feedback(self, entries: tuple[FeedbackEntry, ...]) -> None:
        """Keep feedback; all of it is on a disk when this returns. Errors: NotDurable."""
        sealed = [feedback_entry(entry, self.sealing) for entry in entries]
        self._spooled(list(self._unwritten([self.writer.submit(entry) for entry in sealed])))

    def keep_refusal(self, refusal: Refusal) -> None:
        """Keep a refused call; it is on a disk when this returns. Errors: NotDurable."""
        self._spooled(list(self._unwritten([self.writer.submit(refusal_entry(refusal))])))

    def spend(self, issuer: str, token_id: str, expires_at: int, now: int) -> bool:
        """Is this the first use of a token, over all workers and restarts? Errors: NotDurable."""
        entry = token_entry(issuer, token_id, expires_at)
        token: str = entry.row["token"]
        if self._marks.has(token):
            return False
        try:
            patient = not self.connections.is_of_this_machine
            ticket = self.writer.submit(entry, now, patient=patient)
            first = bool(self.writer.outcome(ticket, time.monotonic() + (MOST_PATIENCE if patient else PATIENCE)))
        except DatabaseAway:
            return self._spent_without_writing(entry, token)
        # Another process may have left a mark while the database hesitated. It looks into the database after that,
        # as we look for the mark after writing, so one of the two sees the other.
        return first and not self._marks.has(token)

    def silences(self, patient_key: str, since: datetime) -> tuple[Silence, ...]:
        """Overrides with a reason since a moment, newest first. When the database is away there are none."""
        try:
            with self.connections.reading.connect() as connection:
                statements = statements_for(connection)
                asked = statements.row({"patient": patient_key, "since": since})
                rows = connection.exec_driver_sql(statements.silences, dict(asked)).all()
        except SQLAlchemyError:
            return ()
        return tuple(self._silences(rows))

    def _silences(self, rows: Sequence[Any]) -> Iterator[Silence]:
        for row in rows:
            try:
                facts = self.sealing.open(bytes(row.facts), row.uuid)
            except Unsealable:  # by a key that is gone, or newer than ours: the card is shown
                continue
            yield Silence(row.disease, row.rule, facts, moment(row.received_at), row.reason_code)

    def _unwritten(self, tickets: Sequence[Ticket]) -> Iterator[Entry]:
        deadline = time.monotonic() + PATIENCE
        for ticket in tickets:
            try:
                self.writer.outcome(ticket, deadline)
            except DatabaseAway:
                yield ticket.entry

    def _spooled(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        try:
            self.spool.append(entries)
        except OSError:
            raise NotDurable from None

    def _spent_without_writing(self, entry: Entry, token: str) -> bool:
        """The database can be read and not written: a mark on the disk of this machine stands in for the row.

        Nobody is let in where other machines share the database: they would not see the mark.
        """
        if not self.connections.is_of_this_machine:
            raise NotDurable
        try:
            if not self._marks.leave(token):
                return False
            with self.connections.reading.connect() as connection:
                spent = select(USED_TOKENS.c.used_by).where(USED_TOKENS.c.token == token)
                used_by = connection.execute(spent).scalar()
            if used_by is None:
                self.spool.append([entry])
        except (SQLAlchemyError, OSError):
            with contextlib.suppress(OSError):
                self._marks.take_back(token)
            raise NotDurable from None
        return used_by in (None, entry.row["used_by"])


def _begin_anew(store: Store | None) -> None:
    """In a forked process: locks that nobody holds, no thread, no connection of the parent."""
    if store is not None:
        store.connections.begin()
        store.spool.begin()
        store.writer.begin()
