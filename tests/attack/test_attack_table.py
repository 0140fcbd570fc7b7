"""The table of attack cases: whole, every row with a test of its name, and what waits for a part that is to come."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.attack.case_table import AREAS, MOST_MILLISECONDS, SEVERITIES, AttackCase, cases, table

FOLDER = Path(__file__).parent
ROWS = list(cases().values())
NUMBER_OF_CASES = 141
"""As many as the corpus has that this table was made from."""
SMART = "the SMART app"


NAMED = re.compile(r'^@(?:field_)?case\("([A-Z]+-\d+)"\)\n(?:@.*\n|[ )\]].*\n)*def test_', re.MULTILINE)
"""What `case` and `field_case` do to a test; between them and the test stand other marks."""


@cache
def named() -> Counter[str]:
    """Every id that tests of this folder are named by, and how many functions are."""
    return Counter(name for path in FOLDER.glob("test_*.py") for name in NAMED.findall(path.read_text("utf-8")))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_every_row_has_a_test_of_its_name_or_comes_with_the_smart_app(row: AttackCase) -> None:
    assert named()[row.id] or row.later.startswith(SMART)


@pytest.mark.parametrize("area", AREAS)
def test_every_area_is_tried_but_the_app_that_is_not_there(area: str) -> None:
    rows = [row for row in ROWS if row.area == area]
    waiting = [row.id for row in rows if row.id not in named()]
    assert rows
    if area == "smart":
        assert waiting == [row.id for row in rows] == [f"SMART-{number:02}" for number in (1, 2, 4, 7, 10, 12)]
    else:
        assert waiting == (["OUT-06"] if area == "injection-privacy" else [])


def test_a_test_is_named_by_rows_of_the_table_only() -> None:
    assert set(named()) - set(cases()) == set()
    assert named().total() > 200


def test_the_table_has_every_case_once() -> None:
    names = [row["id"] for row in table()["cases"]]
    assert len(names) == len(set(names)) == NUMBER_OF_CASES


@pytest.mark.parametrize("row", [row for row in ROWS if row.elsewhere], ids=lambda row: row.id)
def test_further_tests_of_a_case_are_where_the_table_says(row: AttackCase) -> None:
    text = (FOLDER.parents[1] / row.elsewhere).read_text(encoding="utf-8")
    assert "\ndef test_" in text


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_is_whole(row: AttackCase) -> None:
    assert row.area in AREAS
    assert row.severity in SEVERITIES
    assert 0 < row.max_ms <= MOST_MILLISECONDS
    assert all(len(text) >= 4 for text in (row.title, row.laid, row.expected))


@pytest.mark.parametrize("row", [row for row in ROWS if row.later], ids=lambda row: row.id)
def test_a_case_or_its_rest_waits(row: AttackCase) -> None:
    pytest.skip(f"comes with {row.later}")
