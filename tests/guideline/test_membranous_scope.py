"""Membranous nephropathy, who is judged at all: steps 0 to 3 and 7 of clinical-spec section 5, routing, ruling R-02."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cds_service.case.model import Condition, Patient
from tests.guideline.expectations import Expected, answer_for, check, row, sentence
from tests.guideline.patients import (
    TODAY,
    albumin,
    case_of,
    creatinine,
    egfr,
    elisa,
    ln,
    mn,
    number,
    patient,
    problem,
    procedure,
    proteinuria,
    set_aside,
    upcr,
    without,
    word,
)
from tests.guideline.standard_patients import (
    EARLIER_FAILURE,
    HEPATITIS_B_EXCLUDED,
    resistant_ln,
    resistant_mn,
    untreated_mn,
)

MALIGNANCY = problem("malignancy", -700)
SUSPECTED = mn(verification="provisional")
NOT_CONFIRMED_BY_ANTIBODY = (without("anti_pla2r_elisa"), elisa(-10, 19.9))

SCOPE = [
    row("the day before the 18th birthday", resistant_mn(patient("male", 18, -1)), "SC-01"),
    row("the 18th birthday", resistant_mn(patient("male", 18, 0)), "MN-07", "RTX", "CYC_GC"),
    row("dialysis is coded", resistant_mn(problem("dialysis")), "SC-02"),
    row("dialysis was performed", resistant_mn(procedure("dialysis", -20)), "SC-02"),
    row("a kidney transplant is coded", resistant_mn(problem("kidney_transplant")), "SC-02"),
    row("a kidney was transplanted", resistant_mn(procedure("kidney_transplant", -900)), "SC-02"),
    row("dialysis with lupus nephritis", resistant_ln(problem("dialysis")), "SC-02"),
    row("neither disease", resistant_mn(without("membranous_nephropathy")), "SC-03"),
    row("nothing but a patient", case_of([patient()]), "SC-03"),
    row("onset after the day of the assessment", resistant_mn(mn(1)), "SC-03"),
    row("inactive on the problem list (R-02)", resistant_mn(mn(clinical="inactive")), "SC-03"),
    row("resolved on the problem list (R-02)", resistant_mn(mn(clinical="resolved")), "SC-03"),
    row("refuted", resistant_mn(mn(verification="refuted")), "SC-03"),
    row("entered in error", resistant_mn(mn(verification="entered-in-error")), "SC-03"),
    *(
        row(f"{status or 'no status'} on the problem list is routed (R-02)", resistant_mn(mn(clinical=status)), "MN-07",
            "RTX", "CYC_GC")
        for status in ("active", "recurrence", "relapse", "remission", "")
    ),
]  # fmt: skip

ROUTING = [
    row("provisional, anti-PLA2R never 20 or more", resistant_mn(SUSPECTED, NOT_CONFIRMED_BY_ANTIBODY), "MN-D0",
        missing="MN_DIAGNOSIS_CONFIRMATION"),
    row("unconfirmed, anti-PLA2R never 20 or more",
        resistant_mn(mn(verification="unconfirmed"), NOT_CONFIRMED_BY_ANTIBODY), "MN-D0",
        missing="MN_DIAGNOSIS_CONFIRMATION"),
    row("provisional, anti-PLA2R was 20 years ago",
        untreated_mn(SUSPECTED, without("anti_pla2r_elisa"), elisa(-2000, 20)), "MN-D9", missing="ANTI_PLA2R"),
    row("provisional and confirmed by antibody", resistant_mn(SUSPECTED), "MN-07", "RTX", "CYC_GC"),
    row("lupus nephritis only provisional", resistant_ln(ln(verification="provisional")), "LN-D0",
        missing="LN_DIAGNOSIS_CONFIRMATION"),
    row("lupus nephritis only unconfirmed", resistant_ln(ln(verification="unconfirmed")), "LN-D0",
        missing="LN_DIAGNOSIS_CONFIRMATION"),
    row("confirmed lupus nephritis wins over the membranous code", resistant_ln(mn()), "LN-20c", "BEL_COMBO",
        "ANTI_CD20_COMBO", "CNI_COMBO", "CYC_GC"),
    row("provisional lupus nephritis does not win", resistant_mn(ln(verification="provisional")), "MN-07", "RTX",
        "CYC_GC"),
    row("resolved lupus nephritis does not win", resistant_mn(ln(clinical="resolved")), "MN-07", "RTX", "CYC_GC"),
    row("refuted lupus nephritis does not win", resistant_mn(ln(verification="refuted")), "MN-07", "RTX", "CYC_GC"),
]  # fmt: skip

STEPS_2_AND_3 = [
    row("secondary disease is coded", resistant_mn(problem("secondary_membranous_nephropathy")), "MN-00"),
    row("secondary disease alone is coded",
        resistant_mn(without("membranous_nephropathy"), problem("secondary_membranous_nephropathy")), "MN-00"),
    row("secondary disease was refuted",
        resistant_mn(problem("secondary_membranous_nephropathy", verification="refuted")), "MN-07", "RTX", "CYC_GC"),
    row("tumour 365 days before onset", resistant_mn(problem("malignancy", -1065)), "MN-00"),
    row("tumour 366 days before onset", resistant_mn(problem("malignancy", -1066)), "MN-07", "RTX"),
    row("tumour 365 days after onset", resistant_mn(problem("malignancy", -335)), "MN-00"),
    row("tumour 366 days after onset", resistant_mn(problem("malignancy", -334)), "MN-07", "RTX"),
    row("tumour at onset, resolved", resistant_mn(problem("malignancy", -700, "resolved")), "MN-07", "RTX", "CYC_GC"),
    row("proteinuria 91 days old", resistant_mn(without("proteinuria_24h"), proteinuria(-91, 7.6)), "MN-D1",
        missing="PROTEINURIA"),
    row("proteinuria 90 days old", untreated_mn(without("proteinuria_24h"), proteinuria(-250, 6), proteinuria(-90, 6)),
        "MN-03", "RTX", "CNI"),
    row("eGFR 91 days old", untreated_mn(without("egfr"), egfr(-91, 80)), "MN-D1", missing="EGFR"),
    row("eGFR 90 days old", untreated_mn(without("egfr"), egfr(-90, 80)), "MN-03", "RTX", "CNI"),
    row("creatinine stands in for eGFR", untreated_mn(without("egfr"), creatinine(-20, 80)), "MN-03", "RTX", "CNI"),
    row("a protein ratio stands in for a collection", untreated_mn(proteinuria(-10, 6), upcr(-5, 3.4)), "MN-03",
        "RTX", "CNI"),
    row("neither proteinuria nor eGFR", resistant_mn(without("egfr", "proteinuria_24h")), "MN-D1",
        missing="PROTEINURIA EGFR"),
]  # fmt: skip

STEP_7 = [
    row("eGFR 29.9, kidneys of unknown size", resistant_mn(egfr(-10, 29.9), creatinine(-220, 90), creatinine(-10, 100)),
        "MN-05b"),
    row("eGFR 29.9, kidneys of 7.9 cm", resistant_mn(egfr(-10, 29.9), creatinine(-220, 90), creatinine(-10, 100),
        number("kidney_length", -900, 7.9)), "MN-05a"),
    row("eGFR 29.9, kidneys of 8.0 cm", resistant_mn(egfr(-10, 29.9), creatinine(-220, 90), creatinine(-10, 100),
        number("kidney_length", -900, 8.0)), "MN-05b"),
    row("eGFR 30", resistant_mn(without("egfr"), egfr(-220, 33), egfr(-120, 32), egfr(-10, 30)), "MN-07", "RTX",
        "CYC_GC"),
    row("eGFR 29.9 and 3.4 g/d", resistant_mn(egfr(-10, 29.9), creatinine(-220, 90), creatinine(-10, 100),
        proteinuria(-220, 4.5), proteinuria(-10, 3.4)), "MN-18"),
]  # fmt: skip
ROWS = [*SCOPE, *ROUTING, *STEPS_2_AND_3, *STEP_7]


@pytest.mark.parametrize("expected", ROWS, ids=sentence)
def test_who_is_judged(expected: Expected) -> None:
    check(expected)


@pytest.mark.parametrize("entry", [mn(verification="differential"), ln(verification="differential")])
def test_a_differential_diagnosis_starts_nothing(entry: Condition) -> None:
    """It is not established: neither disease is advised on."""
    seen = answer_for(resistant_mn(without("membranous_nephropathy"), NOT_CONFIRMED_BY_ANTIBODY, entry))
    assert seen.rule in {"SC-03", "MN-D0", "LN-D0"}


def test_an_unknown_age_is_asked_for_and_nothing_is_started() -> None:
    seen = answer_for(replace(resistant_mn(), patient=Patient("male")))
    assert (seen.disease, seen.action, seen.next_class, seen.missing) == ("MN", "DATA_REQUEST", "", ("BIRTH_DATE",))


def test_a_case_says_which_disease_it_left_out_of_scope() -> None:
    assert answer_for(resistant_ln(patient("female", 17))).disease == "LN"
    assert answer_for(case_of([patient()])).disease is None


def test_an_undated_tumour_counts_as_near_the_onset() -> None:
    """Neither date can rule the connection out, so the cautious reading holds."""
    assert answer_for(resistant_mn(problem("malignancy"))).rule == "MN-00"
    assert answer_for(resistant_mn(mn(None), MALIGNANCY)).rule == "MN-00"


def test_the_earliest_onset_counts() -> None:
    """R-28: with onsets at -1500 and -700, a tumour of -700 is more than a year away."""
    second = replace(mn(-1500), source="Condition/earlier")
    case = resistant_mn(MALIGNANCY)
    assert answer_for(case).rule == "MN-00"
    assert answer_for(replace(case, conditions=(*case.conditions, second))).rule == "MN-07"


def test_a_problem_that_ended_is_over() -> None:
    ended = replace(problem("secondary_membranous_nephropathy", clinical=""), ended=TODAY - 1)
    assert answer_for(resistant_mn(ended)).rule == "MN-07"


class TestRemarks:
    """What a reader must know about the data besides the notes."""

    def test_a_remission_on_the_problem_list_that_the_laboratory_contradicts_is_said(self) -> None:
        said = "PROBLEM_LIST_REMISSION_CONTRADICTED"
        assert said in answer_for(resistant_mn(mn(clinical="remission"))).remarks
        assert said not in answer_for(resistant_mn()).remarks
        assert said in answer_for(resistant_ln(ln(clinical="remission"))).remarks

    def test_a_verification_that_was_not_stated_is_said(self) -> None:
        assert "VERIFICATION_NOT_STATED" in answer_for(resistant_mn(mn(verification=""))).remarks
        assert "VERIFICATION_NOT_STATED" not in answer_for(resistant_mn()).remarks

    def test_mixed_methods_are_said(self) -> None:
        assert (
            "MIXED_PROTEINURIA_METHODS"
            in answer_for(resistant_mn(without("proteinuria_24h"), proteinuria(-220, 8.4), upcr(-10, 7.6))).remarks
        )
        assert "MIXED_PROTEINURIA_METHODS" not in answer_for(resistant_mn()).remarks

    def test_rejected_values_are_noted(self) -> None:
        assert "UNIT_REJECTED" in answer_for(resistant_mn(set_aside("UNIT_REJECTED"))).notes
        assert "PLAUSIBILITY_REJECTED" in answer_for(resistant_mn(set_aside("PLAUSIBILITY_REJECTED"))).notes
        assert not {"UNIT_REJECTED", "PLAUSIBILITY_REJECTED"} & set(answer_for(resistant_mn()).notes)


def test_the_facts_of_the_future_are_not_known_yet() -> None:
    later = (albumin(1, 40), egfr(1, 20), word("hbsag", 1, "positive"), problem("serious_infection", 1))
    assert answer_for(resistant_mn(later)) == answer_for(resistant_mn())


def test_standard_patients_carry_no_hold() -> None:
    """Otherwise a table row could pass for another reason than the one it names."""
    assert answer_for(resistant_mn()).notes == ()
    assert answer_for(resistant_ln()).notes == ()
    assert answer_for(resistant_mn(without("hbsag"), HEPATITIS_B_EXCLUDED, EARLIER_FAILURE["MPAA"])).notes == ()
