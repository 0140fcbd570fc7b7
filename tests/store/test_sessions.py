"""Visits of the SMART app in the database: found by everybody who has the key, until they end."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cds_service.errors import NotDurable
from cds_service.store.sealing import Sealing
from cds_service.store.sessions import Sessions
from cds_service.store.store import Store
from tests.store.samples import KEY, change, rows

NOW = 1_800_000_000
CONTENT = b'{"token": "canary-token"}'


@pytest.fixture
def sessions(store: Store) -> Sessions:
    made = Sessions(store)
    made.begin("a" * 64, CONTENT, NOW + 1800, NOW + 900, NOW)
    return made


def test_it_is_found_by_another_process_and_sealed_in_between(sessions: Sessions, store: Store, tmp_path: Path) -> None:
    other = Store(store.connections.url, Sealing([KEY]), tmp_path / "other-spool")
    assert Sessions(other).find("a" * 64, NOW + 1, NOW + 901) == CONTENT
    other.close()
    ((kept,),) = rows(store, "SELECT content FROM sessions")
    assert b"canary" not in bytes(kept)


@pytest.mark.parametrize(
    ("looks", "last", "found"),
    [
        ((), 899, True),
        ((), 900, False),
        ((800, 1600), 1799, True),
        ((800, 1600), 1800, False),
        ((100,), 999, True),
        ((100,), 1000, False),
        ((10,), 905, False),  # so soon after the first look the moment is not written again
    ],
)
def test_it_ends_when_nobody_looks_and_at_its_end_in_any_case(
    sessions: Sessions, looks: tuple[int, ...], last: int, found: bool
) -> None:
    for at in looks:
        assert sessions.find("a" * 64, NOW + at, NOW + at + 900) == CONTENT
    assert (sessions.find("a" * 64, NOW + last, NOW + last + 900) is not None) == found


def test_it_is_over_at_once_when_it_was_ended(sessions: Sessions) -> None:
    sessions.end("a" * 64)
    sessions.end("a" * 64)
    assert sessions.find("a" * 64, NOW + 1, NOW + 901) is None


def test_an_unknown_key_finds_nothing(sessions: Sessions) -> None:
    assert sessions.find("b" * 64, NOW, NOW + 900) is None


def test_one_visits_content_cannot_stand_in_the_place_of_anothers(sessions: Sessions, store: Store) -> None:
    sessions.begin("b" * 64, b"{}", NOW + 1800, NOW + 900, NOW)
    ((first,),) = rows(store, "SELECT content FROM sessions WHERE key = :key", key="a" * 64)
    change(store, "UPDATE sessions SET content = :content WHERE key = :key", content=bytes(first), key="b" * 64)
    assert sessions.find("b" * 64, NOW, NOW + 900) is None


def test_the_next_visit_sweeps_out_those_that_have_ended(sessions: Sessions, store: Store) -> None:
    sessions.begin("b" * 64, CONTENT, NOW + 9000, NOW + 901, NOW + 899)
    assert len(rows(store, "SELECT key FROM sessions")) == 2
    sessions.begin("c" * 64, CONTENT, NOW + 9000, NOW + 8000, NOW + 900)
    assert {row.key[0] for row in rows(store, "SELECT key FROM sessions")} == {"b", "c"}


def test_many_begin_at_the_same_time(store: Store) -> None:
    def begin(number: int) -> None:
        Sessions(store).begin(f"{number:064}", os.urandom(20_000), NOW + 1800, NOW + 900, NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(begin, range(40)))
    assert rows(store, "SELECT count(*) FROM sessions") == [(40,)]


def test_without_its_table_it_says_that_nothing_is_kept(sessions: Sessions, store: Store) -> None:
    change(store, "DROP TABLE sessions")
    for ask in (
        lambda: sessions.find("a" * 64, NOW, NOW + 900),
        lambda: sessions.begin("b" * 64, CONTENT, NOW + 1, NOW + 1, NOW),
        lambda: sessions.end("a" * 64),
    ):
        with pytest.raises(NotDurable):
            ask()


@pytest.mark.parametrize("change_to", [b"", b"short", b"\0" * 60])
def test_what_is_unsealed_was_sealed_by_us_under_that_name(sessions: Sessions, change_to: bytes) -> None:
    sealed = sessions.seal(b"plain", "a name")
    assert sessions.unseal(sealed, "a name") == b"plain"
    assert sessions.unseal(sealed, "another name") is None
    assert sessions.unseal(change_to or sealed[:-1], "a name") is None
