"""Cyclophosphamide with its planned maintenance in lupus nephritis (clinical-spec 3.3, TL-8)."""

import pytest
from case_samples import TODAY, course, given

from cds_service.case.lines import derive_lines
from cds_service.case.model import Exposure

Told = tuple[str, int, int | None]


def told(*records: Exposure, planned: bool = True) -> list[Told]:
    found = derive_lines(records, TODAY, planned_sequences=planned)
    return [("+".join(sorted(line.classes)), line.start, line.end) for line in found]


def cyclophosphamide(start: int, end: int, reason: str = "") -> Exposure:
    return course("cyclophosphamide", start, end, reason=reason)


@pytest.mark.parametrize("agent", ["mycophenolate_mofetil", "azathioprine"])
@pytest.mark.parametrize(
    ("length", "gap", "joined"),
    [
        pytest.param(199, 10, True, id="199 d of cyclophosphamide"),
        pytest.param(200, 10, True, id="200 d of cyclophosphamide"),
        pytest.param(90, 59, True, id="59 d later"),
        pytest.param(90, 60, True, id="60 d later"),
        pytest.param(90, 61, False, id="61 d later: another line"),
        pytest.param(90, 0, True, id="on the last day"),
        pytest.param(90, -20, True, id="begun in the last weeks of cyclophosphamide"),
    ],
)
def test_maintenance_within_60_days_of_at_most_200_days_of_cyclophosphamide_is_one_regimen(
    agent: str, length: int, gap: int, joined: bool
) -> None:
    start, end = -700, -700 + length
    found = told(cyclophosphamide(start, end), course(agent, end + gap, None))
    assert (found[0][1:] == (start, None)) is joined
    assert len(found) == (1 if joined else 2)


def test_mycophenolate_after_201_days_of_cyclophosphamide_is_another_line() -> None:
    found = told(cyclophosphamide(-700, -499), course("mycophenolate_mofetil", -490, None))
    assert found == [("CYC", -700, -499), ("MPAA", -490, None)]


@pytest.mark.parametrize(
    ("reason", "joined"),
    [("", True), ("completed", True), ("remission", True), ("intolerance", True), ("ineffective", False)],
)
def test_mycophenolate_after_cyclophosphamide_is_planned_unless_that_was_ineffective(reason: str, joined: bool) -> None:
    found = told(cyclophosphamide(-700, -610, reason), course("mycophenolate_mofetil", -600, None))
    assert len(found) == (1 if joined else 2)


@pytest.mark.parametrize("agent", ["tacrolimus", "leflunomide", "belimumab"])
def test_only_mycophenolate_and_azathioprine_are_planned_maintenance(agent: str) -> None:
    assert len(told(cyclophosphamide(-700, -610), course(agent, -600, None))) == 2


def test_euro_lupus_pulses_then_mycophenolate_are_judged_from_the_first_pulse() -> None:
    pulses = [given("cyclophosphamide", day, 500) for day in range(-400, -329, 14)]
    assert told(*pulses, course("mycophenolate_mofetil", -316, None)) == [("CYC+MPAA", -400, None)]


def test_in_membranous_nephropathy_there_is_no_planned_sequence() -> None:
    records = [cyclophosphamide(-700, -610), course("mycophenolate_mofetil", -600, None)]
    assert told(*records, planned=False) == [("CYC", -700, -610), ("MPAA", -600, None)]


def test_belimumab_beside_cyclophosphamide_does_not_make_its_azathioprine_another_line() -> None:
    """TL-8 asks how long cyclophosphamide lasted and what followed it; belimumab through both is BLISS-LN."""
    records = [cyclophosphamide(-400, -250), course("belimumab", -390, None), course("azathioprine", -240, None)]
    assert told(*records) == [("AZA+BEL+CYC", -400, None)]


@pytest.mark.parametrize(
    ("gap", "reason", "joined"),
    [
        pytest.param(59, "", True, id="59 d after"),
        pytest.param(60, "", True, id="60 d after"),
        pytest.param(61, "", False, id="61 d after: another line"),
        pytest.param(10, "remission", True, id="after remission"),
        pytest.param(10, "completed", True, id="after completion"),
        pytest.param(10, "ineffective", False, id="after failure: another line"),
        pytest.param(10, "intolerance", False, id="after intolerance: another line"),
    ],
)
@pytest.mark.parametrize("agent", ["mycophenolate_mofetil", "tacrolimus"])
def test_azathioprine_alone_is_the_maintenance_of_the_line_before(
    agent: str, gap: int, reason: str, joined: bool
) -> None:
    found = told(course(agent, -700, -400, reason=reason), course("azathioprine", -400 + gap, None))
    assert len(found) == (1 if joined else 2)
    assert found[0][1] == -700


def test_what_was_added_long_before_cyclophosphamide_ended_does_not_follow_it() -> None:
    """TL-4: begun 70 d after cyclophosphamide, which then goes on for 80 d: an add-on."""
    records = [cyclophosphamide(-400, -250), course("mycophenolate_mofetil", -330, None)]
    assert told(*records) == [("CYC", -400, -250), ("CYC+MPAA", -330, None)]


def test_what_began_on_the_same_day_does_not_follow() -> None:
    """TL-8 "followed"; twenty days of cyclophosphamide beside mycophenolate are a line of their own (TL-5)."""
    records = [cyclophosphamide(-700, -680), course("mycophenolate_mofetil", -700, -400)]
    assert told(*records) == [("CYC", -700, -680), ("MPAA", -700, -400)]


def test_azathioprine_with_a_partner_is_no_maintenance() -> None:
    records = [
        course("mycophenolate_mofetil", -700, -400),
        course("azathioprine", -390, None),
        course("tacrolimus", -390, None),
    ]
    assert told(*records) == [("MPAA", -700, -400), ("AZA+CNI", -390, None)]


def test_azathioprine_beside_a_class_that_goes_on_is_an_add_on() -> None:
    records = [course("tacrolimus", -700, None), course("azathioprine", -390, None)]
    assert told(*records) == [("CNI", -700, None), ("AZA+CNI", -390, None)]


def test_azathioprine_also_maintains_a_sequence_already_joined() -> None:
    records = [
        cyclophosphamide(-900, -800),
        course("mycophenolate_mofetil", -790, -400),
        course("azathioprine", -380, None),
    ]
    assert told(*records) == [("AZA+CYC+MPAA", -900, None)]


def test_mycophenolate_after_another_drug_is_no_maintenance() -> None:
    records = [course("tacrolimus", -700, -400), course("mycophenolate_mofetil", -390, None)]
    assert len(told(*records)) == 2


def test_a_line_before_cyclophosphamide_stays_apart() -> None:
    records = [course("tacrolimus", -900, -710), cyclophosphamide(-700, -600), course("azathioprine", -590, None)]
    assert told(*records) == [("CNI", -900, -710), ("AZA+CYC", -700, None)]
