"""Traps 36 to 40, 42, 44 and 45: what was given, how often and how much (clinical-spec 3.2 to 3.4, 7.2)."""

from __future__ import annotations

import pytest
from fhir_samples import ICD10CM, RXNORM, Resource, made

from tests.traps.answers import answer, differences, laid, untouched
from tests.traps.charts import (
    ATC,
    CYCLOPHOSPHAMIDE,
    MOFETIL,
    RITUXIMAB,
    TACROLIMUS,
    Chart,
    after_rituximab,
    allergy,
    day,
    drug,
    infused,
    lupus_nephritis,
    on_tacrolimus,
    ordered,
    problem,
    taken,
    untreated,
    without,
)

ORDERS = ("draft", "cancelled", "entered-in-error", "unknown")
INFUSIONS = ("not-done", "entered-in-error", "unknown", "on-hold")
STATEMENTS = ("intended", "entered-in-error", "unknown")
NOT_GIVEN: dict[str, Resource] = {
    **{f"an order that is {word}": ordered(RITUXIMAB, -215, 1000, status=word) for word in ORDERS},
    **{f"an order as a {word}": ordered(RITUXIMAB, -215, 1000, intent=word) for word in ("proposal", "plan")},
    **{f"an infusion that is {word}": infused(RITUXIMAB, -215, status=word) for word in INFUSIONS},
    **{f"a statement that is {word}": taken(RITUXIMAB, -215, -185, status=word) for word in STATEMENTS},
    "an order stopped before anything was given": ordered(RITUXIMAB, -215, 1000, status="stopped"),
}


@pytest.mark.parametrize("trap", NOT_GIVEN.values(), ids=NOT_GIVEN.keys())
def test_trap_36_infusion_that_was_not_given_is_no_exposure(trap: Resource) -> None:
    """Section 3.2, statuses dropped; attack case CLIN-15."""
    said = untouched(untreated(), trap)
    assert (said.rule, said.lines) == ("MN-04", [])
    untouched(on_tacrolimus(), trap)
    assert "RTX" in answer(laid(on_tacrolimus(), trap)).offered


def test_trap_36_infusion_not_done_outweighs_its_own_order() -> None:
    """Terminology 3.1: not-done is no exposure, and an order is none; R-09: administration before request."""
    order = ordered(RITUXIMAB, -216, 1000)
    missed = infused(RITUXIMAB, -215, status="not-done", request={"reference": "MedicationRequest/order"})
    said = answer(laid(laid(untreated(), order, "order"), missed, "missed"))
    assert (said.rule, said.lines) == ("MN-04", [])


def test_trap_36_of_two_ordered_infusions_only_the_one_given_counts() -> None:
    """R-09 and 3.4: 1 g given of 2 g ordered is half a course (MN-A3)."""
    chart = without(after_rituximab(), "infusion-2")
    chart = laid(chart, ordered(RITUXIMAB, -201, 1000), "order")
    missed = infused(RITUXIMAB, -201, status="not-done", request={"reference": "MedicationRequest/order"})
    assert answer(laid(chart, missed, "missed")).rule == "MN-A3"


def test_trap_36_an_order_alone_counts_and_the_card_says_how_little_is_known() -> None:
    """R-27: an order without any administration is taken as adequate, and the card says so."""
    said = answer(laid(untreated(), ordered(RITUXIMAB, -215)))
    assert [line["classes"] for line in said.lines] == [["RTX"]]
    assert "exposure was taken as adequate" in said.card["detail"]


def test_trap_36_an_infusion_given_is_exposure() -> None:
    for status in ("completed", "in-progress"):
        said = answer(laid(untreated(), infused(RITUXIMAB, -215, status=status)))
        assert [line["classes"] for line in said.lines] == [["RTX"]]


@pytest.mark.parametrize("code", [RITUXIMAB, TACROLIMUS])
def test_trap_37_order_not_to_perform_is_no_exposure(code: str) -> None:
    """Terminology 3.1: `doNotPerform` is no exposure."""
    said = untouched(untreated(), ordered(code, -215, doNotPerform=True))
    assert (said.rule, said.lines) == ("MN-04", [])
    untouched(on_tacrolimus(), ordered(code, -100, doNotPerform=True))


@pytest.mark.parametrize(("code", "line"), [(RITUXIMAB, "RTX"), (TACROLIMUS, "CNI")])
def test_trap_37_an_order_to_perform_is(code: str, line: str) -> None:
    said = answer(laid(untreated(), ordered(code, -215, doNotPerform=False)))
    assert [found["classes"] for found in said.lines] == [[line]]


def one_infusion() -> Chart:
    """A single gram: half a course (MN-A3). Counted twice it would be a whole one, and have failed."""
    return without(after_rituximab(), "infusion-2")


GRAM = {"value": 1000, "unit": "mg"}
DISPENSED = made("MedicationDispense", status="completed", **drug(RITUXIMAB), whenHandedOver=day(-216), quantity=GRAM)
SAME_INFUSION: dict[str, Resource] = {
    "its order of the day": ordered(RITUXIMAB, -215, 1000),
    "its order of five days before": ordered(RITUXIMAB, -220, 1000),
    "its order, completed": ordered(RITUXIMAB, -215, 1000, status="completed"),
    "its dispense": DISPENSED,
    "a statement of it": taken(RITUXIMAB, -215, -215),
    "the same administration again": infused(RITUXIMAB, -215),
}


@pytest.mark.parametrize("trap", SAME_INFUSION.values(), ids=SAME_INFUSION.keys())
def test_trap_38_order_dispense_and_administration_of_one_infusion_are_one_dose(trap: Resource) -> None:
    """R-09: administration before statement before request; doses are never counted twice."""
    before, after = answer(one_infusion()), answer(laid(one_infusion(), trap))
    assert (before.rule, after.rule) == ("MN-A3", "MN-A3")
    assert [line["outcome"] for line in after.lines] == [line["outcome"] for line in before.lines]
    assert differences(before, after).keys() <= {"lines"}


def test_trap_38_two_infusions_are_two() -> None:
    assert answer(after_rituximab()).rule == "MN-30"


BIOSIMILARS = ["2105824", "2105827", "2105831", "2273510", "2273513", "2472325", "2472328"]


@pytest.mark.parametrize("code", BIOSIMILARS)
def test_trap_39_biosimilar_is_the_same_drug(code: str) -> None:
    """Section 3.1: RTX is rituximab including biosimilars. One course, one line, two grams."""
    switched = laid(without(after_rituximab(), "infusion-2"), infused(code, -201), "infusion-2")
    assert differences(answer(after_rituximab()), answer(switched)) == {}


@pytest.mark.parametrize("text", ["Truxima 500 mg/50 mL IV", "riTUXimab-pvvr 10 MG/ML Injection"])
def test_trap_39_a_biosimilar_known_by_name_opens_no_second_line(text: str) -> None:
    switched = laid(without(after_rituximab(), "infusion-2"), infused({"text": text}, -201), "infusion-2")
    assert [line["classes"] for line in answer(switched).lines] == [["RTX"]]


def test_trap_39_a_second_course_with_a_biosimilar_stays_in_the_line() -> None:
    """TL-1: pulses merge over gaps up to 270 days."""
    same, switched = (
        answer(laid(laid(after_rituximab(), infused(code, -60), "infusion-3"), infused(code, -46), "infusion-4"))
        for code in (RITUXIMAB, "2105824")
    )
    assert (differences(same, switched), len(switched.lines)) == ({}, 1)


ACID = ["7145", "408142", "579570", "485023", "616449"]


@pytest.mark.parametrize(
    ("code", "mg", "rule"),
    [
        *[(code, 1440, "LN-20c") for code in ACID],
        *[(code, 1080, "LN-15") for code in ACID],
        (MOFETIL, 2000, "LN-20c"),
        (MOFETIL, 1440, "LN-15"),
        ("200060", 1440, "LN-15"),
        ("152633", 2000, "LN-20c"),
        ("265323", 1000, "LN-15"),
    ],
)
def test_trap_40_mycophenolate_sodium_and_mofetil_are_dosed_differently(code: str, mg: float, rule: str) -> None:
    """Section 3.1: 1.44 g of the acid are 2 g of mofetil. Step 15: below 2 g a day is under-dosed (LN-15)."""
    said = answer(lupus_nephritis(taken(code, -215, mg=mg)))
    assert said.rule == rule


SUBCUTANEOUS = ["1927884", "1927885", "1927886", "1927890"]


def injections(code: str, *days: int) -> Chart:
    chart = without(after_rituximab(), "infusion")
    for number, when in enumerate(days):
        chart = laid(chart, infused(code, when, 1400), f"injection-{number}")
    return chart


@pytest.mark.parametrize("code", SUBCUTANEOUS)
def test_trap_42_two_subcutaneous_doses_are_a_course(code: str) -> None:
    """Fixed milligrams under the skin, not milligrams per square metre."""
    said = answer(injections(code, -215, -201))
    assert (said.rule, [line["classes"] for line in said.lines]) == ("MN-30", [["RTX"]])
    doses = [e.dose for e in said.evaluation.case.exposures if e.agent == "rituximab"]
    assert [dose.per for dose in doses if dose is not None] == ["administration", "administration"]


@pytest.mark.parametrize("code", SUBCUTANEOUS)
def test_trap_42_one_subcutaneous_dose_is_half_a_course(code: str) -> None:
    """Section 3.4: 1.4 g *equivalent*, 375 mg/m2 counted 0.7 g, that is two infusions.

    1400 mg under the skin stand for one infusion of 375 mg/m2.
    """
    assert answer(injections(code, -215)).rule == "MN-A3"


@pytest.mark.parametrize(("code", "system"), [(RITUXIMAB, RXNORM), ("226754", RXNORM), ("L01FA01", ATC)])
def test_trap_44_allergy_to_rituximab_is_a_veto_and_no_treatment(code: str, system: str) -> None:
    """Section 7.2: vetoed. Not in F: the rule stays MN-07, and is not MN-36 of {RTX, CNI}."""
    before, after = answer(on_tacrolimus()), answer(laid(on_tacrolimus(), allergy(code, system)))
    assert (after.rule, after.lines, after.offered) == ("MN-07", before.lines, ["CYC_GC"])
    assert [veto["class"] for veto in after.of("vetoed")] == ["RTX"]
    assert answer(laid(untreated(), allergy(code, system))).lines == []


SULFONAMIDE: dict[str, Resource] = {
    "an allergy on the problem list": problem("Z88.2", ICD10CM),
    "an allergy": allergy("10831"),
    "an allergy by its ICD code": allergy("Z88.2", ICD10CM),
    "its use": taken("10831", -200),
    "its use, past": taken("198334", -200, -100),
    "its order": ordered("J01EE01", -200, system=ATC),
}


@pytest.mark.parametrize("trap", SULFONAMIDE.values(), ids=SULFONAMIDE.keys())
def test_trap_45_allergy_to_or_use_of_cotrimoxazole_vetoes_and_treats_nothing(trap: Resource) -> None:
    """Section 3.1 and 7.2: neither a line nor a veto; an allergy is no use and a use is no allergy."""
    for chart in (untreated(), on_tacrolimus(), lupus_nephritis()):
        untouched(chart, trap)


def test_trap_45_an_allergy_to_cyclophosphamide_does() -> None:
    said = answer(laid(on_tacrolimus(), allergy(CYCLOPHOSPHAMIDE)))
    assert (said.offered, [veto["class"] for veto in said.of("vetoed")]) == (["RTX"], ["CYC_GC"])
