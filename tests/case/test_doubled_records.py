"""Several resources for one exposure (clinical-spec 3.2; R-09, R-22): time and dose are never counted twice."""

import pytest
from case_samples import TODAY, course, given

from cds_service.case.doses import anti_cd20_dose, cyclophosphamide_dose
from cds_service.case.model import Exposure
from cds_service.case.segments import derive_segments


def spans(*records: Exposure) -> list[tuple[int, int | None]]:
    return [(segment.start, segment.end) for segment in derive_segments(records)]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param(
            [course("tacrolimus", -400, -100, kind="request"), course("tacrolimus", -380, -50)],
            [(-380, -50)],
            id="a statement wins over an order on overlapping days",
        ),
        pytest.param(
            [course("tacrolimus", -400, None, kind="request"), course("tacrolimus", -380, -50)],
            [(-380, -50)],
            id="an order that nobody closed does not keep a stopped drug open",
        ),
        pytest.param(
            [course("rituximab", -410, -380), given("rituximab", -400), given("rituximab", -386)],
            [(-400, -386)],
            id="infusions win over the statement about them",
        ),
        pytest.param(
            [course("rituximab", -410, None), given("rituximab", -400), given("rituximab", -386)],
            [(-400, -386)],
            id="infusions win over a statement that was never closed",
        ),
        pytest.param(
            [course("rituximab", -405, -386, kind="request"), given("rituximab", -400), given("rituximab", -386)],
            [(-400, -386)],
            id="infusions win over the order for them",
        ),
        pytest.param(
            [course("tacrolimus", -400, -300, kind="request"), course("tacrolimus", -299, -200)],
            [(-400, -200)],
            id="an order that ended the day before the statement begins is exposure of its own (R-22)",
        ),
        pytest.param(
            [course("tacrolimus", -400, -390, kind="request"), course("tacrolimus", -380, -200)],
            [(-400, -200)],
            id="a short order that ended ten days before the statement begins is exposure of its own (R-22)",
        ),
        pytest.param(
            [course("tacrolimus", -400, -300, kind="request"), course("tacrolimus", -300, -200)],
            [(-300, -200)],
            id="one common day makes the order a duplicate",
        ),
        pytest.param(
            [course("tacrolimus", -400, -200), course("cyclosporine", -300, -100, kind="request")],
            [(-400, -100)],
            id="another agent of the class is no duplicate",
        ),
        pytest.param(
            [
                course("cyclophosphamide", -400, -300, route="oral"),
                given("cyclophosphamide", -290, 750, route="iv"),
                given("cyclophosphamide", -350, 750, route="iv"),
            ],
            [(-400, -290)],
            id="another route is exposure too, and merges into one segment (R-22)",
        ),
        pytest.param(
            [
                course("cyclophosphamide", -410, -260, route="iv"),
                *(given("cyclophosphamide", day, 500, route="iv") for day in range(-400, -329, 14)),
            ],
            [(-400, -330)],
            id="six pulses win over the statement of the same route around them (R-09)",
        ),
        pytest.param(
            [course("tacrolimus", -400, -100), given("tacrolimus", -250), given("tacrolimus", -249)],
            [(-400, -100)],
            id="two doses on a ward do not shorten the year that a statement tells of",
        ),
    ],
)
def test_the_days_of_a_class_told_by_several_resources(
    records: list[Exposure], expected: list[tuple[int, int | None]]
) -> None:
    assert spans(*records) == expected
    assert spans(*reversed(records)) == expected


@pytest.mark.parametrize(
    ("days_before", "start"),
    [
        pytest.param(31, -431, id="an order 31 d before the first infusion stands alone"),
        pytest.param(30, -400, id="an order 30 d before is that of the infusion"),
        pytest.param(0, -400, id="an order of the same day is that of the infusion"),
    ],
)
def test_an_order_shortly_before_an_infusion_is_not_its_start(days_before: int, start: int) -> None:
    """3.2: therapy start = first administration."""
    ordered = course("rituximab", -400 - days_before, -400 - days_before, kind="request")
    assert spans(ordered, given("rituximab", -400), given("rituximab", -386)) == [(start, -386)]


def test_the_dose_of_a_doubled_infusion_counts_once() -> None:
    days = (-400, -386)
    (segment,) = derive_segments(
        [
            *(given("rituximab", day, 1000) for day in days),
            *(given("rituximab", day, 1000, source=f"copy/{day}") for day in days),
            *(course("rituximab", day, day, milligrams=1000, per="administration") for day in days),
            *(course("rituximab", day, day, kind="request", milligrams=1000, per="administration") for day in days),
        ]
    )
    assert anti_cd20_dose(segment).grams == pytest.approx(2.0)
    assert len(segment.records) == 2
    assert len(segment.echoes) == 6


def test_a_route_that_one_record_leaves_out_is_not_another_route() -> None:
    records = [given("rituximab", -400, 1000, route="iv"), course("rituximab", -400, -400)]
    (segment,) = derive_segments(records)
    assert [record.kind for record in segment.records] == ["administration"]


@pytest.mark.parametrize(
    ("told_again", "pulses"),
    [
        pytest.param(course("cyclophosphamide", -400, -400, route="iv"), 1, id="a statement of that day and route"),
        pytest.param(course("cyclophosphamide", -400, -400), 1, id="a statement of that day without a route"),
        pytest.param(course("cyclophosphamide", -400, -400, kind="request", route="iv"), 1, id="an order of that day"),
        pytest.param(course("cyclophosphamide", -410, -410, kind="request"), 1, id="an order ten days before"),
        pytest.param(course("cyclophosphamide", -399, -399, route="iv"), 2, id="a statement of the next day"),
    ],
)
def test_a_pulse_told_again_is_one_pulse(told_again: Exposure, pulses: int) -> None:
    records = [given("cyclophosphamide", -400, 500, route="iv"), told_again]
    assert cyclophosphamide_dose(records, TODAY).pulses == pulses


def test_a_tablet_and_an_infusion_of_one_day_are_both_exposure() -> None:
    """R-22: different routes."""
    records = [
        given("cyclophosphamide", -400, 500, route="iv"),
        course("cyclophosphamide", -400, -400, milligrams=100, route="oral"),
    ]
    dose = cyclophosphamide_dose(records, TODAY)
    assert (dose.days, dose.pulses) == (1, 1)
    assert dose.grams == pytest.approx(0.6)


def test_two_infusions_of_different_doses_on_one_day_both_count() -> None:
    records = [given("rituximab", -400, 500), given("rituximab", -400, 600, source="second")]
    (segment,) = derive_segments(records)
    assert anti_cd20_dose(segment).grams == pytest.approx(1.1)


def test_a_stated_and_ordered_daily_course_counts_its_grams_once() -> None:
    records = [
        course("cyclophosphamide", -400, -351, milligrams=100, route="oral"),
        course("cyclophosphamide", -400, -351, kind="request", milligrams=100, route="oral"),
    ]
    dose = cyclophosphamide_dose(records, TODAY)
    assert (dose.days, dose.pulses) == (50, 0)
    assert dose.grams == pytest.approx(5.0)


def test_the_reason_on_a_duplicate_still_speaks() -> None:
    infusions = [given("rituximab", -400), given("rituximab", -386)]
    (segment,) = derive_segments([*infusions, course("rituximab", -400, -386, reason="intolerance")])
    assert segment.reason == "intolerance"
