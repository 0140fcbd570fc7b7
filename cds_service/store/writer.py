"""One writing thread for each process: whatever waits shares one transaction, and so one trip to the disk."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import DataError

from cds_service.store.connections import Connections
from cds_service.store.draining import Drain
from cds_service.store.entries import Entry
from cds_service.store.sealing import Sealing
from cds_service.store.spool import Marks, Spool
from cds_service.store.tables import USED_TOKENS
from cds_service.store.writing import write_all

PATIENCE = 0.3
"""Seconds that a call waits for the database before it takes the spool."""
MOST_TOGETHER = 200
REST_SECONDS = 0.5
LOOK_SECONDS = 1.0
TIDY_SECONDS = 60.0
_MARKS_KEPT = 3 * 3600
# The clocks of the machines that share the database may differ by so much.
_CLOCKS_APART = 300
# The entry is at fault, and not the database: waiting does not help.
_NOT_STORABLE = (DataError, ValueError, TypeError, KeyError)

_log = logging.getLogger("cds_service.store")
_Waiting = tuple[Entry, "Future[Any]"]


class DatabaseAway(Exception):  # noqa: N818 - the house word
    """The database did not take the entry. It may still do so, when the wait was given up."""


class FileMoved(Exception):  # noqa: N818 - the house word
    """The SQLite file that was written is not the one at its place any more."""


class Writer:
    """Takes entries from all threads of the process."""

    def __init__(self, connections: Connections, sealing: Sealing, spool: Spool, marks: Marks) -> None:
        self._connections, self._sealing, self._marks = connections, sealing, marks
        self._drain = Drain(spool, self._written, _NOT_STORABLE)
        self._latest_second = 0
        self.begin()

    def begin(self) -> None:
        """For a process that was forked: it has none of the parent's threads, and perhaps a lock that one held."""
        self._condition = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._thread: threading.Thread | None = None
        self._away_until, self._writing_since = 0.0, float("inf")
        self._look_at, self._tidy_at = 0.0, 0.0
        self._drain.begin()

    def stop(self) -> None:
        """End the thread once everything that waits is written; whoever comes after that begins a new one."""
        with self._condition:
            thread, self._thread = self._thread, None
            self._condition.notify()
        if thread is not None:
            thread.join()

    def submit(self, entry: Entry, second: int = 0) -> Future[Any]:
        """Hand over an entry. Its future fails with DatabaseAway when the database does not take it.

        `second` is the time of day, for whoever tidies up.
        """
        future: Future[Any] = Future()
        with self._condition:
            self._latest_second = max(second, self._latest_second)
            if self.is_away:
                future.set_exception(DatabaseAway())
                return future
            self._waiting.append((entry, future))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
                self._thread.start()
            self._condition.notify()
        return future

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

    def _run(self) -> None:
        while True:
            with self._condition:
                if not self._waiting and self._thread is not threading.current_thread():
                    return
                pause = max(self._look_at, self._away_until) - time.monotonic()
                if not self._waiting and pause > 0:
                    self._condition.wait(pause)
                batch, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            # Whoever has given up in the meantime is not written: the spool has it.
            self._write([one for one in batch if one[1].set_running_or_notify_cancel()])
            self._be_useful()

    def _write(self, batch: Sequence[_Waiting]) -> None:
        if not batch:
            return
        try:
            results = self._written([entry for entry, _ in batch])
        except _NOT_STORABLE as error:
            self._write_each(batch, error)
        except Exception as error:  # whatever went wrong, those who wait must hear of it
            self._rest(error)
            for _, future in batch:
                future.set_exception(DatabaseAway())
        else:
            for (_, future), result in zip(batch, results, strict=True):
                future.set_result(result)

    def _write_each(self, batch: Sequence[_Waiting], error: Exception) -> None:
        """One of them is at fault, and not the others."""
        if len(batch) > 1:
            for one in batch:
                self._write([one])
            return
        _log.error("entry_refused: %s %s", batch[0][0].kind, type(error).__name__)
        batch[0][1].set_exception(DatabaseAway())

    def _written(self, entries: Sequence[Entry], *, late: bool = False) -> list[Any]:
        self._writing_since = time.monotonic()
        try:
            with self._connections.writing.begin() as connection:
                results = write_all(connection, entries, self._sealing, late=late)
            if not self._connections.is_in_place():
                raise FileMoved
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
        # The type only: a database's message may quote what it was given.
        _log.warning("database_away: %s", type(error).__name__)
