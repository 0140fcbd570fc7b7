"""Holds and notes on a card, and how urgent the card is (clinical-spec 7.3, 7.4)."""

from __future__ import annotations

from collections.abc import Mapping

from cds_service.guideline.assessment import Severity, Veto
from cds_service.guideline.picture import Picture
from cds_service.guideline.rows import Answer
from cds_service.guideline.safety import COMPONENTS, Offer

ANTI_CD20_CLASSES = frozenset({"RTX", "RTX_CNI", "ANTI_CD20_2G", "ANTI_CD20_COMBO"})
CNI_CLASSES = frozenset(name for name, parts in COMPONENTS.items() if "CNI" in parts)
TERATOGENS = ("MPAA", "CYC", "LEF", "RASI")
FERTILE_AGE = range(15, 51)

NOTES: Mapping[str, tuple[str, Severity]] = {
    "HBV_POSITIVE_PROPHYLAXIS_FIRST": (
        "anti-CD20 or CYC offered, HBsAg positive within 365 d, no antiviral",
        "critical",
    ),
    "HBV_COVERED": ("the same with an active antiviral", "info"),
    "HBV_CORE_PROPHYLAXIS": ("anti-CD20 offered, HBsAg not positive, anti-HBc positive", "critical"),
    "HBV_SCREEN_REQUIRED": ("anti-CD20 offered, HBsAg or anti-HBc missing or older than 365 d", "critical"),
    "LOW_IGG_HOLD": ("anti-CD20 offered, IgG below the hold", "critical"),
    "LOW_IGG_CAUTION": ("anti-CD20 offered, IgG below the caution", "warning"),
    "LEUKOPENIA_CYC_HOLD": ("CYC offered, leukocytes or neutrophils below the hold", "critical"),
    "PREGNANCY_TERATOGEN_ACTIVE": ("pregnant with MPAA, CYC, leflunomide or RAS inhibitor, in any state", "critical"),
    "PREGNANCY_TEST_REQUIRED": ("CYC or any LN class, not male, 15 to 50 years, no test within 30 d", "warning"),
    "FERTILITY_CYC_CAP_10G": ("CYC offered with a wish for children", "warning"),
    "CYC_CUM_25G": ("cumulative CYC plus a course would pass 25 g", "warning"),
    "CNI_EGFR_CAUTION": ("CNI offered at eGFR below 60", "warning"),
    "CNI_NEPHROTOXICITY": ("creatinine up, or eGFR down, by 20 % on a CNI", "critical"),
    "VTE_RISK": ("MN with albumin below 25 g/L", "warning"),
    "HCQ_MISSING": ("LN without hydroxychloroquine and without allergy to it", "warning"),
    "EXPERT_REFERRAL": ("every referral", "warning"),
    "REFRACTORY_EXPERT_REFERRAL": ("refractory LN", "warning"),
    "REBIOPSY_RECOMMENDED": ("LN, newest biopsy older than a year, or incomplete response after one", "warning"),
    "AB_PERSISTENT_HIGH": ("remission on a CNI with anti-PLA2R of 50 RU/mL or more", "warning"),
    "MPAA_MONO_NOT_RECOMMENDED": ("MN treated with mycophenolate only", "warning"),
    "UNIT_REJECTED": ("a value whose unit is not accepted, or missing", "warning"),
    "PLAUSIBILITY_REJECTED": ("a value outside its plausible range", "warning"),
    "INFECTION_ACTIVE": ("a start is put off for serious infection", "critical"),
    "MALIGNANCY_ACTIVE": ("LN: a start is put off for an active malignancy", "critical"),
}
CRITICAL_NOTES = frozenset(note for note, (_, level) in NOTES.items() if level == "critical")
CRITICAL_RULES = frozenset(
    {
        "MN-00",
        "MN-04b",
        "MN-08",
        "MN-17b",
        "MN-26",
        "MN-31",
        "MN-33",
        "MN-35",
        "LN-03",
        "LN-04a",
        "LN-05",
        "LN-11",
        "LN-20a",
        "LN-21a",
        "LN-25",
        "LN-43",
        "SAFE-01",
        "SAFE-02",
    }
)
WARNING_RULES = frozenset({"MN-D7", "LN-D6", "MN-05a", "MN-17c", "MN-27"})
QUIET_ACTIONS = frozenset(
    {"WAIT_MONITOR", "CONTINUE", "TAPER_CNI", "TAPER_OFF_CNI", "DATA_REQUEST", "SUPPORTIVE", "NO_CARD"}
)
CNI_TOXICITY_STATES = frozenset({"MN_CNI_TOXICITY", "LN_CNI_TOXICITY"})


def notes_for(picture: Picture, offered: Offer) -> tuple[str, ...]:
    """Every note of the card, each once: of the answer, of what is offered, of the patient, and of the rows walked."""
    answer = offered.answer
    notes = [*answer.notes]
    if answer.action == "REFER_EXPERT":
        notes.append("EXPERT_REFERRAL")
    if answer.state in CNI_TOXICITY_STATES:
        notes.append("CNI_NEPHROTOXICITY")
    notes += _of_the_patient(picture)
    if offered.classes:
        notes += _hepatitis_b(picture, offered)
        notes += _holds(picture, offered)
        notes += _cyclophosphamide(picture, offered)
    notes += [veto_note(veto) for veto in offered.vetoed]
    if picture.case.set_aside:
        notes += _data_quality(picture)
    notes += picture.standing_notes
    return tuple(dict.fromkeys(notes)) if notes else ()


def veto_note(veto: Veto) -> str:
    """The note of one veto, as in VETO_CNI_EGFR."""
    return f"VETO_{veto.therapy_class}_{veto.reason}"


def _of_the_patient(p: Picture) -> list[str]:
    notes = []
    if p.pregnant and p.active_exposures(*TERATOGENS):
        notes.append("PREGNANCY_TERATOGEN_ACTIVE")
    if p.disease == "MN":
        low = p.albumin is not None and p.albumin.value < p.thresholds.vte_albumin
        return [*notes, "VTE_RISK"] if low else notes
    allergic = "hydroxychloroquine" in [allergy.agent for allergy in p.case.allergies]
    return notes if allergic or p.active_exposures("HCQ") else [*notes, "HCQ_MISSING"]


def _offers(offered: Offer, classes: frozenset[str]) -> bool:
    return not classes.isdisjoint(offered.classes)


def _hepatitis_b(p: Picture, offered: Offer) -> list[str]:
    """Hepatitis B is settled before B cells or alkylators; unknown is not negative."""
    anti_cd20 = _offers(offered, ANTI_CD20_CLASSES)
    if not anti_cd20 and "CYC_GC" not in offered.classes:
        return []
    notes = []
    surface = p.newest_answer("hbsag", p.thresholds.serology_age)
    core = p.newest_answer("anti_hbc", p.thresholds.serology_age)
    for answer in (surface, core):
        if answer is not None:
            p.use_finding(answer, "screening")
    positive = surface is not None and surface.value == "positive"
    if positive:
        notes.append("HBV_COVERED" if p.active_exposures("HBVRX") else "HBV_POSITIVE_PROPHYLAXIS_FIRST")
    if anti_cd20 and not positive and core is not None and core.value == "positive":
        notes.append("HBV_CORE_PROPHYLAXIS")
    if anti_cd20 and (surface is None or core is None):
        notes.append("HBV_SCREEN_REQUIRED")
    return notes


def _holds(p: Picture, offered: Offer) -> list[str]:
    notes = []
    t = p.thresholds
    igg = p.newest("igg", t.immunoglobulin_age)
    if _offers(offered, ANTI_CD20_CLASSES) and igg is not None and igg.value < t.igg_caution:
        p.use(igg, "current")
        notes.append("LOW_IGG_HOLD" if igg.value < t.igg_hold else "LOW_IGG_CAUTION")
    if _offers(offered, CNI_CLASSES) and p.egfr_now is not None and p.egfr_now.value < t.cni_caution_egfr:
        notes.append("CNI_EGFR_CAUTION")
    if _needs_pregnancy_test(p, offered):
        notes.append("PREGNANCY_TEST_REQUIRED")
    return notes


def _needs_pregnancy_test(p: Picture, offered: Offer) -> bool:
    if p.case.patient.sex == "male" or (p.disease == "MN" and "CYC_GC" not in offered.classes):
        return False
    tested = p.newest_answer("pregnancy_test", p.thresholds.pregnancy_test_age) is not None
    return p.years in FERTILE_AGE and not p.pregnant and not tested


def _cyclophosphamide(p: Picture, offered: Offer) -> list[str]:
    if "CYC_GC" not in offered.classes:
        return []
    notes = []
    t = p.thresholds
    white = p.newest("wbc", t.blood_count_age)
    neutrophils = p.newest("neutrophils", t.blood_count_age)
    if (white is not None and white.value < t.wbc_hold) or (
        neutrophils is not None and neutrophils.value < t.neutrophil_hold
    ):
        notes.append("LEUKOPENIA_CYC_HOLD")
    if p.fertility_wish:
        notes.append("FERTILITY_CYC_CAP_10G")
    course = t.mn_cyc_course if p.disease == "MN" else t.ln_cyc_course
    if p.cumulative_cyclophosphamide + course > t.cyc_note:
        notes.append("CYC_CUM_25G")
    return notes


def _data_quality(p: Picture) -> list[str]:
    reasons = [item.reason for item in p.case.set_aside]
    return [note for note in ("UNIT_REJECTED", "PLAUSIBILITY_REJECTED") if note in reasons]


def severity_of(answer: Answer, notes: tuple[str, ...], replaced_rule: str = "") -> Severity:
    """How urgent the card is (7.4). LN-27 keeps the urgency of the row it replaced, when that was higher (R-21)."""
    if answer.rule in CRITICAL_RULES or replaced_rule in CRITICAL_RULES or not CRITICAL_NOTES.isdisjoint(notes):
        return "critical"
    if answer.rule in WARNING_RULES:
        return "warning"
    if answer.action in QUIET_ACTIONS or answer.rule == "MN-16":
        return "info"
    return "warning"
