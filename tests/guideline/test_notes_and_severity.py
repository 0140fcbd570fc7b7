"""Holds, notes and urgency of a card: clinical-spec 7.3 and 7.4, each limit below, at and above."""

from __future__ import annotations

import pytest

from cds_service.case.model import Case
from cds_service.guideline.notes import NOTES, severity_of
from cds_service.guideline.rows import Answer
from tests.guideline.expectations import answer_for
from tests.guideline.patients import (
    albumin,
    allergy,
    drug,
    egfr,
    number,
    patient,
    problem,
    proteinuria,
    upcr,
    without,
    word,
)
from tests.guideline.rulebook import NOTE_LEVELS, RULEBOOK, severity_by_the_book
from tests.guideline.standard_patients import (
    after_cyclophosphamide,
    after_rituximab,
    relapsed_mn,
    resistant_ln,
    resistant_mn,
    untreated_mn,
)

HBV = without("hbsag", "anti_hbc")
SURFACE, CORE = word("hbsag", -365, "positive"), word("anti_hbc", -365, "positive")
NO_SURFACE, NO_CORE = word("hbsag", -365, "negative"), word("anti_hbc", -365, "negative")
ANTIVIRAL = drug("hbv_antiviral", -100)
PREGNANT = problem("pregnancy", -60)
NOT_TESTED = without("pregnancy_test")
WISH = word("fertility_wish", -300, "yes")
ONLY_CYC = (allergy("rituximab"),)  # resistant_mn then offers cyclophosphamide alone
ONLY_RTX = (allergy("cyclophosphamide"),)
WOMAN = patient("female", 40)


def grams(value: float) -> object:
    return number("cyc_cumulative_prior", -900, value)


def ln_egfr(value: float) -> tuple[object, ...]:
    return (egfr(-205, value), egfr(-100, value), egfr(-10, value))


# (note, sentence, case, is it on the card)
ON_THE_CARD: list[tuple[str, str, Case, bool]] = [
    ("HBV_POSITIVE_PROPHYLAXIS_FIRST", "surface antigen", resistant_mn(HBV, SURFACE, NO_CORE), True),
    ("HBV_POSITIVE_PROPHYLAXIS_FIRST", "surface antigen, 366 days old",
     resistant_mn(HBV, NO_CORE, word("hbsag", -366, "positive")), False),
    ("HBV_POSITIVE_PROPHYLAXIS_FIRST", "under an antiviral", resistant_mn(HBV, SURFACE, NO_CORE, ANTIVIRAL), False),
    ("HBV_POSITIVE_PROPHYLAXIS_FIRST", "antiviral stopped",
     resistant_mn(HBV, SURFACE, NO_CORE, drug("hbv_antiviral", -100, -20)), True),
    ("HBV_POSITIVE_PROPHYLAXIS_FIRST", "cyclophosphamide only", resistant_mn(ONLY_CYC, HBV, SURFACE, NO_CORE), True),
    ("HBV_POSITIVE_PROPHYLAXIS_FIRST", "no start", resistant_mn(HBV, SURFACE, proteinuria(-10, 3)), False),
    ("HBV_POSITIVE_PROPHYLAXIS_FIRST", "neither anti-CD20 nor cyclophosphamide",
     after_cyclophosphamide(allergy("rituximab"), HBV, SURFACE, NO_CORE), False),
    ("HBV_COVERED", "surface antigen under an antiviral", resistant_mn(HBV, SURFACE, NO_CORE, ANTIVIRAL), True),
    ("HBV_COVERED", "no surface antigen", resistant_mn(ANTIVIRAL), False),
    ("HBV_CORE_PROPHYLAXIS", "core antibody only", resistant_mn(HBV, NO_SURFACE, CORE), True),
    ("HBV_CORE_PROPHYLAXIS", "core antibody, surface antigen unknown", resistant_mn(HBV, CORE), True),
    ("HBV_CORE_PROPHYLAXIS", "core antibody and surface antigen", resistant_mn(HBV, SURFACE, CORE), False),
    ("HBV_CORE_PROPHYLAXIS", "cyclophosphamide only", resistant_mn(ONLY_CYC, HBV, NO_SURFACE, CORE), False),
    ("HBV_CORE_PROPHYLAXIS", "in lupus nephritis", resistant_ln(HBV, NO_SURFACE, CORE), True),
    ("HBV_SCREEN_REQUIRED", "both known", resistant_mn(HBV, NO_SURFACE, NO_CORE), False),
    ("HBV_SCREEN_REQUIRED", "neither known", resistant_mn(HBV), True),
    ("HBV_SCREEN_REQUIRED", "surface antigen unknown", resistant_mn(HBV, NO_CORE), True),
    ("HBV_SCREEN_REQUIRED", "core antibody unknown", resistant_mn(HBV, NO_SURFACE), True),
    ("HBV_SCREEN_REQUIRED", "surface antigen 366 days old",
     resistant_mn(HBV, NO_CORE, word("hbsag", -366, "negative")), True),
    ("HBV_SCREEN_REQUIRED", "core antibody 366 days old",
     resistant_mn(HBV, NO_SURFACE, word("anti_hbc", -366, "negative")), True),
    ("HBV_SCREEN_REQUIRED", "cyclophosphamide only", resistant_mn(ONLY_CYC, HBV), False),
    ("HBV_SCREEN_REQUIRED", "no start", resistant_mn(HBV, proteinuria(-10, 3)), False),
    ("HBV_SCREEN_REQUIRED", "rituximab as an alternative only",
     untreated_mn(HBV, problem("life_threatening_nephrotic", -20)), True),
    ("LOW_IGG_HOLD", "IgG 3.9", resistant_mn(number("igg", -180, 3.9)), True),
    ("LOW_IGG_HOLD", "IgG 4", resistant_mn(number("igg", -180, 4)), False),
    ("LOW_IGG_HOLD", "IgG 3.9, 181 days old", resistant_mn(number("igg", -181, 3.9)), False),
    ("LOW_IGG_HOLD", "IgG 3.9, cyclophosphamide only", resistant_mn(ONLY_CYC, number("igg", -10, 3.9)), False),
    ("LOW_IGG_CAUTION", "IgG 4", resistant_mn(number("igg", -180, 4)), True),
    ("LOW_IGG_CAUTION", "IgG 5.9", resistant_ln(number("igg", -180, 5.9)), True),
    ("LOW_IGG_CAUTION", "IgG 6", resistant_mn(number("igg", -180, 6)), False),
    ("LOW_IGG_CAUTION", "IgG 3.9 is the hold", resistant_mn(number("igg", -180, 3.9)), False),
    ("LEUKOPENIA_CYC_HOLD", "leukocytes 2.9", resistant_mn(number("wbc", -30, 2.9)), True),
    ("LEUKOPENIA_CYC_HOLD", "leukocytes 3.0", resistant_mn(number("wbc", -30, 3.0)), False),
    ("LEUKOPENIA_CYC_HOLD", "leukocytes 2.9, 31 days old", resistant_mn(number("wbc", -31, 2.9)), False),
    ("LEUKOPENIA_CYC_HOLD", "neutrophils 1.4", resistant_ln(number("neutrophils", -30, 1.4)), True),
    ("LEUKOPENIA_CYC_HOLD", "neutrophils 1.5", resistant_ln(number("neutrophils", -30, 1.5)), False),
    ("LEUKOPENIA_CYC_HOLD", "no cyclophosphamide", resistant_mn(ONLY_RTX, number("wbc", -30, 1)), False),
    ("PREGNANCY_TERATOGEN_ACTIVE", "mycophenolate", resistant_ln(PREGNANT), True),
    ("PREGNANCY_TERATOGEN_ACTIVE", "mycophenolate, by test",
     resistant_ln(NOT_TESTED, word("pregnancy_test", -30, "positive")), True),
    ("PREGNANCY_TERATOGEN_ACTIVE", "a positive test of 31 days ago",
     resistant_ln(NOT_TESTED, word("pregnancy_test", -31, "positive")), False),
    ("PREGNANCY_TERATOGEN_ACTIVE", "an ACE inhibitor, in remission",
     resistant_mn(WOMAN, PREGNANT, proteinuria(-10, 1)), True),
    ("PREGNANCY_TERATOGEN_ACTIVE", "no ACE inhibitor", resistant_mn(WOMAN, PREGNANT, without("acei")), False),
    ("PREGNANCY_TERATOGEN_ACTIVE", "an angiotensin blocker",
     resistant_mn(WOMAN, PREGNANT, without("acei"), drug("arb", -90)), True),
    ("PREGNANCY_TERATOGEN_ACTIVE", "an ACE inhibitor that was stopped",
     resistant_mn(WOMAN, PREGNANT, without("acei"), drug("acei", -90, -5)), False),
    ("PREGNANCY_TERATOGEN_ACTIVE", "leflunomide",
     resistant_ln(PREGNANT, without("mycophenolate_mofetil"), drug("leflunomide", -200)), True),
    ("PREGNANCY_TERATOGEN_ACTIVE", "cyclophosphamide",
     resistant_ln(PREGNANT, without("mycophenolate_mofetil"), drug("cyclophosphamide", -200, None, 100)), True),
    ("PREGNANCY_TERATOGEN_ACTIVE", "not pregnant", resistant_mn(WOMAN), False),
    ("PREGNANCY_TEST_REQUIRED", "cyclophosphamide in MN", resistant_mn(WOMAN), True),
    ("PREGNANCY_TEST_REQUIRED", "rituximab in MN", resistant_mn(WOMAN, ONLY_RTX), False),
    ("PREGNANCY_TEST_REQUIRED", "a man", resistant_mn(patient("male", 40)), False),
    ("PREGNANCY_TEST_REQUIRED", "aged 50", resistant_mn(patient("female", 50)), True),
    ("PREGNANCY_TEST_REQUIRED", "aged 51", resistant_mn(patient("female", 51)), False),
    ("PREGNANCY_TEST_REQUIRED", "aged 18", resistant_ln(NOT_TESTED, patient("female", 18)), True),
    ("PREGNANCY_TEST_REQUIRED", "any class in LN", resistant_ln(NOT_TESTED), True),
    ("PREGNANCY_TEST_REQUIRED", "tested 30 days ago",
     resistant_ln(NOT_TESTED, word("pregnancy_test", -30, "negative")), False),
    ("PREGNANCY_TEST_REQUIRED", "tested 31 days ago",
     resistant_ln(NOT_TESTED, word("pregnancy_test", -31, "negative")), True),
    ("PREGNANCY_TEST_REQUIRED", "pregnant", resistant_ln(NOT_TESTED, PREGNANT), False),
    ("PREGNANCY_TEST_REQUIRED", "no start in LN", resistant_ln(NOT_TESTED, upcr(-10, 0.4)), False),
    ("FERTILITY_CYC_CAP_10G", "wish for children", resistant_mn(WISH), True),
    ("FERTILITY_CYC_CAP_10G", "no wish for children", resistant_mn(word("fertility_wish", -300, "no")), False),
    ("FERTILITY_CYC_CAP_10G", "no cyclophosphamide", resistant_mn(WISH, ONLY_RTX), False),
    ("FERTILITY_CYC_CAP_10G", "wish for children in LN", resistant_ln(WISH), True),
    ("CYC_CUM_25G", "MN, 13 g and a course of 12 g", resistant_mn(grams(13)), False),
    ("CYC_CUM_25G", "MN, 13.1 g and a course of 12 g", resistant_mn(grams(13.1)), True),
    ("CYC_CUM_25G", "LN, 22 g and a course of 3 g", resistant_ln(grams(22)), False),
    ("CYC_CUM_25G", "LN, 22.1 g and a course of 3 g", resistant_ln(grams(22.1)), True),
    ("CYC_CUM_25G", "no cyclophosphamide", resistant_mn(grams(20), ONLY_RTX), False),
    ("CNI_EGFR_CAUTION", "eGFR 59.9", resistant_ln(ln_egfr(59.9)), True),
    ("CNI_EGFR_CAUTION", "eGFR 60", resistant_ln(ln_egfr(60)), False),
    ("CNI_EGFR_CAUTION", "rituximab with CNI",
     after_rituximab(egfr(-220, 59), egfr(-120, 59), egfr(-10, 59)), True),
    ("CNI_EGFR_CAUTION", "no CNI offered", resistant_mn(egfr(-220, 59), egfr(-120, 59), egfr(-10, 59)), False),
    ("VTE_RISK", "albumin 24.9", resistant_mn(albumin(-10, 24.9)), True),
    ("VTE_RISK", "albumin 25", resistant_mn(albumin(-10, 25)), False),
    ("VTE_RISK", "albumin 24.9, nothing started", untreated_mn(albumin(-10, 24.9), proteinuria(-10, 3)), True),
    ("VTE_RISK", "albumin 20, 91 days old", resistant_mn(without("albumin"), albumin(-91, 20)), False),
    ("VTE_RISK", "lupus nephritis", resistant_ln(albumin(-10, 20)), False),
    ("HCQ_MISSING", "no hydroxychloroquine", resistant_ln(without("hydroxychloroquine")), True),
    ("HCQ_MISSING", "hydroxychloroquine stopped",
     resistant_ln(without("hydroxychloroquine"), drug("hydroxychloroquine", -900, -20)), True),
    ("HCQ_MISSING", "allergic to it", resistant_ln(without("hydroxychloroquine"), allergy("hydroxychloroquine")),
     False),
    ("HCQ_MISSING", "allergic to something else", resistant_ln(without("hydroxychloroquine"), allergy("rituximab")),
     True),
    ("HCQ_MISSING", "membranous nephropathy", resistant_mn(), False),
    ("EXPERT_REFERRAL", "a referral", resistant_mn(problem("secondary_membranous_nephropathy")), True),
    ("EXPERT_REFERRAL", "no referral", resistant_mn(), False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("note", "case", "there"),
    [(note, case, there) for note, _, case, there in ON_THE_CARD],
    ids=[f"{note}: {sentence}" for note, sentence, _, _ in ON_THE_CARD],
)
def test_a_note_is_there_when_it_should_be(note: str, case: Case, there: bool) -> None:
    assert (note in answer_for(case).notes) is there


@pytest.mark.parametrize("note", sorted(NOTE_LEVELS))
def test_the_level_of_a_note_is_that_of_the_table(note: str) -> None:
    assert NOTES[note][1] == NOTE_LEVELS[note]
    expected = "critical" if NOTE_LEVELS[note] == "critical" else "info"
    assert severity_of(Answer("LN_CR", "CONTINUE", "LN-50"), (note,)) == expected


@pytest.mark.parametrize("rule", sorted(RULEBOOK))
def test_the_urgency_of_a_rule_is_that_of_7_4(rule: str) -> None:
    for action in RULEBOOK[rule].actions:
        assert severity_of(Answer("", action, rule), ()) == severity_by_the_book(rule, action, ())


@pytest.mark.parametrize("case", [resistant_mn(HBV), relapsed_mn(HBV), resistant_ln(HBV)])
def test_a_critical_note_makes_the_card_critical(case: Case) -> None:
    assert answer_for(case).severity == "critical"


def test_every_note_is_said_once() -> None:
    notes = answer_for(resistant_mn(HBV, grams(20), WISH, albumin(-10, 20))).notes
    assert len(notes) == len(set(notes))


def test_a_pregnant_patient_in_remission_gets_the_warning_about_her_drugs() -> None:
    """Whatever the state (7.3)."""
    seen = answer_for(resistant_ln(PREGNANT, upcr(-10, 0.3)))
    assert (seen.rule, seen.severity) == ("LN-50", "critical")
