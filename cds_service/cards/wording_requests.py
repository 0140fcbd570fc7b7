"""Missing results: what to order or find, in words and in code (clinical-spec section 8).

Codes come from the project's terminology tables. Three things have no verified public code (anti-PLA2R by
immunofluorescence, anti-rituximab antibodies, and whatever must be looked up rather than measured): they travel
under the project's own system only, with their text.
"""

from __future__ import annotations

from dataclasses import dataclass

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
ATC = "http://www.whocc.no/atc"
REQUEST_SYSTEM = "https://nextline-cds.org/CodeSystem/request"


@dataclass(frozen=True, slots=True)
class RequestWording:
    """`short` fits a summary, `ask` is the sentence on the card, `order` the text of the draft, `code` its coding."""

    short: str
    ask: str
    order: str
    code: tuple[str, str, str] = ("", "", "")


_CREATININE = (LOINC, "2160-0", "Creatinine [Mass/volume] in Serum or Plasma")
_PROTEINURIA = (LOINC, "2889-4", "Protein [Mass/time] in 24 hour Urine")
_UPCR = (LOINC, "2890-2", "Protein/Creatinine [Mass Ratio] in Urine")
_BIOPSY = (SNOMED, "7246002", "Kidney biopsy (procedure)")
_ANTI_PLA2R = (LOINC, "73737-9", "Phospholipase A2 receptor antibody, ELISA")

MISSING: dict[str, RequestWording] = {
    "MN_DIAGNOSIS_CONFIRMATION": RequestWording(
        "confirmation of MN",
        "Confirm MN: anti-PLA2R by ELISA first, kidney biopsy if it is negative.",
        "Anti-PLA2R antibody (ELISA), to confirm membranous nephropathy; kidney biopsy if negative",
        _ANTI_PLA2R,
    ),
    "LN_DIAGNOSIS_CONFIRMATION": RequestWording(
        "confirmation of LN",
        "Confirm LN: kidney biopsy with class.",
        "Kidney biopsy, to confirm lupus nephritis",
        _BIOPSY,
    ),
    "LN_CLASS": RequestWording(
        "LN class",
        "Find the biopsy report with the ISN/RPS class; biopsy if there is none.",
        "Kidney biopsy report with ISN/RPS class, activity and chronicity (new biopsy if there is none)",
        (LOINC, "65757-7", "Kidney Pathology biopsy report"),
    ),
    "PROTEINURIA": RequestWording(
        "proteinuria", "Measure proteinuria: 24-hour urine preferred.", "Protein in 24-hour urine", _PROTEINURIA
    ),
    "UPCR": RequestWording(
        "UPCR", "Measure the urine protein/creatinine ratio.", "Protein/creatinine ratio, urine", _UPCR
    ),
    "EGFR": RequestWording("eGFR", "Measure creatinine with eGFR.", "Creatinine with eGFR (CKD-EPI 2021)", _CREATININE),
    "BASELINE_PROTEINURIA": RequestWording(
        "baseline proteinuria",
        "Find the proteinuria from before the present line (180 days before to 30 days after its start).",
        "Earlier result: proteinuria from before the present treatment line",
    ),
    "BASELINE_UPCR": RequestWording(
        "baseline UPCR",
        "Find the UPCR from before the present line (180 days before to 30 days after its start).",
        "Earlier result: UPCR from before the present treatment line",
    ),
    "BASELINE_EGFR": RequestWording(
        "baseline eGFR",
        "Find the eGFR or creatinine from before the present line.",
        "Earlier result: creatinine or eGFR from before the present treatment line",
    ),
    "ALBUMIN": RequestWording(
        "albumin",
        "Measure serum albumin; note the method (BCG or BCP).",
        "Albumin, serum (state the method)",
        (LOINC, "1751-7", "Albumin [Mass/volume] in Serum or Plasma"),
    ),
    "ANTI_PLA2R": RequestWording(
        "anti-PLA2R", "Measure anti-PLA2R by ELISA (RU/mL).", "Anti-PLA2R antibody (ELISA, RU/mL)", _ANTI_PLA2R
    ),
    "ANTI_PLA2R_IIF": RequestWording(
        "anti-PLA2R immunofluorescence",
        "Ask for anti-PLA2R by immunofluorescence (IIF).",
        "Anti-PLA2R antibody by indirect immunofluorescence (IIF)",
    ),
    "CNI_TROUGH": RequestWording(
        "CNI troughs", "Measure the CNI trough, 12 hours after the last dose.", "CNI trough level (12 hours after dose)"
    ),
    "B_CELL_COUNT": RequestWording(
        "B-cell count",
        "Measure CD19 B cells (or find a count from 14 to 180 days after the last infusion).",
        "CD19 B-cell count",
        (LOINC, "8116-6", "CD19 cells [#/volume] in Blood"),
    ),
    "EGFR_TREND": RequestWording(
        "eGFR trend",
        "Find an earlier creatinine (four weeks or more before the newest), or repeat it.",
        "Creatinine with eGFR, to establish the trend (and earlier results)",
        _CREATININE,
    ),
    "REPEAT_CREATININE": RequestWording(
        "repeat creatinine",
        "Repeat creatinine with eGFR to confirm or refute the fall.",
        "Creatinine with eGFR (repeat)",
        _CREATININE,
    ),
    "REPEAT_PROTEINURIA": RequestWording(
        "repeat proteinuria",
        "Repeat proteinuria at least 14 days after the first high value.",
        "Protein in 24-hour urine (repeat, 14 days or more after the last)",
        _PROTEINURIA,
    ),
    "REPEAT_UPCR": RequestWording(
        "repeat UPCR",
        "Repeat UPCR at least 14 days after the first high value.",
        "Protein/creatinine ratio, urine (repeat, 14 days or more after the last)",
        _UPCR,
    ),
    "MPAA_DOSE": RequestWording(
        "mycophenolate dose",
        "Record the mycophenolate dose actually taken.",
        "Medication history: mycophenolate dose taken",
    ),
    "PRIOR_LINE_OUTCOME": RequestWording(
        "outcome of an earlier line",
        "Find from when to when the earlier drug was given, why it ended, and the proteinuria at its end.",
        "Earlier result: outcome of the earlier treatment line",
    ),
}

CNI_TROUGH_CODES: dict[str, tuple[str, str, str]] = {
    "tacrolimus": (LOINC, "11253-2", "Tacrolimus [Mass/volume] in Blood"),
    "cyclosporine": (LOINC, "3520-4", "cycloSPORINE [Mass/volume] in Blood"),
}

SCREENING: dict[str, RequestWording] = {
    "HBSAG": RequestWording(
        "HBsAg",
        "HBsAg not known",
        "Hepatitis B surface antigen (HBsAg)",
        (LOINC, "5195-3", "Hepatitis B virus surface Ag [Presence] in Serum"),
    ),
    "ANTI_HBC": RequestWording(
        "anti-HBc",
        "anti-HBc not known",
        "Hepatitis B core antibody, total (anti-HBc)",
        (LOINC, "13952-7", "Hepatitis B virus core Ab [Presence] in Serum or Plasma by Immunoassay"),
    ),
    "IGG": RequestWording(
        "IgG", "IgG not known", "Immunoglobulin G, serum", (LOINC, "2465-3", "IgG [Mass/volume] in Serum or Plasma")
    ),
    "PREGNANCY_TEST": RequestWording(
        "pregnancy test",
        "pregnancy test due",
        "Pregnancy test (hCG)",
        (LOINC, "2118-8", "Choriogonadotropin (pregnancy test) [Presence] in Serum or Plasma"),
    ),
    "WBC": RequestWording(
        "blood count",
        "white cells not known",
        "White cell count with differential",
        (LOINC, "6690-2", "Leukocytes [#/volume] in Blood by Automated count"),
    ),
    "ANTI_RITUXIMAB": RequestWording(
        "anti-rituximab antibodies", "anti-rituximab antibodies not known", "Anti-rituximab antibodies"
    ),
}

BIOPSY = RequestWording("biopsy", "Kidney biopsy", "Kidney biopsy (repeat): activity, scarring, other disease", _BIOPSY)
REFERRAL = RequestWording("referral", "Referral", "Referral to a specialised glomerular disease centre")
