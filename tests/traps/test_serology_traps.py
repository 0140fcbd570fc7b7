"""Traps 13 to 15, 17 and 26: serology, drug levels and pregnancy tests that are others (clinical-spec 5.3, 7.3)."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_samples import INTERPRETATION, Resource, coded

from tests.traps.answers import answer, laid, untouched
from tests.traps.charts import (
    ANTI_HBC,
    CYCLOSPORINE_TROUGH,
    HBSAG,
    PREGNANCY_TEST,
    TACROLIMUS_TROUGH,
    Chart,
    answered,
    lab,
    lupus_nephritis,
    on_cyclosporine,
    on_tacrolimus,
    without,
)

POSITIVE, NEGATIVE = coded(INTERPRETATION, "POS"), coded(INTERPRETATION, "NEG")
WORDS = ["positive", "negative"]


def unscreened(what: str) -> Chart:
    """Rituximab is next, and half of the hepatitis B screening is missing (7.3: HBV_SCREEN_REQUIRED)."""
    return without(on_tacrolimus(), what)


def no_screening(what: str, trap: Resource) -> None:
    """It neither answers the screening nor speaks against the answer that is there."""
    asked = untouched(unscreened(what), trap)
    assert "HBV_SCREEN_REQUIRED" in asked.of("notes")
    untouched(on_tacrolimus(), trap)


@pytest.mark.parametrize("word", WORDS)
def test_trap_13_surface_antibody_is_not_surface_antigen(word: str) -> None:
    """Immunity, the opposite meaning: positive is no infection, negative no all-clear."""
    no_screening("hbsag", answered("22322-2", -5, word))


@pytest.mark.parametrize(("word", "note"), [("positive", "HBV_POSITIVE_PROPHYLAXIS_FIRST"), ("negative", "")])
def test_trap_13_surface_antigen_is(word: str, note: str) -> None:
    said = answer(laid(unscreened("hbsag"), answered(HBSAG, -5, word)))
    assert [n for n in said.of("notes") if n.startswith("HBV")] == ([note] if note else [])


@pytest.mark.parametrize("code", ["31204-1", "24113-3"])
@pytest.mark.parametrize("word", WORDS)
def test_trap_14_core_igm_is_not_total_core_antibody(code: str, word: str) -> None:
    no_screening("anti-hbc", answered(code, -5, word))


@pytest.mark.parametrize(("word", "note"), [("positive", "HBV_CORE_PROPHYLAXIS"), ("negative", "")])
def test_trap_14_total_core_antibody_is(word: str, note: str) -> None:
    said = answer(laid(unscreened("anti-hbc"), answered(ANTI_HBC, -5, word)))
    assert [n for n in said.of("notes") if n.startswith("HBV")] == ([note] if note else [])


@pytest.mark.parametrize("code", ["48398-2", "45161-7", "42595-9", "29541-0"])
@pytest.mark.parametrize(
    "value",
    [
        {"valueQuantity": {"value": 5.3, "unit": "{Log_IU}/mL"}},
        {"valueQuantity": {"value": 5.3, "unit": "log10 IU/mL"}},
        {"valueQuantity": {"value": 1.3, "unit": "Log IU/mL", "comparator": "<"}, "interpretation": [NEGATIVE]},
        {"valueCodeableConcept": {"text": "positive"}},
    ],
    ids=["log", "log in words", "not detected", "detected"],
)
def test_trap_15_viral_load_is_no_surface_antigen(code: str, value: dict[str, Any]) -> None:
    """Section 7.3 asks HBsAg and anti-HBc; a viral load, logarithm or not, is neither."""
    no_screening("hbsag", lab(code, -5, **value))
    no_screening("anti-hbc", lab(code, -5, **value))


LEVELS: dict[str, Resource] = {
    "tacrolimus dose": lab("32594-4", -20, 6, "mg"),
    "tacrolimus dose in the unit of a level": lab("32594-4", -20, 6, "ng/mL"),
    "tacrolimus two hours after": lab("59823-5", -20, 14, "ng/mL"),
    "cyclosporine C2": lab("32997-9", -20, 900, "ng/mL"),
    "cyclosporine peak": lab("53834-8", -20, 900, "ng/mL"),
    "mycophenolate glucuronide": lab("23906-1", -20, 60, "ug/mL"),
}


@pytest.mark.parametrize("trap", LEVELS.values(), ids=LEVELS.keys())
def test_trap_17_dose_or_timed_level_is_not_a_trough(trap: Resource) -> None:
    """Section 5.3 and R-17: C2 and other timed levels do not count as troughs."""
    for chart in (on_tacrolimus(), on_cyclosporine()):
        asked = untouched(without(chart, "trough"), trap)
        assert (asked.rule, asked.of("missing")) == ("MN-D5", ["CNI_TROUGH"])
        untouched(chart, trap)
    untouched(lupus_nephritis(), trap)


@pytest.mark.parametrize("trap", LEVELS.values(), ids=LEVELS.keys())
def test_trap_17_nor_does_it_make_low_troughs_good(trap: Resource) -> None:
    low = laid(without(on_tacrolimus(), "trough"), lab(TACROLIMUS_TROUGH, -30, 2, "ng/mL"), "low")
    assert untouched(low, trap).rule == "MN-A2"


@pytest.mark.parametrize("code", [TACROLIMUS_TROUGH, "33929-1", "11253-2"])
def test_trap_17_a_tacrolimus_trough_is(code: str) -> None:
    """R-17: a level without stated timing (11253-2, 3520-4) counts as a trough."""
    assert answer(laid(without(on_tacrolimus(), "trough"), lab(code, -20, 6, "ng/mL"))).rule == "MN-07"


@pytest.mark.parametrize("code", [CYCLOSPORINE_TROUGH, "48597-9", "3520-4"])
def test_trap_17_a_cyclosporine_trough_is(code: str) -> None:
    assert answer(laid(without(on_cyclosporine(), "trough"), lab(code, -20, 160, "ng/mL"))).rule == "MN-07"


@pytest.mark.parametrize("code", ["20465-1", "23840-2"])
@pytest.mark.parametrize(
    "value",
    [
        {"valueQuantity": {"value": 2.4, "unit": "{M.o.M}"}, "interpretation": [POSITIVE]},
        {"valueQuantity": {"value": 0.9, "unit": "MoM"}, "interpretation": [NEGATIVE]},
        {"valueCodeableConcept": {"text": "positive"}},
        {"valueCodeableConcept": {"text": "negative"}},
    ],
    ids=["high", "low", "positive", "negative"],
)
def test_trap_26_prenatal_screen_is_no_pregnancy_test(code: str, value: dict[str, Any]) -> None:
    """Section 7.3: the test is still required."""
    asked = untouched(without(lupus_nephritis(), "pregnancy-test"), lab(code, -3, **value))
    assert "PREGNANCY_TEST_REQUIRED" in asked.of("notes")
    untouched(lupus_nephritis(), lab(code, -3, **value))


@pytest.mark.parametrize(("word", "rule"), [("negative", "LN-20c"), ("positive", "LN-05")])
def test_trap_26_a_pregnancy_test_is(word: str, rule: str) -> None:
    said = answer(laid(without(lupus_nephritis(), "pregnancy-test"), answered(PREGNANCY_TEST, -3, word)))
    assert said.rule == rule
    assert "PREGNANCY_TEST_REQUIRED" not in said.of("notes")
