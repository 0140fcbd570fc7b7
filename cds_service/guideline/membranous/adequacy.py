"""Before resistance is called: was the last line really given? (clinical-spec 5.3)"""

from __future__ import annotations

from cds_service.case.doses import anti_cd20_dose
from cds_service.case.drug_classes import ANTI_CD20
from cds_service.case.measures import at_least, between
from cds_service.case.model import Day, Quantity
from cds_service.case.segments import Segment
from cds_service.guideline.assessment import SAID
from cds_service.guideline.membranous.picture import MembranousPicture
from cds_service.guideline.membranous.response import ask
from cds_service.guideline.rows import Answer, Row, row

TROUGH_WINDOW = 180
B_CELLS_FROM = 14
B_CELLS_UNTIL = 180
TROUGH_OF = {"tacrolimus": "tacrolimus_trough", "cyclosporine": "cyclosporine_trough"}


def _inadequate(rule: str, saw: str) -> Answer:
    return Answer("MN_INADEQUATE_LINE", "OPTIMIZE", rule, saw)


def _ask(rule: str, code: str, saw: str) -> Answer:
    return Answer("MN_INADEQUATE_LINE", "DATA_REQUEST", rule, saw, missing=(code,))


def _too_short(p: MembranousPicture, therapy_class: str, rule: str, saw: str) -> Answer:
    """Too little of a drug, as far as its dates are told: where one is not, the dates are asked for."""
    if therapy_class in p.line_in_doubt:
        return ask("MN-D8", p.line_in_doubt_seen, "PRIOR_LINE_OUTCOME")
    return _inadequate(rule, saw)


@row("MN 5.3-1", "Is non-adherence recorded?", rules=("MN-A1",), source="S000 H")
def adherence(p: MembranousPicture) -> Answer | str:
    """A drug that was not taken has not failed."""
    reason = p.non_adherent(p.line)
    return _inadequate("MN-A1", reason) if reason else "no non-adherence recorded; ask"


def trough_days(p: MembranousPicture, segment: Segment) -> tuple[Day, Day]:
    """The days whose troughs tell whether the calcineurin inhibitor was given well: the last 180 of the segment."""
    end = p.today if segment.end is None else segment.end
    return max(segment.start, end - TROUGH_WINDOW), end


def last_infusion(p: MembranousPicture) -> Day:
    """The last day of anti-CD20 in the line."""
    return max(record.start if record.end is None else record.end for s in p.anti_cd20 for record in s.records)


def _troughs(p: MembranousPicture, segment: Segment) -> tuple[list[Quantity], int]:
    """Troughs of the last 180 d of the segment, and how many of them reached the target."""
    first, end = trough_days(p, segment)
    targets = {"tacrolimus": p.thresholds.tacrolimus_trough, "cyclosporine": p.thresholds.cyclosporine_trough}
    measured: list[Quantity] = []
    reached = 0
    for agent in segment.agents:
        values = between(p.case.series(TROUGH_OF[agent]), first, end) if agent in TROUGH_OF else []
        measured += values
        reached += len([value for value in values if value.value >= targets[agent]])
    return measured, reached


@row(
    "MN 5.3-2",
    "Calcineurin inhibitor too short, or not known to be at target level?",
    rules=("MN-A2", "MN-D8", "MN-D5"),
    source="S000 H, K21 L",
)
def calcineurin_inhibitor(p: MembranousPicture) -> Answer | str:
    """A calcineurin inhibitor counts only when at least half of its troughs reached the target."""
    if "CNI" not in p.line.classes or p.judged_without("CNI"):
        return "no calcineurin inhibitor to judge in this line"
    segment = p.line.of_class("CNI")[-1]
    if not p.judge.is_adequate(segment, p.line.start, p.today):
        return _too_short(p, "CNI", "MN-A2", f"calcineurin inhibitor for less than {p.thresholds.early:g} d")
    if TROUGH_OF.keys().isdisjoint(segment.agents):
        return "voclosporin is dosed without levels"
    measured, reached = _troughs(p, segment)
    if not measured:
        return _ask("MN-D5", "CNI_TROUGH", "no trough level in the last 180 d of the line")
    for value in measured:
        p.use(value, "trough")
    share = reached / len(measured)
    saw = f"{reached} of {len(measured)} troughs at target"
    p.figures["trough_share"] = share
    return saw if at_least(share, p.thresholds.trough_share) else _inadequate("MN-A2", saw)


@row("MN 5.3-3", "Anti-CD20 dose too low?", rules=("MN-A3", "MN-D8"), source="S000 H")
def anti_cd20_grams(p: MembranousPicture) -> Answer | str:
    """Anti-CD20 counts from about two infusions, 1.4 g in total."""
    if not p.anti_cd20 or p.judged_without(*ANTI_CD20):
        return "no anti-CD20 to judge in this line"
    doses = [anti_cd20_dose(segment).grams for segment in p.anti_cd20]
    if any(grams is None for grams in doses):
        return "dose not recorded, taken as adequate"
    if not p.line_in_doubt.isdisjoint(ANTI_CD20):
        return ask("MN-D8", p.line_in_doubt_seen, "PRIOR_LINE_OUTCOME")
    highest = max(grams for grams in doses if grams is not None)
    p.figures["rtx_dose_g"] = highest
    if at_least(highest, p.thresholds.anti_cd20_grams):
        return f"{highest:.2g} g in all"
    return _inadequate("MN-A3", f"{highest:.2g} g in all")


@row("MN 5.3-4", "B cells not depleted, or not measured?", rules=("MN-A4", "MN-D6"), source="S000 H")
def b_cells(p: MembranousPicture) -> Answer | str:
    """Anti-CD20 counts only when B cells fell; if not, anti-drug antibodies are sought and the dose repeated."""
    if not p.anti_cd20 or p.judged_without(*ANTI_CD20):
        return "no anti-CD20 to judge in this line"
    last = last_infusion(p)
    counts = between(p.case.series("cd19_count"), last + B_CELLS_FROM, last + B_CELLS_UNTIL)
    if not counts:
        return _ask("MN-D6", "B_CELL_COUNT", "no B-cell count from 14 to 180 d after the last infusion")
    lowest = min(counts, key=lambda value: (value.value, value.day))
    p.use(lowest, "lowest after infusion")
    p.figures["cd19_lowest"] = lowest.value
    saw = f"lowest CD19 {SAID[lowest.bound]}{lowest.value:g} /µL"
    if lowest.value < p.thresholds.b_cells_depleted:
        return saw
    if p.anti_rituximab:
        return f"{saw}, with antibodies against rituximab"
    return _inadequate("MN-A4", saw)


@row("MN 5.3-5", "Too little cyclophosphamide?", rules=("MN-A5", "MN-D8"), source="S000 H")
def cyclophosphamide(p: MembranousPicture) -> Answer | str:
    """Cyclophosphamide counts from 80 days or six pulses."""
    if "CYC" not in p.line.classes or p.judged_without("CYC"):
        return "no cyclophosphamide to judge in this line"
    if any(p.judge.enough_cyclophosphamide(segment) for segment in p.line.of_class("CYC")):
        return "80 days or six pulses reached"
    return _too_short(p, "CYC", "MN-A5", "fewer than 80 days and fewer than six pulses")


ADEQUACY: tuple[Row[MembranousPicture], ...] = (
    adherence,
    calcineurin_inhibitor,
    anti_cd20_grams,
    b_cells,
    cyclophosphamide,
)
