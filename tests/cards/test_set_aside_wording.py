"""Every reason for which anything is set aside has words that a clinician can read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_service.cards.wording_measures import SET_ASIDE
from cds_service.cards.wording_notes import NOTES
from cds_service.cards.wording_remarks import REMARKS
from cds_service.guideline.summary import REMARKS_ON_DRUGS

PACKAGE = Path(__file__).resolve().parents[2] / "cds_service"
ROOMS = ("fhir", "mapping")
# Of the guideline these set values and records aside.
MODULES = ("guideline/bounds.py", "guideline/doubled.py", "guideline/names.py", "guideline/picture.py")
IN_CAPITALS = re.compile(r"[A-Z]{2,}(_[A-Z]+)+|[A-Z]{6,}")
# What is written in capitals in these rooms and is no reason.
NO_REASON = {
    *("CHECKSUMS", "LOCAL_ROUTES", "MONTHLY", "VERSION", "WEEKLY", "MIXED_RELEASES"),
    *("START_CLASS", "REFER_EXPERT", "EXPERT_REFERRAL", "FAILED", "UNKNOWN"),
    *("MN_RESISTANT", "MN_RTX_PARTIAL_IMMUNOLOGIC", "MN_CNI_TOXICITY", "LN_NO_RESPONSE", "LN_REFRACTORY"),
}


def constants(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and IN_CAPITALS.fullmatch(node.value):
            yield node.value


def emitted() -> set[str]:
    modules = [path for room in ROOMS for path in sorted((PACKAGE / room).rglob("*.py"))]
    modules += [PACKAGE / name for name in MODULES]
    return {name for module in modules for name in constants(module)} - NO_REASON


def test_every_reason_that_a_room_can_give_has_words() -> None:
    assert emitted() - SET_ASIDE.keys() == set()


def test_no_words_are_kept_for_a_reason_that_nobody_gives() -> None:
    assert SET_ASIDE.keys() - emitted() == set()


@pytest.mark.parametrize("reason", SET_ASIDE)
def test_the_words_complete_a_sentence(reason: str) -> None:
    """As in: Albumin 2026-11-12 not used: no value was given."""
    words = SET_ASIDE[reason]
    assert words[0].islower()
    assert not words.endswith(".")
    assert len(words) <= 100
    assert not re.search(r"[A-Z]{2,}_|[_*`<>\[\]]", words)


def test_every_remark_has_a_sentence() -> None:
    assert {*REMARKS_ON_DRUGS, "MIXED_RELEASES", "RELAPSE_UNDATED", "VERIFICATION_NOT_STATED"} <= REMARKS.keys()
    assert all(sentence.endswith(".") for sentence in REMARKS.values())
    assert REMARKS.keys().isdisjoint(NOTES)
