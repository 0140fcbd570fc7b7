"""Traps 6 to 10, 12, 16 and 25: what is not albumin, creatinine, eGFR or complement (clinical-spec 2.1 and 2.2)."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_samples import LOINC, Resource, coded

from tests.traps.answers import Answer, answer, differences, laid, untouched
from tests.traps.charts import (
    ALBUMIN,
    CREATININE,
    EGFR,
    MOLAR_CREATININE,
    Chart,
    after_rituximab,
    lab,
    on_tacrolimus,
    story,
    without,
)

TOTAL_PROTEIN, PREALBUMIN = "2885-2", "14338-8"
URINE_CREATININE, POST_DIALYSIS, MOLAR_POST_DIALYSIS = "2161-8", "11041-1", "51620-3"
CLEARANCE, PANEL = "2164-2", "45066-8"
BLACK, NOT_BLACK = "48643-1", "48642-3"


def no_albumin(trap: Resource) -> Answer:
    """Asked for when it is missing (MN-D3), and the one that is known stays."""
    untouched(on_tacrolimus(), trap)
    asked = untouched(without(on_tacrolimus(), "albumin-now"), trap)
    assert (asked.rule, asked.of("missing")) == ("MN-D3", ["ALBUMIN"])
    return asked


@pytest.mark.parametrize(
    ("code", "value", "unit"),
    [(TOTAL_PROTEIN, 5.2, "g/dL"), (TOTAL_PROTEIN, 52, "g/L"), (PREALBUMIN, 24, "mg/dL"), (PREALBUMIN, 24, "g/L")],
)
def test_trap_06_total_protein_or_prealbumin_is_not_albumin(code: str, value: float, unit: str) -> None:
    """Section 2.1: never use prealbumin. A total protein of 52 g/L read as albumin would mean scarring (MN-16)."""
    no_albumin(lab(code, -5, value, unit))


@pytest.mark.parametrize(("value", "rule"), [(24, "MN-07"), (52, "MN-16")])
def test_trap_06_albumin_is(value: float, rule: str) -> None:
    said = answer(laid(without(on_tacrolimus(), "albumin-now"), lab(ALBUMIN, -5, value, "g/L")))
    assert (said.rule, said.value_of("albumin")) == (rule, value)


def known_by_creatinine() -> Chart:
    """On tacrolimus, and a creatinine of 88 umol/L before it: a rise of more than 20 % is toxicity (step 5)."""
    return laid(on_tacrolimus(), lab(MOLAR_CREATININE, -220, 88, "umol/L"), "creatinine-before")


def no_creatinine(trap: Resource) -> None:
    """Neither toxicity, nor an eGFR that was asked for."""
    untouched(known_by_creatinine(), trap)
    asked = untouched(without(known_by_creatinine(), "egfr-now"), trap)
    assert (asked.rule, asked.of("missing")) == ("MN-D1", ["EGFR"])


@pytest.mark.parametrize(("value", "unit"), [(20, "mg/dL"), (2.4, "mg/dL"), (1.0, "mg/dL"), (9000, "umol/L")])
def test_trap_07_urine_creatinine_is_not_serum_creatinine(value: float, unit: str) -> None:
    """A dilute urine of 20 mg/dL is within the plausible range of serum (20 to 2000 umol/L)."""
    no_creatinine(lab(URINE_CREATININE, -5, value, unit))


@pytest.mark.parametrize(
    ("code", "value", "unit"),
    [(POST_DIALYSIS, 2.4, "mg/dL"), (POST_DIALYSIS, 1.0, "mg/dL"), (MOLAR_POST_DIALYSIS, 212, "umol/L")],
)
def test_trap_08_creatinine_after_dialysis_is_not_a_kidney_function(code: str, value: float, unit: str) -> None:
    no_creatinine(lab(code, -5, value, unit))


@pytest.mark.parametrize(
    ("code", "value", "unit", "rule"),
    [
        (CREATININE, 2.4, "mg/dL", "MN-15b"),
        (MOLAR_CREATININE, 212, "umol/L", "MN-15b"),
        (CREATININE, 1.0, "mg/dL", "MN-07"),
    ],
)
def test_traps_07_and_08_serum_creatinine_is(code: str, value: float, unit: str, rule: str) -> None:
    """Step 5: 212 of 88 umol/L under a CNI is toxicity; 1.0 mg/dL is the baseline, and an eGFR."""
    assert answer(laid(known_by_creatinine(), lab(code, -5, value, unit))).rule == rule
    assert answer(laid(without(known_by_creatinine(), "egfr-now"), lab(code, -5, value, unit))).rule == rule


CLEARANCES: dict[str, Resource] = {
    "a clearance in mL/min": lab(CLEARANCE, -5, 38, "mL/min"),
    "a clearance in the unit of an eGFR": lab(CLEARANCE, -5, 38, "mL/min/1.73m2"),
    "a panel with a number": lab(PANEL, -5, 38, "mL/min/1.73m2"),
    "a panel without one": lab(PANEL, -5, hasMember=[{"reference": "Observation/elsewhere"}]),
}


@pytest.mark.parametrize("trap", CLEARANCES.values(), ids=CLEARANCES.keys())
def test_trap_09_creatinine_clearance_or_panel_is_not_egfr(trap: Resource) -> None:
    for chart in (on_tacrolimus(), after_rituximab()):
        untouched(chart, trap)
        asked = untouched(without(chart, "egfr-now"), trap)
        assert (asked.rule, asked.of("missing")) == ("MN-D1", ["EGFR"])


@pytest.mark.parametrize("unit", ["mL/min/{1.73_m2}", "mL/min/1.73m2", "mL/min"])
def test_trap_09_an_egfr_is(unit: str) -> None:
    """R-15: the table of units takes `mL/min` with the code of an indexed eGFR."""
    for code in (EGFR, "33914-3"):
        said = answer(laid(without(after_rituximab(), "egfr-now"), lab(code, -5, 78, unit)))
        assert (said.rule, said.value_of("egfr")) == ("MN-30", 78)


def pair(low: float, high: float, days: int, name: str) -> Chart:
    """The two values that one creatinine gave by the old formula."""
    values = {
        f"{name}-a": lab(NOT_BLACK, days, low, "mL/min/1.73m2"),
        f"{name}-b": lab(BLACK, days, high, "mL/min/1.73m2"),
    }
    return {key: {**value, "id": key} for key, value in values.items()}


def test_trap_10_two_egfr_values_of_one_sample_are_one_value() -> None:
    """R-04: one value a day, the other superseded; with 64 the eGFR has fallen, so neither decides (decision 10)."""
    said = answer(without(after_rituximab(), "egfr-now") | pair(64, 78, -10, "egfr-now"))
    assert [value.value for value in said.evaluation.case.series("egfr")] == [82, 80, 78]
    assert said.evaluation.bins.superseded == ("Observation/egfr-now-a",)
    assert (said.rule, said.of("missing"), said.offered) == ("MN-D1", ["EGFR"], [])
    assert "two values on one day, 78 mL/min/1.73 m² and 64 mL/min/1.73 m²" in said.card["detail"]


def test_trap_10_two_low_values_of_one_sample_do_not_confirm_each_other() -> None:
    """Section 4, eGFR trend: the previous value lies 14 to 180 days before, so a pair is UNCONFIRMED (MN-D7)."""
    said = answer(without(after_rituximab(), "egfr-now") | pair(52, 63, -10, "egfr-now"))
    assert (said.rule, said.of("missing")) == ("MN-D7", ["REPEAT_CREATININE"])


def test_trap_10_two_low_samples_do() -> None:
    low = pair(54, 65, -60, "egfr-then") | pair(52, 63, -10, "egfr-now")
    said = answer(without(after_rituximab(), "egfr-then", "egfr-now") | low)
    assert (said.rule, said.offered) == ("MN-31", ["CYC_GC"])


@pytest.mark.parametrize(("value", "unit"), [(28, "g/L"), (2.8, "g/dL"), (2.8, "gm/dL"), (2800, "mg/dL")])
def test_trap_12_albumin_is_read_in_its_own_unit(value: float, unit: str) -> None:
    said = answer(laid(without(on_tacrolimus(), "albumin-now"), lab(ALBUMIN, -5, value, unit)))
    assert (said.rule, said.value_of("albumin")) == ("MN-07", pytest.approx(28))


@pytest.mark.parametrize(
    ("value", "unit", "why"),
    [(28, "g/dL", "PLAUSIBILITY_REJECTED"), (2.8, "g/L", "PLAUSIBILITY_REJECTED"), (28, None, "UNIT_REJECTED")],
)
def test_trap_12_albumin_in_the_wrong_or_no_unit_is_refused_and_said(value: float, unit: str | None, why: str) -> None:
    """Section 2.1, 5 to 60 g/L; attack case CLIN-07."""
    said = answer(laid(without(on_tacrolimus(), "albumin-now"), lab(ALBUMIN, -5, value, unit)))
    assert (said.rule, said.of("missing"), said.said_of("trap")) == ("MN-D3", ["ALBUMIN"], [why])
    assert why in said.of("notes")


def flare(**c3: Any) -> Chart:
    """One ratio above the threshold after remission; its low C3 confirms it (section 6.1), and is changed here."""
    chart = story("flare-confirmed-by-complement")
    [name] = [name for name, resource in chart.items() if "4485-9" in str(resource.get("code"))]
    rest = {key: resource for key, resource in chart.items() if key != name}
    return laid(rest, {**chart[name], **c3}, "c3") if c3 else rest


@pytest.mark.parametrize("code", ["13086-4", "23844-4", "38387-7"])
@pytest.mark.parametrize("value", [{}, {"valueQuantity": {"value": 60, "unit": "mg/dL"}}], ids=["g/L", "mg/dL"])
def test_trap_16_c3_nephritic_factor_is_not_c3(code: str, value: Resource) -> None:
    said, bare = answer(flare(code=coded(LOINC, code), **value)), answer(flare())
    assert (said.rule, said.of("missing")) == ("LN-D5", ["REPEAT_UPCR"])
    assert (differences(bare, said), said.rests_on("c3")) == ({}, False)


def test_trap_16_complement_c3_is() -> None:
    said = answer(flare(code=coded(LOINC, "4485-9")))
    assert (said.rule, said.rests_on("c3")) == ("LN-41", True)


@pytest.mark.parametrize("code", ["4548-4", "17856-6", "59261-8"])
@pytest.mark.parametrize(("value", "unit"), [(48, "mmol/mol"), (6.5, "%")])
def test_trap_25_glycated_haemoglobin_is_none_of_our_measures(code: str, value: float, unit: str) -> None:
    """Section 2.1 has no such quantity: in whatever unit it comes, nothing is made of it."""
    for chart in (
        on_tacrolimus(),
        without(on_tacrolimus(), "proteinuria-now"),
        without(on_tacrolimus(), "albumin-now"),
    ):
        untouched(chart, lab(code, -5, value, unit))


def test_trap_25_its_unit_under_the_code_of_a_ratio_is_refused_and_said() -> None:
    """`mmol/mol` stands for HbA1c in the table of units, and not for protein over creatinine."""
    said = answer(laid(without(on_tacrolimus(), "proteinuria-now"), lab("2890-2", -5, 48, "mmol/mol")))
    assert (said.rule, said.said_of("trap")) == ("MN-D1", ["UNIT_REJECTED"])
