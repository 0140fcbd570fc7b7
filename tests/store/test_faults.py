"""Whose fault it is when something is not written: what waits for the database, and what no waiting can mend."""

from __future__ import annotations

import logging
import sqlite3
from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError, ProgrammingError

from cds_service.store.entries import Entry, feedback_entry
from cds_service.store.faults import is_of_entry, name_of
from cds_service.store.sealing import Sealing
from cds_service.store.store import Store
from tests.store.samples import KEY, decision, eventually, feedback, rows

CLOSED = sqlite3.ProgrammingError("Cannot operate on a closed database.")
LACKING = sqlite3.ProgrammingError("You did not supply a value for binding parameter :mark.")
FAULTS = {
    "a closed connection": (CLOSED, False),
    "the same, told by SQLAlchemy": (ProgrammingError("", {}, CLOSED), False),
    "a value that is missing": (LACKING, True),
    "the same, told by SQLAlchemy ": (ProgrammingError("", {}, LACKING), True),
    "a locked database": (OperationalError("", {}, sqlite3.OperationalError("database is locked")), False),
    "a row that is not told": (KeyError("mark"), True),
    "a full disk": (sqlite3.OperationalError("database or disk is full"), False),
    "the file was moved": (RuntimeError(), False),
}


@pytest.mark.parametrize(("error", "ours"), FAULTS.values(), ids=FAULTS.keys())
def test_whose_fault_it_is(error: Exception, ours: bool) -> None:
    assert is_of_entry(error) is ours


def test_the_log_names_a_misuse_and_no_other_message() -> None:
    assert name_of(CLOSED) == "ProgrammingError (Cannot operate on a closed database.)"
    assert name_of(OperationalError("", {}, sqlite3.OperationalError("canary"))) == "OperationalError"


def test_a_connection_that_somebody_closed_is_replaced_and_nothing_is_lost(
    sqlite_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    made = [decision() for _ in range(4)]
    sqlite_store.keep(made[0])
    with sqlite_store.connections.writing.connect() as connection:
        held = connection.connection.driver_connection
    assert held is not None
    held.close()
    with caplog.at_level(logging.WARNING):
        for one in made[1:]:
            sqlite_store.keep(one)
    assert eventually(lambda: not sqlite_store.spool.waiting())
    assert {row[0] for row in rows(sqlite_store, "SELECT id FROM decisions")} == {one.id for one in made}
    assert "closed database" in caplog.text


def test_a_line_of_another_release_does_not_hold_up_the_others(sqlite_store: Store) -> None:
    """A spool that was left by a release whose rows had other columns."""
    whole = feedback_entry(feedback("card"), Sealing([KEY]))
    other = replace(whole, row={name: value for name, value in whole.row.items() if name != "comment_cut"})
    assert isinstance(other, Entry)
    kept = decision()
    sqlite_store.spool.append([other])
    sqlite_store.keep(kept)
    assert eventually(lambda: not sqlite_store.spool.waiting())
    assert sqlite_store.spool.sizes()[1] > 0, "the line was put aside for somebody to look at"
    assert not sqlite_store.keep(decision()).spooled
    assert rows(sqlite_store, "SELECT count(*) FROM feedback") == [(0,)]
