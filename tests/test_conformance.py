"""The page of conformance: every id has a test or a reason, every test names ids that exist, the page is up to date."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("conformance_page", ROOT / "tools" / "conformance_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGE = tool()
ROWS = PAGE.requirements()
PROVEN = PAGE.proofs()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_every_requirement_has_a_test_or_says_why_not(row: tuple[str, str, str, str, str]) -> None:
    identifier, level, text, state, reason = row
    assert level
    assert text
    assert state in PAGE.STATES
    if state == "tested":
        assert PROVEN.get(identifier), f'no test is marked @pytest.mark.conformance("{identifier}")'
        assert not reason
    else:
        assert reason, "why is there no test?"
    if state == "not applicable":
        assert identifier not in PROVEN, "it has a test, so it applies"


def test_every_id_that_a_test_names_is_in_the_table() -> None:
    assert set(PROVEN) <= {row.id for row in ROWS}


def test_the_ids_of_a_section_are_whole_and_in_order() -> None:
    for section in PAGE.SECTIONS:
        numbers = [int(row.id.partition("-")[2]) for row in ROWS if row.id.partition("-")[0] == section]
        assert numbers == list(range(1, len(numbers) + 1))
    assert len(ROWS) == 133


def test_the_page_is_up_to_date() -> None:
    assert PAGE.PAGE.read_text(encoding="utf-8") == PAGE.page(), "run make tables"


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("test_disc_1_it_answers", ["DISC-1"]),
        ("test_pft_1_and_2_the_only_token", ["PFT-1", "PFT-2"]),
        ("test_card_4_and_sug_2_uuids", ["CARD-4", "SUG-2"]),
        ("test_disc_12_pairs", ["DISC-12"]),
        ("test_jwt_13_and_fb_2_of_the_attack_table", []),
        ("test_a_card_of_1_line", []),
        ("test_reaction_1_is_none", []),
    ],
)
def test_ids_are_read_from_names(name: str, ids: list[str]) -> None:
    assert list(PAGE.named(name)) == ids
