"""The chain of decisions: whatever is altered, taken out, put in or swapped behind our back is found."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from cds_service.store import chain, retention, schema, verification
from cds_service.store.sealing import Sealing
from cds_service.store.store import Store
from cds_service.store.tables import DECISIONS
from tests.store.databases import BOTH, database
from tests.store.samples import KEY, NOW, OTHER_KEY, change, decision, keep_all, rows

COLUMNS = [column.name for column in DECISIONS.columns]
FOR_NOTHING = {"payload": b"\0", "patient_key": "0" * 64, "erased_at": NOW}
ROWS = {"sqlite": 100, "postgresql": 12}


@pytest.fixture(scope="module", params=BOTH)
def full(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with decisions of several kinds, some delivered twice, the oldest erased."""
    folder = tmp_path_factory.mktemp("chain")
    with database(request.param, folder, request) as url:
        store = Store(url, Sealing([KEY]), folder / "spool")
        for number in range(ROWS[request.param]):
            made = decision(made_at=NOW + timedelta(seconds=number), shown=number % 3 > 0, quiet="x" * (number % 2))
            keep_all(store, [made])
            if number % 5 == 0:
                keep_all(store, [decision(hook_instance=made.hook_instance, request_digest=made.request_digest)])
        retention.erase(store, NOW + timedelta(seconds=10), NOW + timedelta(days=1))
        yield store
        store.close()


@pytest.mark.parametrize("column", COLUMNS)
def test_one_altered_byte_in_any_row_is_found(full: Store, column: str) -> None:
    dice = random.Random(column)
    for number, old in rows(full, f"SELECT seq, {column} FROM decisions ORDER BY seq"):
        new = FOR_NOTHING[column] if old is None else altered(old, dice)
        assert change(full, f"UPDATE decisions SET {column} = :new WHERE seq = :seq", new=new, seq=number) == 1
        report = verification.verify(full)
        assert not report.whole, f"{column} of row {number}: {old!r} became {new!r}"
        assert report.rows == number - 1
        now = new if column == "seq" else number
        change(full, f"UPDATE decisions SET {column} = :old WHERE seq = :seq", old=old, seq=now)
    assert verification.verify(full).whole


def altered(value: Any, dice: random.Random) -> Any:
    """The value with one byte of it changed."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return 1 - value if value in (0, 1) else value + 1_000_000
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    if isinstance(value, bytes | memoryview):
        octets = bytearray(value)
        octets[dice.randrange(len(octets))] ^= 1 << dice.randrange(8)
        return bytes(octets)
    place = dice.randrange(len(value)) if value else 0
    other = "0" if value[place : place + 1] != "0" else "1"
    return value[:place] + other + value[place + 1 :]


@pytest.mark.parametrize(
    ("done", "statement", "said"),
    [
        ("a row in the middle is deleted", "DELETE FROM decisions WHERE seq = 5", "decision 5: is missing"),
        ("the first row is deleted", "DELETE FROM decisions WHERE seq = 1", "decision 1: is missing"),
        ("the last row is deleted", "DELETE FROM decisions WHERE seq = 12", "missing at the end"),
        ("the last three are deleted", "DELETE FROM decisions WHERE seq > 9", "missing at the end"),
        ("all are deleted", "DELETE FROM decisions", "missing at the end"),
        ("the end is deleted", "DELETE FROM chain_head", "not noted"),
        ("the end is moved back", "UPDATE chain_head SET seq = 11", "missing at the end"),
        ("the mark of the end is gone", "UPDATE chain_head SET mark = ''", "not written by this service"),
        ("a payload is gone", "UPDATE decisions SET payload = NULL WHERE seq = 5", "has lost its payload"),
        ("the patient is gone", "UPDATE decisions SET patient_key = NULL WHERE seq = 5", "has lost its payload"),
        (
            "a payload is erased by somebody else",
            "UPDATE decisions SET payload = NULL, patient_key = NULL, erased_at = made_at WHERE seq = 5",
            "its erasure",
        ),
        (
            "payloads are swapped",
            "UPDATE decisions SET payload = (SELECT payload FROM decisions AS d WHERE d.seq = 7) WHERE seq = 5",
            "its payload",
        ),
        (
            "two patients are swapped",
            "UPDATE decisions SET patient_key = (SELECT 'f' || substr(patient_key, 2) FROM decisions AS d "
            "WHERE d.seq = 7) WHERE seq = 5",
            "its payload",
        ),
        ("a row is renumbered", "UPDATE decisions SET seq = 99 WHERE seq = 12", "decision 12: is missing"),
    ],
)
def test_what_is_taken_out_or_swapped_is_found(store: Store, done: str, statement: str, said: str) -> None:
    keep_all(store, [decision() for _ in range(12)])
    assert verification.verify(store).whole
    assert change(store, statement)
    assert said in verification.verify(store).fault, done


def test_a_row_that_was_put_in_is_found(store: Store) -> None:
    keep_all(store, [decision() for _ in range(3)])
    names = ", ".join(COLUMNS)
    values = ", ".join({"seq": "4", "id": "'put-in'", "previous_hash": "hash"}.get(name, name) for name in COLUMNS)
    change(store, f"INSERT INTO decisions ({names}) SELECT {values} FROM decisions WHERE seq = 3")
    assert verification.verify(store).fault == "decision 4: is not as it was written"


def test_a_chain_computed_anew_without_the_key_is_found(sqlite_store: Store) -> None:
    """Whoever may write into the database can compute hashes. The mark of the end they cannot."""
    keep_all(sqlite_store, [decision() for _ in range(5)])
    change(sqlite_store, """UPDATE decisions SET rules = '["MN-01"]' WHERE seq = 3""")
    previous = chain.START
    for row in rows(sqlite_store, "SELECT * FROM decisions ORDER BY seq"):
        now = dict(row._mapping) | {"previous_hash": previous}
        previous = chain.link(previous, now)
        change(
            sqlite_store,
            "UPDATE decisions SET previous_hash = :before, hash = :hash WHERE seq = :seq",
            before=now["previous_hash"],
            hash=previous,
            seq=row.seq,
        )
    change(sqlite_store, "UPDATE chain_head SET hash = :hash", hash=previous)
    assert verification.verify(sqlite_store).fault == "the end of the chain was not written by this service"


def test_an_older_copy_of_the_whole_database_is_found_by_the_noted_end(sqlite_store: Store, tmp_path: Path) -> None:
    file = Path(sqlite_store.connections.url.removeprefix("sqlite:///"))
    keep_all(sqlite_store, [decision()])
    change(sqlite_store, "PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(file, tmp_path / "older")
    keep_all(sqlite_store, [decision()])
    report = verification.verify(sqlite_store)
    number, _, end = report.end.partition(":")
    assert verification.verify(sqlite_store, noted_end=(int(number), end)).whole
    sqlite_store.close()
    for ending in ("-wal", "-shm"):
        file.with_name(file.name + ending).unlink(missing_ok=True)
    shutil.copy(tmp_path / "older", file)
    assert verification.verify(sqlite_store).whole
    noted = verification.verify(sqlite_store, noted_end=(int(number), end))
    assert noted.fault == "the noted end is not a part of this chain"


def test_an_empty_chain_is_whole(store: Store) -> None:
    assert verification.verify(store) == verification.ChainReport(0, 0, "", f"0:{chain.START}")


def test_marks_of_another_key_are_not_believed(store: Store, tmp_path: Path) -> None:
    keep_all(store, [decision()])
    stranger = Store(store.connections.url, Sealing([OTHER_KEY]), tmp_path / "other")
    assert not verification.verify(stranger).whole
    stranger.close()


def test_what_is_written_meanwhile_does_not_look_like_a_fault(store: Store) -> None:
    keep_all(store, [decision() for _ in range(3)])
    report = verification.verify(store, advance=lambda _: store.keep(decision()) and None)
    assert (report.whole, report.rows) == (True, 3)
    assert verification.verify(store).rows == 6


@pytest.mark.parametrize("value", ["x'ff00'", "'text'", "3.5", "x'80'", "NULL"])
@pytest.mark.parametrize("column", [name for name in COLUMNS if name != "erased_at"])
def test_a_value_of_another_type_is_found(sqlite_store: Store, column: str, value: str) -> None:
    """SQLite keeps anything in any column."""
    keep_all(sqlite_store, [decision() for _ in range(3)])
    try:
        change(sqlite_store, f"UPDATE decisions SET {column} = {value} WHERE seq = 2")
    except IntegrityError:
        return  # the column itself refuses it
    report = verification.verify(sqlite_store)
    assert report.rows <= 2
    assert not report.whole


def test_a_text_that_is_no_utf_8_is_found(sqlite_store: Store) -> None:
    keep_all(sqlite_store, [decision() for _ in range(3)])
    change(sqlite_store, "UPDATE decisions SET tenant = CAST(x'ff41' AS TEXT) WHERE seq = 2")
    assert verification.verify(sqlite_store).fault == "decision 2: is missing, or cannot be read"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_to_the_file_is_found_or_hurts_nothing(damaged: Callable[[], Path], data: st.DataObject) -> None:
    """A bit of the file itself: the walk finds it, or it lay where nothing lies, and everything reads as before."""
    file = damaged()
    octets = bytearray(file.read_bytes())
    place = data.draw(st.integers(100, len(octets) - 1))
    octets[place] ^= 1 << data.draw(st.integers(0, 7))
    file.write_bytes(octets)
    store = Store(f"sqlite:///{file}", Sealing([KEY]), file.parent / "spool")
    try:
        whole = verification.verify(store).whole
        assert not whole or content(file) == content(file.with_suffix(".good"))
    except Exception as error:
        assert "Error" in type(error).__name__, error  # the database itself refuses the file
    finally:
        store.close()


@pytest.fixture
def damaged(tmp_path: Path) -> Callable[[], Path]:
    good = tmp_path / "chain.good"
    schema.upgrade(f"sqlite:///{good}")
    store = Store(f"sqlite:///{good}", Sealing([KEY]), tmp_path / "spool")
    keep_all(store, [decision() for _ in range(20)])
    change(store, "PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()

    def again() -> Path:
        for ending in ("-wal", "-shm"):
            (tmp_path / f"chain.sqlite3{ending}").unlink(missing_ok=True)
        shutil.copy(good, tmp_path / "chain.sqlite3")
        return tmp_path / "chain.sqlite3"

    return again


def content(file: Path) -> list[Any]:
    connection = sqlite3.connect(file)
    try:
        return connection.execute("SELECT * FROM decisions NOT INDEXED ORDER BY seq").fetchall()
    finally:
        connection.close()
