"""What the membranous nephropathy guideline sees of a case: the definitions of clinical-spec section 4."""

from __future__ import annotations

from typing import Literal

from cds_service.case import measures
from cds_service.case.drug_classes import ANTI_CD20, CLASS_OF, STANDARD_IN_MEMBRANOUS
from cds_service.case.lazy import lazy
from cds_service.case.lines import Line, line_of
from cds_service.case.measures import EgfrTrend, at_least
from cds_service.case.model import Day, Quantity
from cds_service.case.segments import Segment
from cds_service.guideline.background import routed
from cds_service.guideline.membranous.kidney_on_cni import KidneyOnCniPicture

FIRST_REMISSION_DAY = 30
OLDEST_REFERENCE = 730
NOT_STANDARD = frozenset(CLASS_OF.values()) - STANDARD_IN_MEMBRANOUS


class MembranousPicture(KidneyOnCniPicture):
    """One patient with membranous nephropathy on one day.

    `standard_lines` are those with rituximab or another anti-CD20, cyclophosphamide or a calcineurin inhibitor. L, the
    `line`, is the last of them, `days` its age, `cni` its calcineurin inhibitor while that is being taken; the first
    two are only asked for once step 4 has found it. `nadir` is the lowest proteinuria since L started.
    """

    __slots__ = ("antibody_baseline", "days", "line", "nadir", "standard_lines", "trend")

    disease: Literal["MN"] = "MN"
    line_classes = STANDARD_IN_MEMBRANOUS
    days: int
    nadir: Quantity | None
    antibody_baseline: Quantity | None

    def look(self) -> None:
        """Look at L and at the response to it, too."""
        super().look()
        self.lines = tuple([self._standard_part(line) for line in self.whole_lines])
        self.standard_lines = tuple([line for line in self.lines if line.classes & STANDARD_IN_MEMBRANOUS])
        self.last_position = len(self.lines) - 1
        self.baseline = self.nadir = self.antibody_baseline = self.cni = None
        if self.standard_lines:
            self._look_at_line(self.standard_lines[-1])
        self.reduction = self._reduction()
        self.trend = self._trend()

    def _look_at_line(self, line: Line) -> None:
        self.line = line
        self.days = self.today - line.start
        while self.lines[self.last_position] is not line:
            self.last_position -= 1
        self.cni = self.open_segment(line, "CNI")
        self.baseline = measures.baseline(self.proteinuria, line.start)
        self.nadir = self._nadir()
        self.antibody_baseline = measures.baseline(self.case.series("anti_pla2r_elisa"), line.start)

    # -- lines ------------------------------------------------------------------------------------

    @staticmethod
    def _standard_part(line: Line) -> Line:
        """A line with a standard class is judged on it alone: mycophenolate beside it neither saves nor ends it."""
        if line.classes <= STANDARD_IN_MEMBRANOUS or not line.classes & STANDARD_IN_MEMBRANOUS:
            return line
        return line_of(line.start, line.of_class(*STANDARD_IN_MEMBRANOUS))

    @lazy
    def past_failed(self) -> frozenset[str]:
        """Standard classes that failed in lines before L, the second-generation anti-CD20 apart from rituximab."""
        failed: set[str] = set()
        for index, line in enumerate(self.lines):
            if line is not self.line and self.past_outcomes[index].verdict == "FAILED":
                failed |= self.judge.adequate_classes(line, self.following[index])
        return frozenset(failed & STANDARD_IN_MEMBRANOUS)

    line_has_failed = True

    def leave_line_out(self) -> None:
        """A line that was left for intolerance has not failed (step 10)."""
        self.line_has_failed = False
        self.failed_now = self.past_failed

    @lazy
    def failed_now(self) -> frozenset[str]:
        """Failed standard classes, L among them unless it was left for intolerance."""
        return self.past_failed | (self.judge.adequate_classes(self.line, None) & STANDARD_IN_MEMBRANOUS)

    @property
    def failed(self) -> frozenset[str]:
        """F: rituximab and its successors as RTX, cyclophosphamide, calcineurin inhibitor."""
        return self.failed_now if "CD20_2G" not in self.failed_now else self.failed_now - {"CD20_2G"} | {"RTX"}

    @lazy
    def failed_names(self) -> str:
        """F in words, in the order of the alphabet."""
        return ", ".join(sorted(self.failed))

    @lazy
    def failed_seen(self) -> str:
        """What every row on resistance sees."""
        return f"failed: {self.failed_names}; eGFR {self.trend.trend}"

    @lazy
    def unknown_past_line(self) -> Line | None:
        """A past standard line whose outcome cannot be told."""
        for index, line in enumerate(self.lines):
            if line.classes & STANDARD_IN_MEMBRANOUS and line is not self.line and self.in_doubt(index):
                return line
        return None

    @property
    def settled_classes(self) -> frozenset[str]:
        """Classes of which one more line would change nothing: those that have failed, and those of no standard."""
        failed = self.failed_now | ANTI_CD20 if "CD20_2G" in self.failed_now else self.failed_now
        return failed | NOT_STANDARD

    def judged_without(self, *classes: str) -> bool:
        """Whether the line is judged on its other drugs: these were too little (R-23) or not tolerated (R-24)."""
        if self.line.classes <= set(classes):
            return False
        mine = self.line.of_class(*classes)
        partners = self.judge.adequate_classes(self.line, None) & STANDARD_IN_MEMBRANOUS - set(classes)
        stopped = all(segment.reason == "intolerance" and not segment.open for segment in mine)
        too_little = not any(self.judge.is_adequate(segment, self.line.start, self.today) for segment in mine)
        return bool(partners) and (stopped or too_little)

    @lazy
    def onset(self) -> Day | None:
        """The earliest onset of membranous nephropathy, its latest possible day (R-28)."""
        entries = routed(self.problems, "membranous_nephropathy")
        days = [condition.onset.last for condition in entries if condition.onset is not None]
        return min(days) if days else None

    @lazy
    def anti_rituximab(self) -> bool:
        """Antibodies against rituximab were found."""
        answer = self.newest_answer("anti_rituximab_ab")
        return answer is not None and answer.value == "positive"

    @lazy
    def anti_cd20(self) -> tuple[Segment, ...]:
        """The anti-CD20 segments of L."""
        return () if self.line.classes.isdisjoint(ANTI_CD20) else self.line.of_class(*ANTI_CD20)

    # -- response ---------------------------------------------------------------------------------

    @property
    def complete_remission(self) -> bool:
        """Below 0.3 g/d with normal albumin and no falling eGFR; without albumin it cannot be complete."""
        return (
            self.current_value < self.thresholds.mn_complete_remission
            and self.albumin is not None
            and self.albumin.value >= self.thresholds.mn_normal_albumin
            and self.trend.trend != "DECLINING"
        )

    @property
    def partial_remission(self) -> bool:
        """Below 3.5 g/d, at least halved, and no falling eGFR (C-02: both conditions)."""
        return (
            not self.nephrotic
            and self.reduced_by(self.thresholds.mn_partial_reduction)
            and self.trend.trend != "DECLINING"
        )

    @property
    def nephrotic(self) -> bool:
        """Current proteinuria of 3.5 g/d or more."""
        return self.current_value >= self.thresholds.mn_nephrotic

    def _trend(self) -> EgfrTrend:
        """The eGFR trend since the start of L, or over two years when L is older than that."""
        if not self.standard_lines:
            return EgfrTrend("UNKNOWN", None, self.egfr_now)
        if self.days <= OLDEST_REFERENCE:
            return self.trend_against(measures.baseline(self.egfr, self.line.start))
        oldest = measures.between(self.egfr, self.today - OLDEST_REFERENCE, self.today - 90)
        return self.trend_against(oldest[0] if oldest else None)

    @lazy
    def remission_day(self) -> Day | None:
        """When L was last in remission: the last value since 30 d into L that meets the proteinuria part of partial
        remission, else the end of a line that ended in remission.
        """
        ended = self.line.end if self.line.reason == "remission" else None
        if self.baseline is None:
            return ended
        ceiling, share = self.thresholds.mn_nephrotic, self.thresholds.mn_partial_reduction
        values = measures.between(self.proteinuria, self.line.start + FIRST_REMISSION_DAY, self.today)
        for value in reversed(values):
            if value.value < ceiling and at_least(measures.reduction(value.value, self.baseline.value), share):
                return value.day
        return ended

    def _nadir(self) -> Quantity | None:
        lowest: Quantity | None = None
        for value in self.proteinuria:
            if value.day >= self.line.start and (lowest is None or value.value < lowest.value):
                lowest = value
        return lowest

    @lazy
    def antibody_fall(self) -> float | None:
        """By which share the ELISA value has fallen since the start of L."""
        if self.elisa is None or self.antibody_baseline is None or self.antibody_baseline.value <= 0:
            return None
        return measures.reduction(self.elisa.value, self.antibody_baseline.value)
