"""A token is used once: over threads, processes and restarts, and while the database does not answer."""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from cds_service.errors import NotDurable
from cds_service.store.connections import opened
from cds_service.store.sealing import Sealing
from cds_service.store.spool import Marks
from cds_service.store.store import Store
from tests.store.databases import database
from tests.store.samples import KEY, SECOND, change, eventually, locked, rows

ISSUER = "https://ehr.example.org"
EXPIRES = SECOND + 300
PROCESSES, THREADS, RACES = 2, 10, 15


def test_the_first_use_is_one_and_no_other(store: Store) -> None:
    assert [store.spend(ISSUER, "token-1", EXPIRES, SECOND) for _ in range(3)] == [True, False, False]
    assert store.spend(ISSUER, "token-2", EXPIRES, SECOND)
    assert store.spend("https://other.example.org", "token-1", EXPIRES, SECOND)


def test_a_restart_forgets_nothing(store: Store, tmp_path: Path) -> None:
    assert store.spend(ISSUER, "token-1", EXPIRES, SECOND)
    store.close()
    again = Store(store.connections.url, Sealing([KEY]), tmp_path / "spool")
    assert not again.spend(ISSUER, "token-1", EXPIRES, SECOND)
    again.close()


def test_the_id_itself_is_not_kept(store: Store) -> None:
    store.spend(ISSUER, "canary-token-id", EXPIRES, SECOND)
    ((token, _, expires),) = rows(store, "SELECT token, used_by, expires_at FROM used_tokens")
    assert len(token) == 64
    assert expires == EXPIRES


def spend_all(url: str, spool: str, tokens: list[str], start: Any, results: Any) -> None:
    """In a process of its own: every thread tries every token at the same moment as all others."""
    store = Store(url, Sealing([KEY]), Path(spool))
    won: list[str] = []
    gates = [threading.Barrier(THREADS) for _ in tokens]

    def one() -> None:
        for gate, token in zip(gates, tokens, strict=True):
            gate.wait()
            if store.spend(ISSUER, token, EXPIRES, SECOND):
                won.append(token)

    warmed = False
    while not warmed:  # the first connection of a process takes its time
        with contextlib.suppress(NotDurable):
            warmed = store.spend(ISSUER, uuid.uuid4().hex, EXPIRES, SECOND)
    start.wait()
    threads = [threading.Thread(target=one) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    results.put(won)


def race(url: str, spool: Path, tokens: list[str], meanwhile: Callable[[], None] = lambda: None) -> list[str]:
    """Which tokens were let in, once for each time, by several processes with several threads."""
    context = multiprocessing.get_context("spawn")
    start, results = context.Event(), context.Queue()
    given = (url, str(spool), tokens, start, results)
    processes = [context.Process(target=spend_all, args=given) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    start.set()
    meanwhile()
    won = [token for _ in processes for token in results.get(timeout=60)]
    for process in processes:
        process.join()
    return won


def test_of_twenty_at_once_exactly_one_is_let_in(url: str, tmp_path: Path) -> None:
    tokens = [f"token-{number}" for number in range(RACES)]
    assert sorted(race(url, tmp_path / "spool", tokens)) == sorted(tokens)


def test_of_twenty_at_once_exactly_one_is_let_in_while_the_database_is_locked(sqlite_url: str, tmp_path: Path) -> None:
    tokens = [f"token-{number}" for number in range(RACES)]
    with locked(sqlite_url):
        assert sorted(race(sqlite_url, tmp_path / "spool", tokens)) == sorted(tokens)


def test_never_two_are_let_in_while_a_lock_comes_and_goes(sqlite_url: str, tmp_path: Path) -> None:
    tokens = [f"token-{number}" for number in range(RACES)]

    def come_and_go() -> None:
        for pause in (0.2, 0.05, 0.4, 0.1, 0.3):
            try:
                with locked(sqlite_url):
                    threading.Event().wait(pause)
            except Exception:  # somebody else has the lock
                threading.Event().wait(0.01)

    won = race(sqlite_url, tmp_path / "spool", tokens, come_and_go)
    assert len(won) == len(set(won))


class TestWhileLocked:
    def test_a_mark_stands_in_until_the_row_is_there(
        self, sqlite_url: str, sqlite_store: Store, tmp_path: Path
    ) -> None:
        other = Store(sqlite_url, Sealing([KEY]), tmp_path / "spool")
        with locked(sqlite_url):
            assert sqlite_store.spend(ISSUER, "token", EXPIRES, SECOND)
            assert not sqlite_store.spend(ISSUER, "token", EXPIRES, SECOND)
            assert not other.spend(ISSUER, "token", EXPIRES, SECOND)
        assert not other.spend(ISSUER, "token", EXPIRES, SECOND)
        assert eventually(lambda: rows(sqlite_store, "SELECT count(*) FROM used_tokens") == [(1,)])
        assert not other.spend(ISSUER, "token", EXPIRES, SECOND)
        other.close()

    def test_a_token_that_was_used_before_is_refused(self, sqlite_url: str, sqlite_store: Store) -> None:
        assert sqlite_store.spend(ISSUER, "token", EXPIRES, SECOND)
        with locked(sqlite_url):
            assert not sqlite_store.spend(ISSUER, "token", EXPIRES, SECOND)

    def test_a_mark_that_somebody_leaves_while_we_write_is_seen(self, sqlite_store: Store) -> None:
        """The other process left its mark after we looked, and looked into the database before we wrote."""
        entry_token: list[str] = []
        has = Marks.has

        class LateMarks(Marks):
            def has(self, token: str) -> bool:
                if not entry_token:
                    entry_token.append(token)
                    self.leave(token)
                    return False
                return has(self, token)

        sqlite_store._marks = LateMarks(sqlite_store.spool.folder / "tokens")
        assert not sqlite_store.spend(ISSUER, "token", EXPIRES, SECOND)


def test_a_database_of_several_machines_that_cannot_be_written_lets_nobody_in(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """A mark on the disk of one machine says nothing to the others."""
    with database("postgresql", tmp_path, request) as url:
        stores = [Store(url, Sealing([KEY]), tmp_path / f"machine-{number}") for number in range(2)]
        holder = opened(url)
        with holder.connect() as connection:
            connection.execute(text("LOCK TABLE used_tokens IN EXCLUSIVE MODE"))  # can be read, cannot be written
            for store in stores:
                with pytest.raises(NotDurable):
                    store.spend(ISSUER, "token", EXPIRES, SECOND)
        holder.dispose()
        threading.Event().wait(0.6)  # the store rests for half a second
        assert sorted(store.spend(ISSUER, "token-2", EXPIRES, SECOND) for store in stores) == [False, True]
        for store in stores:
            assert not store.spool.waiting()
            store.close()


def test_without_the_database_nobody_is_let_in(sqlite_url: str, sqlite_store: Store) -> None:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    away = file.with_suffix(".away")
    assert sqlite_store.spend(ISSUER, "before", EXPIRES, SECOND)
    file.rename(away)
    for number in range(3):
        with pytest.raises(NotDurable):
            sqlite_store.spend(ISSUER, f"token-{number}", EXPIRES, SECOND)
    away.rename(file)
    threading.Event().wait(0.6)
    assert not sqlite_store.spend(ISSUER, "before", EXPIRES, SECOND)
    assert sqlite_store.spend(ISSUER, "after", EXPIRES, SECOND)


class TestForgetting:
    def test_expired_tokens_go_when_every_clock_says_so(self, store: Store) -> None:
        for token, expires in (("old", SECOND - 301), ("just", SECOND - 299), ("new", SECOND + 300)):
            store.spend(ISSUER, token, expires, SECOND)
        store.writer.forget_tokens(SECOND)
        kept = [row[0] for row in rows(store, "SELECT expires_at FROM used_tokens ORDER BY expires_at")]
        assert kept == [SECOND - 299, SECOND + 300]

    def test_the_service_does_it_by_itself(self, store: Store) -> None:
        store.spend(ISSUER, "old", SECOND - 9000, SECOND)
        change(store, "UPDATE used_tokens SET expires_at = expires_at")
        store.spend(ISSUER, "new", EXPIRES, SECOND)
        assert eventually(lambda: rows(store, "SELECT expires_at FROM used_tokens") == [(EXPIRES,)])

    def test_old_marks_go(self, tmp_path: Path) -> None:
        marks = Marks(tmp_path / "tokens")
        assert marks.leave("a" * 64)
        assert not marks.leave("a" * 64)
        marks.forget(0)
        assert marks.has("a" * 64)
        marks.forget(float("inf"))
        assert not marks.has("a" * 64)


@pytest.mark.parametrize("token", ["ä€😀", "x" * 256, "'); DROP TABLE used_tokens;--", " "])
def test_any_text_is_an_id(store: Store, token: str) -> None:
    assert [store.spend(ISSUER, token, EXPIRES, SECOND) for _ in range(2)] == [True, False]
