"""What to watch on and after treatment (clinical-spec 5.5 end, 6.1)."""

from __future__ import annotations

MEMBRANOUS: tuple[str, ...] = (
    "Anti-PLA2R every three months: the antibody usually responds within three months, before proteinuria does.",
    "Clinical remission may need 12-18 months; albumin, proteinuria and eGFR with each visit.",
)
MEMBRANOUS_CNI: tuple[str, ...] = (
    "CNI: trough, creatinine, blood pressure, glucose; neurotoxicity, gum overgrowth (cyclosporine), hair loss "
    "(tacrolimus).",
    "A CNI lowers the antibody less and relapses more (25.2 vs 6.4 % after cyclophosphamide); complete remissions "
    "keep accruing after 6 and 12 months.",
)
LUPUS: tuple[str, ...] = (
    "Targets: eGFR at 80 % of its start or more; proteinuria down 25 % by three months, 50 % by six, below 0.7 g/g by "
    "12 months.",
    "UPCR, creatinine, sediment, C3/C4 and anti-dsDNA every one to three months; hydroxychloroquine throughout.",
)
