"""What the trace and the figures say must be what was seen: the right question, the right measure, the right day."""

from __future__ import annotations

import pytest

from cds_service.guideline.membranous.adequacy import ADEQUACY
from cds_service.guideline.membranous.steps import STEPS
from cds_service.guideline.shares import percent
from tests.guideline.expectations import answer_for
from tests.guideline.patients import cd19, creatinine, egfr, elisa, proteinuria, tacrolimus, trough, without
from tests.guideline.standard_patients import after_rituximab, resistant_mn

DEFECTS = ("too ", "not ", "non-", "in doubt")


@pytest.mark.parametrize(
    "row", [*ADEQUACY, *[step for step in STEPS if step.table is ADEQUACY]], ids=lambda row: row.step
)
def test_yes_to_a_question_about_adequacy_names_the_defect(row) -> None:  # type: ignore[no-untyped-def]
    """A row that applies is shown as its question with "yes"."""
    assert any(defect in row.asks.lower() for defect in DEFECTS), row.asks


def test_a_rise_of_creatinine_is_told_where_creatinine_was_measured() -> None:
    figures = answer_for(resistant_mn(creatinine(-220, 80), creatinine(-10, 100))).figures
    assert figures["creatinine_rise"] == pytest.approx(0.25)
    assert "cni_egfr_fall" not in figures


def test_no_creatinine_is_told_where_only_egfr_was_measured() -> None:
    seen = answer_for(resistant_mn(egfr(-10, 60)))
    assert seen.rule == "MN-15b"
    assert "creatinine_rise" not in seen.figures
    assert seen.figures["cni_egfr_fall"] == pytest.approx(1 - 60 / 82)
    (toxicity,) = [step.saw for step in seen.trace if step.row == "MN step 5"]
    assert "eGFR 82 to 60 stands for a creatinine" in toxicity
    assert ("before the calcineurin inhibitor", 82) in {(fact.role, fact.value) for fact in seen.facts}


def test_a_fall_is_told_up_to_the_day_on_which_it_was_measured() -> None:
    """The line is 215 days old; proteinuria was last measured after 205."""
    figures = answer_for(resistant_mn(without("tacrolimus", "proteinuria_24h"), tacrolimus(-215), trough(-90, 6.5),
                                      proteinuria(-220, 8.4), proteinuria(-10, 7.6))).figures  # fmt: skip
    assert (figures["days"], figures["seen"]) == (215, 205)


def test_the_result_since_which_the_antibody_has_been_gone_is_a_value_that_is_used() -> None:
    gone = resistant_mn(elisa(-60, 1.5), elisa(-10, 1.2))
    seen = answer_for(gone)
    assert seen.rule == "MN-17"
    assert ("first negative", 1.5) in {(fact.role, fact.value) for fact in seen.facts}


def test_the_newest_result_is_not_named_twice() -> None:
    roles = [fact.role for fact in answer_for(resistant_mn(elisa(-10, 1.2))).facts if fact.name == "anti_pla2r_elisa"]
    assert "first negative" not in roles


def test_shares_in_the_trace_are_written_as_on_the_card() -> None:
    """29.9 % must not be read as the limit of 30 %."""
    seen = answer_for(resistant_mn(without("proteinuria_24h"), proteinuria(-220, 8.4), proteinuria(-10, 5.89)))
    told = " ".join(step.saw for step in seen.trace)
    assert "fell 29.9 %" in told
    assert "fell 30" not in told


def test_a_share_that_is_no_number_is_not_written_as_one() -> None:
    assert (percent(0.299), percent(1), percent(float("nan")), percent(-0.0)) == ("29.9 %", "100 %", "? %", "0 %")


def test_b_cells_that_are_not_depleted_say_so() -> None:
    seen = answer_for(after_rituximab(without("cd19_count"), cd19(-150, 28)))
    (step,) = [step for step in seen.trace if step.row == "MN 5.3-4"]
    assert (seen.rule, step.saw) == ("MN-A4", "lowest CD19 28 /µL")
