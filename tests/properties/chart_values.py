"""Values, days, drugs and episodes that the charts are made of: on and around the thresholds of clinical-spec."""

from __future__ import annotations

from tests.guideline import standard_patients as standard
from tests.guideline.patients import (
    Fact,
    albumin,
    creatinine,
    egfr,
    elisa,
    ln,
    mn,
    mycophenolate,
    number,
    proteinuria,
    pulses,
    rituximab,
    tacrolimus,
    upcr,
    without,
    word,
)

DAYS = (
    -2500, -1500, -1105, -905, -735, -731, -730, -500, -420, -367, -365, -300, -220, -215, -200, -181, -180, -179,
    -150, -121, -120, -100, -91, -90, -61, -60, -45, -30, -24, -14, -13, -10, -5, -1, 0, 3,
)  # fmt: skip
PROTEIN = (0.2, 0.29, 0.3, 0.49, 0.5, 0.69, 0.7, 0.99, 1.0, 1.3, 1.99, 2.0, 2.4, 2.99, 3.0, 3.49, 3.5, 4.2, 5.0, 5.9,
           7.6, 8.1, 8.4, 14.0)  # fmt: skip
EGFR = (8, 25, 29.9, 30, 38, 39.9, 40, 44.9, 45, 45.1, 52, 59.9, 60, 62, 66, 70, 72, 79, 82, 88, 90, 95)
NUMBERS: dict[str, tuple[float, ...]] = {
    "proteinuria_24h": PROTEIN,
    "upcr": PROTEIN,
    "egfr": EGFR,
    "creatinine": (70, 80, 96, 97, 120, 160, 250),
    "albumin": (15, 24.9, 25, 29.9, 30, 34.9, 35, 41),
    "anti_pla2r_elisa": (0.5, 1.9, 2, 5, 13.9, 14, 19.9, 20, 45, 50, 50.1, 90, 165, 400),
    "tacrolimus_trough": (1, 2.9, 3, 6),
    "cyclosporine_trough": (60, 124.9, 125, 190),
    "cd19_count": (0, 4.9, 5, 60),
    "igg": (3.9, 4, 5.9, 6, 9),
    "wbc": (2.9, 3, 6),
    "neutrophils": (1.4, 1.5, 4),
    "sbp": (120, 165, 166),
    "dbp": (70, 105, 106),
    "c3": (0.5, 0.89, 0.9, 1.2),
    "kidney_length": (7.9, 8, 10),
    "cyc_cumulative_prior": (3.9, 4.1, 7.1, 13.1, 22.1, 30, 30.1, 33.1, 40),
    "ln_activity_index": (0, 2, 3, 12),
    "ln_chronicity_index": (0, 5, 6, 9),
    "crescents_pct": (0, 24.9, 25, 60),
}
WORDS: dict[str, tuple[str, ...]] = {
    "anti_pla2r_iif": ("positive", "negative"),
    "pla2r_stain": ("positive", "negative"),
    "anti_rituximab_ab": ("positive", "negative"),
    "hbsag": ("positive", "negative"),
    "anti_hbc": ("positive", "negative"),
    "pregnancy_test": ("positive", "negative"),
    "adherence": ("non-adherent", "adherent"),
    "fertility_wish": ("yes", "no"),
    "ln_class": ("I", "II", "III", "IV", "V", "VI", "III+V", "IV+V"),
    "tma_on_biopsy": ("positive", "negative"),
    "fibrinoid_necrosis": ("yes", "no"),
    "sediment_active": ("yes", "no"),
}
PROBLEMS = (
    "pregnancy", "pregnancy", "serious_infection", "malignancy", "malignancy", "acute_kidney_injury", "mn_relapse",
    "ln_flare", "life_threatening_nephrotic", "tma", "nonadherence", "secondary_membranous_nephropathy",
)  # fmt: skip
INDEX_DISEASES = ("membranous_nephropathy", "lupus_nephritis")
# Facts that belong together and that chance would hardly put side by side.
EPISODES: tuple[Fact, ...] = (
    standard.EGFR_DECLINING,
    standard.EGFR_UNCONFIRMED,
    standard.EGFR_UNKNOWN,
    standard.CREATININE_STEADY,
    standard.LN_DECLINING,
    standard.HEAVY,
    standard.EARLIER_FAILURE["CNI"],
    standard.EARLIER_FAILURE["RTX"],
    standard.EARLIER_FAILURE["CYC"],
    standard.EARLIER_FAILURE["CD20_2G"],
    standard.EARLIER_FAILURE["MPAA"],
    standard.EARLIER_FAILURE["BEL"],
    (creatinine(-220, 80), creatinine(-10, 97)),
    (elisa(-120, 1.2), elisa(-10, 0.8)),
    (elisa(-220, 100), elisa(-10, 50)),
    (elisa(-900, 0.5), elisa(-400, 0.5), elisa(-220, 0.5), elisa(-10, 0.5)),
    (proteinuria(-10, 0.2), albumin(-10, 41)),
    (proteinuria(-10, 3.0),),
    (proteinuria(-500, 0.8), proteinuria(-30, 5.0), proteinuria(-10, 5.2)),
    (
        without("tacrolimus"),
        proteinuria(-505, 8.4),
        egfr(-505, 82),
        tacrolimus(-500, -366, 6),
        tacrolimus(-365, None, 3),
    ),
    (without("tacrolimus"), tacrolimus(-215, -20)),
    (without("tacrolimus"), tacrolimus(-215, -100, reason="intolerance")),
    (without("mycophenolate_mofetil"), mycophenolate(-200, -100, reason="intolerance")),
    (without("mycophenolate_mofetil"), tacrolimus(-200)),
    (without("mycophenolate_mofetil"), rituximab(-200)),
    (without("mycophenolate_mofetil"), pulses(-200, mg=500)),
    (without("mycophenolate_mofetil"), mycophenolate(-900)),
    (without("mycophenolate_mofetil"), mycophenolate(-60)),
    (without("ln_class"), word("ln_class", -250, "V")),
    (number("ln_activity_index", -200, 1), number("ln_chronicity_index", -200, 8)),
    (upcr(-500, 0.3), upcr(-30, 1.9), upcr(-10, 2.0)),
    (without("anti_pla2r_elisa"), elisa(-10, 19.9), mn(verification="provisional")),
    (without("lupus_nephritis"), ln(verification="provisional")),
)
AGENTS = (
    "rituximab", "obinutuzumab", "ofatumumab", "cyclophosphamide", "chlorambucil", "tacrolimus", "cyclosporine",
    "voclosporin", "mycophenolate_mofetil", "mycophenolic_acid", "azathioprine", "belimumab", "leflunomide",
    "daratumumab", "bortezomib", "anifrolumab", "prednisone", "methylprednisolone", "hydroxychloroquine", "acei",
    "sglt2i", "hbv_antiviral",
)  # fmt: skip
LINE_AGENTS = AGENTS[:16]
REASONS = ("", "", "ineffective", "ineffective", "intolerance", "non-adherence", "remission", "completed")
LENGTHS = (None, None, 0, 28, 59, 60, 79, 80, 119, 120, 179, 180, 200, 364, 365, 500)
MILLIGRAMS = (None, 3, 6, 50, 150, 375, 500, 700, 750, 1000, 1430, 1500, 1990, 2000, 3000)
