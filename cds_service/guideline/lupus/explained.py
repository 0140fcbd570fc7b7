"""Steps 13 to 18: is missing response in lupus nephritis explained by time, adherence, dose or scarring?"""

from __future__ import annotations

from cds_service.case.measures import at_least
from cds_service.guideline.lupus.biopsy import BIOPSY_AGE
from cds_service.guideline.lupus.picture import LupusPicture
from cds_service.guideline.rows import Answer, Row, row


def ask(rule: str, saw: str, *missing: str) -> Answer:
    """A request for what is missing."""
    return Answer("LN_INSUFFICIENT_DATA", "DATA_REQUEST", rule, saw, missing=missing)


def _no_response(p: LupusPicture) -> bool:
    reduction = p.reduction or 0.0
    declining = p.trend.trend == "DECLINING"
    if p.days >= p.thresholds.one_year:
        return True
    if p.days >= p.thresholds.full:
        return declining or not at_least(reduction, p.thresholds.ln_small_reduction)
    return declining or reduction <= 0


@row("LN step 13", "Is there some response?", rules=("LN-13",), source="K24")
def responding(p: LupusPicture) -> Answer | str:
    """Improving, not yet in response: continue and optimise."""
    saw = f"{p.reduction_seen} on day {p.days}, eGFR {p.trend.trend}"
    return saw if _no_response(p) else Answer("LN_RESPONDING", "CONTINUE", "LN-13", saw)


@row("LN step 14", "Is non-adherence recorded?", rules=("LN-14",), source="S001, S004 H")
def non_adherent(p: LupusPicture) -> Answer | str:
    """Apparent resistance explained by adherence: support it, use infusions or levels."""
    reason = p.non_adherent(p.line)
    return Answer("LN_INADEQUATE_LINE", "OPTIMIZE", "LN-14", reason) if reason else "no non-adherence recorded; ask"


def _inadequate(saw: str) -> Answer:
    return Answer("LN_INADEQUATE_LINE", "OPTIMIZE", "LN-15", saw)


def _too_little(p: LupusPicture) -> str:
    if any(not p.judge.enough_cyclophosphamide(segment) for segment in p.line.of_class("CYC")):
        return f"cyclophosphamide below {p.thresholds.cyc_lupus_grams:g} g"
    if "MPAA" in p.line.classes and p.mycophenolate_grams is None:
        return ""
    return "" if p.judge.adequate_classes(p.line, None) else "exposure too short or too small"


@row("LN step 15", "Was the dose too low, or unknown?", rules=("LN-15", "LN-D8", "LN-D4"), source="S001, S004 H")
def dose(p: LupusPicture) -> Answer | str:
    """Apparent resistance explained by dose: reach a full dose before calling it resistance."""
    grams = p.mycophenolate_grams
    if grams is not None and not at_least(grams, p.thresholds.mycophenolate_grams):
        p.figures["mpaa_dose_g"] = grams
        return _inadequate(f"mycophenolate never above {grams:g} g/d")
    too_little = _too_little(p)
    if too_little and p.line_in_doubt:  # a date is not told: it may have been enough
        return ask("LN-D8", p.line_in_doubt_seen, "PRIOR_LINE_OUTCOME")
    if too_little:
        return _inadequate(too_little)
    if grams is None and "MPAA" in p.line.classes:
        saw = "dose of mycophenolate not recorded"
        return Answer("LN_INADEQUATE_LINE", "DATA_REQUEST", "LN-D4", saw, missing=("MPAA_DOSE",))
    return "dose adequate"


@row("LN step 16", "Scarring without activity on a biopsy of the last year?", rules=("LN-16",), source="S004 H, OP")
def scarring(p: LupusPicture) -> Answer | str:
    """Chronic damage without activity does not profit from more immunosuppression."""
    activity, chronicity = p.newest("ln_activity_index", BIOPSY_AGE), p.newest("ln_chronicity_index", BIOPSY_AGE)
    if activity is None or chronicity is None:
        return "no activity and chronicity index within a year"
    p.use(activity, "biopsy")
    p.use(chronicity, "biopsy")
    saw = f"activity {activity.value:g}, chronicity {chronicity.value:g}"
    if activity.value <= p.thresholds.ln_activity_low and chronicity.value >= p.thresholds.ln_chronicity_high:
        return Answer("LN_CHRONIC_DAMAGE", "SUPPORTIVE", "LN-16", saw)
    return saw


@row("LN step 17", "Has eGFR fallen, not yet confirmed?", rules=("LN-D6",), source="OP")
def decline_unconfirmed(p: LupusPicture) -> Answer | str:
    """Severity depends on a confirmed eGFR trend."""
    if p.trend.trend == "UNCONFIRMED":
        return ask("LN-D6", "one low eGFR", "REPEAT_CREATININE")
    return f"eGFR {p.trend.trend}"


@row("LN step 18", "Is the newest biopsy older than a year?", source="A24 H")
def old_biopsy(p: LupusPicture) -> Answer | str:
    """Before treatment is changed a biopsy older than a year should be repeated; the answer carries that as a note."""
    if p.age(p.biopsy_day) <= BIOPSY_AGE:
        return f"biopsy {p.age(p.biopsy_day)} d ago"
    p.standing_notes.append("REBIOPSY_RECOMMENDED")
    return "no biopsy within a year"


EXPLAINED_OTHERWISE: tuple[Row[LupusPicture], ...] = (
    responding,
    non_adherent,
    dose,
    scarring,
    decline_unconfirmed,
    old_biopsy,
)
