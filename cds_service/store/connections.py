"""Connections to SQLite or PostgreSQL, opened anew in every process: a connection must not survive a fork."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from cds_service.errors import ConfigurationFault

LOCK_WAIT = 0.15
UPKEEP_SECONDS = 30
CONNECT_SECONDS = 2
_STATEMENT_SECONDS = 5
# A network that swallows packets is noticed within seconds, not within the quarter of an hour that TCP takes.
_KEEPALIVE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 5000}
_ABANDONED: list[Any] = []
"""Engines of a parent process. Collecting them as garbage would close its connections under its feet."""


class Connections:
    """Two engines of one database: one for transactions that write, one for single reads."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._file = sqlite_file(url)
        self._opened_file: tuple[int, int] | None = None
        self._engines: tuple[Engine, Engine] | None = None
        self.begin()

    def begin(self) -> None:
        """For a process that was forked: the connections of its parent are the parent's."""
        _ABANDONED.append(self._engines)
        self._engines = None
        self._lock = threading.Lock()

    @property
    def writing(self) -> Engine:
        """For transactions. On SQLite each begins with the lock, so that nobody has to give up half-way."""
        return self._opened()[0]

    @property
    def reading(self) -> Engine:
        """For reads, each on its own."""
        return self._opened()[1]

    @property
    def is_of_this_machine(self) -> bool:
        """Is it a file? Then every process that uses it sees the same spool folder, too."""
        return self._file is not None

    def is_in_place(self) -> bool:
        """Is the SQLite file still the one that was opened? What is written to a file that was moved away is lost."""
        return self._file is None or self._opened_file == _identity(self._file)

    def close(self) -> None:
        """Close all connections of this process."""
        with self._lock:
            for engine in self._engines or ():
                engine.dispose()
            self._engines = None

    def _opened(self) -> tuple[Engine, Engine]:
        with self._lock:
            if self._engines is None:
                self._opened_file = None if self._file is None else _identity(self._file)
                self._engines = opened(self.url), opened(self.url, autocommit=True)
            return self._engines


def opened(url: str, *, autocommit: bool = False, for_upkeep: bool = False) -> Engine:
    """An engine for the URL. `for_upkeep`: it waits for others as long as it takes, and makes an SQLite file.

    Errors: ConfigurationFault for a URL or a driver that cannot be used.
    """
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        backend = parsed.get_backend_name()
        if backend == "sqlite":
            return _sqlite(parsed, autocommit=autocommit, for_upkeep=for_upkeep)
        if backend == "postgresql":
            return _postgresql(parsed, autocommit=autocommit, for_upkeep=for_upkeep)
    except (ArgumentError, ImportError) as error:
        raise ConfigurationFault(f"CDS_DATABASE_URL: cannot be used ({type(error).__name__})") from None
    raise ConfigurationFault("CDS_DATABASE_URL: SQLite and PostgreSQL are supported")


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite URL; None for a database that is no file."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return None
    named = parsed.database if parsed.get_backend_name() == "sqlite" else None
    return Path(named) if named and named != ":memory:" else None


def _sqlite(url: URL, *, autocommit: bool, for_upkeep: bool) -> Engine:
    if not url.database or url.database == ":memory:":
        raise ConfigurationFault("CDS_DATABASE_URL: SQLite needs a file, or nothing would be kept")
    query = {"mode": "rwc" if for_upkeep else "rw", "uri": "true"}
    file = url.set(database=f"file:{quote(url.database)}", query=query)
    wait = UPKEEP_SECONDS if for_upkeep else LOCK_WAIT
    engine = create_engine(file, connect_args={"timeout": wait, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        # secure_delete: what retention erases is overwritten, not only forgotten.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    if not autocommit:

        @event.listens_for(engine, "begin")
        def _begun(connection: Any) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _postgresql(url: URL, *, autocommit: bool, for_upkeep: bool) -> Engine:
    waits = {"lock_timeout": int(LOCK_WAIT * 1000), "statement_timeout": _STATEMENT_SECONDS * 1000}
    if for_upkeep:
        waits = {"lock_timeout": UPKEEP_SECONDS * 1000, "statement_timeout": 0}
    options = " ".join(f"-c {name}={value}" for name, value in waits.items())
    arguments = {"connect_timeout": CONNECT_SECONDS, "options": options, **_KEEPALIVE}
    level: dict[str, Any] = {"isolation_level": "AUTOCOMMIT"} if autocommit else {}
    return create_engine(url, connect_args=arguments, pool_pre_ping=True, pool_size=4, **level)


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
