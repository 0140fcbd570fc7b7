"""Adequacy of the last line and the resistance table of membranous nephropathy (clinical-spec 5.3, 5.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle import course, exposure
from tests.oracle.exposure import at_least, below
from tests.oracle.facts import EPS, Chart
from tests.oracle.lines import ANTI_CD20, Segment
from tests.oracle.membranous_relapse import without
from tests.oracle.verdict import Verdict, request, start

if TYPE_CHECKING:
    from tests.oracle.membranous import Picture

INADEQUATE = "MN_INADEQUATE_LINE"


def adequacy(p: Picture) -> Verdict | None:
    """5.3 in its order; None when the line was adequate."""
    if course.non_adherent(p.chart, p.line.classes, p.line.reason):
        return Verdict(INADEQUATE, "OPTIMIZE", "MN-A1")
    cni = p.line.segment("CNI")
    if cni:
        if "CNI" in exposure.doubtful_classes(p.line, "MN"):
            return request("MN_INSUFFICIENT_DATA", "MN-D8", "PRIOR_LINE_OUTCOME")
        troughs = trough_answer(p.chart, cni)
        if troughs is False or cni.end - cni.start < 120:  # 3.4: below the minimum exposure
            return Verdict(INADEQUATE, "OPTIMIZE", "MN-A2")
        if troughs is None:
            return request(INADEQUATE, "MN-D5", "CNI_TROUGH")
    alone = len(p.line.anti_cd20()) == len(p.line.segments)
    cd20 = [s for s in p.line.anti_cd20() if alone or s.reason != "intolerance"]
    if cd20 and (alone or exposure.cd20_adequate(cd20)):  # below 1.4 g the partner is judged on its own
        verdict = b_cells(p, cd20)
        if verdict:
            return verdict
    cyc = p.line.segment("CYC")
    if cyc and "CYC" in exposure.doubtful_classes(p.line, "MN"):
        return request("MN_INSUFFICIENT_DATA", "MN-D8", "PRIOR_LINE_OUTCOME")
    if cyc and not exposure.cyc_adequate(cyc, "MN"):
        return Verdict(INADEQUATE, "OPTIMIZE", "MN-A5")
    return None


def trough_answer(chart: Chart, cni: Segment) -> bool | None:
    """At least half of the troughs of the last 180 d of the segment on target; None without any."""
    agents = {r.agent for r in cni.records}
    results: list[bool] = []
    for agent, target in (("tacrolimus", 3.0), ("cyclosporine", 125.0)):
        if agent in agents:
            values = [v for v in chart.series(f"{agent}_trough") if max(cni.end - 180, cni.start) <= v.day <= cni.end]
            results += [at_least(v.value, target) for v in values]
    return 2 * sum(results) >= len(results) if results else None


def b_cells(p: Picture, cd20: list[Segment]) -> Verdict | None:
    """Rows RTX dose and CD19."""
    if not exposure.cd20_adequate(cd20):
        return Verdict(INADEQUATE, "OPTIMIZE", "MN-A3")
    last = max(s.end for s in cd20)
    counts = [v.value for v in p.chart.series("cd19_count") if last + 14 <= v.day <= last + 180]
    if not counts:
        return request(INADEQUATE, "MN-D6", "B_CELL_COUNT")
    if not below(min(counts), 5) and not immunised(p.chart):
        return Verdict(INADEQUATE, "OPTIMIZE", "MN-A4")
    return None


def immunised(chart: Chart) -> bool:
    return chart.word("anti_rituximab_ab", None) == "positive"


def resistance_table(p: Picture, failed: set[str], state: str) -> Verdict:
    """5.5, first row that fits. F may hold CD20_2G beside RTX (R-07)."""
    f = failed - {"CD20_2G"}
    if {"RTX", "CYC"} <= f:
        return Verdict(state, "REFER_EXPERT", "MN-37")
    if p.trend == "UNKNOWN":
        return request(state, "MN-D7", "EGFR_TREND")
    if p.trend == "UNCONFIRMED":
        return request(state, "MN-D7", "REPEAT_CREATININE")
    declining = p.trend == "DECLINING"
    if "RTX" in f and immunised(p.chart) and "CD20_2G" not in p.line.classes:
        row = ["CYC_GC"] if declining else ["ANTI_CD20_2G", "CYC_GC", "CNI"]
        return start(state, "MN-10", without(row, failed))
    if f == {"RTX"}:
        return after_rituximab(p, state, declining)
    if f == {"CNI"} and declining and cni_explains(p):
        return request(state, "MN-D7", "REPEAT_CREATININE")  # MN-08 does not apply and no other row does
    combined = ["RTX_CNI"] if in_study_population(p) else []
    rows: dict[tuple[frozenset[str], bool], tuple[str, list[str]]] = {
        (frozenset({"CNI"}), False): ("MN-07", ["RTX", *combined, "CYC_GC"]),
        (frozenset({"CNI"}), True): ("MN-08", ["CYC_GC", "RTX"]),
        (frozenset({"CYC"}), False): ("MN-32", ["RTX", "RTX_CNI", "CNI"]),
        (frozenset({"CYC"}), True): ("MN-33", []),
        (frozenset({"CNI", "CYC"}), False): ("MN-34", ["RTX", *combined]),
        (frozenset({"CNI", "CYC"}), True): ("MN-35", []),
        (frozenset({"RTX", "CNI"}), False): ("MN-36", ["CYC_GC"]),
        (frozenset({"RTX", "CNI"}), True): ("MN-36", ["CYC_GC"]),
    }
    found = rows.get((frozenset(f), declining))
    if found is None:
        return Verdict(INADEQUATE, "OPTIMIZE", "NO-ROW", doubt="no standard class with its own exposure failed")
    rule, row = found
    return start(state, rule, row) if row else Verdict(state, "REFER_EXPERT", rule)


def cni_explains(p: Picture) -> bool:
    """Row MN-08: the fall may be the drug's, on a CNI with a creatinine rise above 20 % (step 5 was an AKI)."""
    cni = p.line.segment("CNI")
    return cni is not None and cni.open and creatinine_rise(p, cni) > 1.20 + EPS


def creatinine_rise(p: Picture, cni: Segment) -> float:
    """Step 5: creatinine now over its CNI baseline; from the eGFR only when a creatinine is missing."""
    base, now = course.baseline(p.chart.series("creatinine"), cni.start), p.chart.newest("creatinine", 90)
    if base and now:
        return now.value / base.value
    ref = course.baseline(p.chart.series("egfr"), cni.start)
    return float((ref.value / p.egfr) ** (1 / 1.2)) if ref else 1.0


def after_rituximab(p: Picture, state: str, declining: bool) -> Verdict:
    """Rows MN-09, MN-31, MN-30."""
    if declining:
        return start(state, "MN-31", ["CYC_GC"])
    elisa = p.chart.newest("anti_pla2r_elisa", 120)
    base = course.baseline(p.chart.series("anti_pla2r_elisa"), p.line.start)
    fallen = elisa and base and base.value > 0 and at_least(1 - elisa.value / base.value, 0.5)
    once = exposure.courses([r for s in all_cd20(p) for r in s.records]) == 1
    if once and p.antibody == "POS" and elisa and not elisa.value > 50 and fallen:
        return start("MN_RTX_PARTIAL_IMMUNOLOGIC", "MN-09", ["RTX", "CYC_GC"])
    wish = course.yes(p.chart, "fertility_wish")
    row = ["RTX_CNI", "CYC_GC", "CNI"] if wish else ["CYC_GC", "RTX_CNI", "CNI"]
    return start(state, "MN-30", row)


def all_cd20(p: Picture) -> list[Segment]:
    seen = {id(s): s for line in [*p.others, p.line] for s in line.segments if s.therapy in ANTI_CD20}
    return list(seen.values())


def in_study_population(p: Picture) -> bool:
    """5.5: the S002 population test."""
    biopsy = [d for c, d in p.chart.procedures if c == "kidney_biopsy"]
    before = {r.agent for r in p.chart.records} & {"rituximab", "tacrolimus"}
    blocked = course.pregnant(p.chart) or p.chart.has("malignancy") or p.chart.has("serious_infection")
    recent = bool(biopsy) and max(biopsy) >= -730
    return recent and at_least(p.egfr, 45) and not before and not blocked and p.chart.age >= 18
