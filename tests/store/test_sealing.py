"""What is about a person is sealed: no other key opens it, nobody alters it, and no file shows it."""

from __future__ import annotations

import base64
import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import ConfigurationFault
from cds_service.store import reading, verification
from cds_service.store.sealing import Sealing, Unsealable, make_key_file, read_keys
from cds_service.store.store import Store
from tests.store.samples import (
    CANARIES,
    KEY,
    NOW,
    OTHER_KEY,
    PAYLOAD,
    decision,
    feedback,
    keep_all,
    octets_of,
    patient_key,
)


class TestSealing:
    @given(plain=st.binary(max_size=10_000), name=st.text(max_size=50))
    def test_what_is_sealed_is_opened(self, plain: bytes, name: str) -> None:
        sealing = Sealing([KEY])
        assert sealing.open(sealing.seal(plain, name), name) == plain

    @given(plain=st.binary(min_size=1, max_size=5000), place=st.integers(0, 6000), bit=st.integers(0, 7))
    def test_an_altered_bit_is_found(self, plain: bytes, place: int, bit: int) -> None:
        sealing = Sealing([KEY])
        sealed = bytearray(sealing.seal(plain, "name"))
        sealed[place % len(sealed)] ^= 1 << bit
        with pytest.raises(Unsealable):
            sealing.open(bytes(sealed), "name")

    @pytest.mark.parametrize("sealed", [b"", b"x", b"x" * 16, b"x" * 40])
    def test_what_was_never_sealed_is_not_opened(self, sealed: bytes) -> None:
        with pytest.raises(Unsealable):
            Sealing([KEY]).open(sealed, "name")

    def test_one_thing_does_not_stand_for_another(self) -> None:
        with pytest.raises(Unsealable, match="in the place of another"):
            Sealing([KEY]).open(Sealing([KEY]).seal(PAYLOAD, "one"), "two")

    def test_another_key_does_not_open_it(self) -> None:
        with pytest.raises(Unsealable, match="not in the key file"):
            Sealing([OTHER_KEY]).open(Sealing([KEY]).seal(PAYLOAD, "one"), "one")

    def test_the_same_sealed_twice_looks_different(self) -> None:
        sealing = Sealing([KEY])
        assert sealing.seal(PAYLOAD, "one") != sealing.seal(PAYLOAD, "one")

    @pytest.mark.parametrize("keys", [[], [b"short"], [KEY, b"x" * 33]])
    def test_a_ring_without_whole_keys_is_refused(self, keys: list[bytes]) -> None:
        with pytest.raises(ConfigurationFault, match="32 bytes"):
            Sealing(keys)


class TestPatientKeys:
    def test_the_same_patient_has_the_same_key_after_a_change_of_keys(self) -> None:
        before, after = Sealing([KEY]), Sealing([OTHER_KEY, KEY])
        assert before.patient_key("iss", "t", "p") == after.patient_key("iss", "t", "p")
        assert before.keyed(b"x" * 32) == after.keyed(b"x" * 32)

    def test_parts_do_not_run_into_one_another(self) -> None:
        sealing = Sealing([KEY])
        keys = [
            sealing.patient_key(*parts)
            for parts in (("a", "b", "c"), ("ab", "", "c"), ("a", "bc", ""), ("", "ab", "c"))
        ]
        assert len(set(keys)) == 4

    def test_without_the_key_nobody_computes_it(self) -> None:
        assert Sealing([KEY]).patient_key("i", "t", "p") != Sealing([OTHER_KEY]).patient_key("i", "t", "p")


class TestChangeOfKeys:
    def test_what_the_old_key_sealed_is_read_and_the_chain_goes_on(self, store: Store, tmp_path: Path) -> None:
        (old,) = keep_all(store, [decision()])
        store.keep_feedback((feedback(old.cards[0].uuid),))
        store.close()
        renewed = Store(store.connections.url, Sealing([OTHER_KEY, KEY]), tmp_path / "spool")
        (new,) = keep_all(renewed, [decision(patient_key=patient_key())])
        assert [reading.decision(renewed, one.id).payload for one in (old, new)] == [PAYLOAD] * 2  # type: ignore[union-attr]
        assert len(renewed.silences(patient_key(), NOW)) == 1
        assert verification.verify(renewed).whole
        renewed.close()

    def test_a_machine_that_has_not_got_the_new_key_yet_shows_the_card(self, store: Store, tmp_path: Path) -> None:
        renewed = Store(store.connections.url, Sealing([OTHER_KEY, KEY]), tmp_path / "other")
        for one in (renewed, store):
            (made,) = keep_all(one, [decision()])
            one.keep_feedback((feedback(made.cards[0].uuid, comment=""),))
        assert len(renewed.silences(patient_key(), NOW)) == 2
        assert len(store.silences(patient_key(), NOW)) == 1
        renewed.close()

    def test_without_the_old_key_the_old_is_not_read_and_says_so(self, store: Store, tmp_path: Path) -> None:
        (old,) = keep_all(store, [decision()])
        stranger = Store(store.connections.url, Sealing([OTHER_KEY]), tmp_path / "other")
        with pytest.raises(Unsealable, match="not in the key file"):
            reading.decision(stranger, old.id)
        stranger.close()


def test_nothing_about_a_person_is_in_clear_in_any_file(sqlite_store: Store, tmp_path: Path) -> None:
    (made,) = keep_all(sqlite_store, [decision()])
    sqlite_store.keep_feedback((feedback(made.cards[0].uuid),))
    left = octets_of(tmp_path)
    assert b"MN-07" in left
    assert not [word for word in CANARIES if word.encode() in left]
    assert base64.b64encode(b"Canary-Quill")[:12] not in left


class TestKeyFiles:
    def test_one_is_made_once_and_for_its_owner_only(self, tmp_path: Path) -> None:
        file = tmp_path / "store.key"
        make_key_file(file)
        first = read_keys(file)
        make_key_file(file)
        assert read_keys(file) == first
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert [path.name for path in tmp_path.iterdir()] == ["store.key"]

    def test_whoever_comes_second_reads_it_whole(self, tmp_path: Path) -> None:
        file = tmp_path / "store.key"
        seen: list[tuple[bytes, ...]] = []

        def begin() -> None:
            make_key_file(file)
            seen.append(read_keys(file))

        threads = [threading.Thread(target=begin) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(seen) == 20
        assert len(set(seen)) == 1

    @pytest.mark.parametrize(
        "content",
        [b"", b"\n", b"not base64!", base64.b64encode(b"short"), b"\xff\xfe", base64.b64encode(KEY) + b"\nAAAA"],
    )
    def test_what_is_no_key_is_refused_without_showing_it(self, tmp_path: Path, content: bytes) -> None:
        file = tmp_path / "store.key"
        file.write_bytes(content)
        with pytest.raises(ConfigurationFault, match=r"CDS_STORE_KEY_FILE: store\.key") as refused:
            read_keys(file)
        shown = str(refused.value)
        assert not content.strip() or content.strip().decode(errors="replace") not in shown

    def test_several_are_read_in_their_order(self, tmp_path: Path) -> None:
        file = tmp_path / "store.key"
        file.write_bytes(b"\n".join(base64.b64encode(key) for key in (OTHER_KEY, KEY)))
        assert read_keys(file) == (OTHER_KEY, KEY)

    def test_a_missing_one_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationFault, match="FileNotFoundError"):
            read_keys(tmp_path / f"nowhere-{os.getpid()}")
