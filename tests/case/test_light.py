"""Records that are frozen for the type checker only: in all else they are frozen dataclasses."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace

import pytest

from cds_service.case.light import light_dataclass


@dataclass(frozen=True, slots=True)
class Frozen:
    name: str
    days: tuple[int, ...] = ()
    seen: dict[str, int] = field(default_factory=dict, compare=False)


@light_dataclass(frozen=True, slots=True)
class Light:
    name: str
    days: tuple[int, ...] = ()
    seen: dict[str, int] = field(default_factory=dict, compare=False)


@light_dataclass(frozen=False, slots=True)
class Open:
    name: str


def test_it_is_equal_and_hashed_by_its_fields_as_a_frozen_one_is() -> None:
    assert Light("a", (1,)) == Light("a", (1,)) != Light("a", (2,))
    assert hash(Light("a", (1,))) == hash(Frozen("a", (1,)))
    assert {Light("a"), Light("a"), Light("b")} == {Light("a"), Light("b")}


def test_it_is_copied_and_listed_as_a_frozen_one_is() -> None:
    assert replace(Light("a", (1,)), name="b") == Light("b", (1,))
    assert asdict(Light("a")) == asdict(Frozen("a")) == {"name": "a", "days": (), "seen": {}}
    assert [item.name for item in fields(Light)] == [item.name for item in fields(Frozen)]
    assert repr(Light("a")) == repr(Frozen("a")).replace("Frozen", "Light")


def test_it_has_no_room_for_another_field() -> None:
    with pytest.raises(AttributeError):
        Light("a").other = 1  # type: ignore[attr-defined]


def test_one_that_is_not_frozen_has_no_hash() -> None:
    assert Open("a") == Open("a")
    with pytest.raises(TypeError, match="unhashable"):
        hash(Open("a"))
