"""The antibody of membranous nephropathy: clinical-spec section 4, rulings R-05 and R-26, and step 13 of section 5."""

from __future__ import annotations

import pytest

from tests.guideline.expectations import Expected, answer_for, check, row, sentence
from tests.guideline.patients import (
    albumin,
    elisa,
    iif,
    proteinuria,
    tacrolimus,
    trough,
    without,
    word,
)
from tests.guideline.standard_patients import CREATININE_STEADY, EGFR_DECLINING, resistant_mn

MN_07 = ("MN-07", "RTX", "CYC_GC")
NO_ELISA = without("anti_pla2r_elisa")
GONE = (elisa(-120, 1.2), elisa(-10, 0.8))
NEVER_SHOWN = without("anti_pla2r_elisa", "pla2r_stain")
BY_DAY_130 = (without("tacrolimus", "proteinuria_24h"), tacrolimus(-130), proteinuria(-135, 8.4), proteinuria(-10, 7.6))

STEP_13 = [
    row("antibody gone, eGFR declining", resistant_mn(GONE, EGFR_DECLINING, CREATININE_STEADY), "MN-17b"),
    row("antibody gone, eGFR declining, albumin missing",
        resistant_mn(GONE, EGFR_DECLINING, CREATININE_STEADY, without("albumin")), "MN-17b"),
    row("antibody gone, albumin missing", resistant_mn(GONE, without("albumin")), "MN-D3", missing="ALBUMIN"),
    row("antibody gone, albumin 35", resistant_mn(GONE, albumin(-10, 35)), "MN-16"),
    row("antibody gone, albumin 34.9", resistant_mn(GONE, albumin(-10, 34.9)), "MN-17"),
    row("antibody gone for 730 days", resistant_mn(GONE, elisa(-220, 1), elisa(-730, 1)), "MN-17"),
    row("antibody gone for 731 days", resistant_mn(GONE, elisa(-220, 1), elisa(-731, 1)), "MN-17c"),
    row("antibody back for a while in between", resistant_mn(GONE, elisa(-220, 5), elisa(-800, 1)), "MN-17"),
    row("antibody gone, counted by immunofluorescence",
        resistant_mn(NO_ELISA, iif(-10, "negative"), iif(-731, "negative")), "MN-17c"),
    row("a positive immunofluorescence interrupts the run",
        resistant_mn(NO_ELISA, iif(-10, "negative"), iif(-400, "positive"), iif(-731, "negative")), "MN-17"),
    row("antibody gone on day 130", resistant_mn(BY_DAY_130, GONE), "MN-17"),
    row("antibody gone, fell 40 %: waits before it is called a response", resistant_mn(GONE, proteinuria(-10, 5)),
        "MN-17"),
]  # fmt: skip

ANTIBODY = [
    row("ELISA 1.9: negative", resistant_mn(elisa(-10, 1.9)), "MN-17"),
    row("ELISA 2.0: low", resistant_mn(elisa(-10, 2.0)), "MN-D4", missing="ANTI_PLA2R_IIF"),
    row("ELISA 13.9: low", resistant_mn(elisa(-10, 13.9)), "MN-D4", missing="ANTI_PLA2R_IIF"),
    row("ELISA 14: positive", resistant_mn(elisa(-10, 14)), *MN_07),
    row("ELISA 13.9 with a negative IIF: negative", resistant_mn(elisa(-10, 13.9), iif(-10, "negative")), "MN-17"),
    row("ELISA 14 with a negative IIF: positive", resistant_mn(elisa(-10, 14), iif(-10, "negative")), *MN_07),
    row("ELISA 1 with a positive IIF: positive (R-05)", resistant_mn(elisa(-10, 1), iif(-10, "positive")), *MN_07),
    row("ELISA 5, negative IIF 30 days away", resistant_mn(elisa(-10, 5), iif(-40, "negative")), "MN-17"),
    row("ELISA 5, negative IIF 31 days away", resistant_mn(elisa(-10, 5), iif(-41, "negative")), "MN-D4",
        missing="ANTI_PLA2R_IIF"),
    row("of several IIF the newest counts (R-26)",
        resistant_mn(elisa(-10, 5), iif(-20, "positive"), iif(-5, "negative")), "MN-17"),
    row("IIF alone, positive", resistant_mn(NO_ELISA, iif(-30, "positive")), *MN_07),
    row("IIF alone, negative (R-05)", resistant_mn(NO_ELISA, iif(-30, "negative")), "MN-17"),
    row("IIF alone, 31 days old", resistant_mn(NO_ELISA, iif(-31, "negative")), "MN-D2", missing="ANTI_PLA2R"),
    row("ELISA 121 days old", resistant_mn(NO_ELISA, elisa(-121, 165)), "MN-D2", missing="ANTI_PLA2R"),
    row("ELISA 120 days old", resistant_mn(NO_ELISA, elisa(-120, 165)), *MN_07),
    row("never any antibody, stain negative: not applicable",
        resistant_mn(NEVER_SHOWN, word("pla2r_stain", -695, "negative"), elisa(-600, 1)), *MN_07),
    row("never any antibody by IIF, stain negative: not applicable",
        resistant_mn(NEVER_SHOWN, word("pla2r_stain", -695, "negative"), iif(-600, "negative")), *MN_07),
    row("not applicable also when measured again",
        resistant_mn(NEVER_SHOWN, word("pla2r_stain", -695, "negative"), elisa(-10, 1)), *MN_07),
    row("stain negative, blood never tested", resistant_mn(NEVER_SHOWN, word("pla2r_stain", -695, "negative")), "MN-D2",
        missing="ANTI_PLA2R"),
    row("stain negative, blood only low",
        resistant_mn(NEVER_SHOWN, word("pla2r_stain", -695, "negative"), elisa(-10, 5)),
        "MN-D4", missing="ANTI_PLA2R_IIF"),
    row("stain negative, blood once positive",
        resistant_mn(NEVER_SHOWN, word("pla2r_stain", -695, "negative"), elisa(-600, 14), elisa(-10, 1)), "MN-17"),
    row("stain never done, blood negative", resistant_mn(NEVER_SHOWN, elisa(-10, 1)), "MN-17"),
]  # fmt: skip
ROWS = [*STEP_13, *ANTIBODY]


@pytest.mark.parametrize("expected", ROWS, ids=sentence)
def test_the_antibody(expected: Expected) -> None:
    check(expected)


def test_the_days_without_antibody_are_on_the_card() -> None:
    assert answer_for(resistant_mn(GONE)).figures["antibody_days"] == 120
    assert (
        answer_for(resistant_mn(trough(-30, 6), elisa(-10, 13.9), iif(-10, "negative"))).figures["antibody_days"] == 10
    )
