"""Resistant membranous nephropathy: what failed and where eGFR is going decide (clinical-spec 5.5).

F is the set of failed classes; a failed second-generation anti-CD20 counts as RTX in F (step table).
"""

from __future__ import annotations

from cds_service.case.measures import at_least
from cds_service.guideline.membranous.picture import MembranousPicture
from cds_service.guideline.rows import Answer, Row, row
from cds_service.guideline.shares import percent

EXPERT_MENU = ("obinutuzumab or ofatumumab", "anti-CD38 antibody", "bortezomib", "belimumab", "clinical trial")
RECENT_BIOPSY = 730


def _state(p: MembranousPicture) -> str:
    """The table also serves a line left for intolerance after an earlier failure (step 10)."""
    return "MN_RESISTANT" if p.line_has_failed else "MN_INTOLERANT"


def _start(p: MembranousPicture, rule: str, saw: str, *candidates: str, state: str = "") -> Answer:
    return Answer(state or _state(p), "START_CLASS", rule, saw, candidates, failed=p.failed_now)


def _refer(p: MembranousPicture, rule: str) -> Answer:
    return Answer(_state(p), "REFER_EXPERT", rule, p.failed_seen, menu=EXPERT_MENU)


def _is(p: MembranousPicture, classes: str, trend: str = "") -> bool:
    """Whether exactly these classes have failed, named in the order of the alphabet."""
    return p.failed_names == classes and trend in ("", p.trend.trend)


def resembles_trial_population(p: MembranousPicture) -> bool:
    """Whether rituximab with low-dose tacrolimus was studied in patients like this one (S002)."""
    biopsies = [x.day for x in p.case.procedures if x.concept == "kidney_biopsy" and x.day is not None]
    if not biopsies:
        return False
    agents = {exposure.agent for exposure in p.case.given}
    heavy = p.nephrotic or not p.reduced_by(p.thresholds.mn_partial_reduction)
    return (
        p.age(max(biopsies)) <= RECENT_BIOPSY
        and p.egfr_now is not None
        and p.egfr_now.value >= p.thresholds.rtx_cni_egfr
        and not agents & {"rituximab", "tacrolimus"}
        and heavy
        and not p.pregnant
        and not (
            p.active("malignancy") or p.active("serious_infection") or p.active("secondary_membranous_nephropathy")
        )
    )


@row("MN 5.5-1", "Have both rituximab and cyclophosphamide failed?", rules=("MN-37",), source="S000 H")
def both_pillars(p: MembranousPicture) -> Answer | str:
    """After rituximab and cyclophosphamide have failed, further sequencing belongs in a specialised glomerular
    centre.
    """
    return _refer(p, "MN-37") if {"RTX", "CYC"} <= p.failed else p.failed_seen


@row("MN 5.5-2", "Is the eGFR trend not known or not confirmed?", rules=("MN-D7",), source="OP")
def trend_open(p: MembranousPicture) -> Answer | str:
    """The next class depends on a confirmed eGFR trend."""
    trend = p.trend.trend
    if trend not in {"UNKNOWN", "UNCONFIRMED"}:
        return f"eGFR {trend}"
    missing = "EGFR_TREND" if trend == "UNKNOWN" else "REPEAT_CREATININE"
    return Answer(_state(p), "DATA_REQUEST", "MN-D7", f"eGFR trend {trend}", missing=(missing,))


@row("MN 5.5-3", "Antibodies against rituximab after it failed?", rules=("MN-10",), source="S000, C-04")
def immunised(p: MembranousPicture) -> Answer | str:
    """Antibodies against rituximab: a fully human or humanised anti-CD20 may still work, or another class."""
    if "RTX" not in p.failed or not p.anti_rituximab or "CD20_2G" in p.line.classes:
        return f"{p.failed_seen}; antibodies against rituximab {'found' if p.anti_rituximab else 'not found'}"
    if p.trend.trend == "DECLINING":
        return _start(p, "MN-10", p.failed_seen, "CYC_GC")
    return _start(p, "MN-10", p.failed_seen, "ANTI_CD20_2G", "CYC_GC", "CNI")


@row("MN 5.5-4", "One course of rituximab only, antibody falling and low?", rules=("MN-09",), source="S002 H, K21 L")
def second_course(p: MembranousPicture) -> Answer | str:
    """One course with a clear but incomplete antibody response and stable eGFR: a second course before calling
    failure.
    """
    courses = sum([segment.courses() for segment in p.line.of_class("RTX")])
    fall = p.antibody_fall
    fits = (
        _is(p, "RTX", "STABLE")
        and courses == 1
        and [line for line in p.lines if "RTX" in line.classes] == [p.line]
        and "rituximab" not in [given.agent for given in p.case.elsewhere]
        and p.antibody == "POS"
        and p.elisa is not None
        and p.elisa.value <= p.thresholds.antibody_second_course
        and fall is not None
        and at_least(fall, p.thresholds.antibody_partial_fall)
    )
    if not fits or fall is None:
        return f"{p.failed_seen}; courses of rituximab: {courses}, antibody {p.antibody}"
    saw = f"one course, antibody fell {percent(fall)}"
    return _start(p, "MN-09", saw, "RTX", "CYC_GC", state="MN_RTX_PARTIAL_IMMUNOLOGIC")


@row("MN 5.5-5", "Rituximab failed, eGFR falling?", rules=("MN-31",), source="S000 H")
def rituximab_declining(p: MembranousPicture) -> Answer | str:
    """Rituximab failed and eGFR has fallen: cyclophosphamide with glucocorticoid is strongly favoured."""
    return _start(p, "MN-31", p.failed_seen, "CYC_GC") if _is(p, "RTX", "DECLINING") else p.failed_seen


@row("MN 5.5-6", "Rituximab failed, eGFR stable?", rules=("MN-30",), source="S000 H, C-01")
def rituximab_stable(p: MembranousPicture) -> Answer | str:
    """Rituximab failed with stable eGFR: cyclophosphamide with glucocorticoid can be considered, CNI-based options
    are listed.
    """
    if not _is(p, "RTX", "STABLE"):
        return p.failed_seen
    if p.fertility_wish:
        return _start(p, "MN-30", f"{p.failed_seen}; wish for children", "RTX_CNI", "CYC_GC", "CNI")
    return _start(p, "MN-30", p.failed_seen, "CYC_GC", "RTX_CNI", "CNI")


def _with_trial_option(p: MembranousPicture, *after: str) -> tuple[str, ...]:
    return ("RTX", "RTX_CNI", *after) if resembles_trial_population(p) else ("RTX", *after)


@row("MN 5.5-7", "A calcineurin inhibitor failed, eGFR stable?", rules=("MN-07",), source="S000 H")
def cni_stable(p: MembranousPicture) -> Answer | str:
    """An adequate calcineurin inhibitor failed and eGFR is stable: rituximab is the preferred next class."""
    return (
        _start(p, "MN-07", p.failed_seen, *_with_trial_option(p, "CYC_GC"))
        if _is(p, "CNI", "STABLE")
        else p.failed_seen
    )


@row("MN 5.5-8", "A calcineurin inhibitor failed, eGFR falling?", rules=("MN-08", "MN-D7"), source="K21 M, C-03")
def cni_declining(p: MembranousPicture) -> Answer | str:
    """A calcineurin inhibitor failed and eGFR fell for another reason than its toxicity: cyclophosphamide first."""
    if not _is(p, "CNI", "DECLINING"):
        return p.failed_seen
    if p.cni is not None and p.cni_toxic:
        saw = "creatinine is up on the calcineurin inhibitor during acute kidney injury"
        return Answer(_state(p), "DATA_REQUEST", "MN-D7", saw, missing=("REPEAT_CREATININE",))
    return _start(p, "MN-08", p.failed_seen, "CYC_GC", "RTX")


@row("MN 5.5-9", "Cyclophosphamide failed, eGFR stable?", rules=("MN-32",), source="S000 H")
def cyclophosphamide_stable(p: MembranousPicture) -> Answer | str:
    """Cyclophosphamide did not work and eGFR is stable: rituximab can be considered."""
    return _start(p, "MN-32", p.failed_seen, "RTX", "RTX_CNI", "CNI") if _is(p, "CYC", "STABLE") else p.failed_seen


@row("MN 5.5-10", "Cyclophosphamide failed, eGFR falling?", rules=("MN-33",), source="S000 H")
def cyclophosphamide_declining(p: MembranousPicture) -> Answer | str:
    """Cyclophosphamide failed and eGFR is falling: a specialised glomerular centre."""
    return _refer(p, "MN-33") if _is(p, "CYC", "DECLINING") else p.failed_seen


@row(
    "MN 5.5-11",
    "Calcineurin inhibitor and cyclophosphamide failed, eGFR stable?",
    rules=("MN-34",),
    source="S000, S002",
)
def cni_and_cyclophosphamide_stable(p: MembranousPicture) -> Answer | str:
    """Calcineurin inhibitor and cyclophosphamide failed with stable eGFR: rituximab."""
    return _start(p, "MN-34", p.failed_seen, *_with_trial_option(p)) if _is(p, "CNI, CYC", "STABLE") else p.failed_seen


@row("MN 5.5-12", "Calcineurin inhibitor and cyclophosphamide failed, eGFR falling?", rules=("MN-35",), source="S000")
def cni_and_cyclophosphamide_declining(p: MembranousPicture) -> Answer | str:
    """Calcineurin inhibitor and cyclophosphamide failed and eGFR is falling: a specialised glomerular centre."""
    return _refer(p, "MN-35") if _is(p, "CNI, CYC", "DECLINING") else p.failed_seen


@row("MN 5.5-13", "Rituximab and a calcineurin inhibitor failed?", rules=("MN-36",), source="S000 logic")
def rituximab_and_cni(p: MembranousPicture) -> Answer | str:
    """Rituximab and a calcineurin inhibitor failed: cyclophosphamide with glucocorticoid remains."""
    return _start(p, "MN-36", p.failed_seen, "CYC_GC") if _is(p, "CNI, RTX") else p.failed_seen


RESISTANCE: tuple[Row[MembranousPicture], ...] = (
    both_pillars,
    trend_open,
    immunised,
    second_course,
    rituximab_declining,
    rituximab_stable,
    cni_stable,
    cni_declining,
    cyclophosphamide_stable,
    cyclophosphamide_declining,
    cni_and_cyclophosphamide_stable,
    cni_and_cyclophosphamide_declining,
    rituximab_and_cni,
)
