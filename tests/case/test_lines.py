"""Segments joined into treatment lines (clinical-spec 3.3: TL-3 to TL-5, TL-9; R-06, R-12, R-24, R-25)."""

from dataclasses import replace

import pytest
from case_samples import TODAY, course, given

from cds_service.case.lines import Line, derive_lines
from cds_service.case.model import Exposure

# Classes joined by "+", start, end.
Told = tuple[str, int, int | None]


def lines(*records: Exposure) -> tuple[Line, ...]:
    return derive_lines(records, TODAY, planned_sequences=False)


def told(*records: Exposure) -> list[Told]:
    return [("+".join(sorted(line.classes)), line.start, line.end) for line in lines(*records)]


def rituximab(first: int) -> list[Exposure]:
    return [given("rituximab", first, 1000), given("rituximab", first + 14, 1000)]


def test_no_records_no_lines() -> None:
    assert lines() == ()


@pytest.mark.parametrize(
    ("second_start", "second_end", "expected"),
    [
        pytest.param(-400, -200, [("CNI+MPAA", -400, -100)], id="begun together"),
        pytest.param(-341, -200, [("CNI+MPAA", -400, -100)], id="59 d after the first: one line"),
        pytest.param(-340, -200, [("CNI+MPAA", -400, -100)], id="60 d after the first: one line"),
        pytest.param(
            -339, -200, [("CNI", -400, -100), ("CNI+MPAA", -339, -100)], id="61 d after the first: an add-on (TL-4)"
        ),
        pytest.param(-380, -319, [("CNI+MPAA", -400, -100)], id="61 d together: one line"),
        pytest.param(-380, -320, [("CNI+MPAA", -400, -100)], id="60 d together: one line"),
        pytest.param(-380, -321, [("CNI", -400, -100), ("MPAA", -380, -321)], id="59 d together: two lines (TL-5)"),
    ],
)
def test_two_classes_are_one_line_when_begun_within_60_days_and_given_together_for_60(
    second_start: int, second_end: int, expected: list[Told]
) -> None:
    """TL-3."""
    assert told(course("tacrolimus", -400, -100), course("mycophenolate_mofetil", second_start, second_end)) == expected


@pytest.mark.parametrize(
    ("second_start", "expected"),
    [
        pytest.param(-59, [("CNI+MPAA", -70, None)], id="59 d of common days so far"),
        pytest.param(-10, [("CNI+MPAA", -70, None)], id="60 d after the first and ten days ago"),
        pytest.param(-9, [("CNI", -70, None), ("CNI+MPAA", -9, None)], id="61 d after the first: an add-on"),
    ],
)
def test_two_ongoing_classes_need_no_60_common_days_yet(second_start: int, expected: list[Told]) -> None:
    """TL-3: "or both are ongoing"."""
    assert told(course("tacrolimus", -70, None), course("mycophenolate_mofetil", second_start, None)) == expected


def test_a_class_that_ended_today_is_not_ongoing() -> None:
    assert told(course("tacrolimus", -70, 0), course("mycophenolate_mofetil", -20, None)) == [
        ("CNI", -70, 0),
        ("MPAA", -20, None),
    ]


@pytest.mark.parametrize(
    ("tacrolimus_start", "expected"),
    [
        pytest.param(-340, [("CNI+RTX", -400, -100)], id="tacrolimus in month 2 after rituximab: one line (S002)"),
        pytest.param(
            -339, [("RTX", -400, -386), ("CNI", -339, -100)], id="61 d after: lingering rituximab is not carried (TL-4)"
        ),
    ],
)
def test_rituximab_acts_180_days_for_the_common_days(tacrolimus_start: int, expected: list[Told]) -> None:
    """TL-2 with TL-3."""
    assert told(*rituximab(-400), course("tacrolimus", tacrolimus_start, -100)) == expected


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param(
            [*rituximab(-70), course("tacrolimus", -20, None)],
            [("CNI+RTX", -70, None)],
            id="tacrolimus added 50 d after rituximab and 20 d ago: both act today (TL-2, TL-3)",
        ),
        pytest.param(
            [course("tacrolimus", -50, None), *rituximab(-20)],
            [("CNI+RTX", -50, None)],
            id="rituximab given 20 d ago, 30 d after tacrolimus that goes on: both act today (TL-2, TL-3)",
        ),
        pytest.param(
            [course("tacrolimus", -400, None), *rituximab(-20)],
            [("CNI", -400, None), ("CNI+RTX", -20, None)],
            id="rituximab given 20 d ago on top of tacrolimus that goes on: an add-on, '(or is open)' (TL-4)",
        ),
        pytest.param(
            [course("tacrolimus", -400, None), *rituximab(-60)],
            [("CNI", -400, None), ("CNI+RTX", -60, None)],
            id="rituximab given 60 d ago on top of tacrolimus that goes on: an add-on (TL-4)",
        ),
    ],
)
def test_rituximab_lately_infused_is_ongoing(records: list[Exposure], expected: list[Told]) -> None:
    assert told(*records) == expected


@pytest.mark.parametrize(
    ("first_end", "expected"),
    [
        pytest.param(-201, [("CNI", -400, -201), ("MPAA", -260, -50)], id="59 d together: cross-taper (TL-5)"),
        pytest.param(-200, [("CNI", -400, -200), ("CNI+MPAA", -260, -50)], id="60 d together: add-on (TL-4)"),
        pytest.param(-250, [("CNI", -400, -250), ("MPAA", -260, -50)], id="ten days together: cross-taper (TL-5)"),
    ],
)
def test_a_class_added_late_restarts_the_clock_and_keeps_what_goes_on(first_end: int, expected: list[Told]) -> None:
    """TL-4 and TL-5."""
    assert told(course("tacrolimus", -400, first_end), course("mycophenolate_mofetil", -260, -50)) == expected


def test_exposure_counts_from_the_add_on_also_for_the_class_that_goes_on() -> None:
    """TL-4: "Exposure counts from the add-on"; the segment that goes on keeps its own first day."""
    (_, both) = lines(course("tacrolimus", -400, None), course("mycophenolate_mofetil", -100, None))
    assert both.start == -100
    assert [segment.start for segment in both.of_class("CNI")] == [-400]


def test_what_goes_on_is_carried_once_through_several_add_ons() -> None:
    records = [
        course("tacrolimus", -800, None),
        course("mycophenolate_mofetil", -600, None),
        course("leflunomide", -400, None),
    ]
    assert told(*records) == [("CNI", -800, None), ("CNI+MPAA", -600, None), ("CNI+LEF+MPAA", -400, None)]
    assert len(lines(*records)[-1].segments) == 3


def test_a_third_class_joins_a_young_combination() -> None:
    records = [
        course("tacrolimus", -400, -100),
        course("mycophenolate_mofetil", -380, -100),
        course("belimumab", -340, -100),
    ]
    assert told(*records) == [("BEL+CNI+MPAA", -400, -100)]


def test_a_class_partners_with_the_line_it_shares_days_with() -> None:
    """The first line is young enough but over; the second one is both young and lasting."""
    records = [
        course("tacrolimus", -400, -380),
        course("mycophenolate_mofetil", -375, -100),
        course("leflunomide", -350, -100),
    ]
    assert told(*records) == [("CNI", -400, -380), ("LEF+MPAA", -375, -100)]


def test_a_partner_joins_the_first_line_past_a_short_course_between() -> None:
    records = [
        course("tacrolimus", -400, None),
        course("leflunomide", -395, -385),
        course("mycophenolate_mofetil", -380, -100),
    ]
    assert told(*records) == [("LEF", -395, -385), ("CNI+MPAA", -400, None)]


def test_steroids_are_absorbed() -> None:
    """TL-3: CNI + steroid is one regimen."""
    assert told(course("prednisone", -500, None), course("tacrolimus", -400, None)) == [("CNI", -400, None)]


def test_the_same_class_again_after_a_verdict_is_a_line_of_its_own() -> None:
    first = course("tacrolimus", -400, -380, reason="ineffective")
    assert told(first, course("tacrolimus", -345, -100)) == [("CNI", -400, -380), ("CNI", -345, -100)]


def test_a_short_course_beside_a_class_that_goes_on_leaves_the_ongoing_one_last() -> None:
    """R-25."""
    records = [course("tacrolimus", -400, None), course("mycophenolate_mofetil", -200, -150)]
    assert told(*records) == [("MPAA", -200, -150), ("CNI", -400, None)]


def test_lines_stand_in_order_of_their_start() -> None:
    records = [course("mycophenolate_mofetil", -300, -200), course("tacrolimus", -800, -700), *rituximab(-600)]
    assert told(*records) == [("CNI", -800, -700), ("RTX", -600, -586), ("MPAA", -300, -200)]


def test_a_line_ends_with_its_last_class() -> None:
    """TL-9."""
    assert told(course("tacrolimus", -400, -300), course("mycophenolate_mofetil", -390, -100)) == [
        ("CNI+MPAA", -400, -100)
    ]


@pytest.mark.parametrize(
    ("ends", "is_open"),
    [((-300, -100), False), ((None, -100), True), ((-300, None), True), ((None, None), True)],
    ids=["both ended", "the first goes on", "the second goes on", "both go on"],
)
def test_a_line_is_open_when_any_of_its_segments_is(ends: tuple[int | None, int | None], is_open: bool) -> None:
    """TL-9, R-06."""
    (line,) = lines(course("tacrolimus", -400, ends[0]), course("mycophenolate_mofetil", -390, ends[1]))
    assert line.open is is_open
    assert (line.end is None) is is_open


@pytest.mark.parametrize(
    ("tacrolimus", "mycophenolate", "reason"),
    [
        pytest.param((-150, "ineffective"), (-100, ""), "ineffective", id="the only reason, shortly before the end"),
        pytest.param((-300, "remission"), (-100, "ineffective"), "ineffective", id="the later of two"),
        pytest.param((-100, "remission"), (-300, "ineffective"), "remission", id="the later of two, other class"),
        pytest.param((-300, "intolerance"), (None, ""), "", id="stopped for intolerance, the partner goes on (R-24)"),
        pytest.param((-300, "remission"), (None, ""), "remission", id="remission, then the partner alone (TL-9)"),
        pytest.param((-300, "ineffective"), (None, ""), "ineffective", id="one stopped as ineffective (TL-9)"),
        pytest.param(
            (-300, "intolerance"),
            (-50, ""),
            "",
            id="stopped for intolerance, the partner went on for 250 d more (R-24)",
        ),
        pytest.param(
            (-300, "intolerance"), (-50, "ineffective"), "ineffective", id="the partner went on and failed (R-24)"
        ),
        pytest.param((-100, "intolerance"), (-100, ""), "intolerance", id="all stopped that day for intolerance"),
        pytest.param((-300, ""), (-100, ""), "", id="no reason given"),
    ],
)
def test_why_a_combination_ended(
    tacrolimus: tuple[int | None, str], mycophenolate: tuple[int | None, str], reason: str
) -> None:
    """TL-9 "last non-empty statusReason", and R-24."""
    (line,) = lines(
        course("tacrolimus", -400, tacrolimus[0], reason=tacrolimus[1]),
        course("mycophenolate_mofetil", -390, mycophenolate[0], reason=mycophenolate[1]),
    )
    assert line.reason == reason


@pytest.mark.parametrize(
    ("ended", "reason"),
    [
        pytest.param(-301, "", id="the day before the add-on"),
        pytest.param(-300, "intolerance", id="on the day of the add-on"),
    ],
)
def test_a_reason_given_before_the_add_on_is_not_that_of_the_new_line(ended: int, reason: str) -> None:
    """TL-4 makes a new line: what ended before it began did not end it."""
    records = [
        course("tacrolimus", -600, ended, reason="intolerance"),
        course("cyclosporine", ended + 1, -100),
        course("mycophenolate_mofetil", -300, -100),
    ]
    both = lines(*records)[-1]
    assert (both.classes, both.start, both.reason) == ({"CNI", "MPAA"}, -300, reason)


def test_a_line_names_its_agents_sources_and_segments_in_order_of_time() -> None:
    records = [
        course("mycophenolate_mofetil", -390, None, source="Statement/2"),
        course("tacrolimus", -400, -200, source="Statement/3"),
        course("cyclosporine", -190, None, source="Statement/1"),
    ]
    (line,) = lines(*records)
    assert line.agents == ("tacrolimus", "cyclosporine", "mycophenolate_mofetil")
    assert line.sources == ("Statement/3", "Statement/2", "Statement/1")
    assert [segment.therapy_class for segment in line.of_class("MPAA", "CNI")] == ["CNI", "MPAA"]
    assert line.of_class("RTX") == ()


def test_a_line_acts_as_long_as_its_longest_acting_class() -> None:
    (line,) = lines(*rituximab(-400), course("tacrolimus", -390, -300))
    assert line.effect_end(TODAY) == -386 + 180


EXACT = course("tacrolimus", -400, -300)
NO_START = replace(EXACT, start_stated=False)
NO_END = replace(EXACT, end_stated=False)


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([EXACT], (True, True)),
        ([NO_START], (False, True)),
        ([NO_END], (True, False)),
        ([EXACT, replace(course("tacrolimus", -290, -200), start_stated=False)], (True, True)),
        ([EXACT, replace(course("tacrolimus", -290, -200), end_stated=False)], (True, False)),
        ([NO_END, course("tacrolimus", -290, -200)], (True, True)),
        ([NO_START, course("tacrolimus", -290, None)], (False, True)),
    ],
)
def test_a_line_knows_whether_its_first_and_last_day_are_told(
    records: list[Exposure], expected: tuple[bool, bool]
) -> None:
    (line,) = lines(*records)
    assert (line.start_stated, line.end_stated) == expected
