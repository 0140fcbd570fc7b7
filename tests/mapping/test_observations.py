"""Observations to numbers and answers (clinical-spec 2.1; attack cases CLIN-01 to CLIN-11, CLIN-23)."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from fhir_samples import (
    INTERPRETATION,
    LOINC,
    OURS,
    SNOMED,
    UACR,
    UCUM,
    UPCR,
    add_up,
    case,
    coded,
    day,
    finding,
    numbered,
    observation,
    reasons,
)

ALBUMIN, CREATININE, MOLAR_CREATININE, C3, EGFR, ELISA = "1751-7", "2160-0", "14682-9", "4485-9", "98979-8", "73737-9"
HBSAG, PREGNANCY, CD19 = "5195-3", "2106-3", "8116-6"
PRESSURE, SYSTOLIC, DIASTOLIC = "85354-9", "8480-6", "8462-4"


def lab(code: str, value: Any, unit: str | None, **elements: Any) -> dict[str, Any]:
    return observation(value, unit, code, **elements)


NUMBERS: dict[str, tuple[dict[str, Any], str, float]] = {
    "g/d": (lab("2889-4", 7.6, "g/d"), "proteinuria_24h", 7.6),
    "mg per 24 h": (lab("2889-4", 7600, "mg/24hr"), "proteinuria_24h", 7.6),
    "UPCR in g/g": (lab(UPCR, 3.5, "g/g"), "upcr", 3.5),
    "UPCR in mg/g (CLIN-03)": (lab(UPCR, 3500, "mg/g"), "upcr", 3.5),
    "UPCR in mg/mmol (CLIN-03)": (lab(UPCR, 395.92, "mg/mmol"), "upcr", 3.5),
    "albumin in g/dL": (lab(ALBUMIN, 2.8, "g/dL"), "albumin", 28),
    "creatinine in mg/dL": (lab(CREATININE, 1.0, "mg/dL"), "creatinine", 88.4),
    "complement in mg/dL": (lab(C3, 90, "mg/dL"), "c3", 0.9),
    "a code under UCUM and a unit of our own": (
        observation(
            valueQuantity={"value": 82, "unit": "mL/min/1.73m2", "system": UCUM, "code": "mL/min/{1.73_m2}"}, code=EGFR
        ),
        "egfr",
        82,
    ),
    "a unit coded in another system, and in words": (
        observation(
            valueQuantity={"value": 88, "unit": "umol/L", "system": SNOMED, "code": "258814008"}, code=MOLAR_CREATININE
        ),
        "creatinine",
        88,
    ),
    "a number in a text": (observation(valueQuantity=None, valueString=" 7.6 g/d "), "proteinuria_24h", 7.6),
    "zero cells": (lab(CD19, 0, "cells/uL"), "cd19_count", 0),
    "a score without a unit": (finding("ln_activity_index", valueInteger=12), "ln_activity_index", 12),
}


@pytest.mark.parametrize(("resource", "measure", "value"), NUMBERS.values(), ids=NUMBERS.keys())
def test_a_number_in_the_canonical_unit(resource: dict[str, Any], measure: str, value: float) -> None:
    read = case(resource)
    assert reasons(read) == []
    [found] = read.series(measure)
    assert found.value == pytest.approx(value, rel=1e-4)
    assert (found.day, found.source, found.bound) == (day("2026-11-12"), "Observation/obs-1", "")


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no unit (CLIN-05)": (lab(UPCR, 3.5, None), "UNIT_REJECTED"),
    "a unit nobody knows": (lab(UPCR, 3.5, "furlong"), "UNIT_REJECTED"),
    "a unit of 100 KiB (JSON-35)": (lab(UPCR, 3.5, "mg/g*" * 20_000), "UNIT_REJECTED"),
    "a unit of the other property": (lab(CREATININE, 88, "umol/L"), "UNIT_REJECTED"),
    "millimoles of creatinine (R-15)": (lab(MOLAR_CREATININE, 0.088, "mmol/L"), "UNIT_REJECTED"),
    "arbitrary units of an antibody (R-15)": (lab(ELISA, 30, "U/mL"), "UNIT_REJECTED"),
    "a code and a unit that contradict each other": (
        observation(valueQuantity={"value": 3.5, "unit": "mg/g", "system": UCUM, "code": "g/g"}, code=UPCR),
        "UNIT_REJECTED",
    ),
    "a number in a text without a unit": (observation(valueQuantity=None, valueString="7.6"), "UNIT_REJECTED"),
    "creatinine 100 times too high (CLIN-01)": (lab(CREATININE, 88.4, "mg/dL"), "PLAUSIBILITY_REJECTED"),
    "albumin in the wrong unit (CLIN-07)": (lab(ALBUMIN, 28, "g/dL"), "PLAUSIBILITY_REJECTED"),
    "albumin ten times too low (CLIN-07)": (lab(ALBUMIN, 2.8, "g/L"), "PLAUSIBILITY_REJECTED"),
    "complement in the wrong unit (CLIN-09)": (lab(C3, 90, "g/L"), "PLAUSIBILITY_REJECTED"),
    "a negative value": (lab(UPCR, -1, "g/g"), "PLAUSIBILITY_REJECTED"),
    "no value, and a reason": (observation(None, dataAbsentReason=coded(LOINC, "error")), "VALUE_ABSENT"),
    "a value, and a reason to doubt it": (observation(dataAbsentReason=coded(LOINC, "error")), "VALUE_ABSENT"),
    "no value at all": (observation(None), "VALUE_ABSENT"),
    "an absurd exponent written as text (JSON-14)": (
        observation(valueQuantity={"value": "1E+1000000", "unit": "g/d"}),
        "VALUE_UNREADABLE",
    ),
    "an unknown comparator": (
        observation(valueQuantity={"value": 7.6, "unit": "g/d", "comparator": "~"}),
        "VALUE_UNREADABLE",
    ),
    "a quantity without a number": (observation(valueQuantity={"unit": "g/d"}), "VALUE_UNREADABLE"),
    "a sentence": (observation(valueQuantity=None, valueString="about 7 or 8 g/d"), "VALUE_UNREADABLE"),
    "a range in a text": (observation(valueQuantity=None, valueString="5-10 g/d"), "VALUE_UNREADABLE"),
    "a decimal comma, which may be a thousand": (
        observation(valueQuantity=None, valueString="7,600 g/d"),
        "VALUE_UNREADABLE",
    ),
    "a dipstick word": (observation(valueQuantity=None, valueString="3+"), "VALUE_UNREADABLE"),
    "a titre of an ELISA": (
        observation(None, None, ELISA, valueRatio={"numerator": {"value": 1}, "denominator": {"value": 640}}),
        "VALUE_UNREADABLE",
    ),
    "two codes with two meanings (trap 58)": (
        observation(code={"coding": [*coded(LOINC, UPCR)["coding"], *coded(LOINC, ALBUMIN)["coding"]]}),
        "CODE_CONFLICT",
    ),
    "a code, and one that only looks like it": (
        observation(code={"coding": [*coded(LOINC, UPCR)["coding"], *coded(LOINC, UACR)["coding"]]}),
        "CODE_CONFLICT",
    ),
}


@pytest.mark.parametrize(("resource", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_it_is_set_aside_with_its_reason(resource: dict[str, Any], reason: str) -> None:
    read = case(resource)
    assert reasons(read) == [reason]
    assert (dict(read.quantities), dict(read.findings), read.bins.set_aside) == ({}, {}, 1)
    assert len(read.set_aside[0].shown) < 60


def test_what_was_set_aside_can_be_shown() -> None:
    [item] = case(lab(CREATININE, 88.4, "mg/dL")).set_aside
    assert (item.concept, item.day, item.shown) == ("creatinine", day("2026-11-12"), "88.4 mg/dL")


BOUNDS: dict[str, tuple[dict[str, Any], float, str, str]] = {
    "a comparator (CLIN-10)": (
        observation(valueQuantity={"value": 0.1, "unit": "g/g", "comparator": "<"}, code=UPCR),
        0.1,
        "<",
        "<0.1 g/g",
    ),
    "more than a number (CLIN-10)": (
        observation(valueQuantity={"value": 1500, "unit": "RU/mL", "comparator": ">"}, code=ELISA),
        1500,
        ">",
        ">1500 RU/mL",
    ),
    "a sign in a text": (observation(None, None, ELISA, valueString="<2 RU/mL"), 2, "<", "<2 RU/mL"),
    "below the plausible range, and said to be below": (
        observation(valueQuantity={"value": 0.005, "unit": "g/g", "comparator": "<"}, code=UPCR),
        0.005,
        "<",
        "<0.005 g/g",
    ),
}


@pytest.mark.parametrize(("resource", "value", "bound", "stated"), BOUNDS.values(), ids=BOUNDS.keys())
def test_a_bound_stays_a_bound(resource: dict[str, Any], value: float, bound: str, stated: str) -> None:
    [found] = next(iter(case(resource).quantities.values()))
    assert (found.value, found.bound, found.stated) == (value, bound, stated)


METHODS: dict[str, tuple[str, dict[str, Any] | None, float, str]] = {
    "no method is BCG": (ALBUMIN, None, 25, ""),
    "BCG": (ALBUMIN, {"text": "Bromocresol green (BCG)"}, 25, "BCG"),
    "BCP": (ALBUMIN, {"text": "Bromocresol purple (BCP)"}, 30, "BCP"),
    "immunometric": (ALBUMIN, {"text": "Immunonephelometry"}, 30, "immunometric"),
    "a coded method with a display": (ALBUMIN, {"coding": [{"code": "x", "display": "BCP"}]}, 30, "BCP"),
    "a method nobody knows": (ALBUMIN, {"text": "magic"}, 25, ""),
    "BCP said by the code": ("61152-5", None, 30, "BCP"),
    "BCG said by the code": ("61151-7", None, 25, "BCG"),
}


@pytest.mark.parametrize(("code", "method", "value", "name"), METHODS.values(), ids=METHODS.keys())
def test_albumin_is_made_equivalent_to_bcg(code: str, method: dict[str, Any] | None, value: float, name: str) -> None:
    [found] = case(lab(code, 25, "g/L", method=method)).series("albumin")
    assert (found.value, found.method, found.stated) == (value, name, "25 g/L")


def test_the_plausible_range_of_albumin_is_asked_of_the_raw_value() -> None:
    purple = {"text": "BCP"}
    assert reasons(case(lab(ALBUMIN, 4.9, "g/L", method=purple))) == ["PLAUSIBILITY_REJECTED"]
    assert case(lab(ALBUMIN, 58, "g/L", method=purple)).series("albumin")[0].value == 63


WORDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "a text in a concept": (
        finding("pla2r_stain", valueCodeableConcept={"text": "Positive"}),
        "pla2r_stain",
        "positive",
    ),
    "a coded answer": (
        observation(None, None, HBSAG, valueCodeableConcept=coded(SNOMED, "260385009")),
        "hbsag",
        "negative",
    ),
    "a coded answer after a local one": (
        observation(
            None,
            None,
            HBSAG,
            valueCodeableConcept={
                "coding": [{"system": "http://x", "code": "1"}, {"system": SNOMED, "code": "10828004"}]
            },
        ),
        "hbsag",
        "positive",
    ),
    "a text": (observation(None, None, HBSAG, valueString="NEG"), "hbsag", "negative"),
    "an interpretation": (
        observation(None, None, HBSAG, interpretation=[coded(INTERPRETATION, "POS")]),
        "hbsag",
        "positive",
    ),
    "an interpretation of a signal": (
        observation(0.2, "S/CO", HBSAG, interpretation=[coded(INTERPRETATION, "NEG")]),
        "hbsag",
        "negative",
    ),
    "a pregnancy test": (observation(None, None, PREGNANCY, valueString="negative"), "pregnancy_test", "negative"),
    "a wish": (finding("fertility_wish", valueBoolean=True), "fertility_wish", "yes"),
    "adherence": (finding("adherence", valueCodeableConcept={"text": "non-adherent"}), "adherence", "non-adherent"),
    "a qualitative ELISA is read like immunofluorescence": (
        observation(None, None, ELISA, valueString="positive", method={"text": "IIF"}),
        "anti_pla2r_iif",
        "positive",
    ),
    "casts prove an active sediment": (
        finding("urine_rbc_casts", valueString="present"),
        "sediment_active",
        "positive",
    ),
    "so does a number of casts": (
        finding("urine_rbc_casts", valueQuantity={"value": 3, "unit": "/[LPF]"}),
        "sediment_active",
        "positive",
    ),
}


@pytest.mark.parametrize(("resource", "measure", "word"), WORDS.values(), ids=WORDS.keys())
def test_an_answer(resource: dict[str, Any], measure: str, word: str) -> None:
    read = case(resource)
    assert reasons(read) == []
    assert [(found.value, found.day) for found in read.answers(measure)] == [(word, day("2026-11-12"))]


NO_ANSWERS: dict[str, dict[str, Any]] = {
    "not done": observation(None, None, HBSAG, valueString="TNP"),
    "a code nobody mapped": observation(None, None, HBSAG, valueCodeableConcept=coded(SNOMED, "138875005")),
    "two answers": observation(
        None,
        None,
        HBSAG,
        valueCodeableConcept={
            "coding": [{"system": SNOMED, "code": "10828004"}, {"system": SNOMED, "code": "260385009"}]
        },
    ),
    "a signal without a verdict": observation(0.2, "S/CO", HBSAG),
    "a word that is not of this finding": finding("ln_class", valueString="positive"),
}


@pytest.mark.parametrize("resource", NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
def test_an_answer_that_is_not_listed_is_set_aside_and_not_guessed(resource: dict[str, Any]) -> None:
    assert reasons(case(resource)) == ["VALUE_UNREADABLE"]


def test_that_no_casts_were_seen_does_not_disprove_an_active_sediment() -> None:
    read = case(finding("urine_rbc_casts", valueString="none seen"))
    assert (len(read.answers("urine_rbc_casts")), read.answers("sediment_active")) == (1, ())


CLASSES = {
    "III": "III",
    "Class IV": "IV",
    "class iv": "IV",
    "3": "III",
    "IV-S (A/C)": "IV",
    "IV-G (A)": "IV",
    "III + V": "III+V",
    "V + III": "III+V",
    "III and V": "III+V",
    "IV/V": "IV+V",
    "ISN/RPS class IV-G (A/C) + V": "IV+V",
    "Class 3 and 5": "III+V",
    "mixed III and V": "III+V",
    "II + V": "V",
    "III/IV": "IV",
    "WHO Class V (2003)": "V",
    "VI": "VI",
    "I": "I",
}


@pytest.mark.parametrize(("text", "word"), CLASSES.items())
def test_a_class_of_lupus_nephritis(text: str, word: str) -> None:
    read = case(finding("ln_class", valueCodeableConcept={"text": text}))
    assert [found.value for found in read.answers("ln_class")] == [word]


@pytest.mark.parametrize("text", ["VII", "proliferative", "IV?", "not IV", "III or IV", "", "class", "IV " * 100])
def test_a_class_that_is_not_understood_is_not_guessed(text: str) -> None:
    read = case(finding("ln_class", valueCodeableConcept={"text": text or " "}))
    assert read.answers("ln_class") == ()
    assert len(read.set_aside) == 1


def pressure(*parts: dict[str, Any], **elements: Any) -> dict[str, Any]:
    return observation(None, None, PRESSURE, component=list(parts), **elements)


def part(code: str, value: float, unit: str = "mm[Hg]", **elements: Any) -> dict[str, Any]:
    return {"code": coded(LOINC, code), "valueQuantity": {"value": value, "unit": unit}, **elements}


class TestABloodPressure:
    def test_is_read_from_its_components(self) -> None:
        read = case(pressure(part(SYSTOLIC, 150), part(DIASTOLIC, 90)))
        assert (read.series("sbp")[0].value, read.series("dbp")[0].value) == (150, 90)
        assert read.bins.used == ("Patient/pat-a", "Observation/obs-1")

    def test_is_read_when_only_its_components_have_codes_we_know(self) -> None:
        panel = pressure(part(SYSTOLIC, 150))
        panel["code"] = {"text": "Blood pressure"}
        assert case(panel).series("sbp")[0].value == 150

    def test_with_one_bad_component_is_used_and_the_other_half_is_named(self) -> None:
        read = case(pressure(part(SYSTOLIC, 150), part(DIASTOLIC, 900)))
        assert (len(read.series("sbp")), read.series("dbp")) == (1, ())
        assert (reasons(read), len(read.bins.used), read.bins.set_aside) == (["PLAUSIBILITY_REJECTED"], 2, 0)

    def test_with_an_absent_component_says_so(self) -> None:
        absent = {"code": coded(LOINC, DIASTOLIC), "dataAbsentReason": coded(LOINC, "error")}
        assert reasons(case(pressure(part(SYSTOLIC, 150), absent))) == ["VALUE_ABSENT"]

    EMPTY: ClassVar = {
        "without components": (observation(None, None, PRESSURE), "VALUE_ABSENT"),
        "with components of another kind": (pressure(part("8867-4", 70, "/min")), "VALUE_ABSENT"),
        "with a text in place of its components": (
            observation(None, None, PRESSURE, valueString="150/90"),
            "VALUE_UNREADABLE",
        ),
    }

    @pytest.mark.parametrize(("panel", "reason"), EMPTY.values(), ids=EMPTY.keys())
    def test_without_a_component_that_can_be_read_is_named(self, panel: dict[str, Any], reason: str) -> None:
        read = case(panel)
        [said] = read.set_aside
        assert (read.quantities, said.concept, said.reason) == ({}, "blood_pressure_panel", reason)
        assert (read.bins.set_aside, add_up(read)) == (1, True)

    UNUSED: ClassVar = {
        "without a day": ({"effectiveDateTime": None}, "DATE_MISSING"),
        "preliminary": ({"status": "preliminary"}, "STATUS_PRELIMINARY"),
        "unreadable": ({"foo": 1}, "UNREADABLE"),
    }

    @pytest.mark.parametrize("code", [coded(LOINC, PRESSURE), {"text": "Results of one sample"}], ids=["ours", "local"])
    @pytest.mark.parametrize(("elements", "reason"), UNUSED.values(), ids=UNUSED.keys())
    def test_that_cannot_be_used_is_named_by_its_measures(
        self, elements: dict[str, Any], reason: str, code: dict[str, Any]
    ) -> None:
        panel = pressure(part(SYSTOLIC, 150), part(DIASTOLIC, 90), **elements)
        read = case({**panel, "code": code})
        assert [(item.concept, item.reason) for item in read.set_aside] == [("dbp", reason), ("sbp", reason)]
        assert (read.bins.set_aside, add_up(read)) == (1, True)

    def test_with_an_unknown_element_in_a_component_is_unreadable(self) -> None:
        assert reasons(case(pressure(part(SYSTOLIC, 150, foo=1)))) == ["UNREADABLE"]


def issued(at: str) -> dict[str, str]:
    return {"issued": f"2026-11-12T{at}:00Z"}


DAYS: dict[str, tuple[list[dict[str, Any]], float, int]] = {
    "the later release wins": ([observation(3.5, **issued("09:00")), observation(3.4, **issued("10:00"))], 3.4, 0),
    "a release wins over none": ([observation(3.5), observation(3.4, **issued("10:00"))], 3.4, 0),
    "else the higher id": ([observation(3.5), observation(3.4)], 3.4, 0),
    "more than 20 % apart is said (CLIN-23)": ([observation(3.5, **issued("11:00")), observation(0.4)], 3.5, 1),
    "20 % apart is not": ([observation(3.0), observation(3.6)], 3.6, 0),
}


@pytest.mark.parametrize(("resources", "value", "said"), DAYS.values(), ids=DAYS.keys())
def test_of_two_values_of_one_day_one_is_kept(resources: list[dict[str, Any]], value: float, said: int) -> None:
    read = case(*numbered(*resources))
    assert [found.value for found in read.series("proteinuria_24h")] == [value]
    assert (len(read.bins.superseded), len(read.disagreements), read.bins.set_aside) == (1, said, 0)
    if said:
        [(kept, other)] = read.disagreements
        assert (kept.value, other.value) == (3.5, 0.4)


def test_ids_are_compared_as_text() -> None:
    values = [observation(3.5, id="9"), observation(3.4, id="10")]
    assert [found.value for found in case(*values).series("proteinuria_24h")] == [3.5]


def test_of_three_values_of_one_day_two_are_superseded() -> None:
    read = case(*numbered(observation(1), observation(2), observation(4)))
    assert [(kept.value, other.value) for kept, other in read.disagreements] == [(4, 1), (4, 2)]


def test_series_are_in_the_order_of_time() -> None:
    written = ("2026-03-01", "2025-01-01", "2026-11-12")
    read = case(*numbered(*(observation(effectiveDateTime=when) for when in written)))
    assert [found.day for found in read.series("proteinuria_24h")] == sorted(map(day, written))


def test_an_observation_about_a_diagnosis_establishes_nothing() -> None:
    read = case(observation(None, None, coded(OURS, "membranous_nephropathy"), valueBoolean=True))
    assert (read.conditions, read.bins.not_relevant) == ((), 1)
