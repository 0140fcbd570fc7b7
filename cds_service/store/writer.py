"""One writing thread for each process: whatever waits shares one transaction, and so one trip to the disk."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete

from cds_service.store.connections import Connections
from cds_service.store.draining import Drain
from cds_service.store.entries import Entry
from cds_service.store.faults import NotStorable, is_of_entry, name_of
from cds_service.store.sealing import Sealing
from cds_service.store.spool import Marks, Spool
from cds_service.store.tables import USED_TOKENS
from cds_service.store.waiting import DatabaseAway, Queue, Ticket
from cds_service.store.writing import write_all

PATIENCE = 0.3
"""Seconds that a call waits for the database before it takes the spool."""
MOST_PATIENCE = 1.0
"""Seconds that it waits where nothing can stand in for the database."""
MOST_TOGETHER = 200
LINGER_SECONDS = 0.0005
"""How long a transaction waits when the last one had more to write: a trip to the disk takes longer."""
REST_SECONDS = 0.5
LOOK_SECONDS = 1.0
TIDY_SECONDS = 60.0
_MARKS_KEPT = 3 * 3600
# The clocks of the machines that share the database may differ by so much.
_CLOCKS_APART = 300

_log = logging.getLogger("cds_service.store")


class FileMoved(Exception):  # noqa: N818 - the house word
    """The SQLite file that was written is not the one at its place any more."""


class Writer:
    """Takes entries from all threads of the process."""

    def __init__(self, connections: Connections, sealing: Sealing, spool: Spool, marks: Marks) -> None:
        self._connections, self._sealing, self._marks = connections, sealing, marks
        self._drain = Drain(spool, self._written)
        self._latest_second = 0
        self.begin()

    def begin(self) -> None:
        """For a process that was forked: it has none of the parent's threads, and perhaps a lock that one held."""
        self._queue = Queue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._away_until, self._writing_since = 0.0, float("inf")
        self._look_at, self._tidy_at = 0.0, 0.0
        self._crowd = 0
        self._drain.begin()

    def stop(self) -> None:
        """End the thread once everything that waits is written; whoever comes after that begins a new one."""
        with self._starting:
            thread, self._thread = self._thread, None
        self._queue.wake()
        if thread is not None:
            thread.join()

    def submit(self, entry: Entry, second: int = 0, *, patient: bool = False) -> Ticket:
        """Hand over an entry. Its outcome is DatabaseAway when the database does not take it.

        `second` is the time of day, for whoever tidies up. A `patient` one waits behind a transaction that takes long.
        """
        ticket = Ticket(entry)
        if second > self._latest_second:
            self._latest_second = second
        if self.has_failed if patient else self.is_away:
            ticket.give(DatabaseAway())
            return ticket
        self._queue.put(ticket)
        if self._thread is None:
            self._start()
        return ticket

    def outcome(self, ticket: Ticket, deadline: float) -> Any:
        """What became of an entry by a moment of the monotonic clock.

        Errors: DatabaseAway, also when it takes too long; then it is written only if that has begun.
        """
        if not ticket.wait(deadline - time.monotonic()):
            self._queue.withdraw(ticket)
            raise DatabaseAway
        return ticket.outcome()

    @property
    def has_failed(self) -> bool:
        """Did the database fail a moment ago?"""
        return time.monotonic() < self._away_until

    @property
    def is_away(self) -> bool:
        """Did the database fail a moment ago, or is it not coming back from a transaction?"""
        now = time.monotonic()
        return now < self._away_until or now - self._writing_since > PATIENCE

    def forget_tokens(self, now: int) -> None:
        """Forget tokens that have expired, on every clock. Errors: SQLAlchemyError."""
        with self._connections.writing.begin() as connection:
            connection.execute(delete(USED_TOKENS).where(USED_TOKENS.c.expires_at < now - _CLOCKS_APART))
        self._marks.forget(now - _MARKS_KEPT)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            pause = max(self._look_at, self._away_until) - time.monotonic()
            is_wanted = self._thread is threading.current_thread()
            tickets = self._queue.take(MOST_TOGETHER, pause if is_wanted else 0)
            if tickets and self._crowd > len(tickets):
                time.sleep(LINGER_SECONDS)  # those who were answered just now come again
                tickets += self._queue.take(MOST_TOGETHER - len(tickets), 0)
            self._crowd = len(tickets)
            if not tickets and not is_wanted:
                return
            self._write(tickets)
            self._be_useful()

    def _write(self, tickets: Sequence[Ticket]) -> None:
        if not tickets:
            return
        try:
            results = self._written([ticket.entry for ticket in tickets])
        except NotStorable as error:
            self._write_each(tickets, error)
        except Exception as error:  # whatever went wrong, those who wait must hear of it
            self._rest(error)
            for ticket in tickets:
                ticket.give(DatabaseAway())
        else:
            for ticket, result in zip(tickets, results, strict=True):
                ticket.give(result)

    def _write_each(self, tickets: Sequence[Ticket], error: NotStorable) -> None:
        """One of them is at fault, and not the others."""
        if len(tickets) > 1:
            for ticket in tickets:
                self._write([ticket])
            return
        _log.error("entry_refused: %s %s", tickets[0].entry.kind, error)
        tickets[0].give(DatabaseAway())

    def _written(self, entries: Sequence[Entry], *, late: bool = False) -> list[Any]:
        self._writing_since = time.monotonic()
        try:
            with self._connections.writing.begin() as connection:
                results = write_all(connection, entries, self._sealing, late=late)
            if not self._connections.is_in_place():
                raise FileMoved
        except Exception as error:
            if is_of_entry(error):
                raise NotStorable(name_of(error)) from None
            raise
        finally:
            self._writing_since = float("inf")
        return results

    def _be_useful(self) -> None:
        """Drain some of the spool, and forget tokens that have expired. Nobody waits longer for that than a moment."""
        now = time.monotonic()
        if now < max(self._look_at, self._away_until):
            return
        self._look_at = now + LOOK_SECONDS
        try:
            if now >= self._tidy_at and self._latest_second:
                self._tidy_at = now + TIDY_SECONDS
                self.forget_tokens(self._latest_second)
            self._drain.some()
            if self._drain.goes_on:
                self._look_at = now
        except OSError as error:  # of the disk with the spool; the database is not to blame
            _log.warning("spool_not_drained: %s", type(error).__name__)
        except Exception as error:  # the thread must live on
            self._rest(error)

    def _rest(self, error: Exception) -> None:
        self._away_until = time.monotonic() + REST_SECONDS
        if not self._connections.is_in_place():
            self._connections.close()
        _log.warning("database_away: %s", name_of(error))
