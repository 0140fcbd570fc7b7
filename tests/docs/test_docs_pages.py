"""What the pages say about code and tests exists, and numbers on them are those of the code."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest
import yaml

from cds_service.guideline.thresholds import Thresholds

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"
CASE = (DOCS / "explanation" / "safety-case.md").read_text(encoding="utf-8")
LINES = (DOCS / "explanation" / "lines-and-responses.md").read_text(encoding="utf-8")
CARD = (DOCS / "reference" / "card.md").read_text(encoding="utf-8")
CLAIMS = re.findall(r"^\| \*\*(\d+)\. (.+?)\*\*.*\| (.+?) \|$", CASE, flags=re.MULTILINE)
NUMBERS = re.findall(r"^\| (.+?) \| ([\d.]+)(?: \w+)? \| `([\w.]+)` \|$", LINES, flags=re.MULTILINE)
MOST_PICTURE_BYTES = 200_000


def pages_in(entry: object) -> set[str]:
    """Every page below an entry of the navigation."""
    if isinstance(entry, str):
        return {entry}
    below = entry.values() if isinstance(entry, dict) else entry
    return {page for one in below for page in pages_in(one)}  # type: ignore[attr-defined]


def test_every_claim_of_the_safety_case_is_read() -> None:
    assert [int(number) for number, _, _ in CLAIMS] == list(range(1, len(CLAIMS) + 1))
    assert len(CLAIMS) >= 12


@pytest.mark.parametrize(("number", "claim", "evidence"), CLAIMS)
def test_a_claim_has_evidence_that_exists(number: str, claim: str, evidence: str) -> None:
    named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", evidence)
    assert named, claim
    for module, test in named:
        tree = ast.parse((ROOT / "tests" / module).read_text(encoding="utf-8"))
        tests = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert not test or test in tests, f"{module} has no {test}"


def test_the_safety_case_says_what_it_does_not_show() -> None:
    assert "No clinician has signed the knowledge" in CASE.partition("## What this does not show")[2]


def test_the_numbers_of_lines_and_responses_are_read() -> None:
    assert len(NUMBERS) == LINES.count(" | `")


@pytest.mark.parametrize(("what", "number", "name"), NUMBERS)
def test_a_number_is_the_one_of_the_code(what: str, number: str, name: str) -> None:
    room, _, last = name.rpartition(".")
    home = Thresholds() if room == "thresholds" else importlib.import_module(f"cds_service.{room}")
    assert float(number) == float(getattr(home, last)), what


def test_every_page_of_docs_is_in_the_navigation() -> None:
    nav = pages_in(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert {page for page in pages - nav if not page.startswith("decisions/0")} == set()


@pytest.mark.parametrize("picture", sorted((DOCS / "pictures").glob("*.png")), ids=lambda path: path.name)
def test_a_picture_is_small_and_shown_somewhere(picture: Path) -> None:
    assert picture.stat().st_size < MOST_PICTURE_BYTES
    assert any(f"pictures/{picture.name}" in page.read_text(encoding="utf-8") for page in DOCS.rglob("*.md"))


def test_the_anatomy_explains_as_many_parts_as_the_picture_has_numbers() -> None:
    script = ast.parse((ROOT / "tools" / "screenshots.py").read_text(encoding="utf-8"))
    (parts,) = (
        ast.literal_eval(node.value)
        for node in script.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "PARTS"
    )
    explained = [int(number) for number in re.findall(r"^\| (\d+) \|", CARD, flags=re.MULTILINE)]
    assert explained == list(range(1, len(parts) + 1))
