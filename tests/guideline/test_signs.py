"""A number reckoned from a bound is a bound itself, and says so wherever it goes (attack case CLIN-10)."""

from __future__ import annotations

import pytest

from cds_service.case.model import Case
from cds_service.guideline.assessment import Assessment
from cds_service.guideline.signs import with_signs
from tests.guideline.expectations import answer_for
from tests.guideline.patients import (
    allergy,
    egfr,
    lupus_class,
    number,
    proteinuria,
    rituximab,
    tacrolimus,
    upcr,
    without,
)
from tests.guideline.standard_patients import after_rituximab, resistant_ln, resistant_mn


def now(value: float, bound: str) -> Case:
    """8.4 g/d at the start of tacrolimus, and a bound today."""
    today = number("proteinuria_24h", -10, value, bound)
    return resistant_mn(without("proteinuria_24h"), proteinuria(-220, 8.4), today)


@pytest.mark.parametrize(
    ("bound", "value", "current", "reduction"),
    [
        ("<", 0.1, "<", ">"),
        ("<=", 0.1, "<=", ">="),
        (">", 7.0, ">", "<"),
        (">=", 7.0, ">=", "<="),
        (">", 9.0, ">", "<"),
    ],
)
def test_the_value_and_the_fall_that_is_reckoned_from_it(
    bound: str, value: float, current: str, reduction: str
) -> None:
    seen = answer_for(now(value, bound))
    assert (seen.signs["current"], seen.signs["reduction"]) == (current, reduction)
    assert seen.figures["current"] == pytest.approx(value)
    assert seen.figures["reduction"] == pytest.approx(1 - value / 8.4, abs=1e-6)
    assert seen.lines[-1].reduction_sign == reduction


def test_a_bounded_start_turns_the_sign() -> None:
    """From more than 20 g/d to 7.6: a fall of more than 62 %."""
    seen = answer_for(resistant_mn(number("proteinuria_24h", -220, 20, ">")))
    assert (seen.signs["baseline"], seen.signs["reduction"]) == (">", ">")
    assert "current" not in seen.signs


def test_two_bounds_that_pull_both_ways_leave_no_number() -> None:
    """Remission as stated, whatever the fall was: from more than 8 to less than 0.2 g/d it may not be a number."""
    bounded = (number("proteinuria_24h", -220, 8, "<"), number("proteinuria_24h", -10, 0.2, "<"))
    ended = (without("tacrolimus", "proteinuria_24h"), tacrolimus(-215, -30, reason="remission"))
    seen = answer_for(resistant_mn(*ended, *bounded, number("albumin", -10, 37)))
    assert seen.state == "MN_REMISSION_CR"
    assert "reduction" not in seen.figures
    assert (seen.lines[-1].reduction, seen.lines[-1].reduction_sign) == (None, "")


def test_an_egfr_reckoned_from_a_bounded_creatinine_has_the_other_sign() -> None:
    """It decides nothing on a young line, and is shown."""
    young = (without("tacrolimus", "egfr"), tacrolimus(-60), number("creatinine", -70, 90, "<"), egfr(-10, 80))
    seen = answer_for(resistant_mn(*young))
    (fact,) = [fact for fact in seen.facts if (fact.name, fact.role) == ("egfr", "reference")]
    assert (seen.rule, fact.value) == ("MN-06", "> 88.6")
    assert (seen.signs["egfr_reference"], seen.signs["egfr_fall"]) == (">", ">")


def test_a_bound_beside_one_that_cannot_decide_is_written_once() -> None:
    """The answer is made twice, without the undecided proteinuria the second time."""
    young = (without("tacrolimus", "egfr"), tacrolimus(-60), number("creatinine", -70, 90, "<"), egfr(-10, 80))
    undecided = number("proteinuria_24h", -10, 3.6, "<")
    seen = answer_for(resistant_mn(*young, without("proteinuria_24h"), undecided, proteinuria(-220, 8.4)))
    assert (seen.rule, len(seen.undecided)) == ("MN-D1", 1)
    assert [fact.value for fact in seen.facts if (fact.name, fact.role) == ("egfr", "reference")] == ["> 88.6"]


def test_a_creatinine_above_a_bound_says_enough_of_the_egfr() -> None:
    """Above 1000 umol/L the eGFR is below 5, whatever it is."""
    case = resistant_mn(without("egfr", "tacrolimus"), rituximab(-210), number("creatinine", -10, 1000, ">"))
    seen = answer_for(case)
    assert (seen.rule, seen.signs["egfr"]) == ("MN-05b", "<")


def test_a_past_line() -> None:
    past = (tacrolimus(-1100, -800), proteinuria(-1105, 8), number("proteinuria_24h", -900, 0.3, "<"))
    line = answer_for(after_rituximab(*past)).lines[0]
    assert (line.outcome, line.reduction_sign) == ("RESPONDED", ">")
    assert line.why == "proteinuria below 0.3 g/d"


def test_what_a_row_saw_is_marked_in_the_trace() -> None:
    marked = [step.row for step in answer_for(now(7, ">")).trace if step.saw.endswith("(reckoned from a bound)")]
    plain = [step for step in answer_for(now(7, "")).trace if "bound" in step.saw]
    assert ("MN step 15" in marked, plain) == (True, [])


def test_b_cells_above_a_bound_are_said_with_their_sign() -> None:
    seen = answer_for(after_rituximab(without("cd19_count"), number("cd19_count", -150, 20, ">")))
    assert (seen.rule, seen.figures["check"]) == ("MN-A4", "lowest CD19 above 20 /µL")
    assert seen.signs["cd19_lowest"] == ">"


def test_nothing_has_a_sign_without_a_bound() -> None:
    for case in (resistant_mn(), resistant_ln(), after_rituximab()):
        seen = answer_for(case)
        assert (seen.signs, {line.reduction_sign for line in seen.lines}) == ({}, {""})


def test_numbers_that_a_bound_does_not_move_have_no_sign() -> None:
    seen = answer_for(now(7.0, ">"))
    assert {"days", "egfr", "albumin", "baseline"}.isdisjoint(seen.signs)


def test_numbers_of_an_undecided_run_never_reach_the_card() -> None:
    """More than 20 g of cyclophosphamide before, and rituximab is no choice: an expert, and no dose of a million."""
    prior = number("cyc_cumulative_prior", -900, 20, ">")
    seen = answer_for(resistant_mn(prior, allergy("rituximab")))
    assert (seen.rule, seen.action) == ("MN-07", "REFER_EXPERT")
    assert "cyc_cumulative_g" not in seen.figures


def test_in_lupus_nephritis() -> None:
    bounded = (without("upcr"), upcr(-205, 2.6), number("upcr", -10, 2.5, ">"))
    seen = answer_for(resistant_ln(lupus_class(-250, "V"), *bounded))
    assert (seen.rule, seen.signs["current"], seen.signs["reduction"]) == ("LN-30", ">", "<")


def test_a_line_without_a_reduction_has_no_sign() -> None:
    """The first of two lines has no value at all."""
    first, last = answer_for(resistant_mn(rituximab(-1100), number("proteinuria_24h", -10, 7, ">"))).lines
    assert (first.reduction, first.reduction_sign) == (None, "")
    assert last.reduction_sign == "<"


def test_a_number_that_only_some_of_the_runs_reckon_is_left_out() -> None:
    bound = number("proteinuria_24h", -10, 7.0, ">")
    stated = Assessment("MN", "MN_RESISTANT", "START_CLASS", "MN-07", figures={"reduction": 0.1, "days": 200})
    other = Assessment("MN", "MN_RESISTANT", "START_CLASS", "MN-07", figures={"days": 200})
    assert with_signs(stated, [other], [bound]).figures == {"days": 200}
