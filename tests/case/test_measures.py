"""Current values, baselines, reduction and age (clinical-spec 2.2, 4, 9; R-14)."""

from datetime import date

import pytest
from case_samples import TODAY, egfr, spot, timed

from cds_service.case.measures import (
    age_in_years,
    at_least,
    baseline,
    between,
    current_proteinuria,
    nearest,
    newest,
    proteinuria_series,
    reduction,
)
from cds_service.case.model import Case, Patient, Quantity

MAX_AGE = 90


@pytest.mark.parametrize(
    ("days", "found"),
    [
        pytest.param([-89], -89, id="89 d old"),
        pytest.param([-90], -90, id="90 d old: still current"),
        pytest.param([-91], None, id="91 d old: stale is missing"),
        pytest.param([], None, id="no value"),
        pytest.param([0], 0, id="of today"),
        pytest.param([-300, -80, -10], -10, id="the newest of several"),
    ],
)
def test_the_newest_value_that_is_not_stale(days: list[int], found: int | None) -> None:
    value = newest([egfr(day, 60) for day in days], TODAY, MAX_AGE)
    assert (value.day if value else None) == found


@pytest.mark.parametrize(
    ("series", "found"),
    [
        pytest.param([timed(-10, 5)], (-10, "proteinuria_24h"), id="a collection"),
        pytest.param([spot(-10, 5)], (-10, "upcr"), id="a spot ratio alone"),
        pytest.param([timed(-23, 5), spot(-10, 4)], (-23, "proteinuria_24h"), id="a collection 13 d before the spot"),
        pytest.param([timed(-24, 5), spot(-10, 4)], (-24, "proteinuria_24h"), id="a collection 14 d before the spot"),
        pytest.param([timed(-25, 5), spot(-10, 4)], (-10, "upcr"), id="a collection 15 d before is not preferred"),
        pytest.param([spot(-20, 4), timed(-10, 5)], (-10, "proteinuria_24h"), id="a collection after the spot"),
        pytest.param(
            [timed(-24, 5), timed(-20, 6), spot(-10, 4)], (-20, "proteinuria_24h"), id="the newest of two collections"
        ),
        pytest.param([timed(-20, 5), spot(-15, 4), spot(-10, 3)], (-20, "proteinuria_24h"), id="another spot between"),
        pytest.param([timed(-90, 5)], (-90, "proteinuria_24h"), id="90 d old"),
        pytest.param([timed(-91, 5)], None, id="91 d old: missing"),
        pytest.param([spot(-91, 5)], None, id="a spot 91 d old: missing"),
        pytest.param(
            [timed(-90, 5), spot(-80, 4)], (-90, "proteinuria_24h"), id="the preferred collection is just not stale"
        ),
        pytest.param(
            [timed(-91, 5), spot(-80, 4)], (-80, "upcr"), id="a stale collection never decides (9, staleness)"
        ),
        pytest.param([], None, id="nothing"),
    ],
)
def test_current_proteinuria(series: list[Quantity], found: tuple[int, str] | None) -> None:
    """2.2: newest within 90 d; a 24 h value at most 14 d before a UPCR is used."""
    value = current_proteinuria(series, TODAY, MAX_AGE)
    assert ((value.day, value.measure) if value else None) == found


def test_on_one_day_the_collection_wins_over_the_spot_ratio() -> None:
    case = Case(Patient(), {"upcr": (spot(-30, 4), spot(-10, 3)), "proteinuria_24h": (timed(-20, 6), timed(-10, 5))})
    assert proteinuria_series(case) == (spot(-30, 4), timed(-20, 6), timed(-10, 5))


def test_a_case_without_proteinuria_has_an_empty_series() -> None:
    assert proteinuria_series(Case(Patient())) == ()


START = -300


@pytest.mark.parametrize(
    ("days", "found"),
    [
        pytest.param([START], START, id="on the first day"),
        pytest.param([START - 90], START - 90, id="90 d before"),
        pytest.param([START - 91], START - 91, id="91 d before: second window"),
        pytest.param([START - 180], START - 180, id="180 d before: second window"),
        pytest.param([START - 181], None, id="181 d before: none"),
        pytest.param([START + 7], START + 7, id="7 d after: first window"),
        pytest.param([START + 8], START + 8, id="8 d after: third window"),
        pytest.param([START + 30], START + 30, id="30 d after: third window"),
        pytest.param([START + 31], None, id="31 d after: none"),
        pytest.param([], None, id="no value at all"),
        pytest.param([START - 60, START - 5], START - 5, id="the newest of the first window"),
        pytest.param([START - 5, START + 7], START + 7, id="the newest of the first window, after the start"),
        pytest.param([START - 170, START - 100], START - 100, id="the newest of the second window"),
        pytest.param([START + 8, START + 20], START + 8, id="the oldest of the third window"),
        pytest.param([START - 100, START - 90], START - 90, id="the first window before the second"),
        pytest.param([START - 91, START + 8], START - 91, id="the second window before the third"),
        pytest.param([START - 181, START + 31], None, id="outside on both sides"),
    ],
)
def test_the_baseline_of_a_line(days: list[int], found: int | None) -> None:
    value = baseline([timed(day, 6) for day in days], START)
    assert (value.day if value else None) == found


@pytest.mark.parametrize(
    ("series", "found"),
    [
        pytest.param([timed(START - 80, 6), spot(START, 5)], timed(START - 80, 6), id="first window"),
        pytest.param([timed(START - 170, 6), spot(START - 100, 5)], timed(START - 170, 6), id="second window"),
        pytest.param([spot(START + 8, 5), timed(START + 29, 6)], timed(START + 29, 6), id="third window"),
        pytest.param([timed(START - 91, 6), spot(START - 80, 5)], spot(START - 80, 5), id="not from an earlier window"),
        pytest.param([spot(START + 7, 5), timed(START + 8, 6)], spot(START + 7, 5), id="not from a later window"),
        pytest.param([timed(START - 181, 6), spot(START - 180, 5)], spot(START - 180, 5), id="not from before"),
        pytest.param([spot(START + 30, 5), timed(START + 31, 6)], spot(START + 30, 5), id="not from after"),
        pytest.param([spot(START - 20, 5), spot(START - 10, 4)], spot(START - 10, 4), id="spot ratios only"),
    ],
)
def test_within_its_window_the_baseline_is_a_collection_if_any(series: list[Quantity], found: Quantity) -> None:
    assert baseline(series, START) == found


@pytest.mark.parametrize(
    ("days", "found"),
    [
        pytest.param([-250, -160], -160, id="the nearer one, after"),
        pytest.param([-240, -150], -240, id="the nearer one, before"),
        pytest.param([-260], -260, id="60 d before"),
        pytest.param([-140], -140, id="60 d after"),
        pytest.param([-261, -139], None, id="61 d on both sides: none"),
        pytest.param([-210, -190], -190, id="equally near: the later"),
        pytest.param([], None, id="no value"),
    ],
)
def test_the_value_nearest_a_day(days: list[int], found: int | None) -> None:
    value = nearest([egfr(day, 60) for day in days], -200, 60)
    assert (value.day if value else None) == found


def test_between_includes_both_days() -> None:
    series = [egfr(day, 60) for day in (-11, -10, -5, 0, 1)]
    assert [value.day for value in between(series, -10, 0)] == [-10, -5, 0]


@pytest.mark.parametrize(
    ("current", "reference", "share"),
    [(3.0, 6.0, 0.5), (6.0, 6.0, 0.0), (9.0, 6.0, -0.5), (4.2, 6.0, 0.3)],
    ids=["halved", "unchanged", "risen", "by 30 %"],
)
def test_reduction_is_a_share_of_the_reference(current: float, reference: float, share: float) -> None:
    assert reduction(current, reference) == pytest.approx(share)


@pytest.mark.parametrize(
    ("current", "reference", "limit", "reached"),
    [
        pytest.param(56, 80, 0.30, True, id="56 of 80 is a fall of 30 % on paper"),
        pytest.param(56.01, 80, 0.30, False, id="a hair less is not"),
        pytest.param(4.2, 6.0, 0.30, True, id="4.2 of 6 g/d"),
        pytest.param(48, 60, 0.20, True, id="48 of 60 is 20 %"),
        pytest.param(3.0, 6.0, 0.50, True, id="half"),
        pytest.param(3.001, 6.0, 0.50, False, id="not quite half"),
    ],
)
def test_a_share_reaches_its_limit_as_on_paper(current: float, reference: float, limit: float, reached: bool) -> None:
    assert at_least(reduction(current, reference), limit) is reached


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        pytest.param("1970-06-15", "2020-06-14", 49, id="the day before the birthday"),
        pytest.param("1970-06-15", "2020-06-15", 50, id="the birthday"),
        pytest.param("1970-06-15", "2020-06-16", 50, id="the day after"),
        pytest.param("1970-06-15", "2020-05-20", 49, id="a month before, later in the month"),
        pytest.param("1970-06-15", "2020-07-01", 50, id="a month after, earlier in the month"),
        pytest.param("2000-02-29", "2023-02-28", 22, id="born on 29 February, 28 February of a common year"),
        pytest.param("2000-02-29", "2023-03-01", 23, id="born on 29 February, 1 March of a common year"),
        pytest.param("2000-02-29", "2024-02-29", 24, id="born on 29 February, in a leap year"),
        pytest.param("2026-11-22", "2026-11-22", 0, id="born that day"),
    ],
)
def test_completed_years(born: str, on: str, years: int) -> None:
    assert age_in_years(date.fromisoformat(born).toordinal(), date.fromisoformat(on).toordinal()) == years
