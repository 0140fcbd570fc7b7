"""How the demonstration compares two answers."""

from typing import Any

import pytest

from cds_service.demo import first_difference

ONE = "6f3a0d6e-51a5-4d5c-9d8a-0d7f3b8f4a11"
OTHER = "0b1c2d3e-4f50-4a6b-8c7d-9e0fa1b2c3d4"


@pytest.mark.parametrize(
    ("stored", "answered", "where"),
    [
        ({"cards": []}, {"cards": []}, ""),
        ({"uuid": ONE}, {"uuid": OTHER}, ""),
        ({"url": f"urn:uuid:{ONE}"}, {"url": f"urn:uuid:{OTHER}"}, ""),
        ({"uuid": ONE}, {"uuid": "not one"}, "uuid"),
        ({"cards": []}, {"cards": [{}]}, "cards"),
        ({"cards": [{"summary": "a"}]}, {"cards": [{"summary": "b"}]}, "cards[0].summary"),
        ({"a": 1}, {"a": 1, "b": 2}, "'b'"),
        ({"a": 1}, {}, "'a'"),
        ({"a": [1]}, {"a": {"0": 1}}, "a"),
        ({"a": True}, {"a": "True"}, "a"),
        ({"a": {"b": {"c": 1.0}}}, {"a": {"b": {"c": 1.5}}}, "a.b.c"),
    ],
)
def test_the_first_difference_is_named(stored: Any, answered: Any, where: str) -> None:
    found = first_difference(stored, answered)
    assert bool(found) == bool(where)
    assert where in found
