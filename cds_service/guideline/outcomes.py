"""What became of a past treatment line (clinical-spec 3.4, rulings R-03, R-10, R-13, R-23)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cds_service.case.doses import (
    CyclophosphamideDose,
    anti_cd20_dose,
    cyclophosphamide_dose,
    highest_mycophenolate_grams,
)
from cds_service.case.drug_classes import ANTI_CD20
from cds_service.case.light import light_dataclass
from cds_service.case.lines import Line
from cds_service.case.measures import at_least, baseline, between, reduction
from cds_service.case.model import Day, Quantity
from cds_service.case.segments import Segment, coded_parts
from cds_service.guideline.assessment import SAID, Disease
from cds_service.guideline.thresholds import Thresholds

LAST_LOOK = 60
ANTI_CD20_LAST_LOOK = 180
FIRST_LOOK = 30
NEXT_LINE_GRACE = 14


@light_dataclass(frozen=True, slots=True)
class Outcome:
    """FAILED, RESPONDED, INTOLERANT, INADEQUATE or UNKNOWN, with the reason and the reduction seen (a share)."""

    verdict: str
    why: str
    reduction: float | None = None


class Judge:
    """Judges past lines of one disease against one proteinuria series. Lives for one assessment."""

    def __init__(self, disease: Disease, series: Sequence[Quantity], thresholds: Thresholds, today: Day) -> None:
        self.disease = disease
        self.series = series
        self.thresholds = thresholds
        self.today = today
        self._adequate: dict[tuple[int, Day | None], frozenset[str]] = {}
        self._enough: dict[int, tuple[Segment, bool]] = {}

    def outcome(self, line: Line, next_start: Day | None) -> Outcome:
        """The first matching row of the outcome table of section 3.4."""
        if line.reason == "non-adherence":
            return Outcome("INADEQUATE", "stopped for non-adherence")
        if self._under_dosed_mycophenolate(line):
            return Outcome("INADEQUATE", f"mycophenolate never reached {self.thresholds.mycophenolate_grams:g} g/d")
        met = bool(self.adequate_classes(line, next_start))
        in_doubt = not met and bool(self.classes_in_doubt(line, next_start))
        if line.reason != "intolerance" and line.classes <= ANTI_CD20 and not (met or in_doubt):
            return Outcome("INADEQUATE", f"anti-CD20 below {self.thresholds.anti_cd20_grams:g} g")
        if line.reason == "ineffective" and met:
            return Outcome("FAILED", "stated as ineffective", self._last_reduction(line, next_start))
        if line.reason == "intolerance":
            return Outcome("INTOLERANT", "stopped for intolerance")
        if in_doubt:
            return self._outcome_in_doubt(line, next_start)
        return self._outcome_by_response(line, next_start, met)

    def _outcome_in_doubt(self, line: Line, next_start: Day | None) -> Outcome:
        """Too short as far as sure, and perhaps not in truth: RESPONDED when that is certain, never INADEQUATE."""
        seen = self._outcome_by_response(line, next_start, met=False)
        if line.reason != "ineffective" and seen.verdict == "RESPONDED":
            return seen
        coded = False not in [record.coded for segment in line.segments for record in segment.records]
        why = "for how long is not recorded" if coded else "a drug is known by its name only"
        return Outcome("UNKNOWN", why, seen.reduction)

    def _outcome_by_response(self, line: Line, next_start: Day | None, met: bool) -> Outcome:
        best = self._responding_value(line, next_start)
        if line.reason == "remission" or best is not None:
            seen = f"proteinuria {SAID[best.bound]}{best.value:g} {best.unit}" if best else "stated remission"
            return Outcome("RESPONDED", seen, self._reduction(line, best))
        last = self._last_reduction(line, next_start)
        limit = self.thresholds.mn_trend_reduction if self.disease == "MN" else self.thresholds.ln_small_reduction
        if met and last is not None and not at_least(last, limit):
            return Outcome("FAILED", "too small a fall of proteinuria", last)
        if not met:
            return Outcome("INADEQUATE", "exposure too short or too small", last)
        return Outcome(
            "UNKNOWN",
            "no value that decides" if last is None else "a fall too small to call, too large to dismiss",
            last,
        )

    def adequate_classes(self, line: Line, next_start: Day | None) -> frozenset[str]:
        """The classes of the line that were given long or strongly enough to be judged, each on its own (R-23).

        A drug dropped for intolerance while its partner went on was not given its chance (R-24), and azathioprine
        as maintenance does not make up for an induction that was too small (TL-8).
        """
        found = self._adequate.get((id(line), next_start))
        if found is None:
            until = self.today if next_start is None else min(next_start, self.today)
            found = frozenset(
                [
                    segment.therapy_class
                    for segment in line.segments
                    if (segment.therapy_class != "AZA" or line.classes == {"AZA"})
                    and self.is_adequate(segment, line.start, until)
                    and (segment.reason != "intolerance" or line.reason == "intolerance")
                ]
            )
            self._adequate[id(line), next_start] = found
        return found

    def classes_in_doubt(self, line: Line, next_start: Day | None) -> frozenset[str]:
        """The classes whose exposure is too small as far as sure and may have been enough.

        A date is not told, or a name without a code makes up for what is missing. Anti-CD20 is judged by its grams and
        not by its dates, a drug dropped for intolerance and maintenance azathioprine not at all.
        """
        until = self.today if next_start is None else min(next_start, self.today)
        adequate = self.adequate_classes(line, next_start)
        return frozenset(
            [
                segment.therapy_class
                for segment in line.segments
                if segment.therapy_class not in adequate
                and (segment.therapy_class != "AZA" or line.classes == {"AZA"})
                and segment.reason != "intolerance"
                and (
                    (not segment.exactly_dated and segment.therapy_class not in ANTI_CD20)
                    or self._is_enough_if_meant(segment, line.start, until)
                )
            ]
        )

    def _is_enough_if_meant(self, segment: Segment, line_start: Day, until: Day) -> bool:
        """Whether it was enough when the drugs known by their names were given indeed."""
        if False not in [record.coded for record in segment.records]:
            return False
        records = tuple([replace(record, coded=True) for record in segment.records])
        return self.is_adequate(replace(segment, records=records), line_start, until)

    def is_adequate(self, segment: Segment, line_start: Day, until: Day) -> bool:
        """Minimum exposure of 3.4: anti-CD20 by grams, cyclophosphamide by days, pulses or grams, others 120 d.

        Only what has a code counts: a name alone is low confidence (terminology.md section 6).
        """
        if segment.therapy_class in ANTI_CD20:
            grams = anti_cd20_dose(segment).grams
            return grams is None or at_least(grams, self.thresholds.anti_cd20_grams)
        if segment.therapy_class == "CYC":
            return self.enough_cyclophosphamide(segment)
        days = [
            (until if part.end is None else min(part.end, until)) - max(part.start, line_start)
            for part in coded_parts(segment)
        ]
        return max(days, default=0) >= self.thresholds.early

    def enough_cyclophosphamide(self, segment: Segment) -> bool:
        """Ruling R-13: lupus by grams where every dose is known, otherwise days or pulses."""
        known = self._enough.get(id(segment))
        if known is None or known[0] is not segment:
            doses = [cyclophosphamide_dose(part.records, self.today) for part in coded_parts(segment)]
            known = self._enough[id(segment)] = (segment, True in [self._is_enough(dose) for dose in doses])
        return known[1]

    def _is_enough(self, dose: CyclophosphamideDose) -> bool:
        if self.disease == "LN" and dose.grams is not None:
            return at_least(dose.grams, self.thresholds.cyc_lupus_grams)
        return dose.days >= self.thresholds.cyc_days or dose.pulses >= self.thresholds.cyc_pulses

    def _under_dosed_mycophenolate(self, line: Line) -> bool:
        if self.disease != "LN" or "MPAA" not in line.classes:
            return False
        doses = [
            highest_mycophenolate_grams(segment, self.thresholds.mycophenolate_grams)
            for segment in line.of_class("MPAA")
        ]
        known = [dose for dose in doses if dose is not None]
        return len(known) == len(doses) and not at_least(max(known), self.thresholds.mycophenolate_grams)

    def window(self, line: Line, next_start: Day | None) -> tuple[Day, Day]:
        """The days whose values speak for a past line (W of section 3.4)."""
        last = self.today
        if not line.open:
            looks = [
                (segment.end or self.today) + (ANTI_CD20_LAST_LOOK if segment.therapy_class in ANTI_CD20 else LAST_LOOK)
                for segment in line.segments
            ]
            last = min(last, max(looks))
        if next_start is not None:
            last = min(last, next_start + NEXT_LINE_GRACE)
        return line.start + FIRST_LOOK, last

    def _reduction(self, line: Line, value: Quantity | None) -> float | None:
        reference = baseline(self.series, line.start)
        return None if reference is None or value is None else reduction(value.value, reference.value)

    def _last_reduction(self, line: Line, next_start: Day | None) -> float | None:
        first, last = self.window(line, next_start)
        values = between(self.series, max(first, line.start + int(self.thresholds.early)), last)
        return self._reduction(line, values[-1]) if values else None

    def _responding_value(self, line: Line, next_start: Day | None) -> Quantity | None:
        """The lowest value of W that meets the proteinuria part of partial remission."""
        ceiling, share = (
            (self.thresholds.mn_nephrotic, self.thresholds.mn_partial_reduction)
            if self.disease == "MN"
            else (self.thresholds.ln_partial, self.thresholds.ln_partial_reduction)
        )
        meeting = [
            value
            for value in between(self.series, *self.window(line, next_start))
            if value.value < ceiling and at_least(self._reduction(line, value) or -1.0, share)
        ]
        return min(meeting, key=lambda value: (value.value, value.day)) if meeting else None


def next_starts(lines: Sequence[Line]) -> dict[int, Day | None]:
    """For each line, by position, when the next later-starting line began."""
    return {
        index: min((other.start for other in lines if other.start > line.start), default=None)
        for index, line in enumerate(lines)
    }
