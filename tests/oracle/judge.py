"""The oracle's front door: one vignette, one verdict (clinical-spec 1, 5 step 0, 7)."""

from __future__ import annotations

from typing import Any

from tests.oracle.facts import Chart, read
from tests.oracle.lupus import judge_lupus
from tests.oracle.membranous import judge_membranous
from tests.oracle.safety import apply
from tests.oracle.verdict import Verdict, no_card


def judge(vignette: dict[str, Any]) -> Verdict:
    """The one state, action and rule that the specification gives this patient."""
    chart = read(vignette)
    if chart.age < 18:
        return no_card("SC-01")
    if chart.has("dialysis") or chart.has("kidney_transplant") or replaced(chart):
        return no_card("SC-02")
    disease = routed(chart)
    if disease == "":
        return no_card("SC-03")
    verdict = judge_lupus(chart) if disease == "LN" else judge_membranous(chart)
    return apply(chart, disease, verdict)


def replaced(chart: Chart) -> bool:
    return any(concept in {"dialysis", "kidney_transplant"} for concept, _ in chart.procedures)


def routed(chart: Chart) -> str:
    """Confirmed LN beats MN; provisional LN alone is LN-D0 (section 1, R-02)."""
    open_problems = [p for p in chart.problems if p.clinical not in {"inactive", "resolved"}]
    lupus = [p for p in open_problems if p.concept == "lupus_nephritis"]
    membranous = [p for p in open_problems if p.concept.endswith("membranous_nephropathy")]  # secondary MN is MN
    if any(p.verification == "confirmed" for p in lupus):
        return "LN"
    if membranous:
        return "MN"
    return "LN" if lupus else ""
