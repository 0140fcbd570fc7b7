"""The case on an earlier day (clinical-spec 1: "Facts dated after D0 are ignored")."""

from dataclasses import replace
from datetime import timedelta

import pytest
from case_samples import ON, ON_DAY, course, egfr, finding, given

from cds_service.case.model import Allergy, Case, Condition, NotTaken, Patient, Procedure, SetAside, Span

YESTERDAY, TOMORROW = ON_DAY - 1, ON_DAY + 1


def on(day: int) -> Span:
    return Span(day, day)


@pytest.mark.parametrize(
    ("case", "kept"),
    [
        pytest.param(
            lambda day: Case(Patient(), quantities={"egfr": (egfr(day, 60),)}),
            lambda case: case.series("egfr"),
            id="a number",
        ),
        pytest.param(
            lambda day: Case(Patient(), findings={"adherence": (finding("adherence", day, "good"),)}),
            lambda case: case.answers("adherence"),
            id="a word",
        ),
        pytest.param(
            lambda day: Case(Patient(), conditions=(Condition("pregnancy", "Condition/1", onset=on(day)),)),
            lambda case: case.conditions,
            id="a condition by its onset",
        ),
        pytest.param(
            lambda day: Case(Patient(), conditions=(Condition("pregnancy", "Condition/1", recorded=day),)),
            lambda case: case.conditions,
            id="a condition without onset by the day it was recorded",
        ),
        pytest.param(
            lambda day: Case(Patient(), procedures=(Procedure("kidney_biopsy", "Procedure/1", day),)),
            lambda case: case.procedures,
            id="a procedure",
        ),
        pytest.param(
            lambda day: Case(Patient(), exposures=(given("rituximab", day),)),
            lambda case: case.exposures,
            id="an infusion",
        ),
        pytest.param(
            lambda day: Case(Patient(), exposures=(course("tacrolimus", day, None),)),
            lambda case: case.exposures,
            id="a course",
        ),
        pytest.param(
            lambda day: Case(Patient(), elsewhere=(given("rituximab", day),)),
            lambda case: case.elsewhere,
            id="an infusion for another disease",
        ),
        pytest.param(
            lambda day: Case(Patient(), not_taken=(NotTaken("tacrolimus", "MedicationStatement/1", day),)),
            lambda case: case.not_taken,
            id="a drug that was not taken",
        ),
        pytest.param(
            lambda day: Case(Patient(), allergies=(Allergy("rituximab", "allergy", "AllergyIntolerance/1", day),)),
            lambda case: case.allergies,
            id="an allergy",
        ),
        pytest.param(
            lambda day: Case(Patient(), disagreements=((egfr(day, 60), egfr(day, 30)),)),
            lambda case: case.disagreements,
            id="two values that disagree",
        ),
    ],
)
@pytest.mark.parametrize(
    ("day", "known"), [(YESTERDAY, True), (ON_DAY, True), (TOMORROW, False)], ids=["yesterday", "today", "tomorrow"]
)
def test_a_fact_is_known_from_its_day_on(case, kept, day: int, known: bool) -> None:  # type: ignore[no-untyped-def]
    chart = case(day)
    assert kept(chart.until(ON)) == (kept(chart) if known else ())


@pytest.mark.parametrize(
    "chart",
    [
        Case(Patient(), conditions=(Condition("pregnancy", "Condition/1"),)),
        Case(Patient(), procedures=(Procedure("kidney_biopsy", "Procedure/1"),)),
        Case(Patient(), not_taken=(NotTaken("tacrolimus", "MedicationStatement/1"),)),
        Case(Patient(), allergies=(Allergy("rituximab", "allergy", "AllergyIntolerance/1"),)),
        Case(Patient(), set_aside=(SetAside("Observation/1", "UNIT_REJECTED"),)),
    ],
    ids=["condition", "procedure", "not taken", "allergy", "set aside"],
)
def test_a_fact_without_a_date_is_kept(chart: Case) -> None:
    assert chart.until(ON) == chart


def test_a_condition_known_to_the_year_has_begun_when_the_year_has() -> None:
    span = Span(ON_DAY - 30, ON_DAY + 30)
    chart = Case(Patient(), conditions=(Condition("malignancy", "Condition/1", onset=span),))
    assert chart.until(ON).conditions == chart.conditions
    assert chart.until(ON - timedelta(days=31)).conditions == ()


def test_an_end_yet_to_come_is_not_known() -> None:
    coming = course("tacrolimus", ON_DAY - 100, TOMORROW)
    (seen,) = Case(Patient(), exposures=(coming,)).until(ON).exposures
    assert seen == replace(coming, end=None)


@pytest.mark.parametrize("end", [YESTERDAY, ON_DAY, None], ids=["yesterday", "today", "open"])
def test_an_end_that_has_come_is_kept(end: int | None) -> None:
    record = course("tacrolimus", ON_DAY - 100, end, reason="remission")
    assert Case(Patient(), exposures=(record,)).until(ON).exposures == (record,)


def test_why_a_course_will_end_is_not_known_before_it_ends() -> None:
    failing = course("tacrolimus", ON_DAY - 100, TOMORROW, reason="ineffective")
    (seen,) = Case(Patient(), exposures=(failing,)).until(ON).exposures
    assert seen.reason == ""


def test_a_condition_that_will_end_has_not_ended() -> None:
    pregnancy = Condition("pregnancy", "Condition/1", onset=on(ON_DAY - 100), ended=TOMORROW)
    (seen,) = Case(Patient(), conditions=(pregnancy,)).until(ON).conditions
    assert seen.ended is None


def test_what_is_not_dated_stays_as_it_is() -> None:
    chart = Case(Patient("female", on(ON_DAY - 12_000)), not_provided=("Procedure",))
    assert chart.until(ON) == chart


def test_an_unknown_measure_is_an_empty_series() -> None:
    chart = Case(Patient())
    assert (chart.series("egfr"), chart.answers("adherence")) == ((), ())


def test_a_chart_with_nothing_to_come_is_not_copied() -> None:
    allergy = Allergy("rituximab", "allergy", "AllergyIntolerance/1", YESTERDAY)
    over = Condition("pregnancy", "Condition/1", onset=on(YESTERDAY), ended=ON_DAY)
    chart = Case(Patient(), {"egfr": (egfr(ON_DAY, 60),), "igg": ()}, conditions=(over,), allergies=(allergy,))
    assert chart.until(ON) is chart


def test_what_was_given_is_all_of_it_for_whatever_disease() -> None:
    ours, other = given("rituximab", ON_DAY), given("cyclophosphamide", ON_DAY)
    assert Case(Patient(), exposures=(ours,), elsewhere=(other,)).given == (ours, other)
    coming = course("cyclophosphamide", ON_DAY - 100, TOMORROW, reason="completed")
    assert Case(Patient(), elsewhere=(coming,)).until(ON).elsewhere == (replace(coming, end=None, reason=""),)
