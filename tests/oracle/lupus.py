"""Lupus nephritis: clinical-spec section 6, step by step."""

from __future__ import annotations

from dataclasses import dataclass

from tests.oracle import course, exposure
from tests.oracle.course import trend
from tests.oracle.exposure import at_least, below
from tests.oracle.facts import Chart, Value
from tests.oracle.lines import NEVER_A_LINE, Line, last_line, lines
from tests.oracle.lupus_flare import flare
from tests.oracle.lupus_tables import ANTI, escalate, is_severe, resistance
from tests.oracle.verdict import Verdict, request, start

CLASSES = {"I", "II", "III", "IV", "V", "VI", "III+V", "IV+V"}


@dataclass(slots=True)
class Picture:
    """What the steps look at, worked out once."""

    chart: Chart
    ln_class: str
    now: float
    egfr: float
    line: Line
    found: list[Line]
    others: list[Line]
    outcomes: dict[int, str]
    values: list[Value]
    base: Value | None
    egfr_base: Value | None
    trend: str

    @property
    def days(self) -> int:
        return -self.line.start

    @property
    def red(self) -> float:
        return 1 - self.now / self.base.value if self.base else 0.0

    @property
    def failed_before(self) -> set[str]:
        """U without the last line."""
        past = [line for line in self.others if self.outcomes[id(line)] == "FAILED"]
        return {c for line in past for c in exposure.failing_classes(line, "LN")}

    @property
    def open_question(self) -> bool:
        """Step 20 with decision 10: a past line, a drug of the last one, or a record that cannot be placed."""
        past = any(exposure.in_doubt(self.found, x, self.outcomes[id(x)], "LN") for x in self.others)
        used = self.failed_before | exposure.failing_classes(self.line, "LN")
        settled = used | NEVER_A_LINE | {"AZA"} | (ANTI if used & ANTI else set())
        return past or bool(exposure.doubtful_classes(self.line, "LN")) or bool(self.chart.unplaced - settled)

    @property
    def kidney_kept(self) -> bool:
        return self.egfr_base is not None and at_least(self.egfr / self.egfr_base.value, 0.85)

    @property
    def complete(self) -> bool:
        return below(self.now, 0.5) and self.kidney_kept

    @property
    def partial(self) -> bool:
        return at_least(self.red, 0.5) and below(self.now, 3.0) and self.kidney_kept


def judge_lupus(chart: Chart) -> Verdict:
    """Steps 1 to 6."""
    mine = [p for p in chart.problems if p.concept == "lupus_nephritis"]
    if not any(p.verification == "confirmed" and p.clinical not in {"inactive", "resolved"} for p in mine):
        return request("LN_INSUFFICIENT_DATA", "LN-D0", "LN_DIAGNOSIS_CONFIRMATION")
    ln_class = chart.word("ln_class", None)
    if ln_class not in CLASSES:
        return request("LN_INSUFFICIENT_DATA", "LN-D1", "LN_CLASS")
    if chart.word("tma_on_biopsy", 365) == "positive":
        return Verdict("LN_TMA", "REFER_EXPERT", "LN-03")
    if ln_class in {"I", "II"}:
        return Verdict("LN_CLASS_I_II", "SUPPORTIVE", "LN-01")
    if ln_class == "VI":
        return Verdict("LN_CLASS_VI", "SUPPORTIVE", "LN-02")
    current, egfr = course.current_proteinuria(chart), chart.newest("egfr", 90)
    if current is None or egfr is None:
        missing = [code for code, value in (("UPCR", current), ("EGFR", egfr)) if value is None]
        return request("LN_INSUFFICIENT_DATA", "LN-D2", *missing)
    found = lines(chart, "LN")
    line = last_line(found)
    if line is None and chart.unplaced - NEVER_A_LINE:
        return request("LN_INSUFFICIENT_DATA", "LN-D8", "PRIOR_LINE_OUTCOME")
    if line is None:
        return untreated(chart, ln_class, current.value)
    p = picture(chart, ln_class, current.value, egfr.value, found, line)
    return cni_toxicity(p) or treated(p)


def picture(chart: Chart, ln_class: str, now: float, egfr: float, found: list[Line], line: Line) -> Picture:
    values = course.proteinuria(chart)
    outcomes, others = {}, [other for other in found if other is not line]
    for other in others:
        base = course.baseline(values, other.start)
        level = base.value if base else None
        outcomes[id(other)] = exposure.outcome(found, other, values, level, "LN")
    return Picture(
        chart, ln_class, now, egfr, line, found, others, outcomes, values, course.baseline(values, line.start),
        course.baseline(chart.series("egfr"), line.start), trend(chart, course.line_reference(chart, line.start)),
    )  # fmt: skip


def untreated(chart: Chart, ln_class: str, now: float) -> Verdict:
    """Step 5."""
    if below(now, 0.5):
        return Verdict("LN_INACTIVE", "WAIT_MONITOR", "LN-50")
    state = "LN_UNTREATED"
    if course.pregnant(chart):
        return start(state, "LN-05", ["AZA_CNI"])
    if ln_class == "V":
        if below(now, 1.0):
            return Verdict(state, "SUPPORTIVE", "LN-04d")
        return start(state, "LN-04v", ["CNI_COMBO", "MPAA_GC", "CYC_GC"])
    slope = trend(chart, course.oldest(chart.series("egfr"), -365, -28))
    severe = is_severe(chart, slope)
    rule = "LN-04a" if severe else "LN-04b" if at_least(now, 3.0) else "LN-04c"
    return start(state, rule, escalate(chart, ln_class, severe, now, set()))


def cni_toxicity(p: Picture) -> Verdict | None:
    """Step 6."""
    segment = p.line.segment("CNI")
    if segment is None or not segment.open or p.chart.has("acute_kidney_injury"):
        return None
    base = course.baseline(p.chart.series("egfr"), segment.start)
    if base is None or not at_least(1 - p.egfr / base.value, 0.20):
        return None
    return Verdict("LN_CNI_TOXICITY", "REDUCE_CNI", "LN-17", notes={"CNI_NEPHROTOXICITY"})


def treated(p: Picture) -> Verdict:
    """Steps 7 to 13."""
    if p.base is None or p.egfr_base is None:
        codes = (("BASELINE_UPCR", p.base), ("BASELINE_EGFR", p.egfr_base))
        return request("LN_INSUFFICIENT_DATA", "LN-D3", *[code for code, value in codes if value is None])
    remitted, again = flare(p)
    if again:
        return again
    if p.complete:
        return Verdict("LN_CR", "CONTINUE", "LN-50")
    if p.partial:
        if p.days >= 365 and at_least(p.now, 0.7):
            return Verdict("LN_PR", "CONTINUE", "LN-51", notes={"REBIOPSY_RECOMMENDED"})
        return Verdict("LN_PR", "CONTINUE", "LN-50")
    if remitted:
        return Verdict("LN_BORDERLINE_RISE", "WAIT_MONITOR", "LN-45")
    if p.days < 120:
        if p.trend == "DECLINING":
            return Verdict("LN_EARLY_WORSENING", "REFER_EXPERT", "LN-11")
        return Verdict("LN_ON_TREATMENT_EARLY", "CONTINUE", "LN-10")
    if not p.line.open and p.line.reason == "intolerance" and p.line.end - p.line.start < 180:
        return intolerant(p)
    if not no_response(p):
        return Verdict("LN_RESPONDING", "CONTINUE", "LN-13")
    return unresponsive(p)


def intolerant(p: Picture) -> Verdict:
    """Step 12."""
    if course.pregnant(p.chart):
        return start("LN_INTOLERANT", "LN-05", escalate(p.chart, p.ln_class, False, p.now, p.failed_before))
    stopped = {s.therapy for s in p.line.segments if s.reason == "intolerance"}
    severe = is_severe(p.chart, p.trend)
    return start("LN_INTOLERANT", "LN-19", escalate(p.chart, p.ln_class, severe, p.now, p.failed_before | stopped))


def no_response(p: Picture) -> bool:
    """6.1, single line; "not PR" is known here."""
    if p.days >= 365:
        return True
    if p.days >= 180:
        return below(p.red, 0.25) or p.trend == "DECLINING"
    return not exposure.above(p.red, 0.0) or p.trend == "DECLINING"


def unresponsive(p: Picture) -> Verdict:
    """Steps 14 to 21."""
    if course.non_adherent(p.chart, p.line.classes, p.line.reason):
        return Verdict("LN_INADEQUATE_LINE", "OPTIMIZE", "LN-14")
    weak = underdosed(p)
    if weak:
        return weak
    activity, chronicity = p.chart.newest("ln_activity_index", 365), p.chart.newest("ln_chronicity_index", 365)
    if activity and chronicity and activity.value <= 2 and chronicity.value >= 6:
        return Verdict("LN_CHRONIC_DAMAGE", "SUPPORTIVE", "LN-16")
    if p.trend == "UNCONFIRMED":
        return request("LN_INSUFFICIENT_DATA", "LN-D6", "REPEAT_CREATININE")
    biopsy = p.chart.biopsy_day()
    notes = {"REBIOPSY_RECOMMENDED"} if biopsy is not None and biopsy < -365 else set()
    if course.pregnant(p.chart):
        used = p.failed_before | exposure.failing_classes(p.line, "LN")
        verdict = start("LN_NO_RESPONSE", "LN-05", escalate(p.chart, p.ln_class, False, p.now, used))
    elif p.open_question:
        verdict = request("LN_INSUFFICIENT_DATA", "LN-D8", "PRIOR_LINE_OUTCOME")
    else:
        verdict = resistance(p, is_severe(p.chart, p.trend))
    verdict.notes |= notes
    return verdict


def underdosed(p: Picture) -> Verdict | None:
    """Step 15; also a line without its minimum exposure (3.4), for which no row exists."""
    optimise = Verdict("LN_INADEQUATE_LINE", "OPTIMIZE", "LN-15")
    mpaa, cyc = p.line.segment("MPAA"), p.line.segment("CYC")
    full = exposure.mpaa_full_dose(mpaa) if mpaa else True
    if full is False:
        return optimise
    ask = request("LN_INSUFFICIENT_DATA", "LN-D8", "PRIOR_LINE_OUTCOME")
    doubtful = exposure.doubtful_classes(p.line, "LN")
    if cyc and not exposure.cyc_adequate(cyc, "LN"):
        return ask if doubtful else optimise
    if full is None:
        return request("LN_INADEQUATE_LINE", "LN-D4", "MPAA_DOSE")
    if not exposure.failing_classes(p.line, "LN"):
        optimise.doubt = "minimum exposure of 3.4 not met"
        return ask if doubtful else optimise
    return None
