"""Treatment lines from medication records (clinical-spec 3.2 duplicates, 3.3 TL-1..TL-9)."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.oracle.facts import Chart, Record

NEVER_A_LINE = {"GC", "HCQ", "RASI", "SGLT2", "HBVRX"}
ANTI_CD20 = {"RTX", "CD20_2G"}
PULSE = {"RTX", "CD20_2G", "BEL", "ANTI_CD38", "PI"}  # CYC: 90 d whatever the route
STANDARD = {"RTX", "CD20_2G", "CYC", "CNI"}


@dataclass(slots=True, eq=False)
class Segment:
    """One class without a longer gap (TL-1)."""

    therapy: str
    records: list[Record]
    reasons: list[Record] = field(default_factory=list)
    pulse_start: int | None = None

    @property
    def start(self) -> int:
        first = min(r.start for r in self.records)
        return first if self.pulse_start is None else self.pulse_start

    @property
    def end(self) -> int:
        return max(r.last for r in self.records)

    @property
    def open(self) -> bool:
        return any(r.end is None for r in self.records)

    @property
    def effect_end(self) -> int:
        """TL-2."""
        return self.end + 180 if self.therapy in ANTI_CD20 else self.end

    @property
    def goes_on(self) -> bool:
        """Ongoing on D0: an open record, or an anti-CD20 effect that reaches D0."""
        return self.open or (self.therapy in ANTI_CD20 and self.effect_end >= 0)

    @property
    def reason(self) -> str:
        return last_reason([*self.records, *self.reasons])

    @property
    def end_reason(self) -> str:
        """TL-1: what the record that ended the segment says."""
        return last_reason([r for r in [*self.records, *self.reasons] if r.last == self.end])


@dataclass(slots=True, eq=False)
class Line:
    """One regimen. `own` are the segments that began it, `carried` those that went on into it (TL-4)."""

    own: list[Segment]
    carried: list[Segment] = field(default_factory=list)

    @property
    def segments(self) -> list[Segment]:
        return self.own + self.carried

    @property
    def classes(self) -> set[str]:
        return {s.therapy for s in self.segments}

    @property
    def start(self) -> int:
        return min(s.start for s in self.own)

    @property
    def end(self) -> int:
        return max(s.end for s in self.segments)

    @property
    def open(self) -> bool:
        return any(s.open for s in self.segments)

    @property
    def reason(self) -> str:
        """TL-9: the last non-empty reason."""
        return last_reason([r for s in self.segments for r in [*s.records, *s.reasons]])

    def segment(self, therapy: str) -> Segment | None:
        return next((s for s in self.segments if s.therapy == therapy), None)

    def anti_cd20(self) -> list[Segment]:
        return [s for s in self.segments if s.therapy in ANTI_CD20]


def is_daily(record: Record) -> bool:
    return record.per == "day" or (record.per == "" and record.rank < 3 and record.start != record.last)


def last_reason(records: list[Record]) -> str:
    told = sorted((r for r in records if r.reason), key=lambda r: (r.last, r.start))
    return told[-1].reason if told else ""


def distinct(records: list[Record]) -> tuple[list[Record], list[Record]]:
    """R-09, R-22: of the same agent on overlapping days only the best kind counts; the rest keep only their reason.

    A vignette has no route: a daily dose is taken as the oral course, a single dose as the pulse, so both count.
    """
    kept: list[Record] = []
    dropped: list[Record] = []
    for record in sorted(records, key=lambda r: -r.rank):
        twin = any(
            k.agent == record.agent
            and k.rank > record.rank
            and k.start <= record.last
            and record.start <= k.last
            and (k.therapy in ANTI_CD20 or is_daily(k) == is_daily(record))
            for k in kept
        )
        (dropped if twin else kept).append(record)
    return kept, dropped


def segments(chart: Chart) -> list[Segment]:
    """TL-1, TL-6."""
    kept, dropped = distinct(chart.records)
    found: list[Segment] = []
    for therapy in sorted({r.therapy for r in kept} - NEVER_A_LINE):
        found += _merge(
            therapy, [r for r in kept if r.therapy == therapy], [r for r in dropped if r.therapy == therapy]
        )
    pulses = [r.start for r in chart.records if r.therapy == "GC" and r.rank == 3]
    for segment in found:
        if segment.therapy == "CYC":
            early = [d for d in pulses if 0 <= segment.start - d <= 35]
            segment.pulse_start = min(early) if early else None
    return sorted(found, key=lambda s: (s.start, s.therapy))


def _merge(therapy: str, records: list[Record], dropped: list[Record]) -> list[Segment]:
    allowed = 270 if therapy in PULSE else 90
    found: list[Segment] = []
    for record in sorted(records, key=lambda r: (r.start, r.last)):
        told = [d for d in dropped if d.reason and d.agent == record.agent]
        mine = [d for d in told if d.start <= record.last and record.start <= d.last]
        if found:
            current = found[-1]
            gap = record.start - current.end
            limit = 30 if current.end_reason in {"remission", "ineffective"} else allowed
            if gap <= min(limit, allowed):
                current.records.append(record)
                current.reasons += mine
                continue
        found.append(Segment(therapy, [record], mine))
    return found


def together(first: Segment, second: Segment) -> bool:
    """TL-3, TL-4, TL-5: at least 60 d of overlap, or both ongoing."""
    overlap = min(first.effect_end, second.effect_end, 0) - second.start
    return overlap >= 60 or (first.goes_on and second.goes_on)


def lines(chart: Chart, disease: str) -> list[Line]:
    """All lines, ascending by start."""
    found: list[Line] = []
    earlier: list[Segment] = []
    for segment in segments(chart):
        home = _planned_sequence(found, segment) if disease == "LN" else None
        home = home or _same_regimen(found, segment)
        if home:
            home.own.append(segment)
        else:
            carried = [s for s in earlier if s.therapy not in ANTI_CD20 and together(s, segment)]
            found.append(Line([segment], [s for s in carried if s.therapy != segment.therapy]))
        earlier.append(segment)
    return sorted(found, key=lambda line: line.start)


def _same_regimen(found: list[Line], segment: Segment) -> Line | None:
    """TL-3."""
    for line in reversed(found):
        for other in line.own:
            if other.therapy != segment.therapy and segment.start - line.start <= 60 and together(other, segment):
                return line
    return None


def _planned_sequence(found: list[Line], segment: Segment) -> Line | None:
    """TL-8: CYC then MPAA or AZA, and AZA as the maintenance of any line."""
    if not found or segment.therapy not in {"MPAA", "AZA"}:
        return None
    line = found[-1]
    cyc = next((s for s in line.own if s.therapy == "CYC"), None)
    planned = cyc and cyc.end - cyc.start <= 200 and cyc.reason != "ineffective" and cyc.start < segment.start
    if cyc and planned and 0 <= segment.start - cyc.end <= 60:
        return line
    follows = not line.open and 0 <= segment.start - line.end <= 60
    if segment.therapy == "AZA" and follows and line.reason not in {"ineffective", "intolerance"}:
        return line
    return None


def last_line(found: list[Line], wanted: set[str] | None = None) -> Line | None:
    """The last (standard) line; a class that goes on beats a short course beside it (R-25)."""
    fitting = [line for line in found if wanted is None or line.classes & wanted]
    if not fitting:
        return None
    last = fitting[-1]
    going_on = [line for line in fitting if line.open]
    if not any(s.goes_on for s in last.segments) and going_on:
        return going_on[-1]
    return last


def carried_on(found: list[Line], line: Line) -> int | None:
    """The day from which the drugs of a line count for a later add-on line (TL-4), if they do."""
    days = [other.start for other in found if any(s in other.carried for s in line.segments)]
    return min((d for d in days if d > line.start), default=None)


def next_start(found: list[Line], line: Line) -> int | None:
    later = [other.start for other in found if other.start > line.start]
    return min(later) if later else None


def active(chart: Chart, therapy: str) -> bool:
    """An open record of the class that is not a duplicate."""
    kept, _ = distinct(chart.records)
    return any(r.therapy == therapy and r.end is None for r in kept)
