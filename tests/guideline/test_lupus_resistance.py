"""Lupus nephritis without response: step 21, the lists of clinical-spec 6.2, the tables of 6.4, R-08, R-21."""

from __future__ import annotations

import pytest

from tests.guideline.expectations import Expected, answer_for, check, row, sentence
from tests.guideline.patients import (
    drug,
    infusion,
    lupus_class,
    mycophenolate,
    number,
    problem,
    pulses,
    rituximab,
    tacrolimus,
    without,
)
from tests.guideline.standard_patients import EARLIER_FAILURE, HEAVY, LN_DECLINING, resistant_ln

CYC, RTX, BEL, CNI, MPAA = (EARLIER_FAILURE[name] for name in ("CYC", "RTX", "BEL", "CNI", "MPAA"))
CD20_2G = EARLIER_FAILURE["CD20_2G"]
NO_MMF = without("mycophenolate_mofetil")
ON_CYC = (NO_MMF, pulses(-200, mg=500))
ON_RTX = (NO_MMF, rituximab(-200))
ON_BEL = (NO_MMF, drug("belimumab", -200))
ON_CNI = (NO_MMF, tacrolimus(-200))
SEVERE = LN_DECLINING
V = lupus_class(-250, "V")
PREGNANT = problem("pregnancy", -60)

ONE_FAILED = [
    row("MPAA failed, severe", resistant_ln(SEVERE), "LN-20a", "CYC_GC", "ANTI_CD20_COMBO", "BEL_COMBO"),
    row("MPAA failed, heavy", resistant_ln(HEAVY), "LN-20b", "CNI_COMBO", "ANTI_CD20_COMBO", "CYC_GC", "BEL_COMBO"),
    row("MPAA failed, neither", resistant_ln(), "LN-20c", "BEL_COMBO", "ANTI_CD20_COMBO", "CNI_COMBO", "CYC_GC"),
    row("MPAA failed twice is one regimen", resistant_ln(MPAA), "LN-20c", "BEL_COMBO", "ANTI_CD20_COMBO", "CNI_COMBO",
        "CYC_GC"),
    row("belimumab failed, severe", resistant_ln(ON_BEL, SEVERE), "LN-20a", "CYC_GC", "ANTI_CD20_COMBO"),
    row("CNI failed, heavy", resistant_ln(ON_CNI, HEAVY), "LN-20b", "ANTI_CD20_COMBO", "CYC_GC", "BEL_COMBO"),
    row("rituximab failed, neither", resistant_ln(ON_RTX), "LN-20c", "BEL_COMBO", "CNI_COMBO", "CYC_GC"),
    row("azathioprine failed, neither", resistant_ln(NO_MMF, drug("azathioprine", -200)), "LN-20c", "BEL_COMBO",
        "ANTI_CD20_COMBO", "CNI_COMBO", "CYC_GC"),
    row("CYC failed, severe", resistant_ln(ON_CYC, SEVERE), "LN-21a", "ANTI_CD20_COMBO", "BEL_COMBO"),
    row("CYC failed, heavy", resistant_ln(ON_CYC, HEAVY), "LN-21b", "CNI_COMBO", "ANTI_CD20_COMBO", "BEL_COMBO"),
    row("CYC failed, neither", resistant_ln(ON_CYC), "LN-21c", "BEL_COMBO", "ANTI_CD20_COMBO", "CNI_COMBO"),
    row("CYC then planned MPAA is one regimen (TL-8)",
        resistant_ln(NO_MMF, pulses(-210, mg=500, every=14), mycophenolate(-120)), "LN-21c", "BEL_COMBO",
        "ANTI_CD20_COMBO", "CNI_COMBO"),
    row("class V, MPAA failed", resistant_ln(V), "LN-30", "CNI_COMBO", "ANTI_CD20_COMBO", "CYC_GC"),
    row("class V, CNI failed", resistant_ln(V, ON_CNI), "LN-30", "ANTI_CD20_COMBO", "CYC_GC"),
    row("class V, CYC failed, severe", resistant_ln(V, ON_CYC, SEVERE), "LN-30", "CNI_COMBO", "ANTI_CD20_COMBO"),
]  # fmt: skip

REFRACTORY = [
    row("CYC then MPAA failed", resistant_ln(CYC), "LN-24", "ANTI_CD20_COMBO", "CNI_COMBO", "BEL_COMBO"),
    row("MPAA then CYC failed", resistant_ln(ON_CYC, MPAA), "LN-24", "ANTI_CD20_COMBO", "CNI_COMBO", "BEL_COMBO"),
    row("CYC then MPAA failed, severe", resistant_ln(CYC, SEVERE), "LN-24", "ANTI_CD20_COMBO", "CNI_COMBO",
        "BEL_COMBO"),
    row("belimumab then MPAA failed", resistant_ln(BEL), "LN-24", "ANTI_CD20_COMBO", "CYC_GC", "CNI_COMBO"),
    row("belimumab then MPAA failed, severe", resistant_ln(BEL, SEVERE), "LN-25", "CYC_GC", "ANTI_CD20_COMBO",
        "CNI_COMBO"),
    row("CNI then MPAA failed, heavy", resistant_ln(CNI, HEAVY), "LN-24", "ANTI_CD20_COMBO", "CYC_GC", "BEL_COMBO"),
    row("MPAA then CNI failed, severe", resistant_ln(NO_MMF, MPAA, tacrolimus(-200, -20), SEVERE), "LN-25",
        "CYC_GC", "ANTI_CD20_COMBO", "BEL_COMBO"),
    row("rituximab then MPAA failed", resistant_ln(RTX), "LN-26", "BEL_COMBO", "CNI_COMBO", "CYC_GC"),
    row("obinutuzumab then MPAA failed", resistant_ln(CD20_2G), "LN-26", "BEL_COMBO", "CNI_COMBO", "CYC_GC"),
    row("rituximab then MPAA failed, heavy", resistant_ln(RTX, HEAVY), "LN-26", "CNI_COMBO", "BEL_COMBO", "CYC_GC"),
    row("rituximab then MPAA failed, severe", resistant_ln(RTX, SEVERE), "LN-26", "CYC_GC", "CNI_COMBO", "BEL_COMBO"),
    row("CYC and rituximab failed, severe", resistant_ln(CYC, ON_RTX, SEVERE), "LN-26", "BEL_COMBO", "CNI_COMBO"),
    row("CYC and rituximab failed, severe and heavy", resistant_ln(CYC, ON_RTX, SEVERE, HEAVY), "LN-26", "CNI_COMBO",
        "BEL_COMBO"),
    row("class V, CYC then MPAA failed", resistant_ln(V, CYC), "LN-31", "ANTI_CD20_COMBO", "CNI_COMBO"),
    row("class V, rituximab then MPAA failed", resistant_ln(V, RTX), "LN-31", "CNI_COMBO", "CYC_GC"),
    row("class V, CYC then MPAA failed, severe", resistant_ln(V, CYC, SEVERE), "LN-31", "ANTI_CD20_COMBO", "CNI_COMBO"),
    row("too little rituximab with MPAA: only the MPAA failed (R-23)", resistant_ln(infusion("rituximab", -200)),
        "LN-20c", "BEL_COMBO", "ANTI_CD20_COMBO", "CNI_COMBO", "CYC_GC"),
    row("MPAA with a CNI that was dropped: only the MPAA failed (R-24)",
        resistant_ln(tacrolimus(-200, -120, reason="intolerance")), "LN-20c", "BEL_COMBO", "ANTI_CD20_COMBO", "CYC_GC"),
]  # fmt: skip

# Every class of the lists has failed: rituximab, cyclophosphamide, belimumab, a calcineurin inhibitor.
EVERYTHING = (RTX, pulses(-1900, reason="ineffective"), drug("belimumab", -2400, -2100, reason="ineffective"), ON_CNI)
NOTHING_LEFT = [
    row("everything failed", resistant_ln(EVERYTHING), "LN-27", state="LN_REFRACTORY"),
    row("class V, everything of its list failed", resistant_ln(V, RTX, pulses(-1900, reason="ineffective"), ON_CNI),
        "LN-27", state="LN_REFRACTORY"),
    row("one failure, the rest vetoed (R-08)", resistant_ln(V, number("cyc_cumulative_prior", -900, 34),
        number("sbp", -5, 170), *(drug(a, -2000, -1990, reason="intolerance") for a in ("rituximab", "obinutuzumab"))),
        "LN-27", state="LN_NO_RESPONSE"),
    row("pregnant, no CNI possible (R-21)", resistant_ln(PREGNANT, number("sbp", -5, 170)), "LN-27",
        state="LN_NO_RESPONSE"),
]  # fmt: skip
ROWS = [*ONE_FAILED, *REFRACTORY, *NOTHING_LEFT]


@pytest.mark.parametrize("expected", ROWS, ids=sentence)
def test_what_failed_and_the_picture_decide(expected: Expected) -> None:
    check(expected)


@pytest.mark.parametrize("expected", REFRACTORY[:-2], ids=sentence)
def test_every_refractory_answer_asks_for_an_expert(expected: Expected) -> None:
    """6.4 and R-11."""
    assert "REFRACTORY_EXPERT_REFERRAL" in answer_for(expected.case).notes


@pytest.mark.parametrize("expected", ONE_FAILED, ids=sentence)
def test_one_failure_is_not_refractory(expected: Expected) -> None:
    assert "REFRACTORY_EXPERT_REFERRAL" not in answer_for(expected.case).notes


def test_with_nothing_left_the_note_of_the_refractory_row_stays() -> None:
    assert "REFRACTORY_EXPERT_REFERRAL" in answer_for(resistant_ln(EVERYTHING)).notes


def test_the_rescue_menu_is_that_of_the_table() -> None:
    menu = " ".join(answer_for(resistant_ln(EVERYTHING)).menu)
    for option in ("anti-CD38", "leflunomide", "immunoglobulin", "plasma exchange", "stem-cell", "CAR-T",
                   "anti-complement", "interleukin-2"):  # fmt: skip
        assert option in menu


def test_in_pregnancy_the_menu_leaves_out_what_harms() -> None:
    """R-21: IVIG and plasma exchange only."""
    menu = answer_for(resistant_ln(PREGNANT, number("sbp", -5, 170))).menu
    assert set(menu) == {"intravenous immunoglobulin", "plasma exchange"}


@pytest.mark.parametrize(
    ("case", "severity"),
    [
        (resistant_ln(EVERYTHING), "warning"),
        (resistant_ln(PREGNANT, number("sbp", -5, 170)), "critical"),
        (
            resistant_ln(SEVERE, problem("malignancy", -20), EVERYTHING, without("tacrolimus"), tacrolimus(-200, -20)),
            "warning",
        ),
        (
            resistant_ln(
                SEVERE,
                number("cyc_cumulative_prior", -900, 34),
                drug("belimumab", -2400, -2390, reason="intolerance"),
                *(drug(agent, -2000, -1990, reason="intolerance") for agent in ("rituximab", "obinutuzumab")),
            ),
            "critical",
        ),
    ],
    ids=["LN-26 replaced", "LN-05 replaced", "LN-26 replaced, tumour", "LN-20a replaced"],
)
def test_the_rescue_menu_keeps_the_urgency_of_the_row_it_replaces(case: object, severity: str) -> None:
    seen = answer_for(case)  # type: ignore[arg-type]
    assert (seen.rule, seen.severity) == ("LN-27", severity)
