"""Earlier response and flare of lupus nephritis (clinical-spec 6.1, 6.3 step 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle import course
from tests.oracle.exposure import at_least, below, response_in
from tests.oracle.lines import Line, segments
from tests.oracle.lupus_tables import COMBO_OF, escalate, is_severe
from tests.oracle.verdict import Verdict, request, start

if TYPE_CHECKING:
    from tests.oracle.lupus import Picture


def flare(p: Picture) -> tuple[bool, Verdict | None]:
    """Whether there was an earlier CR or PR, and the answer of step 8 when a flare threshold is met."""
    today = course.current_proteinuria(p.chart)
    later = [v for v in p.values if v.day >= p.line.start + 30 and today and v.day < today.day]  # earlier than now
    complete = [v for v in later if below(v.value, 0.5)]
    partial = response_in(later, p.base.value if p.base else None, "LN")
    told = p.line.reason == "remission" and not p.line.open
    if not (complete or partial or told):
        return False, None
    since_start = [v for v in p.values if v.day >= p.line.start and today and v.day < today.day]
    best = min(since_start, key=lambda v: v.value) if since_start else None
    ref = (course.nearest(p.chart.series("egfr"), best.day, 60) if best else None) or p.egfr_base
    slope = course.trend(p.chart, ref)
    if complete or told:
        threshold = 1.0
        since = complete[-1].day if complete else min([p.line.end, *(v.day for v in partial[-1:])])
    else:
        threshold, since = max(2.0, 2 * (best.value if best else 0.0)), partial[-1].day
    nephritic = slope == "DECLINING" and p.chart.word("sediment_active", 60) == "positive"
    if not nephritic and not at_least(p.now, threshold):
        return True, None
    if not nephritic and not confirmed(p, threshold, since):
        return True, request("LN_FLARE_UNCONFIRMED", "LN-D5", "REPEAT_UPCR")
    return True, answer(p, slope)


def confirmed(p: Picture, threshold: float, since: int) -> bool:
    high = [v.day for v in p.values if v.day > since and at_least(v.value, threshold)]
    c3 = p.chart.newest("c3", 60)
    return (bool(high) and high[-1] - high[0] >= 14) or (c3 is not None and below(c3.value, 0.9))


def answer(p: Picture, slope: str) -> Verdict:
    """The order inside step 8."""
    state = "LN_FLARE"
    used = p.failed_before
    severe = is_severe(p.chart, slope)
    if course.pregnant(p.chart):
        return start(state, "LN-05", escalate(p.chart, p.ln_class, severe, p.now, used))
    if course.non_adherent(p.chart, p.line.classes, p.line.reason):
        return Verdict(state, "OPTIMIZE", "LN-42")
    if severe:
        return start(state, "LN-43", escalate(p.chart, p.ln_class, True, p.now, used))
    running = {s.therapy for s in segments(p.chart) if s.goes_on}
    if earlier_flare(p):
        return start(state, "LN-44", escalate(p.chart, p.ln_class, False, p.now, used | running))
    if off_therapy_since(p.line) <= -30:
        again = [c for c in [same_regimen(p.line)] if c]
        return start(state, "LN-40", again + escalate(p.chart, p.ln_class, False, p.now, used))
    return start(state, "LN-41", escalate(p.chart, p.ln_class, False, p.now, used | running))


def earlier_flare(p: Picture) -> bool:
    """`ln_flare` coded more than 30 d before; one without a day may be that (decision 10)."""
    return any(q.concept == "ln_flare" and (q.onset is None or q.onset < -30) for q in p.chart.problems)


def off_therapy_since(line: Line) -> int:
    """The last day with an effect (TL-2); D0 for an open line."""
    return 0 if line.open else max(s.effect_end for s in line.segments)


def same_regimen(line: Line) -> str:
    """The candidate that names the regimen of the line, the strongest partner first."""
    parts = line.classes - {"AZA"}
    for therapy in ("RTX", "CD20_2G", "CYC", "BEL", "CNI", "MPAA"):
        if therapy in parts:
            return "MPAA_GC" if therapy == "MPAA" else COMBO_OF[therapy]
    return ""
