"""Membranous nephropathy without a standard line, and the organ floor (clinical-spec 5.1, 5 step 7)."""

from __future__ import annotations

from tests.oracle import course
from tests.oracle.course import trend
from tests.oracle.exposure import above, at_least, below
from tests.oracle.facts import Chart
from tests.oracle.verdict import Verdict, request, start


def advanced(chart: Chart) -> Verdict:
    """Step 7: the longest kidney."""
    lengths = [v.value for v in chart.series("kidney_length")]
    if lengths and below(max(lengths), 8):
        return Verdict("MN_ADVANCED_CKD", "SUPPORTIVE", "MN-05a")
    return Verdict("MN_ADVANCED_CKD", "REFER_EXPERT", "MN-05b")


def untreated(chart: Chart, now: float, egfr: float, onset: int | None, mpaa: bool) -> Verdict:
    """5.1."""
    verdict = _untreated(chart, now, egfr, onset)
    if mpaa:
        verdict.notes.add("MPAA_MONO_NOT_RECOMMENDED")
    return verdict


def _untreated(chart: Chart, now: float, egfr: float, onset: int | None) -> Verdict:
    if below(egfr, 30) and at_least(now, 3.5):
        return advanced(chart)
    ref = course.oldest(chart.series("egfr"), -730, -28)
    rapid = ref is not None and ref.day >= -365 and trend(chart, ref) == "DECLINING"
    if chart.has("life_threatening_nephrotic") or (rapid and at_least(course.fall(chart, ref), 0.30)):
        return start("MN_UNTREATED_VERY_HIGH", "MN-04b", ["CYC_GC", "RTX"])
    old = [v.value for v in course.proteinuria(chart) if v.day <= -180]
    if below(now, 3.5) or (old and below(now, 0.5 * max(old))):
        return Verdict("MN_UNTREATED_LOW", "SUPPORTIVE", "MN-01")
    high = start("MN_UNTREATED_HIGH", "MN-04", ["RTX", "CYC_GC", "CNI"])
    if below(egfr, 60):
        return high
    if (onset is not None and -onset < 180) or not old:
        return Verdict("MN_UNTREATED_MODERATE", "WAIT_MONITOR", "MN-02")
    albumin, antibody = chart.newest("albumin", 90), course.antibody(chart)
    missing = [code for code, gone in (("ALBUMIN", albumin is None), ("ANTI_PLA2R", antibody == "MISSING")) if gone]
    if albumin is None or missing:
        return request("MN_INSUFFICIENT_DATA", "MN-D9", *missing)
    elisa = chart.newest("anti_pla2r_elisa", 120)
    heavy = above(now, 8) and any(above(v, 8) for v in old)
    if below(albumin.value, 25) or (elisa and above(elisa.value, 50)) or heavy:
        return high
    return start("MN_UNTREATED_MODERATE", "MN-03", ["RTX", "CNI"])
