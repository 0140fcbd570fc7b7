"""eGFR, reported or by CKD-EPI 2021, and its trend (clinical-spec 2.1, 4; R-14)."""

from datetime import date
from typing import Literal

import pytest
from case_samples import ON_DAY, TODAY, egfr, quantity

from cds_service.case.measures import ckd_epi_2021, egfr_series, egfr_trend
from cds_service.case.model import Case, Patient, Quantity, Span

MICROMOLES = 88.4
Sex = Literal["female", "male", "unknown"]


# The formula taken apart: 0.9938**50 = 0.73271; 2**-1.2 = 0.43528; 2**0.241 = 1.18181; 2**0.302 = 1.23285.
@pytest.mark.parametrize(
    ("milligrams", "age", "female", "expected"),
    [
        pytest.param(0.9, 0, False, 142.0, id="a man at kappa, age without effect: the constant itself"),
        pytest.param(0.7, 0, True, 142.0 * 1.012, id="a woman at kappa: 1.2 % more"),
        pytest.param(0.9, 50, False, 104.05, id="a man of 50 at kappa"),
        pytest.param(0.7, 50, True, 105.29, id="a woman of 50 at kappa"),
        pytest.param(1.8, 50, False, 45.29, id="a man of 50 at twice kappa: the exponent -1.2"),
        pytest.param(1.4, 50, True, 45.83, id="a woman of 50 at twice kappa: the exponent -1.2"),
        pytest.param(0.45, 50, False, 128.27, id="a man of 50 at half kappa: the exponent -0.302"),
        pytest.param(0.35, 50, True, 124.44, id="a woman of 50 at half kappa: the exponent -0.241"),
        pytest.param(1.0, 50, False, 91.69, id="a man of 50 with 1 mg/dL"),
        pytest.param(1.0, 50, True, 68.63, id="a woman of 50 with 1 mg/dL"),
    ],
)
def test_ckd_epi_2021(milligrams: float, age: int, female: bool, expected: float) -> None:
    assert ckd_epi_2021(milligrams * MICROMOLES, age, female=female) == pytest.approx(expected, abs=0.01)


def patient(sex: Sex = "male", born: str = "1976-06-01") -> Patient:
    day = date.fromisoformat(born).toordinal()
    return Patient(sex, Span(day, day))


def creatinine(day: int, value: float, **more: str) -> Quantity:
    return quantity("creatinine", ON_DAY + day, value, **more)


def series_of(who: Patient, *values: Quantity) -> tuple[Quantity, ...]:
    measures = sorted({value.measure for value in values})
    by_measure = {measure: tuple(value for value in values if value.measure == measure) for measure in measures}
    return egfr_series(Case(who, by_measure))


def test_a_reported_egfr_wins_over_the_creatinine_of_its_day() -> None:
    reported = quantity("egfr", ON_DAY - 20, 33)
    found = series_of(patient(), reported, creatinine(-20, 79.56), creatinine(-5, 79.56))
    assert found[0] is reported
    assert [value.day - ON_DAY for value in found] == [-20, -5]


def test_a_computed_egfr_says_from_what_and_when() -> None:
    (value,) = series_of(patient(), creatinine(-10, 79.56, stated="79.56 umol/L", issued="2026-11-12"))
    assert value == Quantity(
        measure="egfr",
        day=ON_DAY - 10,
        value=ckd_epi_2021(79.56, 50, female=False),
        unit="mL/min/1.73m2",
        source="Observation/creatinine-" + str(ON_DAY - 10),
        stated="CKD-EPI 2021 from creatinine 79.56 umol/L",
        issued="2026-11-12",
    )


def test_sex_decides_the_formula() -> None:
    (hers,) = series_of(patient("female"), creatinine(0, 88.4))
    (his,) = series_of(patient("male"), creatinine(0, 88.4))
    assert (round(hers.value, 1), round(his.value, 1)) == (68.6, 91.7)


def test_age_is_that_on_the_day_of_the_sample() -> None:
    """R-14: the birthday lies between the two samples."""
    who = patient(born="1976-11-12")
    before, after = series_of(who, creatinine(-11, 79.56), creatinine(-10, 79.56))
    assert after.value / before.value == pytest.approx(0.9938)


def test_a_birth_date_known_to_the_year_counts_as_its_last_day() -> None:
    year = Span(date(1976, 1, 1).toordinal(), date(1976, 12, 31).toordinal())
    (value,) = series_of(Patient("male", year), creatinine(0, 79.56))
    assert value.value == pytest.approx(ckd_epi_2021(79.56, 49, female=False))


@pytest.mark.parametrize(("bound", "flipped"), [("", ""), ("<", ">"), ("<=", ">="), (">", "<"), (">=", "<=")], ids=repr)
def test_a_bound_on_creatinine_is_the_opposite_bound_on_egfr(bound: str, flipped: str) -> None:
    (value,) = series_of(patient(), creatinine(0, 79.56, bound=bound))
    assert value.bound == flipped


@pytest.mark.parametrize(
    ("who", "micromoles"),
    [
        pytest.param(Patient("male"), 80.0, id="no birth date"),
        pytest.param(patient("unknown"), 80.0, id="no sex"),
        pytest.param(patient("male", "2021-11-22"), 20.0, id="above 200: not plausible"),
        pytest.param(patient("female", "1906-11-22"), 2000.0 * 1.2, id="below 1: not plausible"),
    ],
)
def test_an_egfr_that_cannot_be_computed_is_missing(who: Patient, micromoles: float) -> None:
    assert series_of(who, creatinine(0, micromoles)) == ()


@pytest.mark.parametrize(
    ("who", "micromoles", "expected"),
    [
        pytest.param(patient("male", "2008-11-22"), 17.815, [199.5], id="199.5: kept"),
        pytest.param(patient("male", "2008-11-22"), 17.522, [], id="200.5: dropped"),
        pytest.param(patient("female", "1926-11-22"), 2306.28, [1.004], id="1.004: kept"),
        pytest.param(patient("female", "1926-11-22"), 2321.71, [], id="0.996: dropped"),
    ],
)
def test_a_computed_egfr_is_plausible_from_1_to_200(who: Patient, micromoles: float, expected: list[float]) -> None:
    """2.1, plausible range."""
    assert [value.value for value in series_of(who, creatinine(0, micromoles))] == pytest.approx(expected, rel=1e-4)


# -- trend ----------------------------------------------------------------------------------------


def trend(*values: tuple[int, float], reference: tuple[int, float] | None = (-400, 100)) -> str:
    series = [egfr(day, value) for day, value in values]
    return egfr_trend(series, None if reference is None else egfr(*reference), TODAY, decline=0.20, max_age=90).trend


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(100, "STABLE", id="unchanged"),
        pytest.param(130, "STABLE", id="risen"),
        pytest.param(80.1, "STABLE", id="a fall of 19.9 %"),
        pytest.param(80, "DECLINING", id="a fall of exactly 20 %"),
        pytest.param(79.9, "DECLINING", id="a fall of 20.1 %"),
    ],
)
def test_a_fall_below_20_percent_is_stable(now: float, expected: str) -> None:
    assert trend((-60, 70), (-1, now)) == expected


@pytest.mark.parametrize(
    ("reference", "now"), [(90, 72), (60, 48), (45, 36), (56, 44.8), (35, 28), (85, 68), (62.5, 50), (57, 45.6)]
)
def test_20_percent_on_paper_is_20_percent(reference: float, now: float) -> None:
    """Shares are computed in floating point; the decision must be that of the written numbers."""
    assert trend((-60, now), (-1, now), reference=(-400, reference)) == "DECLINING"


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        pytest.param([(-60, 79.9)], "DECLINING", id="the value before fell more than 20 % too"),
        pytest.param([(-60, 80)], "DECLINING", id="the value before fell exactly 20 %"),
        pytest.param([(-60, 80.1)], "UNCONFIRMED", id="the value before fell 19.9 %"),
        pytest.param([], "UNCONFIRMED", id="no value before"),
        pytest.param([(-13, 70)], "UNCONFIRMED", id="13 d before now: too near"),
        pytest.param([(-14, 70)], "DECLINING", id="14 d before now"),
        pytest.param([(-180, 70)], "DECLINING", id="180 d before now"),
        pytest.param([(-181, 70)], "UNCONFIRMED", id="181 d before now: too old"),
        pytest.param([(-60, 70), (-20, 95)], "UNCONFIRMED", id="the nearest earlier value decides, not any"),
        pytest.param([(-60, 95), (-20, 70)], "DECLINING", id="the nearest earlier value confirms"),
        pytest.param([(-60, 70), (-10, 95)], "DECLINING", id="a value 10 d before now is passed over"),
    ],
)
def test_a_fall_counts_when_the_value_14_to_180_days_earlier_confirms_it(
    earlier: list[tuple[int, float]], expected: str
) -> None:
    assert trend(*earlier, (0, 75)) == expected


@pytest.mark.parametrize(
    ("reference_day", "expected"),
    [
        pytest.param(-61, "DECLINING", id="the value before is a day after the reference"),
        pytest.param(-60, "UNCONFIRMED", id="the value before is of the day of the reference"),
        pytest.param(-59, "UNCONFIRMED", id="the value before is older than the reference"),
    ],
)
def test_only_a_value_after_the_reference_confirms(reference_day: int, expected: str) -> None:
    assert trend((-60, 70), (0, 75), reference=(reference_day, 100)) == expected


@pytest.mark.parametrize(
    ("values", "reference", "expected"),
    [
        pytest.param([(0, 100)], (-27, 100), "UNKNOWN", id="27 d apart"),
        pytest.param([(0, 100)], (-28, 100), "STABLE", id="28 d apart"),
        pytest.param([(-10, 100)], (-37, 100), "UNKNOWN", id="27 d apart, counted from the newest value"),
        pytest.param([(-10, 100)], (-38, 100), "STABLE", id="28 d apart, counted from the newest value"),
        pytest.param([(-90, 100)], (-400, 100), "STABLE", id="the newest value is 90 d old"),
        pytest.param([(-91, 100)], (-400, 100), "UNKNOWN", id="the newest value is 91 d old"),
        pytest.param([], (-400, 100), "UNKNOWN", id="no value"),
        pytest.param([(0, 100)], None, "UNKNOWN", id="no reference"),
        pytest.param([(0, 50)], (0, 50), "UNKNOWN", id="the reference is the newest value itself"),
    ],
)
def test_when_the_trend_is_unknown(
    values: list[tuple[int, float]], reference: tuple[int, float] | None, expected: str
) -> None:
    assert trend(*values, reference=reference) == expected


def test_the_trend_shows_what_it_was_read_from() -> None:
    series = [egfr(-60, 78), egfr(-30, 76), egfr(-5, 70)]
    read = egfr_trend(series, egfr(-400, 100), TODAY, decline=0.20, max_age=90)
    assert (read.reference, read.previous, read.now) == (egfr(-400, 100), egfr(-30, 76), egfr(-5, 70))
    assert read.fall == pytest.approx(0.30)


def test_an_unknown_trend_has_no_fall() -> None:
    read = egfr_trend([egfr(-5, 70)], None, TODAY, decline=0.20, max_age=90)
    assert (read.fall, read.now) == (None, egfr(-5, 70))


@pytest.mark.parametrize(("micromoles", "bound", "egfr"), [(1e6, ">", 1.0), (1e-9, "<", 200.0)])
def test_a_bound_on_creatinine_reaches_as_far_as_an_egfr_can_be(micromoles: float, bound: str, egfr: float) -> None:
    (value,) = series_of(patient(), creatinine(0, micromoles, bound=bound))
    assert value.value == egfr
    assert series_of(patient(), creatinine(0, micromoles)) == ()
