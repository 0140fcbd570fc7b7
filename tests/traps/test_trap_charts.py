"""The charts without a trap get the answers that the traps are measured against, and no trap was left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.traps import charts
from tests.traps.answers import answer

CHARTS = {
    "untreated": ("MN-04", ["RTX", "CYC_GC", "CNI"]),
    "on_tacrolimus": ("MN-07", ["RTX", "CYC_GC"]),
    "on_cyclosporine": ("MN-07", ["RTX", "RTX_CNI", "CYC_GC"]),
    "after_rituximab": ("MN-30", ["CYC_GC", "RTX_CNI", "CNI"]),
    "after_cyclophosphamide": ("MN-32", ["RTX", "RTX_CNI", "CNI"]),
    "in_remission": ("MN-11", []),
    "lupus_nephritis": ("LN-20c", ["BEL_COMBO", "ANTI_CD20_COMBO", "CNI_COMBO", "CYC_GC"]),
}


@pytest.mark.parametrize(("name", "rule", "offered"), [(name, *said) for name, said in CHARTS.items()])
def test_the_chart_without_a_trap(name: str, rule: str, offered: list[str]) -> None:
    said = answer(getattr(charts, name)())
    assert (said.rule, said.offered) == (rule, offered)
    assert said.evaluation.bins.set_aside == 0


def test_every_trap_of_the_list_has_a_test_of_its_own() -> None:
    """Terminology, section 7: 58 of them."""
    written = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_*.py"))
    assert sorted({int(number) for number in re.findall(r"def test_trap_(\d\d)_", written)}) == list(range(1, 59))
