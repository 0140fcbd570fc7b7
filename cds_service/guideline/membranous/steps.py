"""The membranous nephropathy algorithm, steps 1 to 20 of clinical-spec section 5: the first hit is the answer."""

from __future__ import annotations

from cds_service.case.measures import at_least
from cds_service.guideline.background import SUSPECTED, routed
from cds_service.guideline.membranous.adequacy import ADEQUACY
from cds_service.guideline.membranous.picture import MembranousPicture
from cds_service.guideline.membranous.relapse import RELAPSE
from cds_service.guideline.membranous.remission import REMISSION
from cds_service.guideline.membranous.resistance import RESISTANCE
from cds_service.guideline.membranous.response import RESPONSE, WITHOUT_ANTIBODY, ask, without_antibody
from cds_service.guideline.membranous.untreated import UNTREATED, advanced_answer
from cds_service.guideline.rows import Answer, Row, decided, row, walk

MALIGNANCY_WINDOW = 365


@row("MN step 1", "Is the diagnosis only suspected?", rules=("MN-D0",), source="K21 3.1 M")
def diagnosis(p: MembranousPicture) -> Answer | str:
    """A suspected diagnosis is confirmed first, unless anti-PLA2R of 20 RU/mL or more has confirmed it."""
    stated = routed(p.problems, "membranous_nephropathy")
    if not stated or not SUSPECTED.issuperset([condition.verification for condition in stated]):
        return "the diagnosis is established"
    if any(value.value >= p.thresholds.antibody_diagnostic for value in p.case.series("anti_pla2r_elisa")):
        return "suspected, and anti-PLA2R confirmed it"
    return ask("MN-D0", "only a suspected diagnosis", "MN_DIAGNOSIS_CONFIRMATION")


def _malignancy_near_onset(p: MembranousPicture) -> bool:
    """An undated tumour or an undated nephropathy cannot be told apart in time, so it counts."""
    return any(
        p.onset is None
        or condition.onset is None
        or condition.onset.first - MALIGNANCY_WINDOW <= p.onset <= condition.onset.last + MALIGNANCY_WINDOW
        for condition in p.active("malignancy")
    )


@row("MN step 2", "Is it secondary membranous nephropathy?", rules=("MN-00",), source="K21 3.1, S002 M")
def secondary(p: MembranousPicture) -> Answer | str:
    """Secondary disease, or a malignancy within a year of onset, is treated at its cause."""
    if p.active("secondary_membranous_nephropathy"):
        return Answer("MN_SECONDARY", "REFER_EXPERT", "MN-00", "secondary membranous nephropathy is coded")
    if _malignancy_near_onset(p):
        return Answer("MN_SECONDARY", "REFER_EXPERT", "MN-00", "active malignancy within a year of onset")
    return "no secondary cause coded"


@row("MN step 3", "Is current proteinuria or eGFR missing?", rules=("MN-D1",), source="OP")
def current_values(p: MembranousPicture) -> Answer | str:
    """Nothing is suggested without proteinuria and eGFR of the last 90 days."""
    if p.current is not None and p.egfr_now is not None:
        return "both are current"
    missing = [name for name, value in (("PROTEINURIA", p.current), ("EGFR", p.egfr_now)) if value is None]
    return ask("MN-D1", "missing or older than 90 d", *missing)


@row("MN step 4", "Has there been no standard line?", rules=("MN-D8",), source="K21 3.2", table=UNTREATED)
def untreated(p: MembranousPicture) -> Answer | str:
    """Without rituximab, cyclophosphamide or a calcineurin inhibitor so far, risk decides."""
    if p.standard_lines:
        return f"last standard line: {'+'.join(sorted(p.line.classes))}, day {p.days}"
    if unplaced := p.drugs_in_doubt():
        return ask("MN-D8", unplaced, "PRIOR_LINE_OUTCOME")
    if any("MPAA" in line.classes for line in p.lines):
        p.standing_notes.append("MPAA_MONO_NOT_RECOMMENDED")
    return decided(UNTREATED, p)


@row(
    "MN step 5", "Creatinine up more than 20 % on a calcineurin inhibitor?", rules=("MN-15b", "MN-15a"), source="S003 H"
)
def toxicity(p: MembranousPicture) -> Answer | str:
    """A creatinine rise of more than 20 % on a calcineurin inhibitor: reduce it, or leave it if it has failed as
    well.
    """
    if p.cni is None or p.kidney_injury or not p.cni_toxic:
        return p.cni_toxicity_seen
    if p.egfr_before_cni is not None:
        p.use(p.egfr_before_cni, "before the calcineurin inhibitor")
    low = p.albumin is not None and p.albumin.value < p.thresholds.mn_normal_albumin
    no_response = p.reduction is not None and not at_least(p.reduction, p.thresholds.mn_trend_reduction)
    has_failed = p.days >= p.thresholds.full and no_response and p.nephrotic and p.antibody != "NEG" and low
    if has_failed and p.failed == {"CNI"}:
        return Answer(
            "MN_CNI_TOXICITY", "START_CLASS", "MN-15b", p.cni_toxicity_seen, ("RTX", "CYC_GC"), failed=p.failed_now
        )
    return Answer("MN_CNI_TOXICITY", "REDUCE_CNI", "MN-15a", p.cni_toxicity_seen)


@row("MN step 6", "In remission now?", source="K21, S003 H", table=REMISSION)
def remission(p: MembranousPicture) -> Answer | str:
    """In remission the question is how to continue, not what to add."""
    if not (p.complete_remission or p.partial_remission):
        return f"not in remission: {p.current_value:g} g/d, {p.reduction_seen}"
    return decided(REMISSION, p)


@row("MN step 7", "eGFR below 30 with nephrotic proteinuria?", rules=("MN-05a", "MN-05b"), source="K12 H")
def advanced(p: MembranousPicture) -> Answer | str:
    """Advanced kidney failure: support when kidneys are small, otherwise an expert centre."""
    return advanced_answer(p)


@row("MN step 8", "Was there a remission on the last line?", source="K21", table=RELAPSE)
def relapse(p: MembranousPicture) -> Answer | str:
    """A disease that had remitted on its last line is judged as a relapse."""
    if p.remission_day is None:
        return "no earlier remission on this line"
    return decided(RELAPSE, p)


@row("MN step 9", "Is proteinuria at the start of the line missing?", rules=("MN-D11",), source="OP")
def no_baseline(p: MembranousPicture) -> Answer | str:
    """Response cannot be judged without a value from the start of the line."""
    if p.baseline is not None:
        return f"baseline {p.baseline.value:g} {p.baseline.unit}"
    return ask("MN-D11", "no value around the start of the line", "BASELINE_PROTEINURIA")


@row(
    "MN step 10",
    "Did the line end for intolerance within 180 days?",
    rules=("MN-18", *WITHOUT_ANTIBODY, "MN-10", "MN-19"),
    source="S000, OP M",
    table=RESISTANCE,
)
def intolerance(p: MembranousPicture) -> Answer | str:
    """A line that was not tolerated has not failed; another class takes its place."""
    line = p.line
    if not p.left_early_for_intolerance(line):
        return "the line did not end early for intolerance"
    if not p.nephrotic:
        return Answer("MN_INTOLERANT", "WAIT_MONITOR", "MN-18", f"proteinuria {p.current_value:g} g/d")
    if p.antibody == "NEG":  # nothing is escalated once the antibody is gone (section 9): step 13 answers
        return without_antibody(p)
    if p.past_failed:
        p.leave_line_out()
        return decided(RESISTANCE, p)
    saw = f"{'+'.join(sorted(line.classes))} not tolerated"
    if p.anti_cd20:
        declining = p.trend.trend == "DECLINING"
        candidates: tuple[str, ...] = ("CYC_GC",) if declining else ("ANTI_CD20_2G", "CYC_GC", "CNI")
        return Answer("MN_INTOLERANT", "START_CLASS", "MN-10", saw, candidates)
    candidates = ("RTX", "CYC_GC") if "CNI" in line.classes else ("RTX", "CNI")
    return Answer("MN_INTOLERANT", "START_CLASS", "MN-19", saw, candidates)


@row("MN step 18", "Is it in doubt whether the line was given adequately?", source="S000 H", table=ADEQUACY)
def adequacy(p: MembranousPicture) -> Answer | str:
    """Perceived resistance is ruled out first: adherence, levels, dose, B cells."""
    return walk(ADEQUACY, p) or "adequate as far as recorded"


@row("MN step 19", "Is the outcome of a past standard line unknown?", rules=("MN-D8",), source="OP")
def past_lines(p: MembranousPicture) -> Answer | str:
    """The next class depends on what failed before; a drug record that cannot be placed may be a line that failed."""
    line = p.unknown_past_line
    if line is not None:
        return ask("MN-D8", f"outcome of {'+'.join(sorted(line.classes))} unknown", "PRIOR_LINE_OUTCOME")
    if p.line_in_doubt:
        return ask("MN-D8", p.line_in_doubt_seen, "PRIOR_LINE_OUTCOME")
    unplaced = p.drugs_in_doubt(lambda: p.settled_classes)
    return ask("MN-D8", unplaced, "PRIOR_LINE_OUTCOME") if unplaced else "every past standard line has an outcome"


@row("MN step 20", "Resistant: what failed, and where is eGFR going?", source="S000, K21", table=RESISTANCE)
def resistant(p: MembranousPicture) -> Answer | str:
    """Resistant to an adequate line: the table of failed classes and eGFR trend decides."""
    return decided(RESISTANCE, p)


STEPS: tuple[Row[MembranousPicture], ...] = (
    diagnosis,
    secondary,
    current_values,
    untreated,
    toxicity,
    remission,
    advanced,
    relapse,
    no_baseline,
    intolerance,
    *RESPONSE,
    adequacy,
    past_lines,
    resistant,
)
