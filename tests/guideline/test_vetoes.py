"""What must not be offered: clinical-spec 7.1 and 7.2, each limit below, at and above."""

from __future__ import annotations

import pytest

from cds_service.case.model import Case
from tests.guideline.expectations import answer_for, offered_by
from tests.guideline.patients import (
    allergy,
    drug,
    egfr,
    infusion,
    lupus_class,
    mycophenolate,
    number,
    problem,
    proteinuria,
    rituximab,
    tacrolimus,
    upcr,
    without,
    word,
)
from tests.guideline.standard_patients import (
    after_cyclophosphamide,
    after_rituximab,
    flared_ln,
    on_cyclosporine,
    resistant_ln,
    resistant_mn,
    untreated_ln,
    untreated_mn,
)

PREGNANT = problem("pregnancy", -60)
WISH = word("fertility_wish", -300, "yes")
TUMOUR = problem("malignancy", -20)
INFECTION = problem("serious_infection", -3)


def grams(value: float) -> object:
    return number("cyc_cumulative_prior", -900, value)


def mn_egfr(value: float) -> tuple[object, ...]:
    return (egfr(-220, value), egfr(-120, value), egfr(-10, value))


def ln_egfr(value: float) -> tuple[object, ...]:
    return (egfr(-205, value), egfr(-100, value), egfr(-10, value))


# (sentence, case, the classes that are left in order, what was taken away)
MEMBRANOUS: list[tuple[str, Case, tuple[str, ...], set[tuple[str, str]]]] = [
    # cyclophosphamide
    ("30 g of cyclophosphamide", resistant_mn(grams(30)), ("RTX", "CYC_GC"), set()),
    ("30.1 g of cyclophosphamide", resistant_mn(grams(30.1)), ("RTX",), {("CYC_GC", "CUMULATIVE_DOSE")}),
    ("4 g and a wish for children", resistant_mn(grams(4), WISH), ("RTX", "CYC_GC"), set()),
    ("4.1 g and a wish for children", resistant_mn(grams(4.1), WISH), ("RTX",), {("CYC_GC", "FERTILITY")}),
    ("4.1 g and no wish for children", resistant_mn(grams(4.1)), ("RTX", "CYC_GC"), set()),
    ("computed doses count as well", resistant_mn(grams(28), drug("cyclophosphamide", -1000, -951, 50)),
     ("RTX",), {("CYC_GC", "CUMULATIVE_DOSE")}),
    ("a tumour", resistant_mn(TUMOUR), ("RTX",), {("CYC_GC", "MALIGNANCY")}),
    ("a tumour of the past", resistant_mn(problem("malignancy", -20, "resolved")), ("RTX", "CYC_GC"), set()),
    ("allergy to cyclophosphamide", resistant_mn(allergy("cyclophosphamide")), ("RTX",), {("CYC_GC", "ALLERGY")}),
    ("cyclophosphamide not tolerated", resistant_mn(drug("cyclophosphamide", -1000, -980, 100, "intolerance")),
     ("RTX",), {("CYC_GC", "INTOLERANCE")}),
    ("pregnant", resistant_mn(PREGNANT), (), {("RTX", "PREGNANCY"), ("CYC_GC", "PREGNANCY")}),
    # calcineurin inhibitors
    ("eGFR 40", after_rituximab(mn_egfr(40)), ("CYC_GC", "CNI"), {("RTX_CNI", "EGFR")}),
    ("eGFR 39.9", after_rituximab(mn_egfr(39.9)), ("CYC_GC",), {("RTX_CNI", "EGFR"), ("CNI", "EGFR")}),
    ("eGFR 45", after_rituximab(mn_egfr(45)), ("CYC_GC", "RTX_CNI", "CNI"), set()),
    ("eGFR 44.9", after_rituximab(mn_egfr(44.9)), ("CYC_GC", "CNI"), {("RTX_CNI", "EGFR")}),
    ("165 mmHg systolic", after_rituximab(number("sbp", -90, 165)), ("CYC_GC", "RTX_CNI", "CNI"), set()),
    ("166 mmHg systolic", after_rituximab(number("sbp", -90, 166)), ("CYC_GC",),
     {("RTX_CNI", "BLOOD_PRESSURE"), ("CNI", "BLOOD_PRESSURE")}),
    ("166 mmHg systolic, 91 days old", after_rituximab(number("sbp", -91, 166)), ("CYC_GC", "RTX_CNI", "CNI"), set()),
    ("105 mmHg diastolic", after_rituximab(number("dbp", -90, 105)), ("CYC_GC", "RTX_CNI", "CNI"), set()),
    ("106 mmHg diastolic", after_rituximab(number("dbp", -90, 106)), ("CYC_GC",),
     {("RTX_CNI", "BLOOD_PRESSURE"), ("CNI", "BLOOD_PRESSURE")}),
    ("allergy to tacrolimus", after_rituximab(allergy("tacrolimus")), ("CYC_GC",),
     {("RTX_CNI", "ALLERGY"), ("CNI", "ALLERGY")}),
    ("tacrolimus not tolerated", after_rituximab(tacrolimus(-1100, -1080, reason="intolerance")), ("CYC_GC",),
     {("RTX_CNI", "INTOLERANCE"), ("CNI", "INTOLERANCE")}),
    # rituximab
    ("allergy to rituximab", on_cyclosporine(allergy("rituximab")), ("CYC_GC",),
     {("RTX", "ALLERGY"), ("RTX_CNI", "ALLERGY")}),
    ("intolerance of rituximab on the allergy list", resistant_mn(allergy("rituximab", "intolerance")), ("CYC_GC",),
     {("RTX", "INTOLERANCE")}),
    ("rituximab not tolerated: obinutuzumab is another drug",
     after_rituximab(without("rituximab"), infusion("rituximab", -210, reason="intolerance")),
     ("ANTI_CD20_2G", "CYC_GC", "CNI"), set()),
    ("allergy to obinutuzumab", after_rituximab(without("rituximab"), allergy("obinutuzumab"),
     infusion("rituximab", -210, reason="intolerance")), ("CYC_GC", "CNI"), {("ANTI_CD20_2G", "ALLERGY")}),
    ("rituximab and cyclophosphamide not tolerated: an expert, under the same rule",
     resistant_mn(allergy("rituximab"), allergy("cyclophosphamide")), (), {("RTX", "ALLERGY"), ("CYC_GC", "ALLERGY")}),
    ("everything not tolerated", after_cyclophosphamide(allergy("rituximab"), allergy("cyclosporine")), (),
     {("RTX", "ALLERGY"), ("RTX_CNI", "ALLERGY"), ("CNI", "ALLERGY")}),
    ("an allergy to another drug", resistant_mn(allergy("acei"), allergy("penicillin")), ("RTX", "CYC_GC"), set()),
    ("untreated, pregnant: the CNI is left", untreated_mn(PREGNANT), ("CNI",), {("RTX", "PREGNANCY")}),
    ("untreated and at high risk, pregnant", untreated_mn(PREGNANT, number("albumin", -10, 20)), ("CNI",),
     {("RTX", "PREGNANCY"), ("CYC_GC", "PREGNANCY")}),
]  # fmt: skip

ALL = ("BEL_COMBO", "ANTI_CD20_COMBO", "CNI_COMBO", "CYC_GC")
V = lupus_class(-250, "V")
LUPUS: list[tuple[str, Case, tuple[str, ...], set[tuple[str, str]]]] = [
    ("33 g of cyclophosphamide", resistant_ln(grams(33)), ALL, set()),
    ("33.1 g of cyclophosphamide", resistant_ln(grams(33.1)), ALL[:3], {("CYC_GC", "CUMULATIVE_DOSE")}),
    ("7 g and a wish for children", resistant_ln(grams(7), WISH), ALL, set()),
    ("7.1 g and a wish for children", resistant_ln(grams(7.1), WISH), ALL[:3], {("CYC_GC", "FERTILITY")}),
    ("allergy to cyclophosphamide", resistant_ln(allergy("cyclophosphamide")), ALL[:3], {("CYC_GC", "ALLERGY")}),
    ("eGFR 45.1", resistant_ln(ln_egfr(45.1)), ALL, set()),
    ("eGFR 45", resistant_ln(ln_egfr(45)), ("BEL_COMBO", "ANTI_CD20_COMBO", "CYC_GC"), {("CNI_COMBO", "EGFR")}),
    ("166 mmHg systolic", resistant_ln(number("sbp", -5, 166)), ("BEL_COMBO", "ANTI_CD20_COMBO", "CYC_GC"),
     {("CNI_COMBO", "BLOOD_PRESSURE")}),
    ("106 mmHg diastolic", resistant_ln(number("dbp", -5, 106)), ("BEL_COMBO", "ANTI_CD20_COMBO", "CYC_GC"),
     {("CNI_COMBO", "BLOOD_PRESSURE")}),
    ("allergy to belimumab", resistant_ln(allergy("belimumab")), ALL[1:], {("BEL_COMBO", "ALLERGY")}),
    ("allergy to rituximab: obinutuzumab stands in", resistant_ln(allergy("rituximab")), ALL, set()),
    ("allergy to obinutuzumab: rituximab stands in", resistant_ln(allergy("obinutuzumab")), ALL, set()),
    ("allergy to rituximab and obinutuzumab", resistant_ln(allergy("rituximab"), allergy("obinutuzumab")),
     ("BEL_COMBO", "CNI_COMBO", "CYC_GC"), {("ANTI_CD20_COMBO", "ALLERGY")}),
    ("class V, allergy to mycophenolate", untreated_ln(V, allergy("mycophenolate_mofetil")), ("CNI_COMBO", "CYC_GC"),
     {("MPAA_GC", "ALLERGY")}),
    ("class V, mycophenolic acid not tolerated", untreated_ln(V, allergy("mycophenolic_acid", "intolerance")),
     ("CNI_COMBO", "CYC_GC"), {("MPAA_GC", "INTOLERANCE")}),
    ("allergy to mycophenolate leaves the combinations", resistant_ln(allergy("mycophenolate_mofetil")), ALL, set()),
    ("pregnant, allergy to azathioprine", resistant_ln(PREGNANT, allergy("azathioprine")), (),
     {("AZA_CNI", "ALLERGY")}),
    ("pregnant, eGFR 45", resistant_ln(PREGNANT, ln_egfr(45)), (), {("AZA_CNI", "EGFR")}),
    ("a dropped CNI is not suggested again (R-24)",
     flared_ln(without("mycophenolate_mofetil"), mycophenolate(-900), tacrolimus(-900, -700, reason="intolerance")),
     ("BEL_COMBO", "ANTI_CD20_COMBO", "CYC_GC"), {("CNI_COMBO", "INTOLERANCE")}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "left", "vetoed"),
    [row[1:] for row in (*MEMBRANOUS, *LUPUS)],
    ids=[f"MN: {row[0]}" for row in MEMBRANOUS] + [f"LN: {row[0]}" for row in LUPUS],
)
def test_a_vetoed_class_is_not_offered_and_says_why(
    case: Case, left: tuple[str, ...], vetoed: set[tuple[str, str]]
) -> None:
    seen = answer_for(case)
    assert offered_by(seen) == left
    assert {(veto.therapy_class, veto.reason) for veto in seen.vetoed} == vetoed
    assert {f"VETO_{name}_{reason}" for name, reason in vetoed} <= set(seen.notes)
    assert seen.action == ("START_CLASS" if left else "REFER_EXPERT")


def test_without_a_class_left_a_membranous_rule_refers_under_its_own_name() -> None:
    seen = answer_for(resistant_mn(allergy("rituximab"), allergy("cyclophosphamide")))
    assert (seen.rule, seen.state, seen.action) == ("MN-07", "MN_RESISTANT", "REFER_EXPERT")


def test_two_reasons_against_one_class_are_both_said() -> None:
    seen = answer_for(resistant_mn(grams(31), TUMOUR, WISH))
    assert [v.reason for v in seen.vetoed if v.therapy_class == "CYC_GC"] == [
        "MALIGNANCY",
        "CUMULATIVE_DOSE",
        "FERTILITY",
    ]


class TestDeferral:
    """7.1: nothing is started during a serious infection, nor in lupus nephritis with a tumour."""

    @pytest.mark.parametrize("case", [resistant_mn(INFECTION), untreated_mn(INFECTION), resistant_ln(INFECTION)])
    def test_a_serious_infection_defers_any_start(self, case: Case) -> None:
        seen = answer_for(case)
        assert (seen.action, seen.rule, offered_by(seen), seen.severity) == ("DEFER", "SAFE-01", (), "critical")
        assert "INFECTION_ACTIVE" in seen.notes

    def test_the_state_is_kept(self) -> None:
        assert answer_for(resistant_mn(INFECTION)).state == "MN_RESISTANT"
        assert answer_for(resistant_ln(INFECTION)).state == "LN_NO_RESPONSE"

    def test_a_resolved_infection_defers_nothing(self) -> None:
        assert answer_for(resistant_mn(problem("serious_infection", -300, "resolved"))).action == "START_CLASS"

    def test_an_infection_does_not_change_what_starts_nothing(self) -> None:
        quiet = answer_for(resistant_mn(INFECTION, proteinuria(-10, 3)))
        assert (quiet.rule, "INFECTION_ACTIVE" in quiet.notes) == ("MN-11", False)

    def test_a_tumour_defers_in_lupus_nephritis_only(self) -> None:
        seen = answer_for(resistant_ln(TUMOUR))
        assert (seen.action, seen.rule, offered_by(seen), seen.severity) == ("DEFER", "SAFE-02", (), "critical")
        assert "MALIGNANCY_ACTIVE" in seen.notes
        assert answer_for(resistant_mn(TUMOUR)).action == "START_CLASS"

    def test_infection_comes_before_tumour(self) -> None:
        assert answer_for(resistant_ln(TUMOUR, INFECTION)).rule == "SAFE-01"

    def test_a_tumour_does_not_change_what_starts_nothing(self) -> None:
        assert answer_for(resistant_ln(TUMOUR, upcr(-10, 0.4))).rule == "LN-50"

    def test_a_referral_because_nothing_is_left_is_not_deferred(self) -> None:
        seen = answer_for(resistant_mn(INFECTION, allergy("rituximab"), allergy("cyclophosphamide")))
        assert (seen.rule, seen.action) == ("MN-07", "REFER_EXPERT")


def test_the_reason_does_not_depend_on_the_order_of_the_list() -> None:
    both = (allergy("cyclophosphamide", "allergy"), allergy("cyclophosphamide", "intolerance"))
    assert answer_for(resistant_mn(*both)).vetoed == answer_for(resistant_mn(*reversed(both))).vetoed


def test_no_class_is_both_offered_and_vetoed() -> None:
    seen = answer_for(after_rituximab(mn_egfr(42), rituximab(-1100, reason="ineffective")))
    assert not set(offered_by(seen)) & {veto.therapy_class for veto in seen.vetoed}
