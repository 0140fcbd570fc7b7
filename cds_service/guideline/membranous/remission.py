"""Membranous nephropathy in remission: continue, step down, or watch (clinical-spec 5.2)."""

from __future__ import annotations

from cds_service.case.doses import DoseReduction, dose_reduction
from cds_service.guideline.membranous.picture import MembranousPicture
from cds_service.guideline.rows import Answer, Row, row


def _state(p: MembranousPicture) -> str:
    return "MN_REMISSION_CR" if p.complete_remission else "MN_REMISSION_PR"


def _notes(p: MembranousPicture) -> tuple[str, ...]:
    """A high antibody in remission on a CNI foretells relapse at withdrawal (5.2, OP)."""
    high = p.elisa is not None and p.elisa.value >= p.thresholds.antibody_high
    return ("AB_PERSISTENT_HIGH",) if p.cni is not None and p.antibody == "POS" and high else ()


def _reduction(p: MembranousPicture) -> DoseReduction | None:
    return None if p.cni is None else dose_reduction(p.cni, p.thresholds.cni_reduced_dose)


def _held(p: MembranousPicture) -> int | None:
    """Days on the reduced dose; None while the dose is not reduced or not recorded."""
    reduction = _reduction(p)
    return None if reduction is None or reduction.since is None else p.age(reduction.since)


def _answer(p: MembranousPicture, action: str, rule: str, saw: str) -> Answer:
    return Answer(_state(p), action, rule, saw, notes=_notes(p))


@row("MN 5.2-1", "On a calcineurin inhibitor at reduced dose for a year or more?", rules=("MN-14",), source="S003 H")
def held_for_a_year(p: MembranousPicture) -> Answer | str:
    """After a year on the reduced dose in remission, stopping the calcineurin inhibitor may be considered."""
    held = _held(p)
    if held is None:
        return "no reduced dose of a calcineurin inhibitor is being taken"
    if held >= p.thresholds.one_year:
        return _answer(p, "TAPER_OFF_CNI", "MN-14", f"reduced dose held for {held} d")
    return f"reduced dose held for {held} d only"


@row("MN 5.2-2", "On a calcineurin inhibitor at reduced dose for less than a year?", rules=("MN-13",), source="S003 H")
def held_for_less(p: MembranousPicture) -> Answer | str:
    """A reduced calcineurin inhibitor dose is held for at least twelve months while creatinine and relapse are
    watched.
    """
    held = _held(p)
    return "no reduced dose" if held is None else _answer(p, "CONTINUE", "MN-13", f"reduced dose held for {held} d")


@row("MN 5.2-3", "Complete remission on the full calcineurin inhibitor dose?", rules=("MN-12",), source="S003 H")
def complete_at_full_dose(p: MembranousPicture) -> Answer | str:
    """In complete remission the calcineurin inhibitor is stepped down to about half, slowly and never abruptly."""
    if p.cni is None:
        return "no calcineurin inhibitor is being taken"
    if not p.complete_remission:
        return "remission is partial"
    return _answer(p, "TAPER_CNI", "MN-12", "complete remission at full dose")


@row("MN 5.2-4", "Partial remission after a year of calcineurin inhibitor?", rules=("MN-12",), source="S003 H")
def partial_after_a_year(p: MembranousPicture) -> Answer | str:
    """Partial remission after twelve months of calcineurin inhibitor: the same slow step-down."""
    if p.cni is None:
        return "no calcineurin inhibitor is being taken"
    days = p.age(p.cni.start)
    if days >= p.thresholds.one_year:
        return _answer(p, "TAPER_CNI", "MN-12", f"partial remission after {days} d of calcineurin inhibitor")
    return f"{days} d of calcineurin inhibitor"


@row("MN 5.2-5", "Partial remission in the first year of calcineurin inhibitor?", rules=("MN-11",), source="S003 H")
def partial_in_the_first_year(p: MembranousPicture) -> Answer | str:
    """Partial remission in the first year of calcineurin inhibitor: continue at target trough to at least twelve
    months.
    """
    if p.cni is None:
        return "no calcineurin inhibitor is being taken"
    return _answer(p, "CONTINUE", "MN-11", f"partial remission, {p.age(p.cni.start)} d of calcineurin inhibitor")


@row("MN 5.2-6", "In remission otherwise?", rules=("MN-20",), source="S000 H")
def remission_otherwise(p: MembranousPicture) -> Answer | str:
    """In remission without a calcineurin inhibitor nothing is added; the antibody is followed every three months."""
    return _answer(p, "WAIT_MONITOR", "MN-20", "in remission, no calcineurin inhibitor")


REMISSION: tuple[Row[MembranousPicture], ...] = (
    held_for_a_year,
    held_for_less,
    complete_at_full_dose,
    partial_after_a_year,
    partial_in_the_first_year,
    remission_otherwise,
)
