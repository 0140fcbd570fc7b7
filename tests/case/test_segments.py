"""Records of one class merged into segments (clinical-spec 3.2, TL-1, TL-2, TL-6, TL-7; R-06, R-09, R-13, R-22)."""

import pytest
from case_samples import TODAY, course, given

from cds_service.case.model import Exposure
from cds_service.case.segments import Segment, derive_segments

Spans = list[tuple[int, int | None]]


def spans(*records: Exposure) -> Spans:
    return [(segment.start, segment.end) for segment in derive_segments(records)]


def only(*records: Exposure) -> Segment:
    (segment,) = derive_segments(records)
    return segment


@pytest.mark.parametrize(
    ("agent", "longest_gap"),
    [
        ("tacrolimus", 90),
        ("mycophenolate_mofetil", 90),
        ("azathioprine", 90),
        ("leflunomide", 90),
        ("anifrolumab", 90),
        ("rituximab", 270),
        ("obinutuzumab", 270),
        ("belimumab", 270),
        ("daratumumab", 270),
        ("bortezomib", 270),
        pytest.param("cyclophosphamide", 90, id="cyclophosphamide: pulses too merge over at most 90 d (R-13)"),
    ],
)
@pytest.mark.parametrize(
    ("longer_by", "segments"), [(-1, 1), (0, 1), (1, 2)], ids=["a day less", "at the limit", "a day more"]
)
def test_records_merge_over_a_gap_up_to_the_limit_of_their_kind(
    agent: str, longest_gap: int, longer_by: int, segments: int
) -> None:
    """TL-1: gap "<= 90 d (continuous) or <= 270 d (pulse)"."""
    second = -900 + longest_gap + longer_by
    assert len(spans(given(agent, -900), given(agent, second))) == segments


@pytest.mark.parametrize(
    ("reason", "gap", "segments"),
    [
        pytest.param("remission", 29, 1, id="29 d after remission: the same segment"),
        pytest.param("remission", 30, 1, id="30 d after remission: the same segment"),
        pytest.param("remission", 31, 2, id="31 d after remission: a new segment"),
        pytest.param("ineffective", 30, 1, id="30 d after ineffective: the same segment"),
        pytest.param("ineffective", 31, 2, id="31 d after ineffective: a new segment"),
        pytest.param("intolerance", 31, 1, id="31 d after intolerance: the same segment"),
        pytest.param("non-adherence", 90, 1, id="90 d after non-adherence: the same segment"),
        pytest.param("completed", 90, 1, id="90 d after completion: the same segment"),
        pytest.param("", 90, 1, id="90 d after a stop without a reason: the same segment"),
    ],
)
def test_a_segment_that_ended_with_a_verdict_is_not_merged_across_more_than_30_days(
    reason: str, gap: int, segments: int
) -> None:
    """TL-1, second sentence."""
    first = course("tacrolimus", -600, -400, reason=reason)
    assert len(spans(first, course("tacrolimus", -400 + gap, -200))) == segments


@pytest.mark.parametrize(
    ("first_reason", "second_reason", "segments"),
    [
        pytest.param("remission", "", 1, id="a verdict that treatment outlived did not end the segment"),
        pytest.param("ineffective", "completed", 1, id="a verdict followed by another reason did not end it"),
        pytest.param("completed", "remission", 2, id="the verdict at the end separates"),
    ],
)
def test_the_verdict_is_the_reason_the_segment_ended_with(first_reason: str, second_reason: str, segments: int) -> None:
    """TL-1: "a segment that ended with reason"; the records are 20 d and then 40 d apart."""
    records = [
        course("tacrolimus", -600, -500, reason=first_reason),
        course("tacrolimus", -480, -400, reason=second_reason),
        course("tacrolimus", -360, -200),
    ]
    assert len(spans(*records)) == segments


def test_a_verdict_stated_only_on_a_doubling_record_still_separates() -> None:
    infusions = [given("rituximab", -600), given("rituximab", -586), given("rituximab", -400)]
    told = course("rituximab", -600, -586, reason="ineffective")
    assert spans(*infusions, told) == [(-600, -586), (-400, -400)]


def test_a_gap_is_counted_from_the_segment_before_not_from_the_first() -> None:
    records = [course("tacrolimus", start, start + 50) for start in (-900, -700, -600, -400)]
    assert spans(*records) == [(-900, -850), (-700, -550), (-400, -350)]


@pytest.mark.parametrize("drugs", [("tacrolimus", "cyclosporine"), ("mycophenolate_mofetil", "mycophenolic_acid")])
def test_two_agents_of_a_class_are_one_segment(drugs: tuple[str, str]) -> None:
    segment = only(course(drugs[0], -400, -300), course(drugs[1], -290, None))
    assert (segment.start, segment.end, segment.agents) == (-400, None, drugs)


def test_a_change_of_dose_is_the_same_segment() -> None:
    first = course("tacrolimus", -400, -200, milligrams=6)
    assert spans(first, course("tacrolimus", -199, -20, milligrams=3)) == [(-400, -20)]


def test_a_segment_lasts_until_its_last_end_even_when_a_later_record_ended_earlier() -> None:
    assert spans(course("tacrolimus", -400, -100), course("tacrolimus", -350, -300)) == [(-400, -100)]


def test_a_segment_is_open_when_any_record_is_also_when_a_later_one_has_ended() -> None:
    """R-06."""
    segment = only(course("tacrolimus", -400, None), course("tacrolimus", -200, -100))
    assert segment.open
    assert segment.end is None


def test_the_last_non_empty_reason_speaks() -> None:
    """TL-9; the last is that of the record that ended last, in whatever order they came."""
    later = course("tacrolimus", -290, -100, reason="remission")
    earlier = course("tacrolimus", -400, -300, reason="intolerance")
    silent = course("tacrolimus", -95, -50)
    assert only(later, silent, earlier).reason == "remission"


@pytest.mark.parametrize(
    ("records", "effect_end"),
    [
        pytest.param([given("rituximab", -400), given("rituximab", -386)], -206, id="rituximab: last infusion + 180 d"),
        pytest.param([given("obinutuzumab", -50)], 130, id="obinutuzumab: may reach beyond today"),
        pytest.param([course("rituximab", -400, -386)], -206, id="rituximab from a statement: its end + 180 d"),
        pytest.param([course("rituximab", -400, None)], 0, id="ongoing rituximab of old acts today"),
        pytest.param([course("rituximab", -20, None)], 160, id="ongoing rituximab that began lately acts 180 d"),
        pytest.param([course("tacrolimus", -400, -100)], -100, id="tacrolimus: its end"),
        pytest.param([given("belimumab", -100), given("belimumab", -72)], -72, id="belimumab: its last dose"),
        pytest.param([course("tacrolimus", -400, None)], 0, id="an open record: today"),
    ],
)
def test_how_long_a_class_acts(records: list[Exposure], effect_end: int) -> None:
    """TL-2."""
    assert only(*records).effect_end(TODAY) == effect_end


@pytest.mark.parametrize(
    ("lead", "start"),
    [
        pytest.param(36, -400, id="a steroid pulse 36 d before: too early"),
        pytest.param(35, -435, id="a steroid pulse 35 d before: the start"),
        pytest.param(30, -430, id="the usual month before: the start"),
        pytest.param(0, -400, id="on the same day"),
        pytest.param(-1, -400, id="a steroid pulse after the first dose"),
    ],
)
def test_a_ponticelli_course_starts_with_its_steroid_pulse(lead: int, start: int) -> None:
    """TL-6."""
    pulse = given("methylprednisolone", -400 - lead, 1000)
    assert spans(pulse, course("cyclophosphamide", -400, -371)) == [(start, -371)]


def test_of_several_steroid_pulses_the_first_within_35_days_counts() -> None:
    pulses = [given("methylprednisolone", day, 1000) for day in (-440, -432, -431, -430)]
    assert spans(*pulses, course("cyclophosphamide", -400, -371)) == [(-432, -371)]


def test_alternating_months_of_steroid_and_cyclophosphamide_are_one_line() -> None:
    """TL-6: months 1, 3, 5 steroid; 2, 4, 6 cyclophosphamide."""
    records = [
        record
        for month in (0, 60, 120)
        for record in (
            given("methylprednisolone", -400 + month, 1000),
            course("prednisone", -397 + month, -371 + month),
            course("cyclophosphamide", -370 + month, -341 + month),
        )
    ]
    assert spans(*records) == [(-400, -221)]


def test_a_month_of_oral_steroid_is_a_pulse_too() -> None:
    """TL-6: "first IV/oral GC pulse"."""
    assert spans(course("prednisone", -431, -401), course("cyclophosphamide", -400, -371)) == [(-431, -371)]


def test_a_lasting_steroid_is_no_pulse() -> None:
    assert spans(course("prednisone", -420, None), course("cyclophosphamide", -400, -320)) == [(-400, -320)]
    assert spans(course("prednisone", -420, -300), course("cyclophosphamide", -400, -320)) == [(-400, -320)]


def test_a_steroid_pulse_starts_only_a_cyclophosphamide_line() -> None:
    assert spans(given("methylprednisolone", -420), course("tacrolimus", -400, -320)) == [(-400, -320)]


@pytest.mark.parametrize(
    ("days", "courses"),
    [
        pytest.param([-400], 1, id="one infusion"),
        pytest.param([-400, -386], 1, id="two infusions two weeks apart"),
        pytest.param([-400, -355], 1, id="45 d apart: one course"),
        pytest.param([-400, -354], 2, id="46 d apart: two courses"),
        pytest.param([-400, -386, -200, -186], 2, id="a course and its repetition at six months"),
        pytest.param([-186, -400, -200, -386], 2, id="in any order"),
        pytest.param([-400, -360, -320], 1, id="each within 45 d of the one before"),
    ],
)
def test_infusions_at_most_45_days_apart_are_one_course(days: list[int], courses: int) -> None:
    """TL-7."""
    assert only(*(given("rituximab", day) for day in days)).courses() == courses
