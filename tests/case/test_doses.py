"""Grams of anti-CD20, daily mycophenolate, doses stepped down (clinical-spec 3.4, 4; R-03, R-23, R-27)."""

import pytest
from case_samples import course, given

from cds_service.case.doses import (
    AntiCd20Dose,
    anti_cd20_dose,
    dose_reduction,
    highest_mycophenolate_grams,
)
from cds_service.case.model import Dose, Exposure
from cds_service.case.segments import Segment, derive_segments

REDUCED = 0.55
ENOUGH_ANTI_CD20 = 1.4
ENOUGH_MYCOPHENOLATE = 2.0


def segment_of(*records: Exposure) -> Segment:
    (segment,) = derive_segments(records)
    return segment


# -- anti-CD20 ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("doses", "grams", "assumed"),
    [
        pytest.param([(1000, "administration")] * 2, 2.0, 0, id="1 g twice"),
        pytest.param([(375, "administration-m2")], 0.7, 0, id="375 mg/m2 once is 0.7 g"),
        pytest.param([(375, "administration-m2")] * 2, 1.4, 0, id="375 mg/m2 twice is just enough"),
        pytest.param([(375, "administration-m2")] * 4, 2.8, 0, id="four weekly 375 mg/m2"),
        pytest.param([(1000, "administration"), (375, "administration-m2")], 1.7, 0, id="both ways of dosing"),
        pytest.param([(700, "administration"), (700, "administration")], 1.4, 0, id="700 mg twice is just enough"),
        pytest.param([(700, "administration"), (699, "administration")], 1.399, 0, id="1 mg less is not"),
        pytest.param([(1000, "administration"), None], 2.0, 1, id="an unknown dose counts as 1 g and is said (R-27)"),
        pytest.param([None], 1.0, 1, id="one infusion of unknown dose is not enough"),
        pytest.param([None, None], 2.0, 2, id="two infusions of unknown dose are enough, and it is said"),
        pytest.param([(500, "day")], 0.5, 0, id="a dose of that day"),
    ],
)
def test_grams_of_anti_cd20(doses: list[tuple[float, str] | None], grams: float, assumed: int) -> None:
    infusions = [
        given("rituximab", -400 + 14 * number)
        if dose is None
        else given("rituximab", -400 + 14 * number, dose[0], per=dose[1])  # type: ignore[arg-type]
        for number, dose in enumerate(doses)
    ]
    dose = anti_cd20_dose(segment_of(*infusions))
    assert dose.grams == pytest.approx(grams)
    assert dose.assumed == assumed
    assert (round(grams, 6) >= ENOUGH_ANTI_CD20) is (dose.grams is not None and round(dose.grams, 6) >= 1.4)


@pytest.mark.parametrize("agent", ["rituximab", "obinutuzumab", "ofatumumab"])
@pytest.mark.parametrize("kind", ["statement", "request"])
def test_a_statement_or_an_order_without_any_infusion_is_taken_as_adequate(agent: str, kind: str) -> None:
    """R-27: grams unknown, also when a dose is stated."""
    record = course(agent, -400, -386, kind=kind, milligrams=500, per="administration")  # type: ignore[arg-type]
    assert anti_cd20_dose(segment_of(record)) == AntiCd20Dose(None, assumed=0)


def test_a_statement_beside_one_infusion_does_not_stand_for_a_second() -> None:
    """R-03, R-27: the exception is for charts "without any administration"."""
    records = [given("rituximab", -400, 1000), course("rituximab", -390, -300, milligrams=1000, per="administration")]
    assert anti_cd20_dose(segment_of(*records)).grams == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("records", "grams"),
    [
        pytest.param([course("rituximab", -400, -386, coded=False)], 0.0, id="a statement in free text"),
        pytest.param([given("rituximab", -400, 2000, coded=False)], 0.0, id="an infusion in free text"),
        pytest.param(
            [given("rituximab", -400, 1000), given("rituximab", -386, 1000, coded=False)],
            1.0,
            id="a coded infusion and one in free text",
        ),
        pytest.param(
            [course("rituximab", -400, -386), course("rituximab", -300, -290, coded=False)],
            None,
            id="a coded statement and one in free text",
        ),
        pytest.param(
            [course("rituximab", -400, -386), given("rituximab", -400, 300, coded=False)],
            None,
            id="a coded statement is not undone by an infusion in free text",
        ),
        pytest.param(
            [given("rituximab", -400, 1000, coded=False, source="a"), given("rituximab", -400, 1000, source="b")],
            1.0,
            id="one infusion, with a code and in free text",
        ),
        pytest.param(
            [given("rituximab", -900, 700), given("rituximab", -640, 700, coded=False), given("rituximab", -380, 1000)],
            1.0,
            id="two courses that only free text joins: the larger",
        ),
        pytest.param(
            [given("rituximab", -900, 700), given("rituximab", -640, 700), given("rituximab", -380, 1000)],
            2.4,
            id="the same with a code",
        ),
    ],
)
def test_what_is_known_from_free_text_only_never_completes_a_course(
    records: list[Exposure], grams: float | None
) -> None:
    assert anti_cd20_dose(segment_of(*records)).grams == grams


# -- mycophenolate --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("records", "grams"),
    [
        pytest.param([course("mycophenolate_mofetil", -400, None, milligrams=2000)], 2.0, id="2 g of mofetil"),
        pytest.param([course("mycophenolic_acid", -400, None, milligrams=1440)], 2.0, id="1.44 g of acid is 2 g"),
        pytest.param([course("mycophenolic_acid", -400, None, milligrams=720)], 1.0, id="0.72 g of acid is 1 g"),
        pytest.param(
            [
                course("mycophenolate_mofetil", -400, -301, milligrams=1000),
                course("mycophenolate_mofetil", -300, -201, milligrams=2500),
                course("mycophenolate_mofetil", -200, None, milligrams=1500),
            ],
            2.5,
            id="the highest dose ever",
        ),
        pytest.param(
            [
                course("mycophenolate_mofetil", -400, -301, milligrams=1500),
                course("mycophenolic_acid", -300, None, milligrams=1440),
            ],
            2.0,
            id="acid after mofetil is compared in mofetil",
        ),
        pytest.param(
            [course("mycophenolate_mofetil", -400, -301), course("mycophenolate_mofetil", -300, None, milligrams=1000)],
            None,
            id="beside a low dose the unknown one could have been enough",
        ),
        pytest.param(
            [course("mycophenolate_mofetil", -400, -301), course("mycophenolate_mofetil", -300, None, milligrams=2000)],
            2.0,
            id="beside an unknown dose one that is just enough",
        ),
        pytest.param(
            [
                course("mycophenolate_mofetil", -400, -301, milligrams=1000),
                course("mycophenolate_mofetil", -300, -201, milligrams=2500),
                course("mycophenolate_mofetil", -200, None),
            ],
            2.5,
            id="beside an unknown dose the highest known one was enough",
        ),
        pytest.param(
            [course("mycophenolic_acid", -400, -301), course("mycophenolic_acid", -300, None, milligrams=1440)],
            2.0,
            id="beside an unknown dose 1.44 g of acid is just enough",
        ),
        pytest.param(
            [course("mycophenolate_mofetil", -400, -301), course("mycophenolate_mofetil", -300, None, milligrams=1999)],
            None,
            id="beside an unknown dose one that is just not enough",
        ),
        pytest.param([course("mycophenolate_mofetil", -400, None)], None, id="no dose recorded"),
        pytest.param(
            [course("mycophenolate_mofetil", -400, None, milligrams=1000, per="administration")],
            None,
            id="a dose whose frequency is unknown is no daily dose",
        ),
        pytest.param(
            [
                course("mycophenolate_mofetil", -400, -200, milligrams=1000),
                course("mycophenolate_mofetil", -200, None, milligrams=3000, coded=False),
            ],
            1.0,
            id="a lower dose with a code and a higher one in free text",
        ),
        pytest.param(
            [
                course("mycophenolate_mofetil", -400, -200, milligrams=2000),
                course("mycophenolate_mofetil", -200, None, coded=False),
            ],
            2.0,
            id="a dose with a code and none in free text",
        ),
        pytest.param(
            [course("mycophenolate_mofetil", -400, None, milligrams=2000, coded=False)], 2.0, id="free text only"
        ),
    ],
)
def test_highest_daily_mycophenolate(records: list[Exposure], grams: float | None) -> None:
    expected = None if grams is None else pytest.approx(grams, abs=1e-9)
    assert highest_mycophenolate_grams(segment_of(*records), ENOUGH_MYCOPHENOLATE) == expected


# -- stepping a daily dose down -------------------------------------------------------------------


def steps(*doses: tuple[int, float | None], agent: str = "tacrolimus") -> list[Exposure]:
    """Dose steps, each until the next."""
    ends = [day - 1 for day, _ in doses[1:]] + [None]
    return [course(agent, day, end, milligrams=dose) for (day, dose), end in zip(doses, ends, strict=True)]


@pytest.mark.parametrize(
    ("doses", "fraction", "since"),
    [
        pytest.param([(-400, 6)], 1.0, None, id="never changed"),
        pytest.param([(-400, 6), (-200, 3)], 0.5, -200, id="halved"),
        pytest.param([(-400, 100), (-200, 56)], 0.56, None, id="56 % is not reduced"),
        pytest.param([(-400, 100), (-200, 55)], 0.55, -200, id="55 % is reduced"),
        pytest.param([(-400, 100), (-200, 54)], 0.54, -200, id="54 % is reduced"),
        pytest.param([(-400, 6), (-300, 3), (-200, 2)], 1 / 3, -300, id="reduced since the first step of the run"),
        pytest.param([(-400, 6), (-300, 3), (-200, 6)], 1.0, None, id="back at full dose"),
        pytest.param([(-400, 6), (-300, 3), (-200, 5), (-100, 3)], 0.5, -100, id="only the trailing run counts"),
        pytest.param([(-400, 3), (-300, 6)], 2.0, None, id="stepped up"),
        pytest.param([(-400, 1), (-200, 0.5)], 0.5, -200, id="halved from 1 mg"),
        pytest.param([(-400, 6), (-300, None), (-200, 3)], 0.5, -200, id="a step without a dose is passed over"),
        pytest.param([(-400, 6), (-300, 3), (-200, None)], 0.5, -300, id="the newest dose that is known"),
    ],
)
def test_a_reduced_dose_and_since_when(doses: list[tuple[int, float]], fraction: float, since: int | None) -> None:
    """4: newest dose / first dose; reduced <= 0.55; since = start of the trailing run."""
    reduction = dose_reduction(segment_of(*steps(*doses)), REDUCED)
    assert reduction is not None
    assert reduction.fraction == pytest.approx(fraction)
    assert reduction.since == since


@pytest.mark.parametrize("full", [2, 4, 6, 8, 10, 12, 14, 20, 100, 150, 200, 250, 300])
def test_exactly_55_percent_of_any_usual_dose_is_reduced(full: int) -> None:
    """On paper 0.55; in floating point it may come out a little more."""
    reduction = dose_reduction(segment_of(*steps((-400, full), (-200, full * 55 / 100))), REDUCED)
    assert reduction is not None
    assert reduction.since == -200


@pytest.mark.parametrize(
    "records",
    [
        pytest.param(steps((-400, None)), id="no dose"),
        pytest.param(steps((-400, 0), (-200, 3)), id="a first dose of nothing"),
        pytest.param([course("tacrolimus", -400, None, milligrams=3, per="administration")], id="not a daily dose"),
    ],
)
def test_without_daily_doses_no_reduction_can_be_told(records: list[Exposure]) -> None:
    assert dose_reduction(segment_of(*records), REDUCED) is None


def test_milligrams_of_another_agent_are_no_measure_of_reduction() -> None:
    """300 mg of cyclosporine to 6 mg of tacrolimus is a switch, not a reduction to 2 %."""
    records = [course("cyclosporine", -400, -301, milligrams=300), *steps((-300, 6), (-100, 3))]
    reduction = dose_reduction(segment_of(*records), REDUCED)
    assert reduction is not None
    assert (reduction.fraction, reduction.since) == (0.5, -100)


def test_a_dose_is_milligrams_per_something() -> None:
    assert Dose(500.0, "administration") != Dose(500.0, "day")
