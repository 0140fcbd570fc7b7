"""One writing thread for each process: whatever waits shares one transaction, and so one trip to the disk."""

from __future__ import annotations

import logging
import os
import threading
import time
from concurrent.futures import Future
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError

from cds_service.store.connections import Connections
from cds_service.store.entries import Entry
from cds_service.store.spool import Spool
from cds_service.store.tables import USED_TOKENS
from cds_service.store.writing import write_all

MOST_TOGETHER = 200
REST_SECONDS = 0.5
IDLE_SECONDS = 1.0
TIDY_SECONDS = 60.0

_log = logging.getLogger("cds_service.store")


class DatabaseAway(Exception):  # noqa: N818 - the house word
    """The database did not take the entries. Nothing of them is in it."""


class Writer:
    """Takes entries from all threads of the process."""

    def __init__(self, connections: Connections, spool: Spool) -> None:
        self._connections, self._spool = connections, spool
        self._condition = threading.Condition()
        self._waiting: list[tuple[Entry, Future[Any]]] = []
        self._process = 0
        self._away_until = 0.0
        self._tidy_at = 0.0
        self._latest_second = 0

    def submit(self, entry: Entry, second: int = 0) -> Future[Any]:
        """Hand over an entry. Its future fails with DatabaseAway when the database does not take it.

        `second` is the time of day, for whoever tidies up.
        """
        future: Future[Any] = Future()
        with self._condition:
            self._latest_second = max(second, self._latest_second)
            if time.monotonic() < self._away_until:
                future.set_exception(DatabaseAway())
                return future
            if self._process != os.getpid():
                self._process, self._waiting = os.getpid(), []
                threading.Thread(target=self._run, name="store-writer", daemon=True).start()
            self._waiting.append((entry, future))
            self._condition.notify()
        return future

    @property
    def is_away(self) -> bool:
        """Did the database fail a moment ago?"""
        return time.monotonic() < self._away_until

    def _run(self) -> None:
        while True:
            with self._condition:
                if not self._waiting:
                    self._condition.wait(IDLE_SECONDS)
                batch, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            if batch:
                self._write(batch)
            elif not self.is_away:
                self._be_useful()

    def _write(self, batch: list[tuple[Entry, Future[Any]]]) -> None:
        try:
            with self._connections.writing.begin() as connection:
                results = write_all(connection, [entry for entry, _ in batch])
        except Exception as error:  # whatever went wrong, those who wait must hear of it
            self._rest(error)
            for _, future in batch:
                future.set_exception(DatabaseAway())
            return
        for (_, future), result in zip(batch, results, strict=True):
            future.set_result(result)

    def _be_useful(self) -> None:
        """Drain the spool, and forget tokens that have expired."""
        try:
            if self._spool.waiting():
                with self._spool.taken() as entries, self._connections.writing.begin() as connection:
                    write_all(connection, entries)
            if time.monotonic() >= self._tidy_at and self._latest_second:
                self._tidy_at = time.monotonic() + TIDY_SECONDS
                with self._connections.writing.begin() as connection:
                    connection.execute(delete(USED_TOKENS).where(USED_TOKENS.c.expires_at < self._latest_second))
                self._spool.forget_marks(self._latest_second - 3 * 3600)
        except (SQLAlchemyError, OSError) as error:
            self._rest(error)

    def _rest(self, error: Exception) -> None:
        self._away_until = time.monotonic() + REST_SECONDS
        # The type only: a database's message may quote what it was given.
        _log.warning("database_away: %s", type(error).__name__)
