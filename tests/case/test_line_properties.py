"""What holds for every chart: the order, the doubling and the cutting of records do not change the treatment lines."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from random import Random

from case_samples import ON_DAY, TODAY
from hypothesis import given as for_every
from hypothesis import settings
from hypothesis import strategies as st

from cds_service.case.doses import anti_cd20_dose, cyclophosphamide_dose
from cds_service.case.drug_classes import ANTI_CD20, CLASS_OF, NEVER_A_LINE, PULSE
from cds_service.case.lines import Line, derive_lines
from cds_service.case.model import (
    Allergy,
    Case,
    Condition,
    Dose,
    Exposure,
    Finding,
    NotTaken,
    Patient,
    Procedure,
    Quantity,
    Span,
)
from cds_service.case.segments import derive_segments

AGENTS = sorted(agent for agent in CLASS_OF if CLASS_OF[agent] in {"RTX", "CYC", "CNI", "MPAA", "AZA", "BEL", "GC"})
CONTINUOUS = sorted(agent for agent in AGENTS if CLASS_OF[agent] not in PULSE | NEVER_A_LINE)
REASONS = st.sampled_from(["", "", "", "ineffective", "intolerance", "non-adherence", "remission", "completed"])
DAYS = st.integers(min_value=-1200, max_value=0)

thorough = settings(max_examples=200, deadline=None, derandomize=True)


@st.composite
def courses(draw: st.DrawFn, agents: list[str] = AGENTS) -> Exposure:
    start = draw(DAYS)
    end = draw(st.one_of(st.none(), st.integers(min_value=start, max_value=0)))
    milligrams = draw(st.one_of(st.none(), st.sampled_from([100.0, 1000.0])))
    return Exposure(
        agent=draw(st.sampled_from(agents)),
        kind=draw(st.sampled_from(["statement", "request"])) if agents is AGENTS else "statement",
        start=start,
        end=end,
        source="",
        dose=None if milligrams is None else Dose(milligrams, "day"),
        route=draw(st.sampled_from(["", "oral", "iv"])),
        reason=draw(REASONS),
        coded=draw(st.booleans()),
    )


@st.composite
def infusions(draw: st.DrawFn) -> Exposure:
    day = draw(DAYS)
    milligrams = draw(st.one_of(st.none(), st.sampled_from([375.0, 1000.0])))
    return Exposure(
        agent=draw(st.sampled_from(["rituximab", "cyclophosphamide", "methylprednisolone", "belimumab"])),
        kind="administration",
        start=day,
        end=day,
        source="",
        dose=None if milligrams is None else Dose(milligrams, "administration"),
        reason=draw(REASONS),
    )


def numbered(records: list[Exposure]) -> list[Exposure]:
    return [replace(record, source=f"Record/{number:03}") for number, record in enumerate(records)]


charts = st.lists(st.one_of(courses(), infusions()), max_size=8).map(numbered)
stated_courses = st.lists(courses(CONTINUOUS), min_size=1, max_size=6).map(numbered)
diseases = st.booleans()


def told(lines: tuple[Line, ...]) -> list[tuple[list[str], int, int | None, str]]:
    return [(sorted(line.classes), line.start, line.end, line.reason) for line in lines]


def amounts(lines: tuple[Line, ...]) -> list[object]:
    return [
        anti_cd20_dose(segment)
        if segment.therapy_class in ANTI_CD20
        else cyclophosphamide_dose(segment.records, TODAY)
        if segment.therapy_class == "CYC"
        else None
        for line in lines
        for segment in line.segments
    ]


@thorough
@for_every(charts, diseases, st.randoms(use_true_random=False))
def test_the_order_of_the_records_does_not_matter(records: list[Exposure], planned: bool, random: Random) -> None:
    shuffled = list(records)
    random.shuffle(shuffled)
    assert derive_lines(shuffled, TODAY, planned_sequences=planned) == derive_lines(
        records, TODAY, planned_sequences=planned
    )


@thorough
@for_every(charts, diseases, st.data())
def test_a_record_that_came_twice_changes_nothing(records: list[Exposure], planned: bool, data: st.DataObject) -> None:
    """The copy has the same id, or another (two systems tell of one prescription)."""
    if not records:
        return
    twice = data.draw(st.sampled_from(records))
    copy = replace(twice, source=data.draw(st.sampled_from([twice.source, "Record/000a", "Record/zzz"])))
    before = derive_lines(records, TODAY, planned_sequences=planned)
    after = derive_lines([*records, copy], TODAY, planned_sequences=planned)
    assert told(after) == told(before)
    assert amounts(after) == amounts(before)


@thorough
@for_every(stated_courses, diseases, st.data())
def test_a_course_written_as_two_adjacent_ones_changes_no_line(
    records: list[Exposure], planned: bool, data: st.DataObject
) -> None:
    """A renewed prescription is the same treatment. The reason for ending stands on its second half."""
    whole = data.draw(st.sampled_from(records))
    last = TODAY if whole.end is None else whole.end
    if whole.start >= last:
        return
    cut = data.draw(st.integers(min_value=whole.start, max_value=last - 1))
    halves = [
        replace(whole, end=cut, reason="", source=whole.source + "a"),
        replace(whole, start=cut + 1, source=whole.source + "b"),
    ]
    rest = [record for record in records if record is not whole]
    before = derive_lines(records, TODAY, planned_sequences=planned)
    after = derive_lines([*rest, *halves], TODAY, planned_sequences=planned)
    assert [line[:3] for line in told(after)] == [line[:3] for line in told(before)]


@thorough
@for_every(charts, diseases, st.integers(min_value=-3000, max_value=3000))
def test_a_chart_moved_in_time_has_its_lines_moved_with_it(records: list[Exposure], planned: bool, days: int) -> None:
    moved = [
        replace(record, start=record.start + days, end=None if record.end is None else record.end + days)
        for record in records
    ]
    found = derive_lines(moved, TODAY + days, planned_sequences=planned)
    expected = [
        (classes, start + days, None if end is None else end + days, reason)
        for classes, start, end, reason in told(derive_lines(records, TODAY, planned_sequences=planned))
    ]
    assert told(found) == expected


@thorough
@for_every(charts, diseases)
def test_every_record_of_a_line_making_class_is_in_a_segment_and_every_segment_in_a_line(
    records: list[Exposure], planned: bool
) -> None:
    expected = {record.source for record in records if CLASS_OF[record.agent] not in NEVER_A_LINE}
    segments = derive_segments(records)
    in_segments = [r.source for segment in segments for r in segment.records]
    echoed = {r.source for segment in segments for r in segment.echoes}
    assert sorted(set(in_segments)) == sorted(in_segments)
    assert set(in_segments) | echoed == expected
    assert set(in_segments) & echoed == set()
    lines = derive_lines(records, TODAY, planned_sequences=planned)
    assert {segment for line in lines for segment in line.segments} == set(segments)


@thorough
@for_every(charts, diseases)
def test_lines_are_well_formed(records: list[Exposure], planned: bool) -> None:
    lines = derive_lines(records, TODAY, planned_sequences=planned)
    assert all(line.start <= (TODAY if line.end is None else line.end) for line in lines)
    assert all(len(line.classes) >= 1 and not line.classes & NEVER_A_LINE for line in lines)
    assert [line.open for line in lines] == sorted(line.open for line in lines), "R-25: what goes on stands last"
    for is_open in (False, True):
        starts = [line.start for line in lines if line.open is is_open]
        assert starts == sorted(starts)


# -- a chart on an earlier day --------------------------------------------------------------------

absolute_days = st.integers(min_value=ON_DAY - 400, max_value=ON_DAY + 400)


@st.composite
def dated_cases(draw: st.DrawFn) -> Case:
    """A chart with a fact of every kind on any day before and after the index date."""
    day = absolute_days
    start = draw(day)
    onset = draw(day)
    return Case(
        Patient(),
        quantities={
            "egfr": tuple(Quantity("egfr", d, 60.0, "", f"Q/{d}") for d in sorted(draw(st.sets(day, max_size=4))))
        },
        findings={
            "adherence": tuple(
                Finding("adherence", d, "good", f"F/{d}") for d in sorted(draw(st.sets(day, max_size=4)))
            )
        },
        conditions=(
            Condition("malignancy", "C/1", onset=Span(onset, onset), ended=onset + draw(st.integers(0, 300))),
            Condition("pregnancy", "C/2", recorded=draw(day)),
        ),
        procedures=(Procedure("kidney_biopsy", "P/1", draw(day)),),
        exposures=(
            Exposure("tacrolimus", "statement", start, start + draw(st.integers(0, 300)), "M/1", reason="ineffective"),
            Exposure("azathioprine", "statement", draw(day), None, "M/2"),
        ),
        not_taken=(NotTaken("tacrolimus", "N/1", draw(day)),),
        allergies=(Allergy("rituximab", "allergy", "A/1", draw(day)),),
        disagreements=((Quantity("egfr", start, 60.0, "", "Q/a"), Quantity("egfr", start, 30.0, "", "Q/b")),),
    )


def days_of_facts(case: Case) -> list[int]:
    """Every day on which something in the chart happened."""
    days = [q.day for series in case.quantities.values() for q in series]
    days += [f.day for answers in case.findings.values() for f in answers]
    days += [c.onset.first for c in case.conditions if c.onset is not None]
    days += [c.recorded for c in case.conditions if c.onset is None and c.recorded is not None]
    days += [c.ended for c in case.conditions if c.ended is not None]
    days += [p.day for p in case.procedures if p.day is not None]
    days += [e.start for e in case.exposures] + [e.end for e in case.exposures if e.end is not None]
    days += [n.day for n in case.not_taken if n.day is not None]
    days += [a.day for a in case.allergies if a.day is not None]
    return days + [q.day for pair in case.disagreements for q in pair]


@thorough
@for_every(dated_cases(), absolute_days)
def test_a_case_seen_from_an_earlier_day_has_no_later_fact(case: Case, day: int) -> None:
    seen = case.until(date.fromordinal(day))
    assert [later for later in days_of_facts(seen) if later > day] == []


@thorough
@for_every(dated_cases(), absolute_days)
def test_a_reason_for_ending_is_known_only_with_the_end(case: Case, day: int) -> None:
    seen = case.until(date.fromordinal(day))
    assert [record.source for record in seen.exposures if record.end is None and record.reason] == []


@thorough
@for_every(dated_cases(), absolute_days, st.integers(min_value=0, max_value=400))
def test_looking_back_in_two_steps_is_looking_back_in_one(case: Case, day: int, further: int) -> None:
    earlier, later = date.fromordinal(day), date.fromordinal(day + further)
    assert case.until(later).until(earlier) == case.until(earlier)


@thorough
@for_every(dated_cases(), absolute_days)
def test_what_was_known_that_day_is_not_lost(case: Case, day: int) -> None:
    seen = case.until(date.fromordinal(day))
    assert [d for d in days_of_facts(seen) if d <= day] == [d for d in days_of_facts(case) if d <= day]
