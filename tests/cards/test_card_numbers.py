"""Numbers as they are read, and as programs get them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.cards.numbers import rounded, shown, written
from cds_service.guideline.shares import percent


@pytest.mark.parametrize(
    ("value", "number", "text"),
    [
        (7.6, 7.6, "7.6"),
        (7.6000000001, 7.6, "7.6"),
        (12.345, 12.345, "12.3"),
        (0.35, 0.35, "0.35"),
        (0.087, 0.087, "0.087"),
        (0.00004, 0, "0.00004"),
        (5e-7, 0, "0"),
        (24.0, 24, "24"),
        (0.0, 0, "0"),
        (-0.0, 0, "0"),
        (-5.0, -5, "-5"),
        (-0.5, -0.5, "-0.5"),
        (165.25, 165.25, "165.2"),
        (999_999.0, 999_999, "999999"),
        (1_000_000.0, 1_000_000, "1000000"),
        (math.nan, 0, "?"),
        (math.inf, 0, "?"),
    ],
)
def test_a_value_is_rounded_sensibly_and_never_in_scientific_writing(value: float, number: float, text: str) -> None:
    assert written(value) == (number, text)


@given(st.floats() | st.integers(-200, 200).map(lambda whole: whole / 10) | st.integers(-(2**60), 2**60))
def test_both_writings_in_one_go_are_the_two_of_their_own(value: float) -> None:
    number, text = written(value)
    assert (repr(number), text) == (repr(rounded(value)), shown(value))


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0952, "9.5 %"), (0.296, "29.6 %"), (0.3, "30 %"), (-0.00001, "0 %"), (math.nan, "? %"), (math.inf, "? %")],
)
def test_a_share_keeps_its_decimal(share: float, text: str) -> None:
    assert percent(share) == text
