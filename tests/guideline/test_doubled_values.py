"""Two values of one moment: R-04 picks one, and no answer rests on the pick alone (attack case CLIN-23)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cds_service.case.model import Case, Quantity
from tests.guideline.expectations import answer_for, offered_by
from tests.guideline.patients import albumin, egfr, elisa, number, proteinuria, trough, upcr, without
from tests.guideline.standard_patients import after_rituximab, resistant_ln, resistant_mn


def doubled(case: Case, other: Quantity, **changes: object) -> Case:
    """The case with a second value of a day that already has one, not used by R-04."""
    (kept,) = [value for value in case.series(other.measure) if value.day == other.day]
    other = replace(other, source=f"{other.source}b", **changes)  # type: ignore[arg-type]
    return replace(case, disagreements=(*case.disagreements, (kept, other)))


@pytest.mark.parametrize(
    ("case", "other", "rule", "missing"),
    [
        (resistant_mn(), proteinuria(-10, 2.0), "MN-D1", ("PROTEINURIA",)),
        (resistant_mn(), albumin(-10, 37), "MN-D3", ("ALBUMIN",)),
        (resistant_mn(), elisa(-10, 1), "MN-D2", ("ANTI_PLA2R",)),
        (resistant_mn(), egfr(-10, 20), "MN-D1", ("EGFR",)),
        (resistant_ln(), upcr(-10, 0.3), "LN-D2", ("UPCR",)),
    ],
    ids=["proteinuria", "albumin", "antibody", "eGFR", "UPCR"],
)
def test_a_value_that_decides_against_its_double_is_asked_for(
    case: Case, other: Quantity, rule: str, missing: tuple[str, ...]
) -> None:
    seen = answer_for(doubled(case, other))
    assert (seen.rule, seen.action, seen.missing, offered_by(seen)) == (rule, "DATA_REQUEST", missing, ())
    assert {item.reason for item in seen.undecided} == {"VALUES_DISAGREE"}
    assert len({item.resource for item in seen.undecided}) == 2


def test_which_of_the_two_is_used_does_not_matter() -> None:
    """The same pair the other way round."""
    low = replace(resistant_mn(proteinuria(-10, 2.0)))
    first, second = doubled(resistant_mn(), proteinuria(-10, 2.0)), doubled(low, proteinuria(-10, 7.6))
    assert answer_for(first).rule == answer_for(second).rule


def test_a_double_that_changes_nothing_leaves_the_answer() -> None:
    seen = answer_for(doubled(resistant_mn(), proteinuria(-10, 10.0)))
    assert (seen.rule, offered_by(seen), seen.undecided) == ("MN-07", ("RTX", "CYC_GC"), ())


def test_a_later_release_is_a_correction() -> None:
    """R-04: the highest `issued` wins; that is no pick."""
    case = doubled(resistant_mn(), proteinuria(-10, 2.0), issued="2026-11-12T08:00:00+00:00")
    assert answer_for(case).rule == "MN-07"


def test_what_one_of_the_two_forbids_is_not_offered() -> None:
    """eGFR 84 or 38: the row is the same, a calcineurin inhibitor is not offered, and why is said."""
    plain = after_rituximab(without("egfr"), egfr(-220, 44), egfr(-120, 44), egfr(-10, 44))
    seen = answer_for(doubled(plain, egfr(-10, 36)))
    assert (seen.rule, "CNI" in offered_by(answer_for(plain)), "CNI" in offered_by(seen)) == ("MN-30", True, False)
    assert "VETO_CNI_EGFR" in seen.notes


def test_what_one_of_the_two_warns_of_is_said() -> None:
    seen = answer_for(doubled(resistant_mn(number("igg", -10, 8)), number("igg", -10, 3)))
    assert (seen.rule, "LOW_IGG_HOLD" in seen.notes, seen.severity) == ("MN-07", True, "critical")


def test_two_doubled_values_are_each_looked_at() -> None:
    case = doubled(doubled(resistant_mn(), proteinuria(-10, 2.0)), egfr(-10, 20))
    seen = answer_for(case)
    assert (seen.rule, seen.missing) == ("MN-D1", ("PROTEINURIA", "EGFR"))


def test_two_doubled_values_that_decide_only_together_are_asked_for() -> None:
    """Half of the troughs are enough: either may be low, both may not."""
    troughs = (without("tacrolimus_trough"), *(trough(day, 5) for day in (-20, -40, -60)), trough(-80, 1))
    case = doubled(doubled(resistant_mn(*troughs), trough(-20, 1)), trough(-40, 1))
    seen = answer_for(case)
    assert (seen.rule, len(seen.undecided)) == ("MN-D5", 4)


def test_three_values_of_one_day_are_asked_for_when_one_of_them_decides() -> None:
    case = doubled(
        doubled(resistant_mn(), proteinuria(-10, 9.9)), replace(proteinuria(-10, 2.0), source="Observation/c")
    )
    seen = answer_for(case)
    assert (seen.rule, len(seen.undecided)) == ("MN-D1", 2)


def test_a_doubled_trough_that_decides_is_asked_for() -> None:
    """One of two troughs reached the target; with the other value of that day none did."""
    troughs = (without("tacrolimus_trough"), trough(-20, 5), trough(-60, 1))
    assert answer_for(resistant_mn(*troughs)).rule == "MN-07"
    assert answer_for(doubled(resistant_mn(*troughs), trough(-20, 1))).rule in {"MN-D5", "MN-A2"}


def test_an_older_value_is_not_called_the_last() -> None:
    seen = answer_for(doubled(resistant_mn(), elisa(-10, 1)))
    assert [item for item in seen.outdated if item.code == "ANTI_PLA2R"] == []


def test_a_pair_of_the_future_is_none() -> None:
    later = replace(proteinuria(3, 2.0), source="Observation/later")
    case = replace(resistant_mn(), disagreements=((proteinuria(3, 7.0), later),))
    assert answer_for(case).rule == "MN-07"
