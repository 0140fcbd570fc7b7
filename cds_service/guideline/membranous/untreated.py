"""Membranous nephropathy without a standard line: risk decides (clinical-spec 5.1)."""

from __future__ import annotations

from cds_service.case import measures
from cds_service.case.measures import at_least
from cds_service.case.model import Quantity
from cds_service.guideline.membranous.picture import OLDEST_REFERENCE, MembranousPicture
from cds_service.guideline.membranous.response import ask
from cds_service.guideline.rows import Answer, Row, row
from cds_service.guideline.shares import percent

HALF_A_YEAR = 180
A_YEAR = 365
FIRST_LINE = ("RTX", "CYC_GC", "CNI")


def advanced_answer(p: MembranousPicture) -> Answer | str:
    """eGFR below 30 with nephrotic proteinuria: small kidneys mean support, others an expert centre."""
    assert p.egfr_now is not None  # noqa: S101 - step 3 has answered otherwise
    egfr = p.egfr_now.value
    if egfr >= p.thresholds.mn_advanced_egfr or not p.nephrotic:
        return f"eGFR {egfr:.0f}, proteinuria {p.current_value:g} g/d"
    longest = max(p.case.series("kidney_length"), key=lambda value: value.value, default=None)
    if longest is not None and longest.value < p.thresholds.mn_small_kidney:
        p.use(longest, "longest")
        saw = f"eGFR {egfr:.0f}, kidney length {longest.value:g} cm"
        return Answer("MN_ADVANCED_CKD", "SUPPORTIVE", "MN-05a", saw)
    return Answer("MN_ADVANCED_CKD", "REFER_EXPERT", "MN-05b", f"eGFR {egfr:.0f}, kidneys not known to be small")


def _start(p: MembranousPicture, state: str, rule: str, saw: str, candidates: tuple[str, ...]) -> Answer:
    return Answer(state, "START_CLASS", rule, saw, candidates)


@row("MN 5.1-1", "eGFR below 30 with nephrotic proteinuria?", rules=("MN-05a", "MN-05b"), source="K12 H")
def advanced(p: MembranousPicture) -> Answer | str:
    """Advanced kidney failure: immunosuppression is unlikely to help small kidneys and is an expert decision
    otherwise.
    """
    return advanced_answer(p)


def _rapid_loss(p: MembranousPicture) -> str:
    early = measures.between(p.egfr, p.today - OLDEST_REFERENCE, p.today - 28)
    reference = early[0] if early else None
    if reference is None or p.age(reference.day) > A_YEAR:
        return ""
    trend = p.trend_against(reference)
    if trend.trend != "DECLINING" or trend.fall is None or not at_least(trend.fall, p.thresholds.untreated_rapid_fall):
        return ""
    p.use(reference, "reference")
    return f"eGFR fell {percent(trend.fall)} within a year, confirmed"


@row("MN 5.1-2", "Life-threatening nephrotic syndrome or rapid loss of eGFR?", rules=("MN-04b",), source="K21 3.2 M")
def very_high_risk(p: MembranousPicture) -> Answer | str:
    """Life-threatening nephrotic syndrome or rapid loss of kidney function: cyclophosphamide with glucocorticoid
    first.
    """
    coded = p.active("life_threatening_nephrotic")
    saw = "life-threatening nephrotic syndrome is coded" if coded else _rapid_loss(p)
    if not saw:
        return "neither coded nor a confirmed fall of 30 % within a year"
    return _start(p, "MN_UNTREATED_VERY_HIGH", "MN-04b", saw, ("CYC_GC", "RTX"))


def _half_a_year_old(p: MembranousPicture) -> tuple[Quantity, ...]:
    return tuple(value for value in p.proteinuria if p.age(value.day) >= HALF_A_YEAR)


@row("MN 5.1-3", "Below 3.5 g/d, or halved without immunosuppression?", rules=("MN-01", "MN-D8"), source="K21 3.2 H")
def low_risk(p: MembranousPicture) -> Answer | str:
    """Proteinuria below 3.5 g/d or falling by more than half on its own needs supportive care only."""
    if not p.nephrotic:
        return Answer("MN_UNTREATED_LOW", "SUPPORTIVE", "MN-01", f"proteinuria {p.current_value:g} g/d")
    old = _half_a_year_old(p)
    if old:
        highest = max(old, key=lambda value: value.value)
        fall = measures.reduction(p.current_value, highest.value)
        if fall > p.thresholds.untreated_spontaneous_fall + 1e-9:
            p.use(highest, "reference")
            saw = f"proteinuria fell {percent(fall)}"
            if elsewhere := p.elsewhere_since(highest.day):
                saw = f"{saw} with {elsewhere[0].agent.replace('_', ' ')} for another disease"
                return ask("MN-D8", saw, "PRIOR_LINE_OUTCOME")
            return Answer("MN_UNTREATED_LOW", "SUPPORTIVE", "MN-01", f"{saw} without treatment")
    return f"proteinuria {p.current_value:g} g/d, no spontaneous fall by half"


@row("MN 5.1-4", "eGFR below 60?", rules=("MN-04",), source="K21 3.2 H")
def reduced_egfr(p: MembranousPicture) -> Answer | str:
    """Nephrotic proteinuria with eGFR below 60 is high risk: treat."""
    assert p.egfr_now is not None  # noqa: S101 - step 3 has answered otherwise
    if p.egfr_now.value < p.thresholds.untreated_low_egfr:
        return _start(p, "MN_UNTREATED_HIGH", "MN-04", f"eGFR {p.egfr_now.value:.0f}", FIRST_LINE)
    return f"eGFR {p.egfr_now.value:.0f}"


@row("MN 5.1-5", "Less than six months of observed supportive care?", rules=("MN-02",), source="K21 3.2 M")
def not_yet_observed(p: MembranousPicture) -> Answer | str:
    """Six months of supportive care are observed before immunosuppression unless risk is high."""
    onset = p.onset
    if onset is not None and p.age(onset) < HALF_A_YEAR:
        return Answer("MN_UNTREATED_MODERATE", "WAIT_MONITOR", "MN-02", f"diagnosed {p.age(onset)} d ago")
    if not _half_a_year_old(p):
        return Answer("MN_UNTREATED_MODERATE", "WAIT_MONITOR", "MN-02", "no proteinuria value is six months old")
    return "observed for six months or more"


@row("MN 5.1-6", "Albumin or antibody missing?", rules=("MN-D9",), source="K21 3.2 M")
def risk_unknown(p: MembranousPicture) -> Answer | str:
    """Risk cannot be graded without albumin and anti-PLA2R."""
    missing = ("ALBUMIN",) if p.albumin is None else ()
    if p.antibody == "UNKNOWN":
        missing = (*missing, "ANTI_PLA2R")
    if not missing:
        return "both are known"
    return Answer("MN_INSUFFICIENT_DATA", "DATA_REQUEST", "MN-D9", "missing or stale", missing=missing)


@row(
    "MN 5.1-7", "Albumin below 25, antibody above 50, or above 8 g/d for six months?", rules=("MN-04",), source="K21 H"
)
def high_risk(p: MembranousPicture) -> Answer | str:
    """Low albumin, a high antibody or lasting heavy proteinuria is high risk: treat."""
    found = []
    if p.albumin is not None and p.albumin.value < p.thresholds.untreated_low_albumin:
        found.append(f"albumin {p.albumin.value:g} g/L")
    if p.elisa is not None and p.elisa.value > p.thresholds.antibody_high:
        found.append(f"anti-PLA2R {p.elisa.value:g} RU/mL")
    limit = p.thresholds.untreated_high_proteinuria
    if p.current_value > limit and any(value.value > limit for value in _half_a_year_old(p)):
        found.append(f"above {limit:g} g/d now and six months ago")
    return _start(p, "MN_UNTREATED_HIGH", "MN-04", ", ".join(found), FIRST_LINE) if found else "none of the three"


@row("MN 5.1-8", "None of the above?", rules=("MN-03",), source="K21 3.2 M")
def moderate_risk(p: MembranousPicture) -> Answer | str:
    """Moderate risk after six months: rituximab or a calcineurin inhibitor, or watchful waiting."""
    return _start(p, "MN_UNTREATED_MODERATE", "MN-03", "nephrotic for six months, no high-risk feature", ("RTX", "CNI"))


UNTREATED: tuple[Row[MembranousPicture], ...] = (
    advanced,
    very_high_risk,
    low_risk,
    reduced_egfr,
    not_yet_observed,
    risk_unknown,
    high_risk,
    moderate_risk,
)
