"""Membranous nephropathy that was in remission on its last line: the relapse block (clinical-spec 5.4)."""

from __future__ import annotations

from cds_service.case import measures
from cds_service.case.drug_classes import ANTI_CD20
from cds_service.case.model import Quantity
from cds_service.guideline.membranous.picture import MembranousPicture
from cds_service.guideline.rows import Answer, Row, row
from cds_service.guideline.shares import percent

NADIR_NEIGHBOURHOOD = 60


def _relapse_values(p: MembranousPicture) -> tuple[Quantity, ...]:
    """Nephrotic values after the last remission."""
    assert p.remission_day is not None  # noqa: S101 - step 8 asked
    return tuple(
        value for value in p.proteinuria if value.day > p.remission_day and value.value >= p.thresholds.mn_nephrotic
    )


def _start(p: MembranousPicture, state: str, rule: str, saw: str, *candidates: str) -> Answer:
    return Answer(state, "START_CLASS", rule, saw, candidates, failed=p.past_failed)


@row("MN 5.4-1", "Still below 3.5 g/d?", rules=("MN-18",), source="OP")
def below_nephrotic(p: MembranousPicture) -> Answer | str:
    """After a remission, proteinuria below 3.5 g/d is watched."""
    if p.nephrotic:
        return f"proteinuria {p.current_value:g} g/d"
    return Answer("MN_SUBNEPHROTIC", "WAIT_MONITOR", "MN-18", f"proteinuria {p.current_value:g} g/d")


@row("MN 5.4-2", "Less than one and a half times the lowest value?", rules=("MN-28",), source="OP")
def borderline(p: MembranousPicture) -> Answer | str:
    """A rise of less than half above the lowest value is borderline: repeat in four to eight weeks."""
    if p.nadir is None:
        return "no value since the line began"
    p.use(p.nadir, "nadir")
    limit = p.thresholds.relapse_rise * p.nadir.value
    saw = f"{p.current_value:g} against a lowest value of {p.nadir.value:g} g/d"
    if p.current_value < limit - 1e-9:
        return Answer("MN_BORDERLINE_RISE", "WAIT_MONITOR", "MN-28", saw)
    return saw


def _confirmed(p: MembranousPicture, values: tuple[Quantity, ...]) -> str:
    if values[-1].day - values[0].day >= p.thresholds.relapse_spacing:
        p.use(values[0], "first relapse value")
        return "two nephrotic values two weeks apart"
    if p.antibody == "POS":
        return "the antibody is positive"
    if p.albumin is not None and p.albumin.value < p.thresholds.relapse_albumin:
        return f"albumin {p.albumin.value:g} g/L"
    return ""


@row("MN 5.4-3", "Is the relapse not confirmed?", rules=("MN-D10",), source="K21 M, OP")
def unconfirmed(p: MembranousPicture) -> Answer | str:
    """A single nephrotic value after remission is confirmed by a repeat, the antibody or a low albumin."""
    values = _relapse_values(p)
    confirmed = _confirmed(p, values) if values else ""
    if confirmed:
        return f"confirmed: {confirmed}"
    saw = "one unconfirmed value" if values else "no nephrotic value after the remission"
    return Answer("MN_RELAPSE_UNCONFIRMED", "DATA_REQUEST", "MN-D10", saw, missing=("REPEAT_PROTEINURIA",))


@row("MN 5.4-4", "Antibody negative in PLA2R disease?", rules=("MN-27",), source="S000 principle, OP")
def antibody_negative(p: MembranousPicture) -> Answer | str:
    """Proteinuria that returns without the antibody may be scarring: biopsy before immunosuppression."""
    if p.antibody == "NEG" and p.pla2r_disease:
        return Answer("MN_RELAPSE_AB_NEG", "REBIOPSY", "MN-27", "antibody negative, PLA2R disease")
    return f"antibody {p.antibody}"


def _trend(p: MembranousPicture) -> measures.EgfrTrend:
    assert p.nadir is not None  # noqa: S101 - see row 5.4-2
    return p.trend_against(measures.nearest(p.egfr, p.nadir.day, NADIR_NEIGHBOURHOOD))


@row("MN 5.4-5", "Has eGFR fallen since remission, not yet confirmed?", rules=("MN-D7",), source="OP")
def decline_unconfirmed(p: MembranousPicture) -> Answer | str:
    """A fall of eGFR since remission is confirmed by a second creatinine before it decides."""
    trend = _trend(p)
    if trend.trend != "UNCONFIRMED":
        return f"trend since remission: {trend.trend}"
    return Answer("MN_RELAPSE", "DATA_REQUEST", "MN-D7", "one low eGFR", missing=("REPEAT_CREATININE",))


@row("MN 5.4-6", "Has eGFR fallen since remission, confirmed?", rules=("MN-26",), source="OP L")
def declining(p: MembranousPicture) -> Answer | str:
    """Relapse with a confirmed fall of eGFR: cyclophosphamide with glucocorticoid, or an expert if it has failed."""
    trend = _trend(p)
    if trend.trend != "DECLINING" or trend.fall is None or trend.reference is None:
        return f"trend since remission: {trend.trend}"
    p.use(trend.reference, "at remission")
    return _start(p, "MN_RELAPSE", "MN-26", f"eGFR fell {percent(trend.fall)} since remission", "CYC_GC")


@row("MN 5.4-7", "Was the last line anti-CD20?", rules=("MN-21",), source="K21 PP 3.4.1 M")
def after_anti_cd20(p: MembranousPicture) -> Answer | str:
    """Relapse after a remission on rituximab: rituximab again."""
    if not p.line.classes & ANTI_CD20:
        return "the last line had no anti-CD20"
    return _start(p, "MN_RELAPSE", "MN-21", "relapse after anti-CD20", "RTX", "ANTI_CD20_2G", "CYC_GC")


def _dependence(p: MembranousPicture) -> str:
    first = _relapse_values(p)[0]
    segment = p.line.of_class("CNI")[-1]
    if segment.end is None:
        p.use(first, "first relapse value")
        return "the disease returned while the calcineurin inhibitor was being taken"
    since = first.day - segment.end
    if since <= p.thresholds.dependence_window:
        p.use(first, "first relapse value")
        return (
            f"the disease returned {since} d after the calcineurin inhibitor"
            if since > 0
            else ("the disease returned before the calcineurin inhibitor was stopped")
        )
    return "an earlier relapse is coded" if p.coded_earlier("mn_relapse") else ""


@row("MN 5.4-8", "Does the disease depend on the calcineurin inhibitor?", rules=("MN-22",), source="S003 H")
def dependent(p: MembranousPicture) -> Answer | str:
    """Disease that returns whenever the calcineurin inhibitor is withdrawn: rituximab breaks the dependence."""
    saw = _dependence(p) if "CNI" in p.line.classes else ""
    if not saw:
        return "no calcineurin inhibitor, or no dependence on it"
    return _start(p, "MN_CNI_DEPENDENT", "MN-22", saw, "RTX", "ANTI_CD20_2G", "CYC_GC")


@row("MN 5.4-9", "Was the last line a calcineurin inhibitor?", rules=("MN-23",), source="K21 PP 3.4.1 M, S003")
def after_cni(p: MembranousPicture) -> Answer | str:
    """Late relapse after a calcineurin inhibitor: rituximab; taking the calcineurin inhibitor up again stays an
    option.
    """
    if "CNI" not in p.line.classes:
        return "the last line had no calcineurin inhibitor"
    return _start(p, "MN_RELAPSE", "MN-23", "relapse after a calcineurin inhibitor", "RTX", "CNI", "CYC_GC")


@row("MN 5.4-10", "Was the last line cyclophosphamide?", rules=("MN-24",), source="K21 PP 3.4.1 M")
def after_cyclophosphamide(p: MembranousPicture) -> Answer | str:
    """Relapse after cyclophosphamide: rituximab, to spare further cyclophosphamide."""
    return _start(p, "MN_RELAPSE", "MN-24", "relapse after cyclophosphamide", "RTX", "CNI", "CYC_GC")


RELAPSE: tuple[Row[MembranousPicture], ...] = (
    below_nephrotic,
    borderline,
    unconfirmed,
    antibody_negative,
    decline_unconfirmed,
    declining,
    after_anti_cd20,
    dependent,
    after_cni,
    after_cyclophosphamide,
)
