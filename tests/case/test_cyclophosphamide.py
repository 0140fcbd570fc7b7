"""Days, pulses and grams of cyclophosphamide (clinical-spec 3.4; R-09, R-13, R-22)."""

import pytest
from case_samples import TODAY, course, given

from cds_service.case.doses import cumulative_cyclophosphamide_grams, cyclophosphamide_dose
from cds_service.case.model import Exposure

PULSES = [given("cyclophosphamide", day, 500, route="iv") for day in range(-400, -329, 14)]


@pytest.mark.parametrize(
    ("records", "days", "pulses", "grams"),
    [
        pytest.param([], 0, 0, 0.0, id="nothing"),
        pytest.param(PULSES, 0, 6, 3.0, id="Euro-Lupus: six pulses of 500 mg"),
        pytest.param(PULSES[:5], 0, 5, 2.5, id="five pulses of 500 mg"),
        pytest.param(
            [course("cyclophosphamide", -400, -321, milligrams=100)], 80, 0, 8.0, id="80 days, both ends included"
        ),
        pytest.param([course("cyclophosphamide", -400, -322, milligrams=100)], 79, 0, 7.9, id="79 days"),
        pytest.param([course("cyclophosphamide", -9, None, milligrams=100)], 10, 0, 1.0, id="going on: up to today"),
        pytest.param([course("cyclophosphamide", -9, 30, milligrams=100)], 10, 0, 1.0, id="planned on: up to today"),
        pytest.param([course("cyclophosphamide", 0, None, milligrams=100)], 1, 0, 0.1, id="begun today"),
        pytest.param([course("cyclophosphamide", 1, None, milligrams=100)], 0, 0, 0.0, id="to begin tomorrow"),
        pytest.param([course("cyclophosphamide", -400, -321)], 80, 0, None, id="80 days of unknown dose"),
        pytest.param([given("cyclophosphamide", -400)], 0, 1, None, id="a pulse of unknown dose"),
        pytest.param([*PULSES[:5], given("cyclophosphamide", -330)], 0, 6, None, id="one unknown dose of six"),
        pytest.param(
            [given("cyclophosphamide", -400, 750, per="administration-m2")], 0, 1, None, id="per m2: grams unknown"
        ),
        pytest.param(
            [*PULSES, course("cyclophosphamide", -300, -291, milligrams=100, route="oral")],
            10,
            6,
            4.0,
            id="pulses, then tablets",
        ),
        pytest.param(
            [*PULSES, course("cyclophosphamide", -400, -391, milligrams=100, route="oral")],
            10,
            6,
            4.0,
            id="tablets and pulses on the same days by different routes are both exposure (R-22)",
        ),
        pytest.param(
            [given("cyclophosphamide", day, 100, route="oral") for day in range(-400, -390)],
            10,
            0,
            1.0,
            id="ten tablets given one by one are ten days",
        ),
        pytest.param(
            [given("cyclophosphamide", day, 100, per="day") for day in range(-400, -390)],
            10,
            0,
            1.0,
            id="ten daily doses written down one by one are ten days",
        ),
        pytest.param([given("cyclophosphamide", -400, 1000, per="day")], 1, 0, 1.0, id="a dose per day is no pulse"),
        pytest.param([given("cyclophosphamide", -400, 500, route="oral")], 1, 0, 0.5, id="by mouth is no pulse"),
        pytest.param(
            [course("cyclophosphamide", -400, -381, milligrams=100), course("cyclophosphamide", -390, -371)],
            30,
            0,
            None,
            id="a course of unknown dose across a known one",
        ),
        pytest.param(
            [
                course("cyclophosphamide", -400, -381, milligrams=100),
                course("cyclophosphamide", -390, -371, milligrams=150),
            ],
            30,
            0,
            4.0,
            id="overlapping courses: a day counts once, with its higher dose",
        ),
        pytest.param(
            [
                course("cyclophosphamide", -400, -391, milligrams=100),
                course("cyclophosphamide", -300, -291, milligrams=50),
            ],
            20,
            0,
            1.5,
            id="two courses apart",
        ),
        pytest.param(
            [*PULSES, course("cyclophosphamide", -400, -330)], 0, 6, 3.0, id="a statement about the pulses adds nothing"
        ),
        pytest.param(
            [
                *(course("cyclophosphamide", day, day, milligrams=500, per="administration") for day in (-400, -386)),
                course("cyclophosphamide", -400, -387),
            ],
            0,
            2,
            1.0,
            id="nor does one that begins with a pulse, the pulses being stated one by one",
        ),
        pytest.param(
            [
                *(course("cyclophosphamide", day, day, milligrams=500, per="administration") for day in (-400, -386)),
                course("cyclophosphamide", -399, -386),
            ],
            0,
            2,
            1.0,
            id="nor one that ends with a pulse",
        ),
        pytest.param(
            [
                course("cyclophosphamide", -400, -301, route="oral"),
                given("cyclophosphamide", -350, 750, route="iv"),
            ],
            100,
            1,
            None,
            id="a hundred days of tablets of unknown dose stay exposure beside a pulse by vein (R-13, R-22)",
        ),
        pytest.param(
            [*PULSES, course("cyclophosphamide", -400, -330, milligrams=500 / 14, per="day", route="iv")],
            0,
            6,
            3.0,
            id="a statement of 500 mg every two weeks by the same route is no second exposure (R-09, R-22)",
        ),
        pytest.param(
            [*PULSES, course("cyclophosphamide", -400, -330, milligrams=500, per="administration")],
            0,
            6,
            3.0,
            id="a statement of the dose of each pulse adds nothing",
        ),
        pytest.param(
            [*PULSES, course("cyclophosphamide", -250, -151)], 100, 6, None, id="a later course of unknown dose counts"
        ),
        pytest.param([given("cyclophosphamide", -400, 500, coded=False)], 0, 0, 0.0, id="known from free text only"),
    ],
)
def test_days_pulses_and_grams_of_cyclophosphamide(
    records: list[Exposure], days: int, pulses: int, grams: float | None
) -> None:
    for ordered in (records, records[::-1]):
        dose = cyclophosphamide_dose(ordered, TODAY)
        assert (dose.days, dose.pulses) == (days, pulses)
        assert dose.grams == (None if grams is None else pytest.approx(grams))


@pytest.mark.parametrize(("milligrams", "pulses"), [(249, 0), (250, 1), (500, 1)], ids=["249 mg", "250 mg", "500 mg"])
def test_a_single_small_dose_without_a_route_is_a_day_of_tablets(milligrams: float, pulses: int) -> None:
    dose = cyclophosphamide_dose([given("cyclophosphamide", -400, milligrams)], TODAY)
    assert (dose.days, dose.pulses) == (1 - pulses, pulses)


@pytest.mark.parametrize(
    ("records", "prior", "grams"),
    [
        pytest.param([], None, 0.0, id="nothing known"),
        pytest.param([], 12.5, 12.5, id="only the recorded earlier amount"),
        pytest.param(PULSES, 12.5, 15.5, id="the recorded amount and six pulses"),
        pytest.param(
            [course("cyclophosphamide", -400, -301, milligrams=100, route="oral"), *PULSES],
            None,
            13.0,
            id="tablets and pulses",
        ),
        pytest.param([*PULSES, given("cyclophosphamide", -100)], None, 3.0, id="a dose of unknown size adds nothing"),
        pytest.param(
            [*PULSES, given("cyclophosphamide", -100, 750, per="administration-m2")],
            None,
            3.0,
            id="a dose per m2 cannot be computed",
        ),
        pytest.param(
            [*PULSES, course("cyclophosphamide", -300, -201)], None, 3.0, id="a course of unknown dose adds nothing"
        ),
        pytest.param(
            [*PULSES, course("cyclophosphamide", -900, -800, milligrams=500, per="administration")],
            None,
            3.0,
            id="a course of an unknown number of doses does not wipe out what can be computed",
        ),
        pytest.param(
            [course("chlorambucil", -400, -301, milligrams=10)], None, 0.0, id="chlorambucil is not cyclophosphamide"
        ),
        pytest.param([course("tacrolimus", -400, -301, milligrams=6)], None, 0.0, id="other drugs"),
        pytest.param([given("cyclophosphamide", 1, 500)], None, 0.0, id="a dose planned for tomorrow"),
    ],
)
def test_life_long_cyclophosphamide(records: list[Exposure], prior: float | None, grams: float) -> None:
    """3.4: newest `cyc_cumulative_prior` + all computed doses."""
    assert cumulative_cyclophosphamide_grams(records, TODAY, prior) == pytest.approx(grams)
