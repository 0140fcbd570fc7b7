"""When the database does not take it: the spool has it, drains it once, and what is nowhere is not acknowledged."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_service.errors import NotDurable
from cds_service.store import reading, verification
from cds_service.store.entries import decision_entry, entry_of, feedback_entry, line_of, token_entry
from cds_service.store.reading import Filter
from cds_service.store.sealing import Sealing
from cds_service.store.spool import Spool
from cds_service.store.store import Store
from tests.store.databases import Postgres, postgres_or_skip
from tests.store.samples import CANARIES, KEY, NOW, decision, eventually, feedback, locked, octets_of, patient_key, rows

SEALING = Sealing([KEY])


def kept_in(store: Store) -> list[str]:
    return [one.id for one in reading.decisions(store, Filter())]


class TestALockedDatabase:
    def test_nobody_waits_long_and_nothing_is_lost(self, sqlite_url: str, sqlite_store: Store) -> None:
        before = decision()
        sqlite_store.keep(before)
        made = [decision() for _ in range(20)]
        with locked(sqlite_url):
            took = []
            for one in made:
                began = time.monotonic()
                assert sqlite_store.keep(one).spooled
                took.append(time.monotonic() - began)
            sqlite_store.keep_feedback((feedback(made[0].cards[0].uuid),))
            assert kept_in(sqlite_store) == [before.id]
        assert max(took) < 1.0
        assert eventually(lambda: not sqlite_store.spool.waiting())
        assert sorted(kept_in(sqlite_store)) == sorted(one.id for one in (before, *made))
        assert rows(sqlite_store, "SELECT rule, decision_id FROM feedback") == [("MN-07", made[0].id)]
        assert verification.verify(sqlite_store).whole

    def test_after_the_first_wait_the_others_do_not_wait(self, sqlite_url: str, sqlite_store: Store) -> None:
        sqlite_store.keep(decision())
        with locked(sqlite_url):
            sqlite_store.keep(decision())
            began = time.monotonic()
            sqlite_store.keep(decision())
            assert time.monotonic() - began < 0.1

    def test_feedback_that_came_before_its_decision_is_tied_to_it(self, sqlite_url: str, sqlite_store: Store) -> None:
        made = decision()
        with locked(sqlite_url):
            sqlite_store.keep(made)
        early = feedback_entry(feedback(made.cards[0].uuid), SEALING)
        assert sqlite_store.writer is not None
        taken = sqlite_store.spool.take()
        if taken is not None:  # as when another machine still holds the decision in its spool
            sqlite_store.keep_feedback((feedback(made.cards[0].uuid),))
            taken.close()
        else:
            sqlite_store.keep_feedback((feedback(made.cards[0].uuid),))
        assert eventually(lambda: not sqlite_store.spool.waiting())
        assert rows(sqlite_store, "SELECT key, rule FROM feedback") == [(early.row["key"], "MN-07")]
        assert len(sqlite_store.silences(patient_key(), NOW)) == 1

    def test_a_decision_that_was_written_and_spooled_stands_there_once(self, sqlite_store: Store) -> None:
        """The wait was given up, and the database took it after all."""
        made = decision()
        sqlite_store.keep(made)
        sqlite_store.spool.append([decision_entry(made, SEALING)])
        assert eventually(lambda: not sqlite_store.spool.waiting())
        assert [(one.id, one.deliveries) for one in reading.decisions(sqlite_store, Filter())] == [(made.id, 1)]

    def test_the_spool_is_drained_while_others_write(self, sqlite_store: Store) -> None:
        waiting = [decision() for _ in range(120)]
        sqlite_store.spool.append([decision_entry(one, SEALING) for one in waiting])
        going_on = threading.Event()

        def write() -> None:
            while not going_on.is_set():
                sqlite_store.keep(decision())

        writing = threading.Thread(target=write)
        writing.start()
        try:
            assert eventually(lambda: not sqlite_store.spool.waiting())
        finally:
            going_on.set()
            writing.join()
        assert {one.id for one in waiting} <= set(kept_in(sqlite_store))


class TestADatabaseThatIsAway:
    def test_an_sqlite_file_in_whose_place_something_else_stands(self, sqlite_url: str, sqlite_store: Store) -> None:
        sqlite_store.keep(decision())
        file = Path(sqlite_url.removeprefix("sqlite:///"))
        moved = file.rename(file.with_suffix(".moved"))
        file.mkdir()
        made = [decision() for _ in range(3)]
        assert all(sqlite_store.keep(one).spooled for one in made)
        file.rmdir()
        moved.rename(file)
        assert eventually(lambda: len(kept_in(sqlite_store)) == 4)
        assert eventually(lambda: not sqlite_store.spool.waiting())

    def test_an_sqlite_file_that_was_moved_away_takes_nothing_along(self, sqlite_url: str, sqlite_store: Store) -> None:
        """An open file can be written after it was moved: what is acknowledged must be in the file that is there."""
        sqlite_store.keep(decision())
        file = Path(sqlite_url.removeprefix("sqlite:///"))
        for ending in ("", "-wal", "-shm"):
            other = file.with_name(file.name + ending)
            other.rename(other.with_name("moved" + ending))
        made = decision()
        assert sqlite_store.keep(made).spooled
        assert not file.exists()

    def test_a_postgresql_that_stops_and_comes_back(
        self, own_postgres: Postgres, request: pytest.FixtureRequest, tmp_path: Path
    ) -> None:
        with own_database(own_postgres, request, tmp_path) as store:
            before, meanwhile, after = decision(), [decision() for _ in range(5)], decision()
            store.keep(before)
            own_postgres.stop()
            assert all(store.keep(one).spooled for one in meanwhile)
            with pytest.raises(NotDurable):
                store.spend("iss", "token", 1, 1)
            assert store.silences(patient_key(), NOW) == ()
            own_postgres.start()
            assert eventually(lambda: not store.spool.waiting())
            assert eventually(lambda: not store.keep(after).spooled)
            assert set(kept_in(store)) >= {one.id for one in (before, *meanwhile)}
            assert verification.verify(store).whole


class TestNowhere:
    def test_no_room_for_the_spool_means_no_answer(self, sqlite_url: str, full_disk: Path) -> None:
        store = Store(sqlite_url, SEALING, full_disk / "spool")
        with locked(sqlite_url):
            refused = 0
            for _ in range(200):
                try:
                    assert store.keep(decision(payload=b"x" * 5000)).spooled
                except NotDurable:
                    refused += 1
        assert refused
        assert eventually(lambda: not store.spool.waiting())
        assert len(kept_in(store)) >= 200 - refused
        assert not store.keep(decision()).spooled

    def test_a_spool_that_is_no_folder(self, sqlite_url: str, tmp_path: Path) -> None:
        (tmp_path / "spool").write_text("in the way")
        store = Store(sqlite_url, SEALING, tmp_path / "spool")
        with locked(sqlite_url):
            with pytest.raises(NotDurable):
                store.keep(decision())
            with pytest.raises(NotDurable):
                store.keep_feedback((feedback("card"),))
            with pytest.raises(NotDurable):
                store.spend("iss", "token", 1, 1)
        assert eventually(lambda: not store.writer.is_away)
        assert not store.keep(decision()).spooled
        store.close()


class TestLines:
    @settings(max_examples=100, deadline=None)
    @given(cut=st.integers(0, 5000), kind=st.sampled_from(["decision", "feedback", "token"]))
    def test_half_a_line_is_no_entry(self, cut: int, kind: str) -> None:
        made = decision()
        entry = {
            "decision": decision_entry(made, SEALING),
            "feedback": feedback_entry(feedback(made.cards[0].uuid), SEALING),
            "token": token_entry("iss", "token", 7),
        }[kind]
        line = line_of(entry)
        assert entry_of(line) == entry
        assert entry_of(line[: cut % (len(line) - 1)]) is None

    @settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
    def test_an_altered_line_is_no_entry(self, place: int, bit: int) -> None:
        line = bytearray(line_of(decision_entry(decision(), SEALING)))
        line[place % (len(line) - 1)] ^= 1 << bit
        assert entry_of(bytes(line)) is None

    def test_half_a_line_is_put_aside_and_the_others_are_drained(self, sqlite_store: Store) -> None:
        """A process died while writing, another one went on in the same file."""
        made = [decision() for _ in range(3)]
        lines = [line_of(decision_entry(one, SEALING)) for one in made]
        sqlite_store.spool.folder.mkdir()
        file = sqlite_store.spool.folder / "4711.spool"
        file.write_bytes(b"\n" + lines[0] + b"\n" + lines[1][:300] + b"\n" + lines[2])
        sqlite_store.keep(decision())
        assert eventually(lambda: not sqlite_store.spool.waiting())
        assert set(kept_in(sqlite_store)) >= {made[0].id, made[2].id}
        assert made[1].id not in kept_in(sqlite_store)
        assert (sqlite_store.spool.folder / "4711.aside").read_bytes() == lines[1][:300] + b"\n"

    def test_nothing_is_in_clear(self, tmp_path: Path) -> None:
        made = decision()
        Spool(tmp_path).append([decision_entry(made, SEALING), feedback_entry(feedback("card"), SEALING)])
        left = octets_of(tmp_path)
        assert made.id.encode() in left
        assert not [word for word in CANARIES if word.encode() in left]
        assert (tmp_path / f"{next(tmp_path.iterdir()).name}").stat().st_mode & 0o077 == 0


class TestWhoDrains:
    def test_a_file_is_taken_by_one_only(self, tmp_path: Path) -> None:
        spool, other = Spool(tmp_path), Spool(tmp_path)
        spool.append([token_entry("iss", "token", 7)])
        taken = spool.take()
        assert taken is not None
        assert other.take() is None
        taken.close()
        assert other.take() is not None

    def test_what_comes_while_a_file_is_drained_waits_in_another_one(self, tmp_path: Path) -> None:
        spool = Spool(tmp_path)
        first, second = token_entry("iss", "one", 7), token_entry("iss", "two", 7)
        spool.append([first])
        taken = spool.take()
        assert taken is not None
        spool.append([second])
        assert [entry for _, entry in taken.lines()] == [first]
        assert taken.done() == 0
        taken.close()
        again = spool.take()
        assert again is not None
        assert [entry for _, entry in again.lines()] == [second]

    def test_a_file_that_a_dead_process_was_draining_is_taken(self, tmp_path: Path) -> None:
        """Its process id may live again, as another process: only the lock counts."""
        spool = Spool(tmp_path)
        spool.append([token_entry("iss", "one", 7)])
        taken = spool.take()
        assert taken is not None
        taken.close()
        assert Spool(tmp_path).take() is not None


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    server = postgres_or_skip(uuid.uuid4().hex[:12])
    yield server
    server.close()


@contextmanager
def own_database(server: Postgres, request: pytest.FixtureRequest, folder: Path) -> Iterator[Store]:
    from cds_service.store import schema

    with server.database() as url:
        schema.upgrade(url)
        store = Store(url, SEALING, folder / "spool")
        yield store
        store.close()


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB, where the machine lets us make one."""
    import subprocess

    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True)
    if made.returncode:
        pytest.skip(f"no file system can be mounted here: {made.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
