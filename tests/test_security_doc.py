"""docs/security.md names code and tests; here is checked that they exist, and that every threat has a test."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from cds_service.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
THREATS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.partition("## Threats")[2].partition("## What is kept")[0].splitlines()
    if line.startswith("| ") and not line.startswith("| threat")
]


def names_in(module: Path) -> set[str]:
    """The names of the tests in a module, those in classes too."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_the_table_is_read() -> None:
    assert len(THREATS) > 20


@pytest.mark.parametrize("row", THREATS, ids=lambda row: row[0][:50])
class TestEachThreat:
    def test_it_has_a_control_a_place_and_a_test(self, row: list[str]) -> None:
        assert len(row) == 4
        assert all(row)

    def test_its_code_exists(self, row: list[str]) -> None:
        places = re.findall(r"`([^`]+)`", row[2])
        assert places
        for place in places:
            assert (ROOT / "cds_service" / place).exists() or (ROOT / place).exists(), place

    def test_its_tests_exist(self, row: list[str]) -> None:
        named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", row[3])
        assert named
        assert len(named) == row[3].count("::")
        for module, test in named:
            assert test in names_in(ROOT / "tests" / module), f"{module} has no {test}"


def test_what_it_says_about_times_is_the_default() -> None:
    (days,) = re.findall(r"`CDS_RETENTION_DAYS` \(([\d,]+)\)", PAGE)
    assert int(days.replace(",", "")) == Settings.model_fields["retention_days"].default


def test_it_says_that_nobody_has_signed() -> None:
    assert "No clinician has signed the knowledge" in PAGE


def test_a_vulnerability_can_be_reported() -> None:
    assert "docs/security.md" in (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "../SECURITY.md" in PAGE
