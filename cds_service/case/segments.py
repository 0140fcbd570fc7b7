"""Exposure of one class over time: records merged into segments (clinical-spec 3.2, TL-1, TL-2, TL-6, TL-7).

Days are ordinals. A segment without an end is ongoing on the day it is looked at.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from cds_service.case.drug_classes import ANTI_CD20, CLASS_OF, LINE_CLASS_OF, PULSE
from cds_service.case.light import light_dataclass
from cds_service.case.model import Day, Exposure

CONTINUOUS_GAP = 90
PULSE_GAP = 270
GAP_AFTER_A_VERDICT = 30
ANTI_CD20_EFFECT = 180
COURSE_GAP = 45
PONTICELLI_LEAD = 35
ORDER_BEFORE_INFUSION = 30
SMALLEST_PULSE_MILLIGRAMS = 250.0
INJECTED = frozenset({"iv", "parenteral"})
_PRIORITY = {"administration": 0, "statement": 1, "request": 2}


@light_dataclass(frozen=True, slots=True)
class Segment:
    """Uninterrupted exposure to one class.

    `records` count for dose and time; `echoes` are records of the same exposure in another resource
    type (R-09, R-22): they add no dose and no time, but their stated reason still speaks.
    """

    therapy_class: str
    start: Day
    end: Day | None
    records: tuple[Exposure, ...]
    echoes: tuple[Exposure, ...] = ()

    @property
    def open(self) -> bool:
        """True while the class is still being given."""
        return self.end is None

    @property
    def exactly_dated(self) -> bool:
        """Whether every record tells its first and its last day; if not, the class may have been given for longer."""
        return False not in [record.start_stated and record.end_stated for record in self.records]

    @property
    def agents(self) -> tuple[str, ...]:
        """The agents in order of first use."""
        if len(self.records) == 1:
            return (self.records[0].agent,)
        return tuple(dict.fromkeys([record.agent for record in self.records]))

    @property
    def reason(self) -> str:
        """The last non-empty reason for ending (TL-9)."""
        return last_reason((*self.records, *self.echoes))

    def effect_end(self, today: Day) -> Day:
        """Until when the class acts: anti-CD20 for 180 d after the last infusion, others until stopped (TL-2)."""
        if self.therapy_class not in ANTI_CD20:
            return today if self.end is None else self.end
        last = max([record.start if record.end is None else record.end for record in self.records])
        return last + ANTI_CD20_EFFECT if self.end is not None else max(today, last + ANTI_CD20_EFFECT)

    def ongoing(self, today: Day) -> bool:
        """Still given, or anti-CD20 that still acts."""
        return self.end is None or (self.therapy_class in ANTI_CD20 and self.effect_end(today) >= today)

    def infusions(self) -> tuple[Exposure, ...]:
        """Single administrations, in order of time."""
        return tuple([record for record in self.records if record.kind == "administration"])

    def courses(self) -> int:
        """How many courses: doses at most 45 d apart are one (TL-7)."""
        starts = sorted(record.start for record in self.records)
        return 1 + sum(1 for before, after in itertools.pairwise(starts) if after - before > COURSE_GAP)


def last_reason(records: Iterable[Exposure]) -> str:
    """The non-empty reason of the record that ended last; empty when none gives one."""
    given = [record for record in records if record.reason]
    if not given:
        return ""
    return max((far_future(record.end), record.start, record.source, record.reason) for record in given)[3]


def coded_parts(segment: Segment) -> tuple[Segment, ...]:
    """The segment as the codes alone tell it; several where only a name, which may be mistaken, fills the gap."""
    if False not in [record.coded for record in segment.records]:
        return (segment,)
    coded = [record for record in (*segment.records, *segment.echoes) if record.coded]
    return tuple(_segments_of(segment.therapy_class, coded)) if coded else ()


def far_future(end: Day | None) -> Day:
    """An end that sorts: ongoing comes after every date."""
    return 10_000_000 if end is None else end


def derive_segments(exposures: Sequence[Exposure]) -> tuple[Segment, ...]:
    """All segments of all line-making classes, by start day."""
    by_class: dict[str, list[Exposure]] = {}
    for exposure in exposures:
        therapy_class = LINE_CLASS_OF.get(exposure.agent)
        if therapy_class is not None:
            by_class.setdefault(therapy_class, []).append(exposure)
    segments: list[Segment] = []
    for therapy_class, records in by_class.items():
        segments.extend(_segments_of(therapy_class, records))
    if "CYC" in by_class:
        pulses = _steroid_pulses(exposures)
        segments = [_from_the_steroid_pulse(segment, pulses) for segment in segments]
    return tuple(sorted(segments, key=_by_start)) if len(segments) > 1 else tuple(segments)


def _by_start(segment: Segment) -> tuple[Day, str]:
    return segment.start, segment.therapy_class


def counted_and_echoes(records: Sequence[Exposure]) -> tuple[list[Exposure], list[Exposure]]:
    """Which records count as exposure, and which repeat one that already does (R-09, R-22).

    The same agent by the same route on overlapping days is one exposure: administration before
    statement before request. An order echoes what follows it within 30 d. A long statement or order
    still counts for its time when single administered doses of a daily drug fall into it.
    """
    ordered = sorted(records, key=lambda record: (_PRIORITY[record.kind], record.start, record.source))
    counted: list[Exposure] = []
    echoes: list[Exposure] = []
    for record in ordered:
        (echoes if any(_repeats(record, earlier) for earlier in counted) else counted).append(record)
    return counted, echoes


def may_be_one_route(record: Exposure, other: Exposure) -> bool:
    """False only when both routes are stated and differ: a route left out may be any."""
    return not record.route or not other.route or record.route == other.route


def _repeats(record: Exposure, earlier: Exposure) -> bool:
    if record.agent != earlier.agent or not may_be_one_route(record, earlier):
        return False
    if record.kind == earlier.kind:
        return (record.start, record.end, record.dose, record.reason) == (
            earlier.start,
            earlier.end,
            earlier.dose,
            earlier.reason,
        )
    if _is_pulse(record) and record.kind == "request" and 0 <= earlier.start - record.start <= ORDER_BEFORE_INFUSION:
        return True
    overlap = record.start <= far_future(earlier.end) and earlier.start <= far_future(record.end)
    if earlier.kind == "administration" and not _is_pulse(record):
        return overlap and _tells_of_pulses(record, earlier)
    return overlap


def _tells_of_pulses(record: Exposure, infusion: Exposure) -> bool:
    """A statement around cyclophosphamide pulses describes them; around daily tablets it is exposure of its own."""
    tablets = record.route == "oral" or infusion.route == "oral"
    daily = record.dose is not None and record.dose.per == "day" and record.route not in INJECTED
    small = infusion.dose is not None and infusion.dose.milligrams < SMALLEST_PULSE_MILLIGRAMS
    by_area = infusion.dose is not None and infusion.dose.per == "administration-m2"
    return CLASS_OF[record.agent] == "CYC" and not (tablets or daily) and (by_area or not small)


def _is_pulse(record: Exposure) -> bool:
    if CLASS_OF[record.agent] in PULSE:
        return True
    return record.end is not None and record.end == record.start


def _segments_of(therapy_class: str, records: Sequence[Exposure]) -> list[Segment]:
    if len(records) == 1:
        return [Segment(therapy_class, records[0].start, records[0].end, tuple(records))]
    counted, echoes = counted_and_echoes(records)
    limit = PULSE_GAP if therapy_class in PULSE else CONTINUOUS_GAP
    groups: list[list[Exposure]] = []
    for record in sorted(counted, key=lambda record: (record.start, far_future(record.end), record.source)):
        if groups and _continues(groups[-1], echoes, record, limit):
            groups[-1].append(record)
        else:
            groups.append([record])
    return [_segment(therapy_class, group, echoes) for group in groups]


def _continues(group: Sequence[Exposure], echoes: Sequence[Exposure], record: Exposure, limit: int) -> bool:
    end = max([far_future(member.end) for member in group])
    gap = record.start - end
    if gap > limit:
        return False
    if gap <= GAP_AFTER_A_VERDICT:
        return True
    verdicts = {r.reason for r in (*group, *_echoes_of(group, echoes)) if far_future(r.end) >= end}
    return not verdicts & {"remission", "ineffective"}


def _echoes_of(group: Sequence[Exposure], echoes: Sequence[Exposure]) -> tuple[Exposure, ...]:
    return tuple(echo for echo in echoes if any(_repeats(echo, member) for member in group))


def _segment(therapy_class: str, group: Sequence[Exposure], echoes: Sequence[Exposure]) -> Segment:
    end = max([far_future(record.end) for record in group])
    ended = None if end == far_future(None) else end
    return Segment(therapy_class, group[0].start, ended, tuple(group), _echoes_of(group, echoes) if echoes else ())


def _steroid_pulses(exposures: Iterable[Exposure]) -> tuple[Day, ...]:
    """Days on which a short glucocorticoid pulse began: a dose given, or a course of at most a month."""
    return tuple(
        sorted(
            exposure.start
            for exposure in exposures
            if CLASS_OF.get(exposure.agent) == "GC"
            and exposure.end is not None
            and exposure.end - exposure.start <= PONTICELLI_LEAD
        )
    )


def _from_the_steroid_pulse(segment: Segment, pulses: Sequence[Day]) -> Segment:
    """A modified Ponticelli course starts with its first glucocorticoid pulse (TL-6)."""
    if segment.therapy_class != "CYC":
        return segment
    lead = [day for day in pulses if segment.start - PONTICELLI_LEAD <= day < segment.start]
    if not lead:
        return segment
    return Segment(segment.therapy_class, lead[0], segment.end, segment.records, segment.echoes)
