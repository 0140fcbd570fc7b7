"""Membranous nephropathy: clinical-spec section 5, step by step."""

from __future__ import annotations

from dataclasses import dataclass

from tests.oracle import course, exposure
from tests.oracle.course import trend
from tests.oracle.exposure import above, at_least, below
from tests.oracle.facts import Chart, Value
from tests.oracle.lines import ANTI_CD20, NEVER_A_LINE, STANDARD, Line, last_line, lines
from tests.oracle.membranous_relapse import relapse
from tests.oracle.membranous_resistance import adequacy, creatinine_rise, resistance_table
from tests.oracle.membranous_untreated import advanced, untreated
from tests.oracle.verdict import Verdict, request, start


@dataclass(slots=True)
class Picture:
    """What the steps look at, worked out once."""

    chart: Chart
    now: float
    egfr: float
    albumin: float | None
    antibody: str
    line: Line
    found: list[Line]
    others: list[Line]
    outcomes: dict[int, str]
    failed: set[str]
    base: Value | None
    trend: str

    @property
    def days(self) -> int:
        return -self.line.start

    @property
    def red(self) -> float | None:
        return None if self.base is None else 1 - self.now / self.base.value

    @property
    def open_question(self) -> bool:
        """Step 19 with decision 10: a past line, a drug of the last one, or a record that cannot be placed."""
        past = any(exposure.in_doubt(self.found, x, self.outcomes[id(x)], "MN") for x in self.others)
        last = exposure.doubtful_classes(self.line, "MN") & STANDARD
        settled = self.failed_with_line  # RTX is in it when the second generation failed
        return past or bool(last) or bool((self.chart.unplaced & {*STANDARD, "any"}) - settled)

    @property
    def failed_with_line(self) -> set[str]:
        return self.failed | standard(exposure.failing_classes(self.line, "MN"))


def standard(classes: set[str]) -> set[str]:
    """F keeps CD20_2G beside RTX so that R-07 can tell them apart."""
    found = classes & STANDARD
    return found | {"RTX"} if "CD20_2G" in found else found


def judge_membranous(chart: Chart) -> Verdict:
    """Steps 1 to 4."""
    problems = [p for p in chart.problems if p.concept == "membranous_nephropathy"]
    routed = [p for p in problems if p.clinical not in {"inactive", "resolved"}]
    provisional = all(p.verification in {"provisional", "unconfirmed"} for p in routed)
    if routed and provisional and not any(at_least(v.value, 20) for v in chart.series("anti_pla2r_elisa")):
        return request("MN_INSUFFICIENT_DATA", "MN-D0", "MN_DIAGNOSIS_CONFIRMATION")  # step 1
    onsets = [p.onset for p in problems if p.onset is not None]
    onset = min(onsets) if onsets else None
    tumours = [p for p in chart.problems if p.concept == "malignancy" and p.current and p.onset is not None]
    near = onset is not None and any(abs((p.onset or 0) - onset) <= 365 for p in tumours)
    if chart.has("secondary_membranous_nephropathy") or near:
        return Verdict("MN_SECONDARY", "REFER_EXPERT", "MN-00")  # step 2
    current, egfr = course.current_proteinuria(chart), chart.newest("egfr", 90)
    if current is None or egfr is None:  # step 3
        missing = [code for code, value in (("PROTEINURIA", current), ("EGFR", egfr)) if value is None]
        return request("MN_INSUFFICIENT_DATA", "MN-D1", *missing)
    found = lines(chart, "MN")
    line = last_line(found, STANDARD)
    if line is None and chart.unplaced - NEVER_A_LINE:
        return request("MN_INSUFFICIENT_DATA", "MN-D8", "PRIOR_LINE_OUTCOME")
    if line is None:  # step 4
        return untreated(chart, current.value, egfr.value, onset, any("MPAA" in x.classes for x in found))
    return treated(picture(chart, current.value, egfr.value, found, line))


def picture(chart: Chart, now: float, egfr: float, found: list[Line], line: Line) -> Picture:
    values = course.proteinuria(chart)
    outcomes, failed, others = {}, set(), []
    for other in found:
        if other is line or not other.classes & STANDARD:
            continue
        base = course.baseline(values, other.start)
        result = exposure.outcome(found, other, values, base.value if base else None, "MN")
        outcomes[id(other)] = result
        others.append(other)
        if result == "FAILED":
            failed |= standard(exposure.failing_classes(other, "MN"))
    albumin = chart.newest("albumin", 90)
    return Picture(
        chart, now, egfr, albumin.value if albumin else None, course.antibody(chart), line, found, others, outcomes,
        failed, course.baseline(values, line.start), trend(chart, course.line_reference(chart, line.start)),
    )  # fmt: skip


def treated(p: Picture) -> Verdict:
    """Steps 5 to 12."""
    toxic = cni_toxicity(p)
    if toxic:
        return toxic
    fine = p.trend != "DECLINING"
    if below(p.now, 0.3) and p.albumin is not None and at_least(p.albumin, 35) and fine:
        return remission(p, "CR")
    if below(p.now, 3.5) and p.red is not None and at_least(p.red, 0.5) and fine:
        return remission(p, "PR")
    if below(p.egfr, 30) and at_least(p.now, 3.5):
        return advanced(p.chart)
    again = relapse(p)
    if again:
        return again
    if p.base is None:
        return request("MN_INSUFFICIENT_DATA", "MN-D11", "BASELINE_PROTEINURIA")
    if not p.line.open and p.line.reason == "intolerance" and p.line.end - p.line.start < 180:
        return intolerant(p)
    if p.days < 120:
        return Verdict("MN_ON_TREATMENT_EARLY", "CONTINUE", "MN-06")
    if below(p.now, 3.5):
        return Verdict("MN_SUBNEPHROTIC", "WAIT_MONITOR", "MN-18")
    return explained(p)


def cni_toxicity(p: Picture) -> Verdict | None:
    """Step 5."""
    segment = p.line.segment("CNI")
    if segment is None or not segment.open or p.chart.has("acute_kidney_injury"):
        return None
    if not above(creatinine_rise(p, segment), 1.20):
        return None
    silent = p.days >= 180 and p.red is not None and below(p.red, 0.30) and at_least(p.now, 3.5)
    low = p.albumin is not None and below(p.albumin, 35)
    if silent and low and p.antibody != "NEG" and p.failed_with_line == {"CNI"}:
        verdict = start("MN_CNI_TOXICITY", "MN-15b", ["RTX", "CYC_GC"])
    else:
        verdict = Verdict("MN_CNI_TOXICITY", "REDUCE_CNI", "MN-15a")
    verdict.notes.add("CNI_NEPHROTOXICITY")
    return verdict


def remission(p: Picture, kind: str) -> Verdict:
    """5.2."""
    state = f"MN_REMISSION_{kind}"
    segment = p.line.segment("CNI")
    if segment is None or not segment.open:
        return Verdict(state, "WAIT_MONITOR", "MN-20")
    doses = [r for r in sorted(segment.records, key=lambda r: r.start) if r.dose is not None]
    reduced_since = None
    for record in reversed(doses):
        if above((record.dose or 0) / (doses[0].dose or 1), 0.55):
            break
        reduced_since = record.start
    if reduced_since is not None:
        held = -reduced_since >= 365
        verdict = Verdict(state, "TAPER_OFF_CNI", "MN-14") if held else Verdict(state, "CONTINUE", "MN-13")
    elif kind == "CR" or -segment.start >= 365:
        verdict = Verdict(state, "TAPER_CNI", "MN-12")
    else:
        verdict = Verdict(state, "CONTINUE", "MN-11")
    elisa = p.chart.newest("anti_pla2r_elisa", 120)
    if p.antibody == "POS" and elisa and at_least(elisa.value, 50):
        verdict.notes.add("AB_PERSISTENT_HIGH")
    return verdict


def intolerant(p: Picture) -> Verdict:
    """Step 10."""
    if below(p.now, 3.5):
        return Verdict("MN_INTOLERANT", "WAIT_MONITOR", "MN-18")
    if p.antibody == "NEG":  # section 9: no escalation for antibody-negative disease
        return explained(p)
    if p.failed:
        return resistance_table(p, p.failed, "MN_INTOLERANT")
    if p.line.classes & ANTI_CD20:
        candidates = ["CYC_GC"] if p.trend == "DECLINING" else ["ANTI_CD20_2G", "CYC_GC", "CNI"]
        return start("MN_INTOLERANT", "MN-10", candidates)
    return start("MN_INTOLERANT", "MN-19", ["RTX", "CYC_GC" if "CNI" in p.line.classes else "CNI"])


def explained(p: Picture) -> Verdict:
    """Steps 13 to 17, then 18 to 20; here the proteinuria is nephrotic."""
    red = p.red or 0.0
    normal_albumin = p.albumin is not None and at_least(p.albumin, 35)
    if p.antibody == "NEG":
        if p.trend == "DECLINING":
            return Verdict("MN_AB_NEG_DECLINING", "REBIOPSY", "MN-17b")
        if p.albumin is None:
            return request("MN_INSUFFICIENT_DATA", "MN-D3", "ALBUMIN")
        if normal_albumin:
            return Verdict("MN_SUSPECT_SECONDARY_FSGS", "REBIOPSY", "MN-16")
        if course.antibody_free_days(p.chart) <= 730:
            return Verdict("MN_IMMUNOLOGIC_REMISSION", "WAIT_MONITOR", "MN-17")
        return Verdict("MN_SUSPECT_SECONDARY_FSGS", "REBIOPSY", "MN-17c")
    if p.days >= 180 and normal_albumin and below(red, 0.5):
        return Verdict("MN_SUSPECT_SECONDARY_FSGS", "REBIOPSY", "MN-16")
    if at_least(red, 0.5) or (at_least(red, 0.3) and p.days < 365):
        return Verdict("MN_RESPONDING", "CONTINUE", "MN-11")
    if p.days < 180 and (normal_albumin or not case_c(p)):
        return Verdict("MN_ON_TREATMENT_EARLY", "CONTINUE", "MN-06")
    if p.albumin is None:
        return request("MN_INSUFFICIENT_DATA", "MN-D3", "ALBUMIN")
    if p.antibody == "MISSING":
        return request("MN_INSUFFICIENT_DATA", "MN-D2", "ANTI_PLA2R")
    if p.antibody == "LOW":
        return request("MN_INSUFFICIENT_DATA", "MN-D4", "ANTI_PLA2R_IIF")
    inadequate = adequacy(p)
    if inadequate:
        return inadequate
    if p.open_question:
        return request("MN_INSUFFICIENT_DATA", "MN-D8", "PRIOR_LINE_OUTCOME")
    return resistance_table(p, p.failed_with_line, "MN_RESISTANT")


def case_c(p: Picture) -> bool:
    """Resistance (c): DECLINING, or antibody POS with a fall below 50 % from a known line baseline."""
    base = course.baseline(p.chart.series("anti_pla2r_elisa"), p.line.start)
    now = p.chart.newest("anti_pla2r_elisa", 120)
    stuck = p.antibody == "POS" and base and now and base.value > 0 and below(1 - now.value / base.value, 0.5)
    return p.trend == "DECLINING" or bool(stuck)
