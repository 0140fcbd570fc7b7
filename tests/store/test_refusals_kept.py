"""Refused calls: kept for sure, once, in a chain of their own, with nothing about a patient."""

from __future__ import annotations

import os
import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cds_service.errors import NotDurable
from cds_service.store import refusals, retention, verification
from cds_service.store.entries import entry_of, line_of, refusal_entry
from cds_service.store.reading import Filter
from cds_service.store.records import Refusal
from cds_service.store.sealing import Sealing
from cds_service.store.store import Store
from tests.store.samples import KEY, NOW, OTHER_KEY, change, decision, eventually, locked, rows


def refusal(**changes: Any) -> Refusal:
    """A call without required data."""
    made = Refusal(
        id=str(uuid.uuid4()),
        refused_at=NOW,
        kind="service",
        service="next-therapy",
        hook_instance=str(uuid.uuid4()),
        request_id="r1",
        issuer="https://ehr.example.org",
        tenant="main",
        status=412,
        fault="DataUnobtainable",
        told={"missing": ["observations"], "fetched": 2},
    )
    return replace(made, **changes)


def kept_in(store: Store, **wanted: Any) -> list[Refusal]:
    return list(refusals.refusals(store, Filter(**wanted)))


def test_what_is_kept_comes_back_in_order(store: Store) -> None:
    made = [refusal(status=status, fault=fault) for status, fault in ((412, "DataUnobtainable"), (422, "x"))]
    for one in made:
        store.keep_refusal(one)
    assert kept_in(store) == made
    assert list(refusals.latest(store, Filter(), 1)) == made[1:]
    assert refusals.number_of(store, Filter()) == 2


def test_they_are_found_by_client_and_time(store: Store) -> None:
    ours, others, later = refusal(), refusal(issuer="https://other.example.org"), refusal(refused_at=NOW + timedelta(1))
    for one in (ours, others, later):
        store.keep_refusal(one)
    assert kept_in(store, issuer="https://other.example.org") == [others]
    assert kept_in(store, since=NOW + timedelta(hours=1)) == [later]
    assert kept_in(store, until=NOW + timedelta(hours=1)) == [ours, others]


def test_an_entry_survives_the_spool() -> None:
    entry = refusal_entry(refusal())
    assert entry_of(line_of(entry)) == entry


class TestWhileTheDatabaseIsAway:
    def test_they_wait_in_the_spool_and_come_in_once(self, sqlite_url: str, sqlite_store: Store) -> None:
        made = [refusal() for _ in range(5)]
        with locked(sqlite_url):
            for one in made:
                sqlite_store.keep_refusal(one)
            assert kept_in(sqlite_store) == []
        assert eventually(lambda: not sqlite_store.spool.waiting())
        assert {one.id for one in kept_in(sqlite_store)} == {one.id for one in made}
        assert refusals.verify(sqlite_store).whole

    def test_a_line_that_comes_in_twice_is_one_record(self, sqlite_store: Store) -> None:
        made = refusal()
        sqlite_store.keep_refusal(made)
        sqlite_store.spool.append([refusal_entry(made), refusal_entry(refusal())])
        sqlite_store.keep(decision())
        assert eventually(lambda: not sqlite_store.spool.waiting())
        assert len(kept_in(sqlite_store)) == 2

    def test_what_can_be_kept_nowhere_is_said(self, sqlite_url: str, tmp_path: Path) -> None:
        (tmp_path / "taken").write_text("a file where the folder should be")
        store = Store(sqlite_url, Sealing([KEY]), tmp_path / "taken")
        with locked(sqlite_url), pytest.raises(NotDurable):
            store.keep_refusal(refusal())
        store.close()


@pytest.mark.parametrize(
    ("done", "statement", "said"),
    [
        ("the first is deleted", "DELETE FROM refusals WHERE seq = 1", "refused call 1"),
        ("one in the middle is deleted", "DELETE FROM refusals WHERE seq = 3", "refused call 3"),
        ("the last is deleted", "DELETE FROM refusals WHERE seq = 5", "missing at the end"),
        ("all are deleted", "DELETE FROM refusals", "missing at the end"),
        ("a status is altered", "UPDATE refusals SET status = 400 WHERE seq = 2", "refused call 2"),
        ("a client is altered", "UPDATE refusals SET issuer = 'x' WHERE seq = 2", "refused call 2"),
        ("a reason is altered", "UPDATE refusals SET told = '{}' WHERE seq = 4", "refused call 4"),
        ("a moment is altered", "UPDATE refusals SET refused_at = '2020-01-01 00:00:00.000000'", "refused call 1"),
        ("the end is gone", "DELETE FROM chain_head WHERE id = 2", "missing at the end"),
        (
            "the end is moved back",
            "UPDATE chain_head SET seq = 4, hash = (SELECT mark FROM refusals WHERE seq = 4) WHERE id = 2",
            "missing at the end",
        ),
        ("the end is unsigned", "UPDATE chain_head SET mark = '' WHERE id = 2", "not written by this service"),
    ],
)
def test_whatever_is_altered_or_taken_out_is_found(store: Store, done: str, statement: str, said: str) -> None:
    for _ in range(5):
        store.keep_refusal(refusal())
    assert refusals.verify(store) == verification.ChainReport(5, 0)
    assert change(store, statement)
    assert said in refusals.verify(store).fault, done


def test_the_last_one_deleted_and_the_end_moved_back_is_found(store: Store) -> None:
    """Whoever may write into the database can do both. The mark of the end they cannot make."""
    for _ in range(3):
        store.keep_refusal(refusal())
    change(store, "DELETE FROM refusals WHERE seq = 3")
    change(store, "UPDATE chain_head SET seq = 2, hash = (SELECT mark FROM refusals WHERE seq = 2) WHERE id = 2")
    assert "the end was not written by this service" in refusals.verify(store).fault


def test_a_change_of_keys_leaves_the_chain_whole(sqlite_url: str, sqlite_store: Store, tmp_path: Path) -> None:
    sqlite_store.keep_refusal(refusal())
    sqlite_store.close()
    store = Store(sqlite_url, Sealing([OTHER_KEY, KEY]), tmp_path / "spool")
    store.keep_refusal(refusal())
    assert refusals.verify(store) == verification.ChainReport(2, 0)
    store.close()


def test_retention_leaves_them_and_both_chains_whole(store: Store) -> None:
    store.keep(decision())
    store.keep_refusal(refusal())
    retention.erase(store, NOW + timedelta(days=1), NOW + timedelta(days=1))
    assert len(kept_in(store)) == 1
    assert verification.verify(store).whole
    assert refusals.verify(store).whole


def test_they_do_not_touch_the_chain_of_decisions(store: Store) -> None:
    store.keep(decision())
    before = rows(store, "SELECT * FROM chain_head WHERE id = 1")
    store.keep_refusal(refusal())
    assert rows(store, "SELECT * FROM chain_head WHERE id = 1") == before


def test_many_threads_and_processes_make_one_chain(store: Store, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    others = [Store(store.connections.url, Sealing([KEY]), tmp_path / f"spool{os.urandom(2).hex()}") for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: (*others, store)[number % 3].keep_refusal(refusal()), range(60)))
    for one in others:
        assert eventually(lambda one=one: not one.spool.waiting())  # type: ignore[misc]
        one.close()
    assert eventually(lambda: not store.spool.waiting())
    assert refusals.verify(store) == verification.ChainReport(60, 0)
