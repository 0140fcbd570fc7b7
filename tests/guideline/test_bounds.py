"""A value with a comparator decides only where the bound alone decides."""

from __future__ import annotations

import pytest

from tests.guideline.expectations import answer_for, offered_by
from tests.guideline.patients import allergy, elisa, lupus_class, number, proteinuria, trough, without, word
from tests.guideline.standard_patients import after_rituximab, resistant_ln, resistant_mn, untreated_mn


@pytest.mark.parametrize(
    ("bound", "value", "rule"),
    [
        ("<", 2, "MN-17"),
        ("<", 1.5, "MN-17"),
        ("<=", 1.9, "MN-17"),
        ("<=", 2, "MN-D2"),
        ("<", 2.1, "MN-D2"),
        ("<", 14, "MN-D2"),
        ("<", 20, "MN-D2"),
        (">", 1500, "MN-07"),
        (">=", 14, "MN-07"),
        (">", 13.9, "MN-D2"),
        (">", 2, "MN-D2"),
    ],
    ids=lambda x: str(x),
)
def test_the_antibody_as_a_bound(bound: str, value: float, rule: str) -> None:
    """Below 2 is negative whatever it is; below 14 may be negative or low, so the value is as good as missing."""
    assert answer_for(resistant_mn(elisa(-10, value, bound))).rule == rule


def test_a_bound_is_shown_as_it_was_written() -> None:
    (fact,) = [f for f in answer_for(resistant_mn(elisa(-10, 1500, ">"))).facts if f.day and "1500" in str(f.value)]
    assert fact.value == "> 1500"


def test_a_bound_that_decides_nothing_changes_nothing() -> None:
    """An old value below detection plays no part in this answer."""
    plain, bounded = resistant_mn(elisa(-500, 1)), resistant_mn(elisa(-500, 2, "<"))
    assert answer_for(plain).rule == answer_for(bounded).rule == "MN-07"


def test_a_bound_that_cannot_decide_is_taken_out_and_the_rest_still_counts() -> None:
    seen = answer_for(untreated_mn(elisa(-10, 60, "<")))
    assert (seen.rule, seen.missing) == ("MN-D9", ("ANTI_PLA2R",))
    assert offered_by(seen) == ()


class TestTheNewestValue:
    """An undecided bound is not replaced by an older value: that the newest is lower is known for certain."""

    def test_antibody(self) -> None:
        """160 RU/mL, twelve days later below 14: negative or low, but no longer positive."""
        seen = answer_for(resistant_mn(elisa(-22, 160), elisa(-10, 14, "<")))
        assert (seen.action, offered_by(seen)) == ("DATA_REQUEST", ())

    def test_egfr_below_the_floor_of_a_calcineurin_inhibitor(self) -> None:
        """At most 30 leaves open whether it is below 30, but it is below 40."""
        seen = answer_for(after_rituximab(number("egfr", -5, 30, "<=")))
        assert not {"CNI", "RTX_CNI"} & set(offered_by(seen))

    def test_egfr_in_lupus_nephritis(self) -> None:
        seen = answer_for(resistant_ln(number("egfr", -5, 45, "<")))
        assert "CNI_COMBO" not in offered_by(seen)


@pytest.mark.parametrize(
    ("bound", "value", "rule"), [(">", 6, "MN-07"), ("<", 3.5, "MN-D1"), ("<", 0.3, "MN-12"), (">", 3, "MN-D1")]
)
def test_current_proteinuria_as_a_bound(bound: str, value: float, rule: str) -> None:
    """More than 6 g/d after 8.4 cannot be a response of 30 %; below 3.5 may be anything from partial to complete."""
    changed = (without("proteinuria_24h"), proteinuria(-220, 8.4), number("proteinuria_24h", -10, value, bound))
    albumin = number("albumin", -10, 36 if bound == "<" else 27)
    assert answer_for(resistant_mn(changed, albumin)).rule == rule


def test_egfr_above_the_range_of_the_laboratory_is_stable() -> None:
    """> 90 after 95 is no fall of 20 %, whatever it is."""
    case = resistant_ln(
        without("egfr"), number("egfr", -205, 95), number("egfr", -100, 90, ">"), number("egfr", -10, 90, ">")
    )
    assert answer_for(case).rule == "LN-20c"


@pytest.mark.parametrize("limit", [60, 90])
def test_two_bounds_together_are_not_a_comparison(limit: float) -> None:
    """More than 60 then and more than 60 now may be 110 and 61: that is no stable eGFR."""
    bounded = [number("egfr", day, limit, ">") for day in (-220, -120, -10)]
    assert answer_for(resistant_mn(without("egfr"), *bounded)).rule not in {"MN-07", "MN-08"}


def test_a_long_series_of_bounds_is_no_comparison_either() -> None:
    bounded = [number("egfr", day, 60, ">") for day in (-220, -190, -160, -120, -60, -10)]
    assert offered_by(answer_for(resistant_mn(without("egfr"), *bounded))) == ()


def test_bounds_that_decide_only_together_are_undecided() -> None:
    """Either trough alone leaves fewer than half at target; if both are high, half are."""
    low = [trough(day, level) for day, level in ((-20, 5), (-30, 1), (-40, 1), (-50, 1))]
    open_ended = [number("tacrolimus_trough", day, 2, ">") for day in (-60, -70)]
    seen = answer_for(resistant_mn(without("tacrolimus_trough"), *low, *open_ended))
    assert (offered_by(seen), "BOUND_UNDECIDED" in repr(seen)) == ((), True)


def test_a_hold_that_hangs_on_a_bound_is_not_hidden() -> None:
    """IgG below 3 g/L is a hold, whatever it is."""
    assert "LOW_IGG_HOLD" in answer_for(resistant_mn(number("igg", -10, 3, "<"))).notes
    assert "LEUKOPENIA_CYC_HOLD" in answer_for(resistant_mn(number("wbc", -10, 2, "<="))).notes
    assert "LOW_IGG_HOLD" not in answer_for(resistant_mn(number("igg", -10, 7, ">"))).notes


def test_a_limit_that_is_certainly_passed_stays_passed() -> None:
    """More than 5 g of cyclophosphamide may be 31 g or not; with a wish for children 4 g is the limit."""
    seen = answer_for(resistant_mn(number("cyc_cumulative_prior", -900, 5, ">"), word("fertility_wish", -300, "yes")))
    assert "CYC_GC" not in offered_by(seen)


def test_when_a_limit_may_be_passed_and_nothing_else_is_left_an_expert_is_asked() -> None:
    """More than 20 g may be more than 30 g, and rituximab is no choice."""
    seen = answer_for(resistant_mn(number("cyc_cumulative_prior", -900, 20, ">"), allergy("rituximab")))
    assert (seen.rule, seen.action, offered_by(seen)) == ("MN-07", "REFER_EXPERT", ())


def test_in_lupus_nephritis_that_is_the_rescue_menu() -> None:
    """Ruling R-08 holds for bounds too: LN-27 and its menu, and each veto with its note (7.2)."""
    vetoes = (number("sbp", -5, 170), allergy("rituximab"), allergy("obinutuzumab"), lupus_class(-250, "V"))
    seen = answer_for(resistant_ln(*vetoes, number("cyc_cumulative_prior", -900, 20, ">")))
    assert (seen.rule, seen.action, bool(seen.menu)) == ("LN-27", "REFER_EXPERT", True)
    assert {f"VETO_{veto.therapy_class}_{veto.reason}" for veto in seen.vetoed} <= set(seen.notes)


def test_a_decided_bound_stays_when_others_are_undecided() -> None:
    """More than 166 mmHg forbids a calcineurin inhibitor, whatever two troughs may have been."""
    open_ended = [number("tacrolimus_trough", day, 2, ">") for day in (-60, -70)]
    low = [trough(day, level) for day, level in ((-20, 5), (-30, 1), (-40, 1), (-50, 1))]
    changed = (without("tacrolimus_trough"), *low, *open_ended, number("sbp", -5, 166, ">"))
    assert "166" not in " ".join(item.shown for item in answer_for(resistant_mn(*changed)).undecided)


def test_an_undecided_bound_is_named() -> None:
    """Nothing silent: the reader must see that a value was there and could not be used."""
    assert "BOUND_UNDECIDED" in repr(answer_for(resistant_mn(elisa(-10, 14, "<"))))
