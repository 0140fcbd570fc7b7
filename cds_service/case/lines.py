"""Treatment lines: segments of classes joined into regimens (clinical-spec 3.3, TL-3 to TL-5, TL-8, TL-9).

A line is what a clinician would call "what she was treated with then": one class or a combination,
with its start, its end, and why it ended.
"""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.case.drug_classes import ANTI_CD20
from cds_service.case.light import light_dataclass
from cds_service.case.model import Day, Exposure
from cds_service.case.segments import GAP_AFTER_A_VERDICT, Segment, derive_segments, far_future, last_reason

COMBINATION_WINDOW = 60
COMBINATION_OVERLAP = 60
PLANNED_SEQUENCE_LENGTH = 200
PLANNED_SEQUENCE_GAP = 60


@light_dataclass(frozen=True, slots=True)
class Line:
    """One treatment line, made by `line_of`. `start` is where its exposure counts from (an add-on restarts it, TL-4).

    `classes` are the therapy classes of the regimen. It is `open` while any of them is still being given (TL-9, R-06);
    `end` is the day the last one ended, None while open. `reason` is the last stated reason for ending: a drug not
    tolerated while its partner goes on ends nothing (R-24).
    """

    start: Day
    segments: tuple[Segment, ...]
    classes: frozenset[str]
    open: bool
    end: Day | None
    reason: str

    @property
    def sources(self) -> tuple[str, ...]:
        """The records the line rests on, in order of time."""
        records = {record.source: record.start for segment in self.segments for record in segment.records}
        if len(records) == 1:
            return tuple(records)
        return tuple(sorted(records, key=lambda source: (records[source], source)))

    @property
    def start_stated(self) -> bool:
        """Whether the day it began is told; if not, `start` is the last day it can be."""
        told = [r.start_stated for segment in self.segments for r in segment.records if r.start <= self.start]
        return False not in told

    @property
    def end_stated(self) -> bool:
        """Whether the day it ended is told; if not, only that it was given on its last day is sure."""
        told = [r.end_stated for segment in self.segments for r in segment.records if r.end == self.end]
        return False not in told

    @property
    def agents(self) -> tuple[str, ...]:
        """The agents in order of first use."""
        return tuple(dict.fromkeys([record.agent for segment in self.segments for record in segment.records]))

    def of_class(self, *classes: str) -> tuple[Segment, ...]:
        """Its segments of these classes, oldest first."""
        return tuple([segment for segment in self.segments if segment.therapy_class in classes])

    def effect_end(self, today: Day) -> Day:
        """Until when anything of the line acts."""
        return max([segment.effect_end(today) for segment in self.segments])


def line_of(start: Day, segments: tuple[Segment, ...]) -> Line:
    """The line that these segments make, counted from that day."""
    classes = frozenset([segment.therapy_class for segment in segments])
    ends = [segment.end for segment in segments if segment.end is not None]
    end = max(ends) if len(ends) == len(segments) else None
    return Line(start, segments, classes, end is None, end, _reason(start, segments, end))


def _reason(start: Day, segments: Sequence[Segment], end: Day | None) -> str:
    """The last reason given in the line's own time, but for intolerance of a drug that the line outlived."""
    telling = [
        told
        for segment in segments
        for told in (*segment.records, *segment.echoes)
        if told.reason
        and far_future(told.end) >= start
        and not (told.reason == "intolerance" and _outlived(segment, segments, end))
    ]
    return last_reason(telling) if telling else ""


def _outlived(segment: Segment, segments: Sequence[Segment], end: Day | None) -> bool:
    """Whether the line went on, or acted on, for more than a month after this class was stopped."""
    if segment.end is None:
        return False
    last = segment.end
    return end is None or any(
        other.effect_end(last) - last > GAP_AFTER_A_VERDICT for other in segments if other is not segment
    )


def derive_lines(exposures: Sequence[Exposure], today: Day, *, planned_sequences: bool) -> tuple[Line, ...]:
    """All treatment lines, the current or last one at the end (R-25: an ongoing line is the last line).

    `planned_sequences` joins cyclophosphamide with its planned maintenance, as lupus nephritis is treated (TL-8).
    """
    segments = derive_segments(exposures)
    if len(segments) == 1:
        return (line_of(segments[0].start, segments),)
    lines: list[Line] = []
    for segment in segments:
        lines = _with(lines, segment, today)
    ordered = sorted(lines, key=lambda line: (line.open, line.start, sorted(line.classes)))
    return tuple(_join_planned_sequences(ordered) if planned_sequences else ordered)


def _with(lines: list[Line], segment: Segment, today: Day) -> list[Line]:
    """The lines after one more segment: a partner of a young line, an add-on to a lasting one, or a new line."""
    for index, line in enumerate(lines):
        if segment.therapy_class not in line.classes and _is_partner(line, segment, today):
            joined = line_of(line.start, (*line.segments, segment))
            return [*lines[:index], joined, *lines[index + 1 :]]
    continuing = {
        id(partner): partner
        for line in lines
        for partner in line.segments
        if partner.therapy_class != segment.therapy_class and _goes_on_beside(partner, segment, today)
    }
    return [*lines, line_of(segment.start, (*continuing.values(), segment))]


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
            joined[-1] = line_of(before.start, (*before.segments, *line.segments))
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
