"""The lupus nephritis algorithm, steps 1 to 21 of clinical-spec section 6.3: the first hit is the answer."""

from __future__ import annotations

from cds_service.case import measures
from cds_service.case.measures import at_least
from cds_service.guideline.lupus.biopsy import BIOPSY_AGE
from cds_service.guideline.lupus.candidates import escalation, in_pregnancy, settled_by, used_in
from cds_service.guideline.lupus.explained import EXPLAINED_OTHERWISE, ask
from cds_service.guideline.lupus.flare import FLARE
from cds_service.guideline.lupus.picture import LupusPicture
from cds_service.guideline.lupus.resistance import RESISTANCE
from cds_service.guideline.rows import Answer, Row, decided, row
from cds_service.guideline.shares import percent


@row("LN step 1", "Is the class unknown?", rules=("LN-D1",), source="K24 10.1 M")
def class_unknown(p: LupusPicture) -> Answer | str:
    """Treatment of lupus nephritis rests on the class of a biopsy."""
    if p.class_finding is None:
        return ask("LN-D1", "no class recorded", "LN_CLASS")
    return f"class {p.class_finding.value}"


@row("LN step 2", "Thrombotic microangiopathy on a biopsy of the last year?", rules=("LN-03",), source="K24 10.3 M")
def microangiopathy(p: LupusPicture) -> Answer | str:
    """Thrombotic microangiopathy has its own cause and treatment before immunosuppression is changed."""
    finding = p.on_biopsy("tma_on_biopsy", BIOPSY_AGE)
    coded = any(c.onset is None or p.age(c.onset.last) <= BIOPSY_AGE for c in p.active("tma"))
    if finding is None and not coded:
        return "none recorded within a year"
    if finding is not None:
        p.use_finding(finding, "biopsy")
    return Answer("LN_TMA", "REFER_EXPERT", "LN-03", "thrombotic microangiopathy within a year")


@row("LN step 3", "Class I or II, or class VI?", rules=("LN-01", "LN-02"), source="K24 10.2.2 M")
def not_proliferative(p: LupusPicture) -> Answer | str:
    """Class I and II need no immunosuppression for the kidney; class VI no longer profits from it."""
    if p.classes <= {"I", "II"}:
        return Answer("LN_CLASS_I_II", "SUPPORTIVE", "LN-01", f"class {'+'.join(sorted(p.classes))}")
    if p.classes == {"VI"}:
        return Answer("LN_CLASS_VI", "SUPPORTIVE", "LN-02", "class VI")
    return "class III, IV or V"


@row("LN step 4", "Is current UPCR or eGFR missing?", rules=("LN-D2",), source="OP")
def current_values(p: LupusPicture) -> Answer | str:
    """Nothing is suggested without UPCR and eGFR of the last 90 days."""
    missing = tuple(name for name, value in (("UPCR", p.current), ("EGFR", p.egfr_now)) if value is None)
    return ask("LN-D2", "missing or older than 90 d", *missing) if missing else "both are current"


@row(
    "LN step 5",
    "Has there been no immunosuppressive line?",
    rules=("LN-D8", "LN-50", "LN-05", "LN-04d", "LN-04v", "LN-04a", "LN-04b", "LN-04c"),
    source="K24 10.2.3.1.1 H; A24 H",
)
def untreated(p: LupusPicture) -> Answer | str:
    """Untreated active lupus nephritis is treated by class, severity and proteinuria."""
    if p.lines:
        return f"last line: {'+'.join(sorted(p.line.classes))}, day {p.days}"
    if unplaced := p.drugs_in_doubt():
        return ask("LN-D8", unplaced, "PRIOR_LINE_OUTCOME")
    if p.current_value < p.thresholds.ln_complete:
        return Answer("LN_INACTIVE", "WAIT_MONITOR", "LN-50", f"UPCR {p.current_value:g} g/g, untreated")
    if p.pregnant:
        return Answer("LN_UNTREATED", "START_CLASS", "LN-05", "pregnant", in_pregnancy(()))
    if p.membranous:
        return _untreated_class_v(p)
    rule = "LN-04a" if p.severe(p.trend) else "LN-04b" if p.heavy else "LN-04c"
    saw = f"UPCR {p.current_value:g} g/g, eGFR {p.trend.trend}"
    return Answer("LN_UNTREATED", "START_CLASS", rule, saw, escalation(p, p.trend))


def _untreated_class_v(p: LupusPicture) -> Answer:
    saw = f"class V, UPCR {p.current_value:g} g/g"
    if p.current_value < p.thresholds.ln_class_v_treat:
        return Answer("LN_UNTREATED", "SUPPORTIVE", "LN-04d", saw)
    return Answer("LN_UNTREATED", "START_CLASS", "LN-04v", saw, ("CNI_COMBO", "MPAA_GC", "CYC_GC"))


@row("LN step 6", "eGFR down by 20 % on a calcineurin inhibitor?", rules=("LN-17",), source="voclosporin label H, S003")
def toxicity(p: LupusPicture) -> Answer | str:
    """An eGFR fall of 20 % on a calcineurin inhibitor: reduce or hold it first; one value suffices."""
    segment = p.open_segment(p.line, "CNI")
    if segment is None:
        return "no calcineurin inhibitor is being taken"
    before = measures.baseline(p.egfr, segment.start)
    if before is None or p.egfr_now is None:
        return "no eGFR from before the calcineurin inhibitor"
    fall = measures.reduction(p.egfr_now.value, before.value)
    saw = f"eGFR {'up' if fall < 0 else 'down'} {percent(abs(fall))} on the calcineurin inhibitor"
    if p.kidney_injury or not at_least(fall, p.thresholds.egfr_decline):
        return saw
    p.use(before, "before the calcineurin inhibitor")
    return Answer("LN_CNI_TOXICITY", "REDUCE_CNI", "LN-17", saw)


@row("LN step 7", "Is UPCR or eGFR at the start of the line missing?", rules=("LN-D3",), source="OP")
def no_baseline(p: LupusPicture) -> Answer | str:
    """Response cannot be judged without values from the start of the line."""
    found = (("BASELINE_UPCR", p.baseline), ("BASELINE_EGFR", p.egfr_baseline))
    missing = tuple(name for name, value in found if value is None)
    return ask("LN-D3", "no value around the start of the line", *missing) if missing else "both are known"


@row("LN step 8", "A flare after remission?", source="E12, E19, K24", table=FLARE)
def flare(p: LupusPicture) -> Answer | str:
    """A rise after remission is judged as a flare."""
    if not p.earlier_remission:
        return "no earlier remission on this line"
    if p.best is not None:
        p.use(p.best, "best")
    if p.current_value < p.flare_threshold and not p.nephritic:
        return f"UPCR {p.current_value:g}, a flare starts at {p.flare_threshold:g} g/g"
    return decided(FLARE, p)


@row("LN step 9", "In response now?", rules=("LN-50", "LN-51"), source="K24 H; A24")
def response(p: LupusPicture) -> Answer | str:
    """In response, treatment goes on for at least three years; incomplete response after a year asks for a biopsy."""
    if p.complete_response:
        return Answer("LN_CR", "CONTINUE", "LN-50", f"UPCR {p.current_value:g} g/g, eGFR kept")
    if not p.partial_response:
        return f"UPCR {p.current_value:g} g/g, {p.reduction_seen}, eGFR {'kept' if p.kept_egfr else 'not kept'}"
    saw = f"{p.reduction_seen} on day {p.days}"
    if p.days >= p.thresholds.one_year and p.current_value >= p.thresholds.ln_target:
        return Answer("LN_PR", "CONTINUE", "LN-51", saw, notes=("REBIOPSY_RECOMMENDED",))
    return Answer("LN_PR", "CONTINUE", "LN-50", saw)


@row("LN step 10", "Was there a remission that is now neither kept nor lost?", rules=("LN-45",), source="OP")
def borderline(p: LupusPicture) -> Answer | str:
    """A rise below the flare threshold is watched."""
    if not p.earlier_remission:
        return "no earlier remission on this line"
    return Answer("LN_BORDERLINE_RISE", "WAIT_MONITOR", "LN-45", f"UPCR {p.current_value:g} g/g after remission")


@row("LN step 11", "Less than 120 days since the line began?", rules=("LN-11", "LN-10"), source="S004")
def too_early(p: LupusPicture) -> Answer | str:
    """Before four months no line can be judged, but a falling eGFR needs an expert at once."""
    if p.days >= p.thresholds.early:
        return f"day {p.days}"
    if p.trend.trend == "DECLINING":
        return Answer("LN_EARLY_WORSENING", "REFER_EXPERT", "LN-11", f"day {p.days}, eGFR falling")
    return Answer("LN_ON_TREATMENT_EARLY", "CONTINUE", "LN-10", f"day {p.days}, eGFR {p.trend.trend}")


@row("LN step 12", "Did the line end for intolerance within 180 days?", rules=("LN-05", "LN-19"), source="OP")
def intolerance(p: LupusPicture) -> Answer | str:
    """A line that was not tolerated has not failed; another class takes its place."""
    line = p.line
    if not p.left_early_for_intolerance(line):
        return "the line did not end early for intolerance"
    saw = f"{'+'.join(sorted(line.classes))} not tolerated"
    if p.pregnant:
        return Answer("LN_INTOLERANT", "START_CLASS", "LN-05", saw, in_pregnancy(used_in(p.past_failures)))
    stopped = {segment.therapy_class for segment in line.segments if segment.reason == "intolerance"}
    candidates = escalation(p, p.trend, used_in(p.past_failures) | (stopped or line.classes))
    return Answer("LN_INTOLERANT", "START_CLASS", "LN-19", saw, candidates)


@row("LN step 19", "No response in pregnancy?", rules=("LN-05",), source="K24 10.3.2 M")
def pregnant(p: LupusPicture) -> Answer | str:
    """No response in pregnancy: azathioprine with a calcineurin inhibitor and glucocorticoid."""
    if not p.pregnant:
        return "not pregnant as far as known"
    candidates = in_pregnancy(used_in(p.failures_with_current))
    return Answer("LN_NO_RESPONSE", "START_CLASS", "LN-05", "pregnant", candidates)


@row("LN step 20", "Is the outcome of a past line unknown?", rules=("LN-D8",), source="OP")
def past_lines(p: LupusPicture) -> Answer | str:
    """The next class depends on what failed before; a drug record that cannot be placed may be a line that failed."""
    line = p.unknown_past_line
    if line is not None:
        return ask("LN-D8", f"outcome of {'+'.join(sorted(line.classes))} unknown", "PRIOR_LINE_OUTCOME")
    if p.line_in_doubt:
        return ask("LN-D8", p.line_in_doubt_seen, "PRIOR_LINE_OUTCOME")
    unplaced = p.drugs_in_doubt(lambda: settled_by(p.failures_with_current))
    return ask("LN-D8", unplaced, "PRIOR_LINE_OUTCOME") if unplaced else "every past line has an outcome"


@row("LN step 21", "No response: what failed, how severe?", source="K24, A24, E25, S004", table=RESISTANCE)
def resistant(p: LupusPicture) -> Answer | str:
    """No response to an adequate line: the table of failed regimens and phenotype decides."""
    return decided(RESISTANCE, p)


STEPS: tuple[Row[LupusPicture], ...] = (
    class_unknown,
    microangiopathy,
    not_proliferative,
    current_values,
    untreated,
    toxicity,
    no_baseline,
    flare,
    response,
    borderline,
    too_early,
    intolerance,
    *EXPLAINED_OTHERWISE,
    pregnant,
    past_lines,
    resistant,
)
