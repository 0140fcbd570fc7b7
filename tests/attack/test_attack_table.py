"""The table of attack cases: whole, and every row with a test of its name."""

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
SMART = FOLDER.parent / "smart"

NAMED = re.compile(r'^@(?:field_)?case\("([A-Z]+-\d+)"\)\n(?:@.*\n|[ )\]].*\n)*def test_', re.MULTILINE)
"""What `case` and `field_case` do to a test; between them and the test stand other marks."""
OF_THE_APP = re.compile(r"^ *def test_(?:\w+_)?(smart|out)_(\d+)_", re.MULTILINE)
"""The tests of the SMART app bear the id in their own name."""


@cache
def named() -> Counter[str]:
    """Every id that tests are named by, and how many functions are."""
    found = Counter(name for path in FOLDER.glob("test_*.py") for name in NAMED.findall(path.read_text("utf-8")))
    for path in SMART.glob("test_*.py"):
        found.update(f"{area.upper()}-{number}" for area, number in OF_THE_APP.findall(path.read_text("utf-8")))
    return found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_every_row_has_a_test_of_its_name(row: AttackCase) -> None:
    assert named()[row.id]


@pytest.mark.parametrize("area", AREAS)
def test_every_area_has_rows(area: str) -> None:
    assert [row.id for row in ROWS if row.area == area]


def test_a_test_is_named_by_rows_of_the_table_only() -> None:
    assert set(named()) - set(cases()) == set()
    assert named().total() > 200


def test_the_table_has_every_case_once() -> None:
    names = [row["id"] for row in table()["cases"]]
    assert len(names) == len(set(names)) == NUMBER_OF_CASES


@pytest.mark.parametrize("row", [row for row in ROWS if row.elsewhere], ids=lambda row: row.id)
def test_further_tests_of_a_case_are_where_the_table_says(row: AttackCase) -> None:
    text = (FOLDER.parents[1] / row.elsewhere).read_text(encoding="utf-8")
    assert re.search(r"^ *def test_", text, re.MULTILINE)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_is_whole(row: AttackCase) -> None:
    assert row.area in AREAS
    assert row.severity in SEVERITIES
    assert 0 < row.max_ms <= MOST_MILLISECONDS
    assert all(len(text) >= 4 for text in (row.title, row.laid, row.expected))
