"""Resistant membranous nephropathy: step 20 and the table of clinical-spec 5.5, with the removal of failed classes."""

from __future__ import annotations

import pytest

from tests.guideline.expectations import Expected, answer_for, check, offered_by, row, sentence
from tests.guideline.patients import (
    biopsy,
    cd19,
    drug,
    egfr,
    elisa,
    infusion,
    problem,
    proteinuria,
    rituximab,
    tacrolimus,
    trough,
    without,
    word,
)
from tests.guideline.standard_patients import (
    CREATININE_STEADY,
    EARLIER_FAILURE,
    EGFR_DECLINING,
    EGFR_UNCONFIRMED,
    EGFR_UNKNOWN,
    after_cyclophosphamide,
    after_rituximab,
    on_cyclosporine,
    resistant_mn,
)

CNI, RTX, CYC, CD20_2G = (EARLIER_FAILURE[name] for name in ("CNI", "RTX", "CYC", "CD20_2G"))
IMMUNISED = word("anti_rituximab_ab", -100, "positive")
WISH = word("fertility_wish", -30, "yes")
PARTIAL_RESPONSE = (elisa(-220, 100), elisa(-10, 50))
OFF_TACROLIMUS = (without("tacrolimus"), tacrolimus(-215, -20))
STEADY = CREATININE_STEADY
TWO_COURSES = (
    without("rituximab"),
    rituximab(-420),
    rituximab(-210),
    proteinuria(-425, 8.4),
    egfr(-425, 82),
    elisa(-425, 100),
)

TREND = [
    row("CNI failed, trend unknown", resistant_mn(EGFR_UNKNOWN), "MN-D7", missing="EGFR_TREND"),
    row("CNI failed, one low eGFR", resistant_mn(EGFR_UNCONFIRMED, STEADY), "MN-D7", missing="REPEAT_CREATININE"),
    row("RTX failed, trend unknown", after_rituximab(EGFR_UNKNOWN), "MN-D7", missing="EGFR_TREND"),
    row("RTX failed, immunised, one low eGFR", after_rituximab(EGFR_UNCONFIRMED, IMMUNISED), "MN-D7",
        missing="REPEAT_CREATININE"),
    row("CYC failed, trend unknown", after_cyclophosphamide(EGFR_UNKNOWN), "MN-D7", missing="EGFR_TREND"),
    row("RTX and CNI failed, trend unknown", after_rituximab(CNI, EGFR_UNKNOWN), "MN-D7", missing="EGFR_TREND"),
    row("eGFR fell 20 %, confirmed at 20 %", after_rituximab(egfr(-60, 65.6), egfr(-10, 65.6)), "MN-31", "CYC_GC"),
    row("eGFR fell 20 %, the value before 19.9 %", after_rituximab(egfr(-60, 65.7), egfr(-10, 65.6)), "MN-D7",
        missing="REPEAT_CREATININE"),
    row("eGFR fell 19.9 %", after_rituximab(egfr(-60, 60), egfr(-10, 65.7)), "MN-30", "CYC_GC", "RTX_CNI", "CNI"),
]  # fmt: skip

BOTH_PILLARS = [
    row("RTX and CYC failed", after_rituximab(CYC), "MN-37"),
    row("CYC and RTX failed", after_cyclophosphamide(RTX), "MN-37"),
    row("RTX, CYC and CNI failed", resistant_mn(RTX, CYC), "MN-37"),
    row("RTX and CYC failed, trend unknown", after_rituximab(CYC, EGFR_UNKNOWN), "MN-37"),
    row("RTX and CYC failed, eGFR declining", after_rituximab(CYC, EGFR_DECLINING), "MN-37"),
    row("RTX and CYC failed, immunised", after_rituximab(CYC, IMMUNISED), "MN-37"),
    row("obinutuzumab and CYC failed", after_cyclophosphamide(CD20_2G), "MN-37"),
]  # fmt: skip

AFTER_RTX = [
    row("RTX failed, stable", after_rituximab(), "MN-30", "CYC_GC", "RTX_CNI", "CNI"),
    row("RTX failed, stable, wish for children", after_rituximab(WISH), "MN-30", "RTX_CNI", "CYC_GC", "CNI"),
    row("RTX failed, declining", after_rituximab(EGFR_DECLINING), "MN-31", "CYC_GC"),
    row("RTX failed twice, stable", after_rituximab(RTX), "MN-30", "CYC_GC", "RTX_CNI", "CNI"),
    row("immunised, stable", after_rituximab(IMMUNISED), "MN-10", "ANTI_CD20_2G", "CYC_GC", "CNI",
        state="MN_RESISTANT"),
    row("immunised, declining", after_rituximab(IMMUNISED, EGFR_DECLINING), "MN-10", "CYC_GC", state="MN_RESISTANT"),
    row("antibodies against rituximab not found", after_rituximab(word("anti_rituximab_ab", -100, "negative")),
        "MN-30", "CYC_GC", "RTX_CNI", "CNI"),
    row("immunised, RTX and CNI failed", after_rituximab(IMMUNISED, CNI), "MN-10", "ANTI_CD20_2G", "CYC_GC"),
    row("immunised, RTX failed before tacrolimus", resistant_mn(IMMUNISED, RTX), "MN-10", "ANTI_CD20_2G", "CYC_GC"),
    row("immunised, but the last line was obinutuzumab",
        after_rituximab(RTX, IMMUNISED, without("rituximab"), rituximab(-1100, reason="ineffective"),
                        rituximab(-210, agent="obinutuzumab")), "MN-30", "CYC_GC", "RTX_CNI", "CNI"),
    row("B cells not depleted, immunised", after_rituximab(IMMUNISED, cd19(-150, 40)), "MN-10", "ANTI_CD20_2G",
        "CYC_GC", "CNI"),
    row("one course, antibody halved to 50", after_rituximab(PARTIAL_RESPONSE), "MN-09", "RTX", "CYC_GC"),
    row("one course, antibody halved to 50.1", after_rituximab(elisa(-220, 110), elisa(-10, 50.1)), "MN-30", "CYC_GC",
        "RTX_CNI", "CNI"),
    row("one course, antibody fell 49 % to 45.9", after_rituximab(elisa(-220, 90), elisa(-10, 45.9)), "MN-30",
        "CYC_GC", "RTX_CNI", "CNI"),
    row("one course, no antibody value at its start",
        after_rituximab(without("anti_pla2r_elisa"), elisa(-10, 45)), "MN-30", "CYC_GC", "RTX_CNI", "CNI"),
    row("one course, antibody only by immunofluorescence",
        after_rituximab(without("anti_pla2r_elisa"), word("anti_pla2r_iif", -10, "positive")), "MN-30", "CYC_GC",
        "RTX_CNI", "CNI"),
    row("two courses", after_rituximab(PARTIAL_RESPONSE, TWO_COURSES), "MN-30", "CYC_GC", "RTX_CNI",
        "CNI"),
    row("a course years before", after_rituximab(PARTIAL_RESPONSE, RTX), "MN-30", "CYC_GC", "RTX_CNI", "CNI"),
    row("one course, antibody halved, eGFR declining", after_rituximab(PARTIAL_RESPONSE, EGFR_DECLINING), "MN-31",
        "CYC_GC"),
    row("one course, antibody halved, CNI failed before", after_rituximab(PARTIAL_RESPONSE, CNI), "MN-36", "CYC_GC"),
    row("one course of obinutuzumab, antibody halved", after_rituximab(PARTIAL_RESPONSE, without("rituximab"),
        rituximab(-210, agent="obinutuzumab")), "MN-30", "CYC_GC", "RTX_CNI", "CNI"),
]  # fmt: skip

AFTER_CNI_AND_CYC = [
    row("CNI failed, stable", resistant_mn(), "MN-07", "RTX", "CYC_GC"),
    row("CNI failed and stopped, declining", resistant_mn(OFF_TACROLIMUS, EGFR_DECLINING), "MN-08", "CYC_GC", "RTX"),
    row("CNI failed, declining, creatinine steady", resistant_mn(EGFR_DECLINING, STEADY), "MN-08", "CYC_GC", "RTX"),
    row("CYC failed, stable", after_cyclophosphamide(), "MN-32", "RTX", "RTX_CNI", "CNI"),
    row("CYC failed, declining", after_cyclophosphamide(EGFR_DECLINING), "MN-33"),
    row("CNI and CYC failed, stable", resistant_mn(CYC), "MN-34", "RTX"),
    row("CYC and CNI failed, stable", after_cyclophosphamide(CNI), "MN-34", "RTX"),
    row("CNI and CYC failed, declining", after_cyclophosphamide(CNI, EGFR_DECLINING), "MN-35"),
    row("RTX and CNI failed, stable", after_rituximab(CNI), "MN-36", "CYC_GC"),
    row("RTX and CNI failed, declining", after_rituximab(CNI, EGFR_DECLINING), "MN-36", "CYC_GC"),
    row("RTX and CNI failed together", resistant_mn(rituximab(-210), cd19(-150, 0)), "MN-36", "CYC_GC"),
]  # fmt: skip

TRIAL = [
    row("like the trial's patients", on_cyclosporine(), "MN-07", "RTX", "RTX_CNI", "CYC_GC"),
    row("like the trial's patients, CYC failed too", on_cyclosporine(CYC), "MN-34", "RTX", "RTX_CNI"),
    row("biopsy 730 days old", on_cyclosporine(without("kidney_biopsy"), biopsy(-730)), "MN-07", "RTX", "RTX_CNI",
        "CYC_GC"),
    row("biopsy 731 days old", on_cyclosporine(without("kidney_biopsy"), biopsy(-731)), "MN-07", "RTX", "CYC_GC"),
    row("never biopsied", on_cyclosporine(without("kidney_biopsy")), "MN-07", "RTX", "CYC_GC"),
    row("eGFR 45", on_cyclosporine(egfr(-220, 50), egfr(-120, 48), egfr(-10, 45)), "MN-07", "RTX", "RTX_CNI",
        "CYC_GC"),
    row("eGFR 44.9", on_cyclosporine(egfr(-220, 50), egfr(-120, 48), egfr(-10, 44.9)), "MN-07", "RTX", "CYC_GC"),
    row("tacrolimus years ago", on_cyclosporine(tacrolimus(-1100, -1090)), "MN-07", "RTX", "CYC_GC"),
    row("rituximab years ago", on_cyclosporine(infusion("rituximab", -1100)), "MN-07", "RTX", "CYC_GC"),
    row("a tumour far from the onset", on_cyclosporine(problem("malignancy", -20)), "MN-07", "RTX"),
]  # fmt: skip

F = [
    row("mycophenolate never counts as failed", resistant_mn(EARLIER_FAILURE["MPAA"]), "MN-07", "RTX", "CYC_GC"),
    row("azathioprine never counts as failed", resistant_mn(drug("azathioprine", -1100, -800, reason="ineffective")),
        "MN-07", "RTX", "CYC_GC"),
    row("too little rituximab has not failed (R-03)", resistant_mn(infusion("rituximab", -1100, reason="ineffective")),
        "MN-07", "RTX", "CYC_GC"),
    row("rituximab that was not tolerated has not failed, and is vetoed",
        resistant_mn(rituximab(-1100, reason="intolerance")), "MN-07", "CYC_GC"),
    row("tacrolimus for 119 days has not failed", after_rituximab(tacrolimus(-1100, -981, reason="ineffective")),
        "MN-30", "CYC_GC", "RTX_CNI", "CNI"),
    row("tacrolimus for 120 days has failed", after_rituximab(tacrolimus(-1100, -980, reason="ineffective")), "MN-36",
        "CYC_GC"),
    row("tacrolimus without taking it has not failed", after_rituximab(tacrolimus(-1100, -800, reason="non-adherence")),
        "MN-30", "CYC_GC", "RTX_CNI", "CNI"),
    row("half a course of rituximab beside tacrolimus: the tacrolimus failed (R-23)",
        resistant_mn(infusion("rituximab", -210)), "MN-07", "RTX", "CYC_GC"),
    row("tacrolimus stopped for intolerance beside rituximab: the rituximab failed (R-24)",
        after_rituximab(tacrolimus(-215, -120, reason="intolerance")), "MN-30", "CYC_GC"),
]  # fmt: skip
ROWS = [*TREND, *BOTH_PILLARS, *AFTER_RTX, *AFTER_CNI_AND_CYC, *TRIAL, *F]


@pytest.mark.parametrize("expected", ROWS, ids=sentence)
def test_what_failed_and_the_egfr_decide(expected: Expected) -> None:
    check(expected)


def test_after_both_pillars_the_menu_of_an_expert_centre_is_named() -> None:
    menu = " ".join(answer_for(after_rituximab(CYC)).menu)
    for option in ("obinutuzumab", "anti-CD38", "bortezomib", "belimumab", "trial"):
        assert option in menu


def test_a_combination_with_tacrolimus_is_never_preferred_without_a_reason() -> None:
    """C-05: never primary except with a wish for children or when cyclophosphamide is vetoed."""
    assert offered_by(answer_for(after_rituximab()))[0] != "RTX_CNI"
    vetoed = answer_for(after_rituximab(problem("malignancy", -20)))
    assert offered_by(vetoed) == ("RTX_CNI", "CNI")


def test_a_fall_of_egfr_that_the_cni_may_explain_starts_nothing() -> None:
    """The table has MN-08 only off the CNI, or with creatinine up 20 % at most."""
    seen = answer_for(resistant_mn(egfr(-60, 62), egfr(-10, 60), problem("acute_kidney_injury", -15)))
    assert offered_by(seen) == ()


@pytest.mark.parametrize(
    ("rule", "strength"),
    [("MN-07", "conditional"), ("MN-30", "weak"), ("MN-31", "strong"), ("MN-37", "expert opinion")],
)
def test_the_strength_is_that_of_the_table(rule: str, strength: str) -> None:
    cases = {
        "MN-07": resistant_mn(),
        "MN-30": after_rituximab(),
        "MN-31": after_rituximab(EGFR_DECLINING),
        "MN-37": after_rituximab(CYC, trough(-30, 5)),
    }
    assert strength in answer_for(cases[rule]).strength
