"""Visits of the SMART app: sealed rows that every worker and machine sees, and that are gone when they end.

They are written past the writer: a launch is rare, has no place in the chain, and may simply fail when the database is
away. What is kept of the course that was shown is a decision like any other.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import Executable, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from cds_service.errors import NotDurable
from cds_service.store.sealing import Unsealable
from cds_service.store.store import Store
from cds_service.store.tables import SESSIONS

PATIENCE = 1.5
"""Seconds for which a locked database is tried again."""
_PAUSE = 0.05
_CLOSE_ENOUGH = 30
"""Seconds by which the end of idleness may be off: a page that is looked at again is not written again at once."""


class Sessions:
    """The visits in the database of a store. Moments are seconds of the clock of the day."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def seal(self, plain: bytes, name: str) -> bytes:
        """Sealed under a name, for a cookie."""
        return self._store.sealing.seal(plain, name)

    def unseal(self, sealed: bytes, name: str) -> bytes | None:
        """What was sealed under that name; None when it was not, or was altered."""
        try:
            return self._store.sealing.open(sealed, name)
        except Unsealable:
            return None

    def spend(self, issuer: str, token_id: str, expires_at: int, now: int) -> bool:
        """Is this the first use, over all workers and restarts? Errors: NotDurable."""
        return self._store.spend(issuer, token_id, expires_at, now)

    def begin(self, key: str, content: bytes, ends_at: int, idle_at: int, now: int) -> None:
        """Hold a visit, and forget those that have ended. Errors: NotDurable."""
        sealed = self.seal(content, _name(key))
        ended = (SESSIONS.c.ends_at <= now) | (SESSIONS.c.idle_at <= now)
        row = {"key": key, "content": sealed, "ends_at": ends_at, "idle_at": idle_at}
        self._write(delete(SESSIONS).where(ended), insert(SESSIONS).values(row))

    def find(self, key: str, now: int, idle_at: int) -> bytes | None:
        """The content of a visit that has not ended; from now on it is idle at `idle_at`. Errors: NotDurable."""
        asked = select(SESSIONS).where(SESSIONS.c.key == key, SESSIONS.c.ends_at > now, SESSIONS.c.idle_at > now)
        try:
            with self._store.connections.reading.connect() as connection:
                row = connection.execute(asked).first()
        except SQLAlchemyError:
            raise NotDurable from None
        if row is None:
            return None
        if row.idle_at < idle_at - _CLOSE_ENOUGH:
            self._write(update(SESSIONS).where(SESSIONS.c.key == key).values(idle_at=idle_at))
        return self.unseal(bytes(row.content), _name(key))

    def end(self, key: str) -> None:
        """The visit is over, at once and everywhere. Errors: NotDurable."""
        self._write(delete(SESSIONS).where(SESSIONS.c.key == key))

    def _write(self, *statements: Executable) -> None:
        """One transaction, tried again while others hold the lock. Errors: NotDurable."""
        deadline = time.monotonic() + PATIENCE
        while not self._written(statements):
            if time.monotonic() >= deadline:
                raise NotDurable
            time.sleep(_PAUSE)

    def _written(self, statements: Sequence[Executable]) -> bool:
        try:
            with self._store.connections.writing.begin() as connection:
                for statement in statements:
                    connection.execute(statement)
        except SQLAlchemyError:
            return False
        return True


def _name(key: str) -> str:
    return f"smart visit {key}"
