"""Records that came and could not be used: asked for or counted with care, never taken for "no"."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cds_service.case.model import Patient, SetAside, Span
from tests.guideline.expectations import answer_for, offered_by
from tests.guideline.patients import TODAY, elisa, infusion, mn, problem, tacrolimus, without
from tests.guideline.standard_patients import (
    after_rituximab,
    resistant_ln,
    resistant_mn,
    untreated_ln,
    untreated_mn,
)


def unread(concept: str, resource: str = "Condition", reason: str = "UNREADABLE") -> SetAside:
    return SetAside(f"{resource}/unread", reason, concept)


@pytest.mark.parametrize("reason", ["UNREADABLE", "CODE_CONFLICT", "CODE_UNMAPPED"])
def test_membranous_nephropathy_whose_entry_could_not_be_used_is_asked_for(reason: str) -> None:
    case = resistant_mn(without("membranous_nephropathy"), unread("membranous_nephropathy", reason=reason))
    seen = answer_for(case)
    assert (seen.rule, seen.action, seen.missing) == ("MN-D0", "DATA_REQUEST", ("MN_DIAGNOSIS_CONFIRMATION",))


@pytest.mark.parametrize("reason", ["UNREADABLE", "CODE_CONFLICT", "NO_SUBJECT"])
def test_coded_lupus_nephritis_that_could_not_be_used_is_asked_for_before_a_membranous_code_answers(
    reason: str,
) -> None:
    """It may be the confirmed entry, which wins (section 1)."""
    assert answer_for(resistant_mn(unread("lupus_nephritis", reason=reason))).rule == "LN-D0"
    assert answer_for(resistant_ln(unread("lupus_nephritis", reason=reason))).rule.startswith("LN-2")


ONLY_WRITTEN = unread("lupus_nephritis", reason="CODE_UNMAPPED")


@pytest.mark.parametrize("verification", ["confirmed", ""])
def test_lupus_nephritis_that_is_only_written_out_does_not_push_membranous_nephropathy_aside(verification: str) -> None:
    """Section 1: a text establishes nothing (trap 53)."""
    assert answer_for(resistant_mn(mn(verification=verification), ONLY_WRITTEN)).rule == "MN-07"
    secondary = problem("secondary_membranous_nephropathy", verification=verification)
    assert answer_for(resistant_mn(without("membranous_nephropathy"), secondary, ONLY_WRITTEN)).rule == "MN-00"


@pytest.mark.parametrize(
    "others",
    [
        (without("membranous_nephropathy"),),
        (mn(verification="provisional"),),
        (mn(clinical="resolved"),),
        (unread("lupus_nephritis"),),
    ],
    ids=["no other", "another suspected", "another resolved", "an entry that is coded, too"],
)
def test_lupus_nephritis_that_is_only_written_out_is_asked_for_beside_nothing_established(others: object) -> None:
    assert answer_for(resistant_mn(others, ONLY_WRITTEN)).rule == "LN-D0"


@pytest.mark.parametrize(("concept", "rule"), [("serious_infection", "SAFE-01"), ("pregnancy", "MN-07")])
def test_an_unreadable_safety_entry_counts_as_present(concept: str, rule: str) -> None:
    seen = answer_for(resistant_mn(unread(concept)))
    assert (seen.rule, offered_by(seen)) == (rule, ())


@pytest.mark.parametrize("reason", ["MEDICATION_UNRESOLVED", "DATE_MISSING", "UNREADABLE"])
def test_a_drug_record_that_cannot_be_placed_means_that_untreated_is_not_known(reason: str) -> None:
    aside = unread("tacrolimus", "MedicationStatement", reason)
    assert answer_for(untreated_mn(aside)).rule == "MN-D8"
    assert answer_for(untreated_ln(aside)).rule == "LN-D8"


def test_a_blood_pressure_tablet_that_cannot_be_placed_changes_nothing() -> None:
    plain, aside = answer_for(untreated_mn()), answer_for(untreated_mn(unread("acei", "MedicationStatement")))
    assert aside.rule == plain.rule


def test_rituximab_known_from_its_name_only_is_no_adequate_line_and_not_zero_grams() -> None:
    named = tuple(replace(infusion("rituximab", day), coded=False) for day in (-210, -196))
    seen = answer_for(after_rituximab(without("rituximab"), *named))
    assert (seen.rule, "rtx_dose_g" in seen.figures) == ("MN-D8", False)
    assert "DRUG_KNOWN_FROM_TEXT_ONLY" in seen.remarks


def test_an_end_that_is_not_told_is_remarked() -> None:
    ended = replace(tacrolimus(-215, -10), end_stated=False)
    assert "LINE_END_NOT_STATED" in answer_for(resistant_mn(without("tacrolimus"), ended)).remarks


@pytest.mark.parametrize(("years", "rule"), [((17, 17), "SC-01"), ((17, 18), "SC-01"), ((18, 18), "MN-07")])
def test_an_age_that_may_be_under_eighteen(years: tuple[int, int], rule: str) -> None:
    youngest, oldest = (TODAY - int(age * 365.25) - 30 for age in years)
    case = replace(resistant_mn(), patient=Patient("male", Span(oldest, youngest)))
    seen = answer_for(case)
    assert seen.rule == rule
    assert seen.action == {(17, 17): "NO_CARD", (17, 18): "DATA_REQUEST", (18, 18): "START_CLASS"}[years]


def test_a_line_left_for_intolerance_is_not_followed_by_another_once_the_antibody_is_gone() -> None:
    case = resistant_mn(without("tacrolimus"), tacrolimus(-215, -100, reason="intolerance"), elisa(-10, 1))
    seen = answer_for(case)
    assert (seen.action, offered_by(seen)) == ("WAIT_MONITOR", ())
