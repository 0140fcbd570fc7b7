"""Treatment lines: segments of classes joined into regimens (clinical-spec 3.3, TL-3 to TL-5, TL-8, TL-9).

A line is what a clinician would call "what she was treated with then": one class or a combination,
with its start, its end, and why it ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cds_service.case.drug_classes import ANTI_CD20
from cds_service.case.lazy import lazy
from cds_service.case.model import Day, Exposure
from cds_service.case.segments import GAP_AFTER_A_VERDICT, Segment, derive_segments, far_future, last_reason

COMBINATION_WINDOW = 60
COMBINATION_OVERLAP = 60
PLANNED_SEQUENCE_LENGTH = 200
PLANNED_SEQUENCE_GAP = 60


@dataclass(frozen=True)
class Line:
    """One treatment line. `start` is where its exposure counts from (an add-on restarts the clock, TL-4)."""

    start: Day
    segments: tuple[Segment, ...]

    @lazy
    def classes(self) -> frozenset[str]:
        """The therapy classes of the regimen."""
        return frozenset(segment.therapy_class for segment in self.segments)

    @lazy
    def open(self) -> bool:
        """True while any of its classes is still being given (TL-9, R-06)."""
        return any(segment.open for segment in self.segments)

    @lazy
    def end(self) -> Day | None:
        """The day the last class ended, None while open."""
        return None if self.open else max(far_future(segment.end) for segment in self.segments)

    @lazy
    def reason(self) -> str:
        """The last stated reason for ending; a drug not tolerated while its partner goes on ends nothing (R-24)."""
        return last_reason(
            record
            for segment in self.segments
            for record in (*segment.records, *segment.echoes)
            if far_future(record.end) >= self.start and not (self._outlives(segment) and record.reason == "intolerance")
        )

    def _outlives(self, segment: Segment) -> bool:
        """Whether the line went on, or acted on, for more than a month after this class was stopped."""
        if segment.end is None:
            return False
        end = segment.end
        return self.open or any(
            other.effect_end(end) - end > GAP_AFTER_A_VERDICT for other in self.segments if other is not segment
        )

    @lazy
    def sources(self) -> tuple[str, ...]:
        """The records the line rests on, in order of time."""
        records = {record.source: record.start for segment in self.segments for record in segment.records}
        return tuple(sorted(records, key=lambda source: (records[source], source)))

    @lazy
    def agents(self) -> tuple[str, ...]:
        """The agents in order of first use."""
        return tuple(dict.fromkeys(agent for segment in self.segments for agent in segment.agents))

    def of_class(self, *classes: str) -> tuple[Segment, ...]:
        """Its segments of these classes, oldest first."""
        return tuple(segment for segment in self.segments if segment.therapy_class in classes)

    def effect_end(self, today: Day) -> Day:
        """Until when anything of the line acts."""
        return max(segment.effect_end(today) for segment in self.segments)


def derive_lines(exposures: Sequence[Exposure], today: Day, *, planned_sequences: bool) -> tuple[Line, ...]:
    """All treatment lines, the current or last one at the end (R-25: an ongoing line is the last line).

    `planned_sequences` joins cyclophosphamide with its planned maintenance, as lupus nephritis is treated (TL-8).
    """
    lines: list[Line] = []
    for segment in derive_segments(exposures):
        lines = _with(lines, segment, today)
    ordered = sorted(lines, key=lambda line: (line.open, line.start, sorted(line.classes)))
    return tuple(_join_planned_sequences(ordered) if planned_sequences else ordered)


def _with(lines: list[Line], segment: Segment, today: Day) -> list[Line]:
    """The lines after one more segment: a partner of a young line, an add-on to a lasting one, or a new line."""
    for index, line in enumerate(lines):
        if segment.therapy_class not in line.classes and _is_partner(line, segment, today):
            joined = Line(line.start, (*line.segments, segment))
            return [*lines[:index], joined, *lines[index + 1 :]]
    continuing = {
        id(partner): partner
        for line in lines
        for partner in line.segments
        if partner.therapy_class != segment.therapy_class and _goes_on_beside(partner, segment, today)
    }
    return [*lines, Line(segment.start, (*continuing.values(), segment))]


def _is_partner(line: Line, segment: Segment, today: Day) -> bool:
    """TL-3: the second class starts within 60 d of the first and the two overlap for 60 d, or both go on."""
    if segment.start - line.start > COMBINATION_WINDOW:
        return False
    return any(_overlaps_enough(partner, segment, today) for partner in line.segments)


def _goes_on_beside(partner: Segment, segment: Segment, today: Day) -> bool:
    """TL-4: an earlier class that continues under the new one belongs to the new line; lingering anti-CD20 does not."""
    return partner.therapy_class not in ANTI_CD20 and _overlaps_enough(partner, segment, today)


def _overlaps_enough(first: Segment, second: Segment, today: Day) -> bool:
    """60 d of common effect, or both still given; less is a cross-taper (TL-5)."""
    if first.ongoing(today) and second.ongoing(today):
        return True
    return min(first.effect_end(today), second.effect_end(today), today) - second.start >= COMBINATION_OVERLAP


def _join_planned_sequences(lines: Sequence[Line]) -> list[Line]:
    joined: list[Line] = []
    for line in lines:
        before = joined[-1] if joined else None
        if before is not None and _is_planned_continuation(before, line):
            joined[-1] = Line(before.start, (*before.segments, *line.segments))
        else:
            joined.append(line)
    return joined


def _is_planned_continuation(before: Line, line: Line) -> bool:
    """TL-8: cyclophosphamide then planned mycophenolate or azathioprine; azathioprine after anything that worked."""
    if line.start <= before.start:
        return False
    added = line.classes - before.classes
    if added in ({"MPAA"}, {"AZA"}) and any(_is_induction_of(line, course) for course in before.of_class("CYC")):
        return True
    if before.end is None or line.start - before.end > PLANNED_SEQUENCE_GAP:
        return False
    return line.classes == {"AZA"} and before.reason not in {"ineffective", "intolerance"}


def _is_induction_of(line: Line, course: Segment) -> bool:
    """A short cyclophosphamide course, not ineffective, that the line follows within 60 d."""
    if course.end is None or course.reason == "ineffective":
        return False
    first = course.records[0].start  # the steroid pulse that may lead is not cyclophosphamide (TL-6)
    short = course.end - first <= PLANNED_SEQUENCE_LENGTH
    return short and abs(line.start - course.end) <= PLANNED_SEQUENCE_GAP
