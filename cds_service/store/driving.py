"""Statements of a transaction, past SQLAlchemy where that is safe: its care for each costs more than SQLite's work.

SQLAlchemy opens, begins, commits and closes. PostgreSQL keeps its path: there a broken connection must be noticed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection

Values = Mapping[str, Any]


class Driver(Protocol):
    """Runs the texts of `statements.py` within a transaction. Errors: those of the driver, or SQLAlchemy's."""

    def rows(self, statement: str, values: Values | None = None) -> Sequence[Any]:
        """All rows, their values in order."""

    def run(self, statement: str, values: Values | Sequence[Values]) -> int:
        """Run it, once for each of several; how many rows it touched."""


class _Sqlite:
    def __init__(self, connection: Connection) -> None:
        self._cursor: Any = connection.connection.cursor()

    def rows(self, statement: str, values: Values | None = None) -> Sequence[Any]:
        found: Sequence[Any] = self._cursor.execute(statement, values or {}).fetchall()
        return found

    def run(self, statement: str, values: Values | Sequence[Values]) -> int:
        run = self._cursor.execute if isinstance(values, Mapping) else self._cursor.executemany
        return int(run(statement, values).rowcount)


class _Any:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rows(self, statement: str, values: Values | None = None) -> Sequence[Any]:
        return self._connection.exec_driver_sql(statement, dict(values) if values else None).all()

    def run(self, statement: str, values: Values | Sequence[Values]) -> int:
        given: Any = dict(values) if isinstance(values, Mapping) else list(values)
        return int(self._connection.exec_driver_sql(statement, given).rowcount)


def driver_of(connection: Connection) -> Driver:
    """How the connection of a transaction is driven."""
    return _Sqlite(connection) if connection.dialect.name == "sqlite" else _Any(connection)
