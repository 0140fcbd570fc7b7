"""The relapse block of membranous nephropathy (clinical-spec 4 relapse, 5.4, R-07)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle import course
from tests.oracle.exposure import at_least, below, response_in
from tests.oracle.facts import Chart, Value
from tests.oracle.lines import ANTI_CD20
from tests.oracle.verdict import Verdict, request, start

if TYPE_CHECKING:
    from tests.oracle.membranous import Picture


def remission_day(p: Picture) -> int | None:
    """The last value of the line in remission, or the line's end when its reason says remission."""
    values = [v for v in course.proteinuria(p.chart) if v.day >= p.line.start + 30]
    good = response_in(values, p.base.value if p.base else None, "MN")
    if good:
        return good[-1].day
    return p.line.end if p.line.reason == "remission" and not p.line.open else None


def nadir(p: Picture) -> Value | None:
    """The lowest value since the line began; None when the line is younger than every value."""
    values = [v for v in course.proteinuria(p.chart) if v.day >= p.line.start]
    return min(values, key=lambda v: v.value) if values else None


def relapse(p: Picture) -> Verdict | None:
    """Step 8; None when there was no remission on the last line."""
    since = remission_day(p)
    if since is None:
        return None
    lowest = nadir(p)
    if below(p.now, 3.5):
        return Verdict("MN_SUBNEPHROTIC", "WAIT_MONITOR", "MN-18")
    if lowest and below(p.now, 1.5 * lowest.value):
        return Verdict("MN_BORDERLINE_RISE", "WAIT_MONITOR", "MN-28")
    high = [v.day for v in course.proteinuria(p.chart) if v.day > since and at_least(v.value, 3.5)]
    confirmed = p.antibody == "POS" or (p.albumin is not None and below(p.albumin, 30))
    if lowest is None or not high or not (confirmed or high[-1] - high[0] >= 14):
        return request("MN_RELAPSE_UNCONFIRMED", "MN-D10", "REPEAT_PROTEINURIA")
    if p.antibody == "NEG" and course.pla2r_disease(p.chart):
        return Verdict("MN_RELAPSE_AB_NEG", "REBIOPSY", "MN-27")
    trend = course.trend(p.chart, course.nearest(p.chart.series("egfr"), lowest.day, 60))
    if trend == "UNCONFIRMED":
        return request("MN_RELAPSE", "MN-D7", "REPEAT_CREATININE")
    if trend == "DECLINING":
        return start("MN_RELAPSE", "MN-26", without(["CYC_GC"], p.failed))
    return by_line(p, high[0])


def by_line(p: Picture, first: int) -> Verdict:
    """Rows 7 to 10."""
    if p.line.classes & ANTI_CD20:
        kept = without(["ANTI_CD20_2G", "CYC_GC"], p.failed)
        return start("MN_RELAPSE", "MN-21", ["RTX", *kept])  # the one second course that R-07 allows
    cni = p.line.segment("CNI")
    if cni:
        dependent = cni.open or first - cni.end <= 90 or earlier_relapse(p.chart, first)
        if dependent:
            return start("MN_CNI_DEPENDENT", "MN-22", without(["RTX", "ANTI_CD20_2G", "CYC_GC"], p.failed))
        return start("MN_RELAPSE", "MN-23", without(["RTX", "CNI", "CYC_GC"], p.failed))
    return start("MN_RELAPSE", "MN-24", without(["RTX", "CNI", "CYC_GC"], p.failed))


def earlier_relapse(chart: Chart, first: int) -> bool:
    """A relapse coded more than 30 d before this one began; one without a day may be that (decision 10)."""
    return any(p.concept == "mn_relapse" and (p.onset is None or first - p.onset > 30) for p in chart.problems)


def without(candidates: list[str], failed: set[str]) -> list[str]:
    """Section 5: a candidate whose class is in F goes. Only a failed CD20_2G removes ANTI_CD20_2G (R-07)."""
    owner = {"RTX": "RTX", "ANTI_CD20_2G": "CD20_2G", "CYC_GC": "CYC", "CNI": "CNI"}
    return [c for c in candidates if owner[c] not in failed]
