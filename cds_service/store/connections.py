"""Connections to SQLite or PostgreSQL, opened anew in every process: a connection must not survive a fork."""

from __future__ import annotations

import os
import threading
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from cds_service.errors import ConfigurationFault

LOCK_WAIT = 0.15
CONNECT_SECONDS = 2


class Connections:
    """Two engines of one database: one for transactions that write, one for single reads."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._of_process: tuple[int, Engine, Engine] | None = None
        self._lock = threading.Lock()

    @property
    def writing(self) -> Engine:
        """For transactions. On SQLite each begins with the lock, so that nobody has to give up half-way."""
        return self._opened()[0]

    @property
    def reading(self) -> Engine:
        """For reads, each on its own."""
        return self._opened()[1]

    def close(self) -> None:
        """Close all connections of this process."""
        with self._lock:
            if self._of_process is not None and self._of_process[0] == os.getpid():
                for engine in self._of_process[1:]:
                    engine.dispose()
            self._of_process = None

    def _opened(self) -> tuple[Engine, Engine]:
        with self._lock:
            if self._of_process is None or self._of_process[0] != os.getpid():
                self._of_process = os.getpid(), opened(self.url), opened(self.url, autocommit=True)
            return self._of_process[1:]


def opened(url: str, *, autocommit: bool = False) -> Engine:
    """An engine for the URL. Errors: ConfigurationFault for a URL or a driver that cannot be used."""
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        backend = parsed.get_backend_name()
        if backend == "sqlite":
            engine = create_engine(parsed, connect_args={"timeout": LOCK_WAIT, "check_same_thread": False})
            _tune_sqlite(engine, begins=not autocommit)
            return engine
        if backend == "postgresql":
            options = f"-c lock_timeout={int(LOCK_WAIT * 1000)} -c statement_timeout=5000"
            arguments = {"connect_timeout": CONNECT_SECONDS, "options": options}
            level: dict[str, Any] = {"isolation_level": "AUTOCOMMIT"} if autocommit else {}
            return create_engine(parsed, connect_args=arguments, pool_pre_ping=True, pool_size=4, **level)
    except (ArgumentError, ImportError, ModuleNotFoundError) as error:
        raise ConfigurationFault(f"CDS_DATABASE_URL: cannot be used ({type(error).__name__})") from None
    raise ConfigurationFault("CDS_DATABASE_URL: SQLite and PostgreSQL are supported")


def _tune_sqlite(engine: Engine, *, begins: bool) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    if begins:

        @event.listens_for(engine, "begin")
        def _begun(connection: Any) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
