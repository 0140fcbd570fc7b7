"""Names of measured things, their roles, and of what a record system may not have sent."""

from __future__ import annotations

MEASURES: dict[str, str] = {
    "proteinuria_24h": "Proteinuria 24 h",
    "proteinuria": "Proteinuria",
    "upcr": "UPCR",
    "albumin": "Albumin",
    "creatinine": "Creatinine",
    "egfr": "eGFR",
    "anti_pla2r_elisa": "Anti-PLA2R",
    "anti_pla2r": "Anti-PLA2R",
    "anti_pla2r_iif": "Anti-PLA2R IIF",
    "pla2r_stain": "PLA2R in biopsy",
    "anti_rituximab_ab": "Anti-rituximab ab",
    "anti_dsdna": "Anti-dsDNA",
    "c3": "C3",
    "c4": "C4",
    "cd19_count": "CD19 B cells",
    "igg": "IgG",
    "tacrolimus_trough": "Tacrolimus trough",
    "cyclosporine_trough": "Cyclosporine trough",
    "wbc": "White cells",
    "neutrophils": "Neutrophils",
    "sbp": "Systolic BP",
    "dbp": "Diastolic BP",
    "weight": "Weight",
    "hbsag": "HBsAg",
    "anti_hbc": "Anti-HBc",
    "hcv_ab": "Anti-HCV",
    "hiv": "HIV",
    "pregnancy_test": "Pregnancy test",
    "kidney_length": "Kidney length",
    "ln_class": "LN class",
    "ln_activity_index": "Activity index",
    "ln_chronicity_index": "Chronicity index",
    "crescents_pct": "Crescents",
    "fibrinoid_necrosis": "Fibrinoid necrosis",
    "tma_on_biopsy": "TMA on biopsy",
    "sediment_active": "Urine sediment",
    "adherence": "Adherence",
    "fertility_wish": "Wish for children",
    "cyc_cumulative_prior": "Earlier cyclophosphamide",
    "membranous_nephropathy": "MN onset",
    "lupus_nephritis": "LN onset",
    "serious_infection": "Serious infection",
    "malignancy": "Malignancy",
    "pregnancy": "Pregnancy",
    "kidney_biopsy": "Kidney biopsy",
}

UNITS: dict[str, str] = {
    "g/d": "g/d",
    "g/g": "g/g",
    "g/L": "g/L",
    "RU/mL": "RU/mL",
    "ng/mL": "ng/mL",
    "mL/min/1.73m2": "mL/min/1.73 m²",
    "umol/L": "µmol/L",
    "cells/uL": "/µL",
    "10*9/L": "x10⁹/L",
    "mm[Hg]": "mmHg",
}

ROLES: dict[str, str] = {
    "current": "current",
    "baseline": "baseline",
    "previous": "previous",
    "nadir": "lowest",
    "reference": "reference",
    "trough": "trough",
    "lowest": "lowest",
}

SET_ASIDE: dict[str, str] = {
    "UNIT_REJECTED": "unit not accepted; never guessed",
    "UNIT_MISSING": "no unit; never guessed",
    "PLAUSIBILITY_REJECTED": "outside the plausible range",
    "DISTRACTOR": "looks alike, but is another test",
    "CODE_UNMAPPED": "its code is not known here, only its name",
    "MEDICATION_UNRESOLVED": "the drug it refers to was not sent",
    "STATUS": "its status says that it does not count",
    "STATUS_PRELIMINARY": "preliminary result",
    "UNREADABLE": "could not be read as FHIR",
    "OTHER_PATIENT": "belongs to another patient",
    "NO_SUBJECT": "does not say which patient it belongs to",
    "DATE_MISSING": "no date",
    "DATE_IMPRECISE": "its date is not exact enough",
    "DATE_FUTURE": "dated after today",
    "VALUE_MISSING": "no value",
    "VALUE_UNREADABLE": "its value could not be read",
}

NOT_PROVIDED: dict[str, str] = {
    "allergies": "allergies",
    "procedures": "procedures (biopsy, dialysis)",
    "screening": "hepatitis, HIV and pregnancy tests",
    "vital-signs": "blood pressure and weight",
    "conditions": "problem list",
    "statements": "medication statements",
    "requests": "medication orders",
    "administrations": "infusions given",
    "proteinuria": "proteinuria",
    "kidney-function": "kidney function and albumin",
    "antibodies": "antibodies and complement",
    "drug-levels": "drug levels, B cells, IgG, blood count",
    "biopsy-findings": "biopsy findings",
    "patient-reported": "adherence and wish for children",
}

CONFIDENCE: dict[str, str] = {
    "H": "source read",
    "M": "well known, not re-read",
    "L": "from recollection, to be confirmed",
}

DISEASES: dict[str, str] = {"MN": "Membranous nephropathy", "LN": "Lupus nephritis"}
