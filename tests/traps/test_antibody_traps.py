"""Traps 18 to 21: B cells and the antibody against the receptor (clinical-spec sections 1, 4 and 5.3)."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_samples import Resource, verified

from tests.traps.answers import answer, laid, untouched
from tests.traps.charts import (
    CD19,
    ELISA,
    PRIMARY_MEMBRANOUS,
    Chart,
    after_rituximab,
    answered,
    diagnosed,
    lab,
    on_tacrolimus,
    problem,
    untreated,
    without,
)


@pytest.mark.parametrize("code", ["94689-7", "8119-0", "8117-4"])
@pytest.mark.parametrize("value", [0, 1, 60])
def test_trap_18_percentage_of_b_cells_is_no_count(code: str, value: float) -> None:
    """Section 2.1: cells/uL only. 94689-7 is a share of the CD19+ cells, not of the lymphocytes."""
    asked = untouched(without(after_rituximab(), "b-cells"), lab(code, -150, value, "%"))
    assert (asked.rule, asked.of("missing")) == ("MN-D6", ["B_CELL_COUNT"])
    untouched(after_rituximab(), lab(code, -140, value, "%"))


def test_trap_18_a_percentage_under_the_code_of_a_count_is_refused_and_said() -> None:
    said = answer(laid(without(after_rituximab(), "b-cells"), lab(CD19, -150, 1, "%")))
    assert (said.rule, said.said_of("trap")) == ("MN-D6", ["UNIT_REJECTED"])


@pytest.mark.parametrize(("value", "rule"), [(1, "MN-30"), (60, "MN-A4")])
def test_trap_18_a_count_is(value: float, rule: str) -> None:
    assert answer(laid(without(after_rituximab(), "b-cells"), lab(CD19, -150, value, "/uL"))).rule == rule


OTHER_PHOSPHOLIPASES: dict[str, Resource] = {
    "Lp-PLA2": lab("86951-1", -5, 165, "ng/mL"),
    "Lp-PLA2 activity": lab("86951-1", -5, 165, "nmol/min/mL"),
    "Lp-PLA2 in the unit of the antibody": lab("86951-1", -5, 1, "RU/mL"),
    "bee venom IgE": lab("58983-8", -5, 0.1, "kU/L"),
    "bee venom IgE in the unit of the antibody": lab("58983-8", -5, 165, "RU/mL"),
    "bee venom IgE, in a word": answered("58983-8", -5, "negative"),
    "by name only": lab({"text": "Lipoprotein-associated phospholipase A2"}, -5, 165, "ng/mL"),
}


@pytest.mark.parametrize("trap", OTHER_PHOSPHOLIPASES.values(), ids=OTHER_PHOSPHOLIPASES.keys())
def test_trap_19_other_phospholipase_a2_is_not_the_receptor_antibody(trap: Resource) -> None:
    asked = untouched(without(on_tacrolimus(), "antibody"), trap)
    assert (asked.rule, asked.of("missing")) == ("MN-D2", ["ANTI_PLA2R"])
    untouched(on_tacrolimus(), trap)


def with_antibody(*, before: bool = True, **result: Any) -> Chart:
    """Resistant to tacrolimus, with this ELISA now."""
    chart = without(on_tacrolimus(), "antibody-now" if before else "antibody")
    return laid(chart, lab(ELISA, -10, **result))


def test_trap_19_the_receptor_antibody_is() -> None:
    assert answer(with_antibody(before=False, value=165, unit="RU/mL")).rule == "MN-07"


@pytest.mark.parametrize(
    ("value", "rule"), [(14, "MN-07"), (16.5, "MN-07"), (19, "MN-07"), (20, "MN-07"), (13.9, "MN-D4"), (2, "MN-D4")]
)
def test_trap_20_borderline_antibody_is_positive_from_14(value: float, rule: str) -> None:
    """Section 4: POS from 14 RU/mL, LOW from 2 to below 14 without immunofluorescence (MN-D4)."""
    said = answer(with_antibody(value=value, unit="RU/mL"))
    assert (said.rule, said.rests_on("trap")) == (rule, True)


@pytest.mark.parametrize(("value", "rule"), [(14, "MN-D0"), (19.9, "MN-D0"), (20, "MN-04")])
def test_trap_20_borderline_antibody_does_not_prove_a_suspected_disease(value: float, rule: str) -> None:
    """Section 1 and step 1: a provisional diagnosis needs an ELISA of 20 RU/mL ever."""
    suspected = problem(PRIMARY_MEMBRANOUS, verificationStatus=verified("provisional"))
    chart = diagnosed(without(untreated(), "antibody"), suspected)
    assert answer(laid(chart, lab(ELISA, -10, value, "RU/mL"))).rule == rule


BELOW_TWO: dict[str, dict[str, Any]] = {
    "a comparator": {"valueQuantity": {"value": 2, "unit": "RU/mL", "comparator": "<"}},
    "a text": {"valueString": "<2 RU/mL"},
    "a lower bound": {"valueQuantity": {"value": 1.5, "unit": "RU/mL", "comparator": "<"}},
}


@pytest.mark.parametrize("result", BELOW_TWO.values(), ids=BELOW_TWO.keys())
def test_trap_21_below_two_is_negative_and_stays_a_bound(result: dict[str, Any]) -> None:
    """Terminology 3.2: the bound decides it, NEG is below 2 (section 4). CLIN-10: shown with its sign."""
    said = answer(with_antibody(**result))
    assert (said.rule, said.state_and_action) == ("MN-17", ("MN_IMMUNOLOGIC_REMISSION", "WAIT_MONITOR"))
    [found] = [q for q in said.evaluation.case.series("anti_pla2r_elisa") if q.source.endswith("/trap")]
    assert found.bound == "<"
    assert said.value_of("anti_pla2r_elisa").replace(" ", "") == f"<{found.value:g}"


@pytest.mark.parametrize(("comparator", "value"), [("<=", 2), ("<", 14), ("<", 20), (">", 2)])
def test_trap_21_a_bound_that_decides_nothing_is_asked_for_and_said(comparator: str, value: float) -> None:
    said = answer(with_antibody(valueQuantity={"value": value, "unit": "RU/mL", "comparator": comparator}))
    assert said.state_and_action[1] == "DATA_REQUEST"
    assert said.said_of("trap")


def test_trap_21_a_bound_without_a_unit_is_refused_and_said() -> None:
    said = answer(with_antibody(valueString="<2"))
    assert said.said_of("trap") == ["UNIT_REJECTED"]
    assert (said.rule, said.of("missing")) == ("MN-D2", ["ANTI_PLA2R"])


@pytest.mark.parametrize(("comparator", "value"), [(">", 1500), (">=", 14)])
def test_trap_21_a_bound_from_below_is_positive(comparator: str, value: float) -> None:
    bound = {"value": value, "unit": "RU/mL", "comparator": comparator}
    assert answer(with_antibody(valueQuantity=bound)).rule == "MN-07"
