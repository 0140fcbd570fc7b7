"""The oracle's front door: one vignette, one verdict (clinical-spec 1, 5 step 0, 7)."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from tests.oracle.facts import Chart, Value, fill_egfr, read
from tests.oracle.lupus import judge_lupus
from tests.oracle.membranous import judge_membranous
from tests.oracle.safety import LEVELS, apply
from tests.oracle.verdict import Verdict, no_card


def judge(vignette: dict[str, Any]) -> Verdict:
    """The one state, action and rule that the specification gives this patient."""
    return judge_doubles(read(vignette))


def judge_chart(chart: Chart) -> Verdict:
    chart = deepcopy(chart)
    fill_egfr(chart)
    if chart.age < 18:
        return no_card("SC-01")
    if chart.has("dialysis") or chart.has("kidney_transplant") or replaced(chart):
        return no_card("SC-02")
    disease = routed(chart)
    if disease == "":
        return no_card("SC-03")
    verdict = judge_lupus(chart) if disease == "LN" else judge_membranous(chart)
    return apply(chart, disease, verdict)


def judge_doubles(chart: Chart) -> Verdict:
    """Decision 10: a doubled value may warn and forbid, but the rule must be the same with either."""
    doubles = [(m, v) for m, v in chart.doubles if v.day in {x.day for x in chart.series(m)} and apart(chart, m, v)]
    used = judge_chart(chart)
    if not doubles:
        return used
    tried = [[double] for double in doubles] + ([doubles] if len(doubles) > 1 else [])
    runs = [judge_chart(exchanged(chart, some)) for some in tried]
    other = [some for some, run in zip(tried, runs, strict=True) if answer(run) != answer(used)]
    left = used
    if other:
        doubtful = [some[0] for some in other if len(some) == 1] or doubles
        left = judge_doubles(without(chart, doubtful))
    return agreed(left, [used, *runs])


def answer(verdict: Verdict) -> tuple[Any, ...]:
    return verdict.state, verdict.action, verdict.rule, tuple(verdict.missing)


def apart(chart: Chart, measure: str, value: Value) -> bool:
    """More than 20 % of the smaller (R-04)."""
    kept = next(v.value for v in chart.series(measure) if v.day == value.day)
    low, high = sorted((kept, value.value))
    return high - low > 0.2 * low


def exchanged(chart: Chart, doubles: list[tuple[str, Value]]) -> Chart:
    changed = deepcopy(chart)
    for measure, value in doubles:
        changed.numbers[measure] = [value if v.day == value.day else v for v in changed.series(measure)]
    return changed


def without(chart: Chart, doubles: list[tuple[str, Value]]) -> Chart:
    """Neither value, nor an older one of the last 180 days in the place of a value of these days."""
    left = deepcopy(chart)
    for measure, value in doubles:
        stale = [v for v in chart.series(measure) if value.day >= -180 and -180 <= v.day <= value.day]
        left.numbers[measure] = [v for v in left.series(measure) if v not in stale and v.day != value.day]
    left.doubles = [double for double in left.doubles if double not in doubles]
    return left


def agreed(left: Verdict, runs: list[Verdict]) -> Verdict:
    """The verdict without what any run forbids, with what runs of the same rule warn of."""
    same = [run for run in runs if run.rule == left.rule]
    left.notes = set(left.notes).union(*(run.notes for run in same))
    left.severity = max([left.severity, *(run.severity for run in same)], key=LEVELS.index)
    offered = [c for c in (left.next_class, *left.alternatives) if c]
    kept = [c for c in offered if all(c in (run.next_class, *run.alternatives) for run in runs)]
    if kept == offered:
        return left
    left.vetoed = tuple(dict.fromkeys([*left.vetoed, *(v for run in runs for v in run.vetoed)]))
    left.next_class, left.alternatives = (kept[0], tuple(kept[1:])) if kept else (None, ())
    if not kept:
        left.action = "REFER_EXPERT"
        left.notes = left.notes | {"EXPERT_REFERRAL"}
        left.severity = max(left.severity, "warning", key=LEVELS.index)
        left.rule = "LN-27" if left.rule.startswith("LN") else left.rule
    return left


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
