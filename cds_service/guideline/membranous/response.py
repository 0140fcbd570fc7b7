"""Steps 11 to 17: how the last line of membranous nephropathy is doing before resistance is thought of."""

from __future__ import annotations

from cds_service.case.measures import at_least
from cds_service.guideline.membranous.picture import MembranousPicture
from cds_service.guideline.rows import Answer, Row, row


def ask(rule: str, saw: str, *missing: str) -> Answer:
    """A request for what is missing."""
    return Answer("MN_INSUFFICIENT_DATA", "DATA_REQUEST", rule, saw, missing=missing)


@row("MN step 11", "Less than 120 days since the line began?", rules=("MN-06",), source="S000, S003")
def too_early(p: MembranousPicture) -> Answer | str:
    """Before four months no line can be judged."""
    if p.days < p.thresholds.early:
        return Answer("MN_ON_TREATMENT_EARLY", "CONTINUE", "MN-06", f"day {p.days}")
    return f"day {p.days}"


@row("MN step 12", "Below 3.5 g/d?", rules=("MN-18",), source="OP")
def below_nephrotic(p: MembranousPicture) -> Answer | str:
    """Proteinuria below 3.5 g/d without remission is watched."""
    saw = f"proteinuria {p.current_value:g} g/d"
    return saw if p.nephrotic else Answer("MN_SUBNEPHROTIC", "WAIT_MONITOR", "MN-18", saw)


WITHOUT_ANTIBODY = ("MN-17b", "MN-D3", "MN-16", "MN-17", "MN-17c")


def without_antibody(p: MembranousPicture) -> Answer:
    """The answer once the antibody is gone; also for a line that was left for intolerance (section 9)."""
    if p.trend.trend == "DECLINING":
        return Answer("MN_AB_NEG_DECLINING", "REBIOPSY", "MN-17b", "antibody gone, eGFR falling")
    if p.albumin is None:
        return ask("MN-D3", "antibody gone, albumin missing", "ALBUMIN")
    if p.albumin.value >= p.thresholds.mn_normal_albumin:
        return _scarring("MN-16", f"antibody gone, albumin {p.albumin.value:g} g/L")
    p.use_first_negative()
    days = p.days_without_antibody
    if days <= p.thresholds.immunologic_lag:
        return Answer("MN_IMMUNOLOGIC_REMISSION", "WAIT_MONITOR", "MN-17", f"antibody gone for {days} d")
    return _scarring("MN-17c", f"antibody gone for {days} d")


@row(
    "MN step 13",
    "Is the antibody gone?",
    rules=WITHOUT_ANTIBODY,
    source="S000 H",
)
def antibody_gone(p: MembranousPicture) -> Answer | str:
    """Without the antibody, lasting proteinuria is lag or scarring, not resistance."""
    return f"antibody {p.antibody}" if p.antibody != "NEG" else without_antibody(p)


def _scarring(rule: str, saw: str) -> Answer:
    return Answer("MN_SUSPECT_SECONDARY_FSGS", "REBIOPSY", rule, saw)


@row("MN step 14", "Albumin normal after 180 days without response?", rules=("MN-16",), source="S000 H")
def albumin_normal(p: MembranousPicture) -> Answer | str:
    """Normal albumin despite proteinuria: scarring is likelier than active disease."""
    normal = p.albumin is not None and p.albumin.value >= p.thresholds.mn_normal_albumin
    if normal and p.days >= p.thresholds.full and not p.reduced_by(p.thresholds.mn_partial_reduction):
        return _scarring("MN-16", f"albumin normal on day {p.days}, {p.reduction_seen}")
    albumin = "missing" if p.albumin is None else f"{'normal' if normal else 'low'} ({p.albumin.value:g} g/L)"
    return f"albumin {albumin}, day {p.days}, {p.reduction_seen}"


@row("MN step 15", "Is there a response or a favourable trend?", rules=("MN-11",), source="S003 H")
def responding(p: MembranousPicture) -> Answer | str:
    """A favourable trend: do not stop at six months."""
    in_time = p.reduced_by(p.thresholds.mn_trend_reduction) and p.days < p.thresholds.one_year
    if p.reduced_by(p.thresholds.mn_partial_reduction) or in_time:
        return Answer("MN_RESPONDING", "CONTINUE", "MN-11", f"{p.reduction_seen} on day {p.days}")
    return f"{p.reduction_seen} on day {p.days}"


def _early_resistance(p: MembranousPicture) -> bool:
    """Case (c) of resistance: a falling eGFR, or an antibody that has not halved, already counts at four months."""
    if p.albumin is not None and p.albumin.value >= p.thresholds.mn_normal_albumin:
        return False
    kept = p.antibody_fall is not None and not at_least(p.antibody_fall, p.thresholds.antibody_partial_fall)
    return p.trend.trend == "DECLINING" or (p.antibody == "POS" and kept)


@row("MN step 16", "Day 120 to 179 without a sign of early resistance?", rules=("MN-06",), source="OP")
def early(p: MembranousPicture) -> Answer | str:
    """Between four and six months only a falling eGFR or an unmoved antibody is called resistance."""
    if p.days < p.thresholds.full and not _early_resistance(p):
        return Answer("MN_ON_TREATMENT_EARLY", "CONTINUE", "MN-06", f"day {p.days}, no early sign of resistance")
    return f"day {p.days}"


@row("MN step 17", "Is albumin or the antibody missing?", rules=("MN-D3", "MN-D2", "MN-D4"), source="S000")
def needed_for_resistance(p: MembranousPicture) -> Answer | str:
    """Resistance is not called without albumin and a clear antibody result."""
    if p.albumin is None:
        return ask("MN-D3", "albumin missing or stale", "ALBUMIN")
    if p.antibody == "UNKNOWN":
        return ask("MN-D2", "antibody missing or stale", "ANTI_PLA2R")
    if p.antibody == "LOW":
        return ask("MN-D4", "antibody between negative and positive", "ANTI_PLA2R_IIF")
    return f"albumin {p.albumin.value:g} g/L, antibody {p.antibody}"


RESPONSE: tuple[Row[MembranousPicture], ...] = (
    too_early,
    below_nephrotic,
    antibody_gone,
    albumin_normal,
    responding,
    early,
    needed_for_resistance,
)
