"""Lupus nephritis without response to adequate treatment: resistance tables (clinical-spec 6.4). U = classes that
failed.
"""

from __future__ import annotations

from cds_service.case.drug_classes import ANTI_CD20
from cds_service.guideline.lupus.candidates import escalation, minus, used_in
from cds_service.guideline.lupus.picture import LupusPicture
from cds_service.guideline.rows import Answer, Row, row


def _used(p: LupusPicture) -> frozenset[str]:
    return used_in(p.failures_with_current)


def _failed_lines(p: LupusPicture) -> int:
    return max(1, sum(1 for classes in p.failures_with_current if classes))


def _seen(p: LupusPicture) -> str:
    kind = "severe" if p.severe(p.trend) else "heavy" if p.heavy else "neither severe nor heavy"
    return f"{_failed_lines(p)} failed: {', '.join(sorted(_used(p))) or 'azathioprine'}; {kind}"


def _no_response(p: LupusPicture, rule: str) -> Answer:
    return Answer("LN_NO_RESPONSE", "START_CLASS", rule, _seen(p), escalation(p, p.trend, _used(p)))


def _refractory(p: LupusPicture, rule: str, *candidates: str) -> Answer:
    left = minus(candidates, _used(p))
    return Answer("LN_REFRACTORY", "START_CLASS", rule, _seen(p), left, notes=("REFRACTORY_EXPERT_REFERRAL",))


def _phenotype(p: LupusPicture) -> str:
    return "a" if p.severe(p.trend) else "b" if p.heavy else "c"


@row("LN 6.4-1", "Class V, one failed regimen?", rules=("LN-30",), source="A24, K24")
def class_v_first(p: LupusPicture) -> Answer | str:
    """Class V without response to one regimen: a calcineurin inhibitor combination first."""
    return _no_response(p, "LN-30") if p.membranous and _failed_lines(p) == 1 else _seen(p)


@row("LN 6.4-2", "Class V, two or more failed regimens?", rules=("LN-31",), source="weak")
def class_v_refractory(p: LupusPicture) -> Answer | str:
    """Refractory class V: B-cell depletion, with what has not failed as alternatives."""
    return _refractory(p, "LN-31", "ANTI_CD20_COMBO", "CNI_COMBO", "CYC_GC") if p.membranous else _seen(p)


@row(
    "LN 6.4-3",
    "One failed regimen, without cyclophosphamide?",
    rules=("LN-20a", "LN-20b", "LN-20c"),
    source="K24, A24, E25, T:BLISS-LN, T:AURORA",
)
def first_without_cyclophosphamide(p: LupusPicture) -> Answer | str:
    """One full regimen did not work: combination rather than another monotherapy, chosen by proteinuria and eGFR."""
    if _failed_lines(p) > 1 or "CYC" in _used(p):
        return _seen(p)
    return _no_response(p, f"LN-20{_phenotype(p)}")


@row(
    "LN 6.4-4",
    "One failed regimen, with cyclophosphamide?",
    rules=("LN-21a", "LN-21b", "LN-21c"),
    source="K24, A24, E25, S001",
)
def first_with_cyclophosphamide(p: LupusPicture) -> Answer | str:
    """Cyclophosphamide did not work: combination on a mycophenolate background."""
    return _seen(p) if _failed_lines(p) > 1 else _no_response(p, f"LN-21{_phenotype(p)}")


@row(
    "LN 6.4-5",
    "Refractory and severe, cyclophosphamide not used, no anti-CD20 failed?",
    rules=("LN-25",),
    source="K24 M",
)
def refractory_severe(p: LupusPicture) -> Answer | str:
    """Refractory and severe without cyclophosphamide so far: cyclophosphamide first."""
    if _used(p) & ANTI_CD20 or "CYC" in _used(p) or not p.severe(p.trend):
        return _seen(p)
    return _refractory(p, "LN-25", "CYC_GC", "ANTI_CD20_COMBO", "CNI_COMBO", "BEL_COMBO")


@row("LN 6.4-6", "Refractory, no anti-CD20 failed?", rules=("LN-24",), source="S004 H, A24, E25, T:REGENCY")
def refractory(p: LupusPicture) -> Answer | str:
    """Two different adequate regimens failed in an adherent patient: B-cell depletion is the usual next step."""
    if _used(p) & ANTI_CD20:
        return _seen(p)
    return _refractory(p, "LN-24", "ANTI_CD20_COMBO", "CYC_GC", "CNI_COMBO", "BEL_COMBO")


@row("LN 6.4-7", "Refractory, anti-CD20 failed?", rules=("LN-26", "LN-27"), source="weak; T:CALIBRATE")
def refractory_after_anti_cd20(p: LupusPicture) -> Answer | str:
    """Refractory after anti-CD20: what is left, ordered by severity and proteinuria; then an expert centre."""
    if p.severe(p.trend) and "CYC" not in _used(p):
        return _refractory(p, "LN-26", "CYC_GC", "CNI_COMBO", "BEL_COMBO")
    if p.heavy:
        return _refractory(p, "LN-26", "CNI_COMBO", "BEL_COMBO", "CYC_GC")
    return _refractory(p, "LN-26", "BEL_COMBO", "CNI_COMBO", "CYC_GC")


RESISTANCE: tuple[Row[LupusPicture], ...] = (
    class_v_first,
    class_v_refractory,
    first_without_cyclophosphamide,
    first_with_cyclophosphamide,
    refractory_severe,
    refractory,
    refractory_after_anti_cd20,
)
