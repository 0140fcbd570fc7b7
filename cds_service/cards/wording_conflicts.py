"""Where the sources disagree, and what this service does about it (clinical-spec section 9)."""

from __future__ import annotations

CONFLICTS: dict[str, str] = {
    "C-01": "After failed rituximab, sources name a CNI, cyclophosphamide, or rituximab plus CNI. Here "
    "cyclophosphamide with glucocorticoid leads and the others are listed; a wish for children reverses the order.",
    "C-02": "Partial remission: KDIGO 2021 asks for proteinuria below 3.5 g/d and a 50 % fall; one cohort accepts "
    "either. Here both are needed.",
    "C-03": "CNI failed and eGFR falling: one source gives rituximab regardless of eGFR, KDIGO (figure, not re-read) "
    "cyclophosphamide. Here cyclophosphamide leads if the fall is confirmed and not CNI toxicity; rituximab is next. "
    "This needs a clinician's sign-off.",
    "C-04": "Obinutuzumab or ofatumumab after rituximab intolerance or immunisation: supported by case series, not by "
    "a guideline recommendation. Offered with weak strength.",
    "C-05": "Rituximab with low-dose tacrolimus did better than rituximab alone in one retrospective cohort (87 vs "
    "66 % remission at 12 months), but in STARMEN tacrolimus followed by one late rituximab dose did worse than "
    "cyclophosphamide with steroid (complete remission 26 vs 60 % at 24 months). Never first here, except with a wish "
    "for children or when cyclophosphamide is ruled out.",
    "C-06": "Lupus nephritis: older sources step from mycophenolate to cyclophosphamide (or back) and then rituximab; "
    "EULAR 2025 and ACR 2024 favour combination after a failed regimen. Here combination leads; the old sequence "
    "remains an alternative.",
    "C-07": "Refractory lupus nephritis: rituximab by older expert opinion, obinutuzumab by randomised data. Here the "
    "advice is the class, anti-CD20; the agent follows licence and access.",
    "C-08": "Lifetime cyclophosphamide: 36 g as ceiling in some sources, preferably 25 g in others. Here 36 g is a "
    "hard limit and a warning begins at 25 g.",
    "C-09": "Relapse after a CNI: one source restarts the CNI, KDIGO 2021 prefers rituximab. Here rituximab leads and "
    "the CNI is an alternative.",
    "C-10": "One cohort quotes 59 % remission with cyclosporine at 12 months in MENTOR; the trial reports 52 % "
    "(rituximab 60 %), and 20 against 60 % at 24 months. Trial figures are used.",
    "C-11": "Albumin assays: bromocresol green reads about 5 g/L higher than bromocresol purple in nephrotic patients. "
    "Values by purple or immunoassay are raised by 5 g/L here; one public summary has the direction reversed.",
    "C-12": "One rituximab course is two doses of 375 mg/m² or of 1 g in most sources, up to four weekly doses in "
    "others. Here 1.4 g or more counts as a course.",
    "C-13": "Pure class V: KDIGO 2024 treats nephrotic proteinuria, ACR 2024 from 1 g/g. Here 1 g/g, the newer one.",
    "C-14": "Antibody still present after one rituximab course: resistance in one source, a second course in protocols "
    "and reviews. Here a second course if the antibody has halved to 50 RU/mL or less and eGFR is stable.",
}
