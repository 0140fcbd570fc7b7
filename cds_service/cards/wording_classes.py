"""Therapy classes in words: what each is, what it costs, and the regimen in common use, as information only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClassWording:
    """`short` fits a summary; `regimen` is information about common use, never an order."""

    name: str
    short: str
    what: str
    trade_off: str
    regimen: str


CLASSES: dict[str, ClassWording] = {
    "RTX": ClassWording(
        "Rituximab",
        "rituximab",
        "Anti-CD20 antibody; removes the B cells behind the antibody.",
        "No steroid course, few relapses, slow to act (months). Infusion reactions, low IgG, HBV reactivation. "
        "MENTOR: 60 % in remission at 24 months against 20 % with cyclosporine.",
        "1 g twice, two weeks apart, or two weekly doses of 375 mg/m².",
    ),
    "RTX_CNI": ClassWording(
        "Rituximab with low-dose CNI",
        "rituximab + low-dose CNI",
        "Anti-CD20 antibody, joined by a low-dose CNI for six months.",
        "Retrospective, one centre, 34 against 57 patients: remission at 12 months 87.14 vs 65.87 % with rituximab "
        "alone (P 0.008), complete 37.13 vs 26.39 % (P 0.037), partial 50.01 vs 39.48 % (P 0.019), adverse events "
        "17.65 vs 19.30 %. CNI toxicity on top; see C-05 for the evidence against.",
        "Rituximab 1 g on days 1 and 15; tacrolimus 0.03 mg/kg/d from month 2 for six months, trough 4-5 ng/mL; "
        "rituximab 375 mg/m² at six months if not in complete remission.",
    ),
    "CYC_GC": ClassWording(
        "Cyclophosphamide with glucocorticoid",
        "cyclophosphamide + steroid",
        "Alkylating agent with a glucocorticoid course.",
        "Strongest effect and few relapses (STARMEN: 84 vs 58 % remission at 24 months). Infection, leukopenia, "
        "infertility, later cancer; lifetime ceiling 36 g, 10 g with a wish for children.",
        "Six months of alternating glucocorticoid and cyclophosphamide (modified Ponticelli), or monthly infusions.",
    ),
    "CNI": ClassWording(
        "Calcineurin inhibitor (CNI)",
        "a CNI",
        "Tacrolimus or cyclosporine, with or without low-dose steroid.",
        "Quick fall in proteinuria, no lasting effect on the antibody: relapse about 25 % against 6 % after "
        "cyclophosphamide. Nephrotoxic; needs levels and 12 months or more.",
        "Trough about 3-8 ng/mL (tacrolimus) or 125-225 ng/mL (cyclosporine).",
    ),
    "ANTI_CD20_2G": ClassWording(
        "Second-generation anti-CD20 (obinutuzumab, ofatumumab)",
        "second-generation anti-CD20",
        "Humanised or human anti-CD20 antibodies, deeper depletion than rituximab.",
        "Case series only: all rituximab-intolerant and 30 % of rituximab-resistant patients remitted on ofatumumab. "
        "Off-label in MN; infusion reactions, infection, HBV reactivation.",
        "No standard regimen in MN; follow a specialist protocol.",
    ),
    "MPAA_GC": ClassWording(
        "Mycophenolate with glucocorticoid",
        "mycophenolate + steroid",
        "Mycophenolate mofetil or mycophenolic acid with glucocorticoid.",
        "Not recommended alone in MN; limited evidence in resistant disease. Teratogenic.",
        "Mofetil 2-3 g/d (mycophenolic acid 1.44 g is 2 g mofetil).",
    ),
    "CNI_COMBO": ClassWording(
        "CNI added to mycophenolate and glucocorticoid",
        "CNI + mycophenolate + steroid",
        "Voclosporin or tacrolimus on top of mycophenolate (multitarget).",
        "Fastest effect on heavy proteinuria (AURORA 1: complete response 41 vs 23 % at 52 weeks). Needs eGFR above "
        "45 and controlled blood pressure; teratogenic background.",
        "Voclosporin or tacrolimus by label or trough, with mycophenolate and tapered steroid.",
    ),
    "BEL_COMBO": ClassWording(
        "Belimumab added to standard therapy",
        "belimumab + background + steroid",
        "Anti-BLyS antibody on top of mycophenolate or low-dose cyclophosphamide.",
        "Fewer flares and slower eGFR loss, well tolerated (BLISS-LN: kidney response 43 vs 32 % at 104 weeks). Slow; "
        "less effect at 3 g/g and above.",
        "Monthly infusion or weekly injection by label, with background and tapered steroid.",
    ),
    "ANTI_CD20_COMBO": ClassWording(
        "Anti-CD20 added to background therapy",
        "anti-CD20 + background + steroid",
        "Obinutuzumab where licensed, rituximab where not, on top of mycophenolate.",
        "REGENCY (obinutuzumab): complete response 46.4 vs 33.1 % at week 76; rituximab add-on missed its endpoint in "
        "LUNAR, yet helps in refractory cohorts. Infection, low IgG, HBV reactivation.",
        "By label (obinutuzumab) or 1 g twice, two weeks apart (rituximab), with background and tapered steroid.",
    ),
    "AZA_CNI": ClassWording(
        "Azathioprine and CNI with glucocorticoid",
        "azathioprine + CNI",
        "The immunosuppressants compatible with pregnancy.",
        "Weaker than mycophenolate or cyclophosphamide. Blood pressure, glucose, blood count and CNI levels need "
        "close watch; check TPMT before azathioprine.",
        "Azathioprine up to about 2 mg/kg/d; tacrolimus by trough; lowest effective steroid dose.",
    ),
}

ANOTHER_COURSE = "another rituximab course"

LUPUS_TRADE_OFFS: dict[str, str] = {
    "CYC_GC": "Longest experience in severe disease; Euro-Lupus doses keep exposure low. Infection, leukopenia, "
    "infertility, later cancer; lifetime ceiling 36 g, 10 g with a wish for children.",
    "CNI": "Quick fall in proteinuria; nephrotoxic, needs eGFR above 45, controlled blood pressure and levels.",
    "MPAA_GC": "Well known and oral; weaker alone than in combination, teratogenic. After failed cyclophosphamide this "
    "is the classic sequence (C-06).",
}
LUPUS_REGIMENS: dict[str, str] = {
    "CYC_GC": "Low dose (Euro-Lupus): six infusions of 500 mg, two weeks apart; higher dose in severe disease.",
    "CNI": "Voclosporin or tacrolimus, by label or trough.",
}

MENU: dict[str, str] = {
    "obinutuzumab or ofatumumab": "Obinutuzumab or ofatumumab: case series, off-label.",
    "anti-cd38 antibody": "Anti-CD38 antibody (daratumumab, felzartamab): reaches plasma cells; trials recruiting.",
    "bortezomib": "Bortezomib: reaches plasma cells; single cases, neuropathy.",
    "belimumab": "Belimumab: little evidence here.",
    "clinical trial": "A clinical trial.",
    "leflunomide": "Leflunomide: small studies; teratogenic.",
    "intravenous immunoglobulin": "Intravenous immunoglobulin: small series; watch kidney function and clots.",
    "plasma exchange": "Plasma exchange: TMA or crescents; no benefit shown otherwise.",
    "autologous stem-cell transplantation": "Autologous stem-cell transplantation: few centres, treatment mortality.",
    "car-t cells": "CAR-T cells: drug-free remissions in early uncontrolled series; trials recruiting.",
    "anti-complement therapy": "Anti-complement therapy: mainly with TMA.",
    "low-dose interleukin-2": "Low-dose interleukin-2: early studies.",
}

LINE_CLASSES: dict[str, str] = {
    "RTX": "rituximab",
    "OBI": "obinutuzumab",
    "OFA": "ofatumumab",
    "CD20_2G": "second-generation anti-CD20",
    "CYC": "cyclophosphamide",
    "CNI": "CNI",
    "MPAA": "mycophenolate",
    "AZA": "azathioprine",
    "BEL": "belimumab",
    "LEF": "leflunomide",
    "ANTI_CD38": "anti-CD38",
    "PI": "bortezomib",
    "ANIF": "anifrolumab",
    "GC": "glucocorticoid",
}

OUTCOMES: dict[str, str] = {
    "FAILED": "did not work",
    "RESPONDED": "worked",
    "INTOLERANT": "not tolerated",
    "INADEQUATE": "not adequate to judge",
    "UNKNOWN": "outcome unknown",
    "CURRENT": "present line",
    "LAST": "last line",
    "NOT_STANDARD": "not a standard class",
}
