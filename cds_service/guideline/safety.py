"""The safety layer that runs after the tables: vetoes, deferral, and what is left (clinical-spec 7.1, 7.2)."""

from __future__ import annotations

from collections.abc import Mapping

from cds_service.case.drug_classes import ANTI_CD20, CLASS_OF
from cds_service.case.light import light_dataclass
from cds_service.guideline.assessment import Veto
from cds_service.guideline.picture import Picture
from cds_service.guideline.rows import Answer

COMPONENTS: Mapping[str, tuple[str, ...]] = {
    "RTX": ("RTX",),
    "ANTI_CD20_2G": ("CD20_2G",),
    "CYC_GC": ("CYC",),
    "CNI": ("CNI",),
    "RTX_CNI": ("CNI", "RTX"),
    "MPAA_GC": ("MPAA",),
    "CNI_COMBO": ("CNI",),
    "BEL_COMBO": ("BEL",),
    "ANTI_CD20_COMBO": ("CD20_2G", "RTX"),
    "AZA_CNI": ("AZA", "CNI"),
}
VETOES = {
    "CYC": "pregnancy; active malignancy; allergy or intolerance; cumulative dose above the ceiling; wish for children "
    "with a cumulative dose above its limit",
    "CNI, also within RTX_CNI, CNI_COMBO and AZA_CNI": "eGFR below the floor (LN: at it too); blood pressure above the "
    "limits; allergy or intolerance; RTX_CNI has a higher eGFR floor",
    "RTX, ANTI_CD20_2G, BEL": "pregnancy; allergy or intolerance; in LN anti-CD20 only when rituximab and "
    "its successors are both ruled out",
    "MPAA_GC": "pregnancy; allergy or intolerance",
    "AZA_CNI": "allergy or intolerance to azathioprine, and everything against a CNI",
}
HARMFUL_IN_PREGNANCY = frozenset({"CYC", "MPAA", "RTX", "CD20_2G", "BEL"})
ONE_DRUG = (("ANTI_CD20_2G", "CD20_2G"), ("CYC_GC", "CYC"), ("CNI", "CNI"))
MAY_REPEAT_RITUXIMAB = frozenset({"MN-09", "MN-21"})
MAY_ADD_CNI_TO_RITUXIMAB = "MN-30"


def without_failed(answer: Answer) -> tuple[str, ...]:
    """The candidates without what has failed, but for a second rituximab course and rituximab plus CNI (section 5).

    RTX in F does not remove the second generation; its own failure does, and counts as RTX too (R-07).
    """
    failed = answer.failed
    if not failed:
        return answer.candidates
    rituximab_failed = not failed.isdisjoint(ANTI_CD20)
    gone = [name for name, part in ONE_DRUG if part in failed]
    if rituximab_failed and answer.rule not in MAY_REPEAT_RITUXIMAB:
        gone.append("RTX")
    if rituximab_failed and answer.rule != MAY_ADD_CNI_TO_RITUXIMAB:
        gone.append("RTX_CNI")
    return tuple([candidate for candidate in answer.candidates if candidate not in gone])


class Vetoes:
    """Why a class must not be started in this patient."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.not_tolerated = _not_tolerated(picture)

    def of(self, candidate: str) -> tuple[Veto, ...]:
        """Every veto against a candidate class; empty when it may be offered."""
        reasons: dict[str, None] = {}
        if candidate == "ANTI_CD20_COMBO":
            self._veto_anti_cd20_combination(reasons)
        else:
            for part in COMPONENTS[candidate]:
                self._veto_part(part, reasons)
        if candidate == "RTX_CNI" and self._egfr_below(self.picture.thresholds.rtx_cni_egfr):
            reasons["EGFR"] = None
        return tuple([Veto(candidate, reason) for reason in reasons]) if reasons else ()

    def _veto_part(self, part: str, reasons: dict[str, None]) -> None:
        if self.picture.pregnant and part in HARMFUL_IN_PREGNANCY:
            reasons["PREGNANCY"] = None
        if part == "CYC":
            self._veto_cyclophosphamide(reasons)
        if part == "CNI":
            self._veto_cni(reasons)
        if part in self.not_tolerated:
            reasons[self.not_tolerated[part]] = None

    def _veto_anti_cd20_combination(self, reasons: dict[str, None]) -> None:
        """In lupus nephritis one anti-CD20 stands in for the other, so both must be ruled out."""
        if self.picture.pregnant:  # pragma: no cover - pregnancy has its own candidates; kept should a table change
            reasons["PREGNANCY"] = None
        if self.not_tolerated.keys() >= ANTI_CD20:
            reasons[self.not_tolerated["RTX"]] = None

    def _veto_cyclophosphamide(self, reasons: dict[str, None]) -> None:
        p, t = self.picture, self.picture.thresholds
        if p.active("malignancy"):
            reasons["MALIGNANCY"] = None
        membranous = p.disease == "MN"
        if p.cumulative_cyclophosphamide > (t.mn_cyc_ceiling if membranous else t.ln_cyc_ceiling):
            reasons["CUMULATIVE_DOSE"] = None
        fertile = t.mn_cyc_fertility if membranous else t.ln_cyc_fertility
        if p.fertility_wish and p.cumulative_cyclophosphamide > fertile:
            reasons["FERTILITY"] = None

    def _veto_cni(self, reasons: dict[str, None]) -> None:
        p, t = self.picture, self.picture.thresholds
        low = self._egfr_below(t.mn_cni_egfr) if p.disease == "MN" else self._egfr_below(t.ln_cni_egfr, inclusive=True)
        if low:
            reasons["EGFR"] = None
        systolic, diastolic = p.newest("sbp", t.laboratory_age), p.newest("dbp", t.laboratory_age)
        if (systolic is not None and systolic.value > t.cni_systolic) or (
            diastolic is not None and diastolic.value > t.cni_diastolic
        ):
            reasons["BLOOD_PRESSURE"] = None

    def _egfr_below(self, limit: float, *, inclusive: bool = False) -> bool:
        egfr = self.picture.egfr_now
        return egfr is not None and (egfr.value < limit or (inclusive and egfr.value == limit))


def _not_tolerated(p: Picture) -> dict[str, str]:
    """Drug classes with an allergy, an intolerance, or a line that ended for intolerance, with the reason word."""
    found: dict[str, str] = {}
    for line in p.lines:
        for segment in line.segments:
            if "intolerance" in [record.reason for record in (*segment.records, *segment.echoes)]:
                found[segment.therapy_class] = "INTOLERANCE"
    for allergy in p.case.allergies:
        therapy_class = CLASS_OF.get(allergy.agent)
        if therapy_class is not None:
            reason = "INTOLERANCE" if allergy.kind == "intolerance" else "ALLERGY"
            if found.get(therapy_class) != "ALLERGY":
                found[therapy_class] = reason
    return found


@light_dataclass(frozen=True, slots=True)
class Offer:
    """What is left of an answer after safety: the classes that may be offered, the first of them preferred."""

    answer: Answer
    classes: tuple[str, ...] = ()
    vetoed: tuple[Veto, ...] = ()


def offer(picture: Picture, answer: Answer) -> Offer:
    """The answer after vetoes. Nothing left: an expert, under the same rule."""
    if answer.action != "START_CLASS":
        return Offer(answer)
    vetoes = Vetoes(picture)
    classes: list[str] = []
    vetoed: list[Veto] = []
    for candidate in without_failed(answer):
        against = vetoes.of(candidate)
        vetoed.extend(against)
        if not against:
            classes.append(candidate)
    return Offer(answer if classes else _referred(answer), tuple(classes), tuple(vetoed))


def _referred(answer: Answer) -> Answer:
    return Answer(
        answer.state,
        "REFER_EXPERT",
        answer.rule,
        f"{answer.saw}; no class is left",
        notes=answer.notes,
        menu=answer.menu,
    )


def deferred(picture: Picture, offered: Offer) -> Offer:
    """Serious infection, or a tumour in lupus nephritis, puts any start off (7.1)."""
    if not offered.classes:
        return offered
    if picture.active("serious_infection"):
        return Offer(_deferral(offered.answer, "SAFE-01", "INFECTION_ACTIVE"), (), offered.vetoed)
    if picture.disease == "LN" and picture.active("malignancy"):
        return Offer(_deferral(offered.answer, "SAFE-02", "MALIGNANCY_ACTIVE"), (), offered.vetoed)
    return offered


def _deferral(answer: Answer, rule: str, note: str) -> Answer:
    return Answer(answer.state, "DEFER", rule, f"{answer.rule} is put off", notes=(*answer.notes, note))
