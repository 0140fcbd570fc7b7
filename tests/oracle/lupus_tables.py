"""The candidate lists of lupus nephritis (clinical-spec 6.2, 6.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle import course, exposure
from tests.oracle.exposure import at_least
from tests.oracle.facts import Chart
from tests.oracle.verdict import Verdict, start

if TYPE_CHECKING:
    from tests.oracle.lupus import Picture

COMBO_OF = {
    "RTX": "ANTI_CD20_COMBO", "CD20_2G": "ANTI_CD20_COMBO", "CYC": "CYC_GC", "BEL": "BEL_COMBO", "CNI": "CNI_COMBO",
}  # fmt: skip
ANTI = {"RTX", "CD20_2G"}


def minus(candidates: list[str], used: set[str]) -> list[str]:
    """Used classes go; MPAA never blocks a combination. AZA_CNI goes when a CNI failed."""
    gone = {COMBO_OF[c] for c in used if c in COMBO_OF} | ({"AZA_CNI"} if "CNI" in used else set())
    return [c for c in candidates if c not in gone]


def escalate(chart: Chart, ln_class: str, severe: bool, now: float, used: set[str]) -> list[str]:
    """ESC of 6.2."""
    if course.pregnant(chart):
        row = ["AZA_CNI"]
    elif ln_class == "V":
        row = ["CNI_COMBO", "ANTI_CD20_COMBO", "CYC_GC"]
    elif severe:
        row = ["CYC_GC", "ANTI_CD20_COMBO", "BEL_COMBO"]
    elif at_least(now, 3.0):
        row = ["CNI_COMBO", "ANTI_CD20_COMBO", "CYC_GC", "BEL_COMBO"]
    else:
        row = ["BEL_COMBO", "ANTI_CD20_COMBO", "CNI_COMBO", "CYC_GC"]
    return minus(row, used)


def failed_sets(p: Picture) -> list[frozenset[str]]:
    """Different class sets of the failed lines, the last line included; AZA is ignored (6.1)."""
    failed = [line for line in p.others if p.outcomes[id(line)] == "FAILED"] + [p.line]
    sets = {frozenset(exposure.failing_classes(line, "LN") - {"AZA"}) for line in failed}
    return [s for s in sets if s]


def resistance(p: Picture, severe: bool) -> Verdict:
    """Step 21, the tables of 6.4."""
    used = p.failed_before | exposure.failing_classes(p.line, "LN")
    refractory = len(failed_sets(p)) >= 2
    state = "LN_REFRACTORY" if refractory else "LN_NO_RESPONSE"
    heavy = at_least(p.now, 3.0)
    suffix = "a" if severe else "b" if heavy else "c"
    if p.ln_class == "V":
        if refractory:
            return start(state, "LN-31", minus(["ANTI_CD20_COMBO", "CNI_COMBO", "CYC_GC"], used))
        return start(state, "LN-30", escalate(p.chart, "V", severe, p.now, used))
    if not refractory:
        rule = ("LN-21" if "CYC" in used else "LN-20") + suffix
        return start(state, rule, escalate(p.chart, p.ln_class, severe, p.now, used))
    if not used & ANTI:
        if severe and "CYC" not in used:
            row = ["CYC_GC", "ANTI_CD20_COMBO", "CNI_COMBO", "BEL_COMBO"]
            return start(state, "LN-25", minus(row, used))
        row = ["ANTI_CD20_COMBO", "CYC_GC", "CNI_COMBO", "BEL_COMBO"]
        return start(state, "LN-24", minus(row, used))
    if severe and "CYC" not in used:
        row = ["CYC_GC", "CNI_COMBO", "BEL_COMBO"]
    elif heavy:
        row = ["CNI_COMBO", "BEL_COMBO", "CYC_GC"]
    else:
        row = ["BEL_COMBO", "CNI_COMBO", "CYC_GC"]
    return start(state, "LN-26", minus(row, used))


def is_severe(chart: Chart, slope: str) -> bool:
    """6.1: DECLINING, or necrosis or crescents on a biopsy at most 180 d old."""
    crescents = chart.newest("crescents_pct", 180)
    crescentic = crescents is not None and at_least(crescents.value, 25)
    return slope == "DECLINING" or crescentic or chart.word("fibrinoid_necrosis", 180) == "positive"
