"""Whose fault it is when something is not written: the database's, which may come back, or the entry's, which stays."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DataError, InterfaceError, ProgrammingError


class NotStorable(Exception):  # noqa: N818 - the house word
    """The entry is at fault, and not the database: waiting does not help. Its message is the kind of error."""


_OF_ENTRY = (DataError, sqlite3.DataError, ValueError, TypeError, KeyError)
_OF_EITHER = (ProgrammingError, InterfaceError, sqlite3.ProgrammingError, sqlite3.InterfaceError)
"""A value that a statement lacks, but also a connection that somebody closed, or a table that is not there."""


def is_of_entry(error: Exception) -> bool:
    """Would the same entry fail again, on any connection?"""
    if isinstance(error, _OF_ENTRY):
        return True
    if not isinstance(error, _OF_EITHER):
        return False
    root = getattr(error, "orig", None) or error
    if isinstance(root, sqlite3.Error):
        return "closed" not in str(root)
    return getattr(root, "sqlstate", None) is None and "closed" not in str(root)


def name_of(error: Exception) -> str:
    """What the log may say: the kind. SQLite's words about a misuse name parameters and never hold what was given."""
    root = getattr(error, "orig", None) or error
    kind = type(error).__name__
    return f"{kind} ({root})" if isinstance(root, sqlite3.ProgrammingError) else kind
