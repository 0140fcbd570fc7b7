"""The table of attack cases: whole, each row with its test, and what has to wait for a later part of the service."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.attack.case_table import AREAS, MOST_MILLISECONDS, SEVERITIES, AttackCase, cases, table

FOLDER = Path(__file__).parent
WAITING = [row for row in cases().values() if row.later]
ROWS = list(cases().values())


def tried() -> set[str]:
    """Every id that a test of this folder names."""
    return {
        name
        for path in FOLDER.glob("test_*.py")
        for name in re.findall(r'@(?:field_)?case\("([A-Z]+-\d+)"\)', path.read_text())
    }


def test_every_row_has_a_test_or_says_what_it_waits_for() -> None:
    assert set(cases()) - tried() - {row.id for row in ROWS if row.later or row.elsewhere} == set()


@pytest.mark.parametrize("row", [row for row in ROWS if row.elsewhere], ids=lambda row: row.id)
def test_a_case_that_is_tried_elsewhere_is_tried_there(row: AttackCase) -> None:
    text = (FOLDER.parents[1] / row.elsewhere).read_text(encoding="utf-8")
    assert "\ndef test_" in text


def test_every_test_has_a_row() -> None:
    assert tried() - set(cases()) == set()


def test_no_id_is_there_twice() -> None:
    names = [row["id"] for row in table()["cases"]]
    assert len(names) == len(set(names)) > 60


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_is_whole(row: AttackCase) -> None:
    assert row.area in AREAS
    assert row.severity in SEVERITIES
    assert 0 < row.max_ms <= MOST_MILLISECONDS
    assert all(len(text) >= 4 for text in (row.title, row.laid, row.expected))


@pytest.mark.parametrize("row", WAITING, ids=lambda row: row.id)
def test_a_case_or_its_rest_waits(row: AttackCase) -> None:
    pytest.skip(f"needs {row.later}")


@pytest.mark.parametrize("kind", table()["later"], ids=lambda kind: kind["what"])
def test_a_way_of_running_the_cases_waits(kind: dict[str, str]) -> None:
    pytest.skip(f"needs {kind['needs']}")
