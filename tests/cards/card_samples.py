"""Patients as the guidelines would hand them over: assessments, a case around them, and the stamp of one call."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from cds_service.cards.stamp import Stamp
from cds_service.case.model import Bins, Case, Exposure, Finding, Patient, Quantity, SetAside, Span
from cds_service.guideline.assessment import Assessment, Fact, LineSummary, Veto

ON = date(2026, 11, 22)
TODAY = ON.toordinal()

STAMP = Stamp(
    service_version="1.0.0",
    knowledge_version="1.0",
    mappings_version="sha256:0f3a",
    hook_instance="d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    patient_id="example-1",
    public_base_url="https://cds.example.org",
)

ALL_FIGURES: dict[str, float | str] = {
    "current": 7.6,
    "current_unit": "g/d",
    "baseline": 8.4,
    "reduction": 0.0952,
    "days": 215.0,
    "seen": 215.0,
    "line": "CNI",
    "failed": "CNI, CYC",
    "egfr": 58.0,
    "egfr_reference": 80.0,
    "egfr_fall": 0.275,
    "trend": "STABLE",
    "albumin": 24.0,
    "antibody": "POS",
    "antibody_value": 165.0,
    "antibody_days": 150.0,
    "creatinine_rise": 0.312,
    "cni_egfr_fall": 0.24,
    "nadir": 0.4,
    "trough_share": 0.25,
    "cd19_lowest": 12.0,
    "rtx_dose_g": 1.0,
    "cyc_days": 45.0,
    "cyc_cumulative_g": 12.5,
    "ln_class": "III+V",
    "failed_count": 2.0,
    "mpaa_dose_g": 1.5,
    "dose_fraction": 0.5,
    "reduced_days": 200.0,
    "check": "CNI troughs below target",
}


def day(offset: int) -> int:
    """The ordinal of D0 plus an offset, as the vignettes count."""
    return TODAY + offset


def fact(name: str, value: float | str, unit: str, offset: int, role: str, stated: str = "") -> Fact:
    return Fact(name, value, unit, day(offset), role, f"Observation/{name}{-offset}", stated)


def quantity(measure: str, value: float, unit: str, offset: int) -> Quantity:
    return Quantity(measure, day(offset), value, unit, f"Observation/{measure}{-offset}")


MAN_OF_52 = Case(
    Patient("male", Span(day(-19_100), day(-19_100)), source="Patient/example-1"),
    findings={
        "hbsag": (Finding("hbsag", day(-300), "negative", "Observation/hbsag"),),
        "anti_hbc": (Finding("anti_hbc", day(-300), "negative", "Observation/anti_hbc"),),
    },
    exposures=(Exposure("tacrolimus", "statement", day(-215), None, "MedicationStatement/9"),),
    bins=Bins(25, tuple(f"Observation/{n}" for n in range(20)), ("Observation/old",), 3, 1),
)

WOMAN_OF_31 = Case(
    Patient("female", Span(day(-11_500), day(-11_500)), source="Patient/example-2"),
    exposures=(Exposure("mycophenolate_mofetil", "statement", day(-400), None, "MedicationStatement/m"),),
)

CNI_FAILED = Assessment(
    "MN",
    "MN_RESISTANT",
    "START_CLASS",
    "MN-07",
    next_class="RTX",
    alternatives=("RTX_CNI", "CYC_GC"),
    notes=("VTE_RISK",),
    severity="warning",
    strength="conditional",
    evidence=("EV-01", "EV-06", "EV-12"),
    conflicts=("C-10",),
    facts=(
        fact("proteinuria_24h", 7.6000000001, "g/d", -10, "current"),
        fact("proteinuria_24h", 8.4, "g/d", -220, "baseline", "8400 mg/24 h"),
        fact("albumin", 24.0, "g/L", -10, "current", "2.4 g/dL"),
        fact("egfr", 79.0, "mL/min/1.73m2", -10, "current"),
        fact("egfr", 82.0, "mL/min/1.73m2", -220, "reference"),
        fact("anti_pla2r_elisa", 165.0, "RU/mL", -10, "current"),
        fact("tacrolimus_trough", 6.4, "ng/mL", -20, "trough"),
    ),
    lines=(LineSummary(("CNI",), day(-215), None, "FAILED", ("MedicationStatement/9",), ("tacrolimus",), 0.0952),),
    figures={
        "current": 7.6,
        "current_unit": "g/d",
        "baseline": 8.4,
        "reduction": 0.0952,
        "days": 215,
        "seen": 215,
        "line": "CNI",
        "egfr": 79.0,
        "trend": "STABLE",
        "albumin": 24.0,
        "antibody": "POS",
        "antibody_value": 165.0,
    },
)

CNI_FAILED_CASE = replace(
    MAN_OF_52,
    set_aside=(SetAside("Observation/77", "UNIT_REJECTED", "creatinine", day(-12), "88.4"),),
    disagreements=((quantity("albumin", 24.0, "g/L", -10), quantity("albumin", 31.0, "g/L", -10)),),
    not_provided=("allergies", "vital-signs"),
)

RITUXIMAB_FAILED_FALLING = Assessment(
    "MN",
    "MN_RESISTANT",
    "START_CLASS",
    "MN-31",
    next_class="CYC_GC",
    notes=("VTE_RISK", "LEUKOPENIA_CYC_HOLD"),
    severity="critical",
    strength="strong",
    evidence=("EV-01", "EV-15"),
    conflicts=("C-08",),
    facts=(
        fact("proteinuria_24h", 7.9, "g/d", -10, "current"),
        fact("proteinuria_24h", 8.0, "g/d", -205, "baseline"),
        fact("albumin", 23.0, "g/L", -10, "current"),
        fact("egfr", 58.0, "mL/min/1.73m2", -10, "current"),
        fact("egfr", 62.0, "mL/min/1.73m2", -60, "previous"),
        fact("egfr", 80.0, "mL/min/1.73m2", -205, "reference"),
        fact("wbc", 2.6, "10*9/L", -5, "current"),
    ),
    lines=(
        LineSummary(("RTX",), day(-200), day(-6), "FAILED", ("MedicationAdministration/1",), ("rituximab",), 0.0125),
    ),
    figures={
        "current": 7.9,
        "current_unit": "g/d",
        "reduction": 0.0125,
        "days": 200,
        "seen": 200,
        "line": "RTX",
        "egfr": 58.0,
        "egfr_reference": 80.0,
        "egfr_fall": 0.275,
        "trend": "DECLINING",
        "antibody": "POS",
        "antibody_value": 290.0,
    },
)

ANTIBODY_GONE = Assessment(
    "MN",
    "MN_IMMUNOLOGIC_REMISSION",
    "WAIT_MONITOR",
    "MN-17",
    severity="info",
    evidence=("EV-01",),
    facts=(
        fact("proteinuria_24h", 4.6, "g/d", -8, "current"),
        fact("proteinuria_24h", 9.0, "g/d", -280, "baseline"),
        fact("anti_pla2r_elisa", 1.2, "RU/mL", -8, "current"),
        fact("albumin", 31.0, "g/L", -8, "current"),
    ),
    lines=(LineSummary(("RTX",), day(-270), day(-75), "CURRENT", ("MedicationAdministration/1",), ("rituximab",)),),
    figures={"current": 4.6, "current_unit": "g/d", "reduction": 0.489, "antibody": "NEG", "antibody_days": 150},
)

ANTIBODY_UNKNOWN = Assessment(
    "MN",
    "MN_INSUFFICIENT_DATA",
    "DATA_REQUEST",
    "MN-D2",
    missing=("ANTI_PLA2R",),
    severity="info",
    evidence=("EV-01",),
    facts=(
        fact("proteinuria_24h", 6.8, "g/d", -14, "current"),
        fact("proteinuria_24h", 7.5, "g/d", -240, "baseline"),
        fact("albumin", 26.0, "g/L", -14, "current"),
    ),
    lines=(LineSummary(("CNI",), day(-235), None, "CURRENT", ("MedicationStatement/9",), ("tacrolimus",), 0.0933),),
    figures={"current": 6.8, "current_unit": "g/d", "reduction": 0.0933, "days": 235, "seen": 235, "line": "CNI"},
)

LUPUS_REFRACTORY = Assessment(
    "LN",
    "LN_REFRACTORY",
    "START_CLASS",
    "LN-24",
    next_class="ANTI_CD20_COMBO",
    alternatives=("BEL_COMBO",),
    vetoed=(Veto("CNI_COMBO", "EGFR"),),
    notes=("HBV_SCREEN_REQUIRED", "PREGNANCY_TEST_REQUIRED", "HCQ_MISSING", "REFRACTORY_EXPERT_REFERRAL"),
    severity="critical",
    strength="conditional",
    evidence=("EV-05", "EV-08", "EV-31"),
    conflicts=("C-06", "C-07"),
    facts=(
        fact("upcr", 2.8, "g/g", -6, "current", "316.7 mg/mmol"),
        fact("upcr", 3.1, "g/g", -405, "baseline"),
        fact("egfr", 43.0, "mL/min/1.73m2", -6, "current"),
        fact("ln_class", "IV", "", -800, "biopsy"),
    ),
    lines=(
        LineSummary(
            ("CYC",), day(-780), day(-600), "FAILED", ("MedicationAdministration/c",), ("cyclophosphamide",), 0.06
        ),
        LineSummary(
            ("MPAA",), day(-400), None, "FAILED", ("MedicationStatement/m",), ("mycophenolate_mofetil",), 0.097
        ),
    ),
    figures={
        "current": 2.8,
        "current_unit": "g/g",
        "reduction": 0.097,
        "days": 400,
        "seen": 400,
        "line": "MPAA",
        "egfr": 43.0,
        "failed": "CYC, MPAA",
        "failed_count": 2,
        "ln_class": "IV",
    },
)


def with_low_white_cells(case: Case) -> Case:
    return replace(case, quantities={"wbc": (quantity("wbc", 2.6, "10*9/L", -5),)})
