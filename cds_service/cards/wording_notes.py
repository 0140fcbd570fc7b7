"""Holds, cautions and reminders beside an answer (clinical-spec 7.3)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NoteWording:
    """`first` is the line under the headline, for notes that stop a dose; `sentence` is the full text.

    `about_data` notes belong to the part on missing and set aside results.
    """

    sentence: str
    first: str = ""
    about_data: bool = False


PREGNANCY_NOTE = "PREGNANCY_TERATOGEN_ACTIVE"

NOTES: dict[str, NoteWording] = {
    "HBV_POSITIVE_PROPHYLAXIS_FIRST": NoteWording(
        "HBsAg is positive and no antiviral is on record. Start antiviral prophylaxis and involve hepatology before "
        "the first dose.",
        "hepatitis B antiviral before the first dose (HBsAg positive)",
    ),
    "HBV_COVERED": NoteWording("HBsAg is positive and an antiviral is on record: keep it going, follow HBV DNA."),
    "HBV_CORE_PROPHYLAXIS": NoteWording(
        "Anti-HBc is positive: past hepatitis B. Give antiviral prophylaxis with anti-CD20 and for at least 12 months "
        "after.",
        "hepatitis B prophylaxis (anti-HBc positive)",
    ),
    "HBV_SCREEN_REQUIRED": NoteWording(
        "HBsAg or anti-HBc of the last year is missing. No anti-CD20 dose before both are known.",
        "HBsAg and anti-HBc before any anti-CD20 dose",
    ),
    "LOW_IGG_HOLD": NoteWording(
        "IgG is below 4 g/L. Hold anti-CD20 and ask for immunology advice; nephrotic loss adds to it.",
        "hold anti-CD20 while IgG is below 4 g/L",
    ),
    "LOW_IGG_CAUTION": NoteWording("IgG is between 4 and 6 g/L: infection risk with anti-CD20; follow IgG."),
    "LEUKOPENIA_CYC_HOLD": NoteWording(
        "White cells below 3.0 or neutrophils below 1.5 x 10⁹/L. Hold cyclophosphamide until they recover.",
        "hold cyclophosphamide until white cells recover",
    ),
    PREGNANCY_NOTE: NoteWording(
        "Pregnancy is on record and a drug harmful to the fetus is active. Review it today.",
        "review drugs harmful to the fetus today",
    ),
    "PREGNANCY_TEST_REQUIRED": NoteWording(
        "No pregnancy test in the last 30 days: test before the first dose and agree on contraception."
    ),
    "FERTILITY_CYC_CAP_10G": NoteWording(
        "A wish for children is on record: keep lifetime cyclophosphamide below 10 g; discuss fertility preservation."
    ),
    "CYC_CUM_25G": NoteWording(
        "With this course lifetime cyclophosphamide would pass 25 g: cancer risk rises; 36 g is the ceiling (C-08)."
    ),
    "CNI_EGFR_CAUTION": NoteWording("eGFR is below 60: a CNI needs low troughs and creatinine checks every two weeks."),
    "CNI_NEPHROTOXICITY": NoteWording(
        "Kidney function has dropped on the CNI: reduce or hold it, look for interacting drugs, repeat creatinine."
    ),
    "VTE_RISK": NoteWording("Albumin is below 25 g/L: high clot risk. Weigh prophylactic anticoagulation."),
    "HCQ_MISSING": NoteWording(
        "No active hydroxychloroquine: everybody with LN should have it unless contraindicated."
    ),
    "EXPERT_REFERRAL": NoteWording("Refer to, or discuss with, a specialised glomerular centre."),
    "REFRACTORY_EXPERT_REFERRAL": NoteWording("Refractory disease: refer to an expert centre alongside this step."),
    "REBIOPSY_RECOMMENDED": NoteWording("The last biopsy is old: a repeat biopsy tells activity from scar."),
    "AB_PERSISTENT_HIGH": NoteWording(
        "Anti-PLA2R is still 50 RU/mL or more: relapse is likely when the CNI goes; consider rituximab before tapering."
    ),
    "MPAA_MONO_NOT_RECOMMENDED": NoteWording("Mycophenolate alone is not recommended for MN."),
    "UNIT_REJECTED": NoteWording(
        "A value without a usable unit was not used; units are never guessed.", about_data=True
    ),
    "PLAUSIBILITY_REJECTED": NoteWording("A value outside the plausible range was not used.", about_data=True),
    "INFECTION_ACTIVE": NoteWording(
        "A serious infection is active: treat it before any new immunosuppression.",
        "no new immunosuppression during serious infection",
    ),
    "MALIGNANCY_ACTIVE": NoteWording(
        "A malignancy is active: agree with oncology before any new immunosuppression.",
        "agree with oncology before new immunosuppression",
    ),
}

# An answer that is to go on as before must not read as if the harmful drug were to go on.
TERATOGEN_CONTINUE = "Keep the kidney disease treated, but not with a drug harmful to the fetus"
TERATOGEN_ADDED = " Pregnant: replace drugs harmful to the fetus."
TERATOGEN_SUMMARY = "Pregnancy on record with [{agents} active|a drug harmful to the fetus active]: review it today."
TERATOGEN_DETAIL = (
    "Pregnancy is on record and [{agents} is|at least one drug harmful to the fetus is] on the active list. "
    "Mycophenolate, cyclophosphamide and leflunomide harm the embryo; RAS inhibitors harm the fetal kidney from the "
    "second trimester on. Stop or replace with the team that looks after the pregnancy; do not leave the kidney "
    "disease untreated."
)
TERATOGEN_AGENTS: dict[str, str] = {
    "mycophenolate_mofetil": "mycophenolate",
    "mycophenolic_acid": "mycophenolate",
    "mycophenolate": "mycophenolate",
    "cyclophosphamide": "cyclophosphamide",
    "leflunomide": "leflunomide",
    "acei": "an ACE inhibitor",
    "arb": "an angiotensin receptor blocker",
    "ace_inhibitor": "an ACE inhibitor",
}
