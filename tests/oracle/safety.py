"""The safety layer (clinical-spec section 7 with R-08, R-11, R-21, R-24)."""

from __future__ import annotations

from tests.oracle import course
from tests.oracle.exposure import above, below, cumulative_cyc
from tests.oracle.facts import CLASS_OF, Chart
from tests.oracle.lines import active
from tests.oracle.verdict import Verdict

PARTS = {
    "RTX": {"RTX"}, "ANTI_CD20_2G": {"CD20_2G"}, "CYC_GC": {"CYC"}, "CNI": {"CNI"}, "RTX_CNI": {"RTX", "CNI"},
    "MPAA_GC": {"MPAA"}, "CNI_COMBO": {"CNI"}, "BEL_COMBO": {"BEL"}, "ANTI_CD20_COMBO": {"RTX", "CD20_2G"},
    "AZA_CNI": {"AZA", "CNI"},
}  # fmt: skip
WITHHELD_IN_PREGNANCY = {"CYC", "RTX", "CD20_2G", "BEL", "MPAA"}
CRITICAL_RULES = {
    "MN-00", "MN-04b", "MN-08", "MN-17b", "MN-26", "MN-31", "MN-33", "MN-35", "LN-03", "LN-04a", "LN-05", "LN-11",
    "LN-20a", "LN-21a", "LN-25", "LN-43", "SAFE-01", "SAFE-02",
}  # fmt: skip
WARNING_RULES = {"MN-D7", "LN-D6", "MN-05a", "MN-17c", "MN-27"}
CRITICAL_NOTES = {
    "HBV_POSITIVE_PROPHYLAXIS_FIRST", "HBV_CORE_PROPHYLAXIS", "HBV_SCREEN_REQUIRED", "LOW_IGG_HOLD",
    "LEUKOPENIA_CYC_HOLD", "PREGNANCY_TERATOGEN_ACTIVE", "CNI_NEPHROTOXICITY", "INFECTION_ACTIVE", "MALIGNANCY_ACTIVE",
}  # fmt: skip
QUIET = {"WAIT_MONITOR", "CONTINUE", "TAPER_CNI", "TAPER_OFF_CNI", "DATA_REQUEST", "SUPPORTIVE"}
LEVELS = ["info", "warning", "critical"]


def apply(chart: Chart, disease: str, verdict: Verdict) -> Verdict:
    """Vetoes, then the global deferral, then notes and severity (section 9, order)."""
    floor = "info"
    if verdict.candidates is not None:
        reasons = {c: veto(chart, disease, c) for c in verdict.candidates}
        verdict.vetoed = tuple((c, r) for c, r in reasons.items() if r)
        left = [c for c, r in reasons.items() if not r]
        if left:
            verdict.next_class, verdict.alternatives = left[0], tuple(left[1:])
        else:
            verdict.action = "REFER_EXPERT"
            if disease == "LN":
                floor = level(verdict.rule, "START_CLASS", set())
                verdict.rule = "LN-27"
    defer(chart, disease, verdict)
    verdict.notes |= class_notes(chart, disease, verdict) | standing_notes(chart, disease, verdict)
    verdict.severity = max(level(verdict.rule, verdict.action, verdict.notes), floor, key=LEVELS.index)
    return verdict


def defer(chart: Chart, disease: str, verdict: Verdict) -> None:
    """7.1."""
    if verdict.action != "START_CLASS":
        return
    if chart.has("serious_infection"):
        rule, note = "SAFE-01", "INFECTION_ACTIVE"
    elif disease == "LN" and chart.has("malignancy"):
        rule, note = "SAFE-02", "MALIGNANCY_ACTIVE"
    else:
        return
    verdict.action, verdict.rule = "DEFER", rule
    verdict.next_class, verdict.alternatives = None, ()
    verdict.notes.add(note)


def refused(chart: Chart) -> set[str]:
    """Classes with an allergy or an intolerance on record (7.2, R-24)."""
    by_allergy = {CLASS_OF[a] for a in chart.allergies if a in CLASS_OF}
    return by_allergy | {r.therapy for r in chart.records if r.reason == "intolerance"}


def veto(chart: Chart, disease: str, candidate: str) -> str:
    """7.2: the first reason, or nothing."""
    parts, intolerant = PARTS[candidate], refused(chart)
    if course.pregnant(chart) and parts & WITHHELD_IN_PREGNANCY:
        return "PREGNANCY"
    if "CYC" in parts and chart.has("malignancy"):
        return "MALIGNANCY"
    if candidate == "ANTI_CD20_COMBO":
        return "INTOLERANCE" if parts <= intolerant else ""
    if parts & intolerant:
        return "INTOLERANCE"
    if "CYC" in parts:
        return cyc_veto(chart, disease)
    return cni_veto(chart, disease, candidate) if "CNI" in parts else ""


def cyc_veto(chart: Chart, disease: str) -> str:
    grams = cumulative_cyc(chart)
    if above(grams, 30 if disease == "MN" else 33):
        return "CUMULATIVE_DOSE"
    if course.yes(chart, "fertility_wish") and above(grams, 4 if disease == "MN" else 7):
        return "FERTILITY"
    return ""


def cni_veto(chart: Chart, disease: str, candidate: str) -> str:
    egfr = chart.newest("egfr", 90)
    if egfr:
        low = below(egfr.value, 40) if disease == "MN" else not above(egfr.value, 45)
        if low or (candidate == "RTX_CNI" and below(egfr.value, 45)):
            return "EGFR"
    upper, lower = chart.newest("sbp", 90), chart.newest("dbp", 90)
    if (upper and above(upper.value, 165)) or (lower and above(lower.value, 105)):
        return "BP"
    return ""


def class_notes(chart: Chart, disease: str, verdict: Verdict) -> set[str]:
    """7.3, for every class that the card offers."""
    offered = [c for c in (verdict.next_class, *verdict.alternatives) if c]
    parts = {part for c in offered for part in PARTS[c]}
    cd20, cyc = bool(parts & {"RTX", "CD20_2G"}), "CYC" in parts
    notes = hepatitis_b(chart, cd20, cyc)
    igg = chart.newest("igg", 180)
    if cd20 and igg and below(igg.value, 6):
        notes.add("LOW_IGG_HOLD" if below(igg.value, 4) else "LOW_IGG_CAUTION")
    wbc, neutrophils = chart.newest("wbc", 30), chart.newest("neutrophils", 30)
    if cyc and ((wbc and below(wbc.value, 3)) or (neutrophils and below(neutrophils.value, 1.5))):
        notes.add("LEUKOPENIA_CYC_HOLD")
    fertile = chart.sex == "female" and 15 <= chart.age <= 50 and not course.pregnant(chart)
    if fertile and chart.word("pregnancy_test", 30) is None and (cyc or (offered and disease == "LN")):
        notes.add("PREGNANCY_TEST_REQUIRED")
    if cyc and course.yes(chart, "fertility_wish"):
        notes.add("FERTILITY_CYC_CAP_10G")
    if cyc and above(cumulative_cyc(chart) + (12 if disease == "MN" else 3), 25):
        notes.add("CYC_CUM_25G")
    egfr = chart.newest("egfr", 90)
    if "CNI" in parts and egfr and below(egfr.value, 60):
        notes.add("CNI_EGFR_CAUTION")
    return notes


def hepatitis_b(chart: Chart, cd20: bool, cyc: bool) -> set[str]:
    surface, core = chart.word("hbsag", 365), chart.word("anti_hbc", 365)
    notes = set()
    if (cd20 or cyc) and surface == "positive":
        notes.add("HBV_COVERED" if active(chart, "HBVRX") else "HBV_POSITIVE_PROPHYLAXIS_FIRST")
    if cd20 and surface != "positive" and core == "positive":
        notes.add("HBV_CORE_PROPHYLAXIS")
    if cd20 and (surface is None or core is None):
        notes.add("HBV_SCREEN_REQUIRED")
    return notes


def standing_notes(chart: Chart, disease: str, verdict: Verdict) -> set[str]:
    """7.3 rows that do not depend on a class."""
    notes = set(chart.notes)
    if course.pregnant(chart) and any(active(chart, c) for c in ("MPAA", "CYC", "LEF", "RASI")):
        notes.add("PREGNANCY_TERATOGEN_ACTIVE")
    albumin = chart.newest("albumin", 90)
    if disease == "MN" and albumin and below(albumin.value, 25):
        notes.add("VTE_RISK")
    if disease == "LN" and not active(chart, "HCQ") and "hydroxychloroquine" not in chart.allergies:
        notes.add("HCQ_MISSING")
    if verdict.action == "REFER_EXPERT":
        notes.add("EXPERT_REFERRAL")
    if verdict.state == "LN_REFRACTORY":
        notes.add("REFRACTORY_EXPERT_REFERRAL")
    return notes


def level(rule: str, action: str, notes: set[str]) -> str:
    """7.4."""
    if rule in CRITICAL_RULES or notes & CRITICAL_NOTES:
        return "critical"
    if rule in WARNING_RULES:
        return "warning"
    return "info" if action in QUIET or rule == "MN-16" else "warning"
