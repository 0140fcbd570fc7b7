"""A store that was opened before a fork: the child has connections of its own, and the parent keeps its own."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable

import pytest

from cds_service.store import reading, verification
from cds_service.store.reading import Filter
from cds_service.store.store import Store
from tests.store.samples import SECOND, decision, eventually, locked

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def in_a_child(work: Callable[[], bool]) -> bool:
    """Does it work in a forked process?"""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if work() else 2
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_parent_and_children_write_into_one_chain(store: Store) -> None:
    store.keep(decision())
    assert store.spend("iss", "token", SECOND + 60, SECOND)
    for _ in range(3):
        assert in_a_child(lambda: eventually(lambda: not store.keep(decision()).spooled))
        assert in_a_child(lambda: not store.spend("iss", "token", SECOND + 60, SECOND))
        assert eventually(lambda: not store.keep(decision()).spooled)
    assert eventually(lambda: not store.spool.waiting())
    report = verification.verify(store)
    assert (report.whole, report.rows >= 7) == (True, True)


def test_a_fork_while_the_parent_writes(store: Store) -> None:
    from threading import Event, Thread

    ended = Event()

    def write() -> None:
        while not ended.is_set():
            store.keep(decision())

    threads = [Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        assert all(in_a_child(lambda: bool(store.keep(decision()))) for _ in range(5))
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert eventually(lambda: not store.spool.waiting())
    assert verification.verify(store).whole


def test_what_the_parent_was_draining_stays_the_parents(sqlite_url: str, sqlite_store: Store) -> None:
    with locked(sqlite_url):
        made = [decision() for _ in range(5)]
        for one in made:
            sqlite_store.keep(one)
        assert in_a_child(lambda: sqlite_store.keep(decision()).spooled)
    assert eventually(lambda: not sqlite_store.spool.waiting())
    assert len(list(reading.decisions(sqlite_store, Filter()))) == 6
