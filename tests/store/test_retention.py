"""Retention: what is about a person is gone on its day, and the chain is still whole."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from cds_service.store import reading, retention, verification
from cds_service.store.reading import Filter
from cds_service.store.store import Store
from tests.store.samples import (
    CANARIES,
    NOW,
    change,
    decision,
    eventually,
    feedback,
    keep_all,
    octets_of,
    patient_key,
    rows,
)

DAY = timedelta(days=1)


def test_what_is_older_goes_and_what_is_younger_stays(store: Store) -> None:
    keep_all(store, [decision(made_at=NOW + number * DAY) for number in range(4)])
    assert retention.due(store, NOW + 2 * DAY) == 2
    assert retention.erase(store, NOW + 2 * DAY, NOW + 9 * DAY) == 2
    assert retention.due(store, NOW + 2 * DAY) == 0
    found = list(reading.decisions(store, Filter(), with_payload=True))
    assert [one.payload is None for one in found] == [True, True, False, False]
    assert [one.erased_at for one in found] == [NOW + 9 * DAY] * 2 + [None] * 2
    assert rows(store, "SELECT patient_key IS NULL FROM decisions ORDER BY seq") == [
        (True,),
        (True,),
        (False,),
        (False,),
    ]
    assert rows(store, "SELECT count(*) FROM cards") == [(2,)]
    report = verification.verify(store)
    assert (report.whole, report.rows, report.erased) == (True, 4, 2)


def test_more_than_one_transaction_takes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 4)
    keep_all(store, [decision() for _ in range(11)])
    assert retention.erase(store, NOW + DAY, NOW + DAY) == 11
    assert retention.erase(store, NOW + DAY, NOW + DAY) == 0
    assert verification.verify(store).erased == 11


def test_comments_go_and_outcomes_stay(store: Store) -> None:
    made = decision()
    keep_all(store, [made])
    store.keep_feedback((feedback(made.cards[0].uuid),))
    retention.erase(store, NOW + DAY, NOW + DAY)
    assert rows(store, "SELECT comment, outcome, rule FROM feedback") == [(None, "overridden", "MN-07")]
    assert store.silences(patient_key(), NOW - DAY) == ()


def test_an_erased_decision_that_is_delivered_again_keeps_its_mark(store: Store) -> None:
    made = decision()
    keep_all(store, [made])
    retention.erase(store, NOW + DAY, NOW + DAY)
    assert store.keep(decision(hook_instance=made.hook_instance, request_digest=made.request_digest)).repeated
    assert rows(store, "SELECT deliveries FROM decisions") == [(2,)]
    assert verification.verify(store).whole


def test_it_goes_on_while_the_service_writes(store: Store) -> None:
    old = keep_all(store, [decision(made_at=NOW - DAY) for _ in range(30)])
    again = [decision(hook_instance=one.hook_instance, request_digest=one.request_digest) for one in old]
    writing = threading.Thread(
        target=lambda: [store.keep(one) for pair in zip(again, old, strict=True) for one in pair]
    )
    writing.start()
    retention.erase(store, NOW, NOW)
    writing.join()
    assert eventually(lambda: not store.spool.waiting())
    report = verification.verify(store)
    assert (report.whole, report.erased) == (True, 30)


def test_nothing_of_it_is_left_in_the_files(sqlite_store: Store, tmp_path: Path) -> None:
    """Not even sealed: what SQLite has freed is overwritten, and the log begins anew."""
    made = decision()
    keep_all(sqlite_store, [made])
    sealed = rows(sqlite_store, "SELECT payload, patient_key FROM decisions")[0]
    retention.erase(sqlite_store, NOW + DAY, NOW + DAY)
    sqlite_store.close()
    left = octets_of(tmp_path)
    assert bytes(sealed[0]) not in left
    assert sealed[1].encode() not in left
    assert not [word for word in CANARIES if word.encode() in left]


def test_lines_that_were_put_aside_go_with_their_day(store: Store) -> None:
    store.spool.folder.mkdir()
    aside = store.spool.folder / "1.aside"
    aside.write_bytes(b"half a line\n")
    retention.erase(store, NOW.replace(year=2020), NOW)
    assert aside.exists()
    retention.erase(store, NOW.replace(year=2100), NOW)
    assert not aside.exists()


def test_an_erasure_that_was_not_ours_is_found(store: Store) -> None:
    keep_all(store, [decision()])
    retention.erase(store, NOW + DAY, NOW + DAY)
    change(store, "UPDATE decisions SET erased_at = NULL")
    assert not verification.verify(store).whole
