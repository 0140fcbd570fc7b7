"""Lupus nephritis that flares after a remission on its last line (clinical-spec 6.3, step 8)."""

from __future__ import annotations

from cds_service.case.drug_classes import ANTI_CD20
from cds_service.guideline.lupus.candidates import escalation, in_pregnancy, same_regimen, used_in
from cds_service.guideline.lupus.picture import LupusPicture
from cds_service.guideline.rows import Answer, Row, row


def _start(rule: str, saw: str, candidates: tuple[str, ...]) -> Answer:
    return Answer("LN_FLARE", "START_CLASS", rule, saw, tuple(dict.fromkeys(candidates)))


def _without_active(p: LupusPicture) -> tuple[str, ...]:
    return escalation(p, p.flare_trend, used_in(p.past_failures) | p.active_classes)


def _confirmation(p: LupusPicture) -> str:
    if p.nephritic:
        return "eGFR falls and the sediment is active"
    high = [v for v in p.proteinuria if v.day > p.remission_day and v.value >= p.flare_threshold]
    if high and high[-1].day - high[0].day >= p.thresholds.relapse_spacing:
        p.use(high[0], "first flare value")
        return "two values two weeks apart"
    c3 = p.newest("c3", p.thresholds.complement_age)
    if c3 is not None and c3.value < p.thresholds.ln_low_c3:
        p.use(c3, "current")
        return f"C3 {c3.value:g} g/L"
    return ""


@row("LN 8-1", "Is the flare not confirmed?", rules=("LN-D5",), source="OP")
def unconfirmed(p: LupusPicture) -> Answer | str:
    """A single high spot ratio is unreliable in a flare: repeat it."""
    confirmation = _confirmation(p)
    if confirmation:
        return f"confirmed: {confirmation}"
    return Answer("LN_FLARE_UNCONFIRMED", "DATA_REQUEST", "LN-D5", "one high value", missing=("REPEAT_UPCR",))


@row("LN 8-2", "Flare in pregnancy?", rules=("LN-05",), source="K24 10.3.2 M")
def pregnant(p: LupusPicture) -> Answer | str:
    """A flare in pregnancy: azathioprine with a calcineurin inhibitor and steroid, hydroxychloroquine goes on."""
    if not p.pregnant:
        return "not pregnant as far as known"
    return _start("LN-05", "pregnant", in_pregnancy(used_in(p.past_failures)))


@row("LN 8-3", "Is non-adherence recorded?", rules=("LN-42",), source="S001, S004 H")
def non_adherent(p: LupusPicture) -> Answer | str:
    """A flare after missed doses is first a question of adherence."""
    reason = p.non_adherent(p.line)
    return Answer("LN_FLARE", "OPTIMIZE", "LN-42", reason) if reason else "no non-adherence recorded; ask"


@row("LN 8-4", "Severe flare?", rules=("LN-43",), source="E23 M, K24")
def severe(p: LupusPicture) -> Answer | str:
    """A severe flare is treated like severe new disease."""
    if not p.severe(p.flare_trend):
        return f"eGFR {p.flare_trend.trend}, no crescents or necrosis recorded"
    return _start("LN-43", "severe", _without_active(p))


@row("LN 8-5", "Was there an earlier flare?", rules=("LN-44",), source="K24 relapse PP M; E25 H")
def repeated(p: LupusPicture) -> Answer | str:
    """A further flare calls for another class than the one being taken."""
    if not p.coded_earlier("ln_flare"):
        return "no earlier flare coded"
    return _start("LN-44", "an earlier flare is coded", _without_active(p))


@row("LN 8-6", "First flare off treatment?", rules=("LN-40",), source="K24 relapse PP M")
def off_therapy(p: LupusPicture) -> Answer | str:
    """First flare off treatment: the regimen that worked may be repeated; combinations are alternatives."""
    line = p.line
    last = p.today if line.end is None else line.effect_end(p.today) if line.classes & ANTI_CD20 else line.end
    if p.age(last) < p.thresholds.ln_off_therapy:
        return "on maintenance"
    used = used_in(p.past_failures)
    again = same_regimen(line, used)
    return _start("LN-40", f"off therapy for {p.age(last)} d", (*again, *escalation(p, p.flare_trend, used)))


@row("LN 8-7", "First flare on maintenance?", rules=("LN-41",), source="K24 relapse PP M; E25 H")
def on_maintenance(p: LupusPicture) -> Answer | str:
    """Flare on adequate maintenance: escalate to what is not being taken yet."""
    return _start("LN-41", "on maintenance", _without_active(p))


FLARE: tuple[Row[LupusPicture], ...] = (
    unconfirmed,
    pregnant,
    non_adherent,
    severe,
    repeated,
    off_therapy,
    on_maintenance,
)
