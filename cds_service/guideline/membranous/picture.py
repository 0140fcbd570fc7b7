"""What the membranous nephropathy guideline sees of a case: the definitions of clinical-spec section 4."""

from __future__ import annotations

from typing import Literal

from cds_service.case import measures
from cds_service.case.drug_classes import ANTI_CD20, STANDARD_IN_MEMBRANOUS
from cds_service.case.lazy import lazy
from cds_service.case.lines import Line
from cds_service.case.measures import EgfrTrend, at_least
from cds_service.case.model import Day, Quantity
from cds_service.case.segments import Segment
from cds_service.guideline.membranous.antibody import AntibodyPicture
from cds_service.guideline.outcomes import next_starts

FIRST_REMISSION_DAY = 30
OLDEST_REFERENCE = 730
CREATININE_EXPONENT = 1.2


class MembranousPicture(AntibodyPicture):
    """One patient with membranous nephropathy on one day. L is the last standard line."""

    disease: Literal["MN"] = "MN"

    # -- lines ------------------------------------------------------------------------------------

    @lazy
    def lines(self) -> tuple[Line, ...]:
        """A line with a standard class is judged on it alone: mycophenolate beside it neither saves nor ends it."""
        return tuple(self._standard_part(line) for line in self.whole_lines)

    @staticmethod
    def _standard_part(line: Line) -> Line:
        if not line.classes & STANDARD_IN_MEMBRANOUS or line.classes <= STANDARD_IN_MEMBRANOUS:
            return line
        return Line(line.start, line.of_class(*STANDARD_IN_MEMBRANOUS))

    @lazy
    def standard_lines(self) -> tuple[Line, ...]:
        """Lines with rituximab or another anti-CD20, cyclophosphamide or a calcineurin inhibitor."""
        return tuple(line for line in self.lines if line.classes & STANDARD_IN_MEMBRANOUS)

    @lazy
    def last_position(self) -> int:
        """Where L stands among all lines, or the last line when none is standard."""
        if not self.standard_lines:
            return len(self.lines) - 1
        return next(index for index, line in enumerate(self.lines) if line is self.line)

    @lazy
    def line(self) -> Line:
        """L, the last standard line. Only asked for once step 4 has found one."""
        return self.standard_lines[-1]

    @lazy
    def days(self) -> int:
        """Days since L started."""
        return self.age(self.line.start)

    @lazy
    def past_failed(self) -> frozenset[str]:
        """Standard classes that failed in lines before L, the second-generation anti-CD20 apart from rituximab."""
        following = next_starts(self.lines)
        failed: set[str] = set()
        for index, line in enumerate(self.lines):
            if line is not self.line and self.past_outcomes[index].verdict == "FAILED":
                failed |= self.judge.adequate_classes(line, following[index])
        return frozenset(failed & STANDARD_IN_MEMBRANOUS)

    line_has_failed = True

    @property
    def failed_now(self) -> frozenset[str]:
        """Failed standard classes, L among them unless it was left for intolerance."""
        if not self.line_has_failed:
            return self.past_failed
        return self.past_failed | (self.judge.adequate_classes(self.line, None) & STANDARD_IN_MEMBRANOUS)

    @lazy
    def unknown_past_line(self) -> Line | None:
        """A past standard line whose outcome cannot be told."""
        for index, line in enumerate(self.lines):
            standard = bool(line.classes & STANDARD_IN_MEMBRANOUS)
            if standard and line is not self.line and self.past_outcomes[index].verdict == "UNKNOWN":
                return line
        return None

    @lazy
    def cni(self) -> Segment | None:
        """The calcineurin inhibitor of L while it is being taken."""
        return self.open_segment(self.line, "CNI") if self.standard_lines else None

    def judged_without(self, *classes: str) -> bool:
        """Whether the line is judged on its other drugs: these were too little (R-23) or not tolerated (R-24)."""
        mine = self.line.of_class(*classes)
        partners = self.judge.adequate_classes(self.line, None) & STANDARD_IN_MEMBRANOUS - set(classes)
        stopped = all(segment.reason == "intolerance" and not segment.open for segment in mine)
        too_little = not any(self.judge.is_adequate(segment, self.line.start, self.today) for segment in mine)
        return bool(partners) and (stopped or too_little)

    @lazy
    def onset(self) -> Day | None:
        """The earliest onset of membranous nephropathy, its latest possible day (R-28)."""
        days = [
            condition.onset.last
            for condition in self.case.conditions
            if condition.concept == "membranous_nephropathy"
            and self.is_routed(condition)
            and condition.onset is not None
        ]
        return min(days) if days else None

    @lazy
    def anti_rituximab(self) -> bool:
        """Antibodies against rituximab were found."""
        answer = self.newest_answer("anti_rituximab_ab")
        return answer is not None and answer.value == "positive"

    @lazy
    def anti_cd20(self) -> tuple[Segment, ...]:
        """The anti-CD20 segments of L."""
        return self.line.of_class(*ANTI_CD20)

    # -- calcineurin inhibitor toxicity ------------------------------------------------------------

    @lazy
    def creatinine_rise(self) -> float | None:
        """Creatinine now as a multiple of its level before the calcineurin inhibitor; from eGFR without one."""
        if self.cni is None:
            return None
        creatinine = self.newest("creatinine", self.thresholds.laboratory_age)
        before = measures.baseline(self.case.series("creatinine"), self.cni.start)
        if creatinine is not None and before is not None:
            self.use(creatinine, "current")
            self.use(before, "before the calcineurin inhibitor")
            return creatinine.value / before.value
        egfr_before = measures.baseline(self.egfr, self.cni.start)
        if egfr_before is None or self.egfr_now is None:
            return None
        rise: float = (egfr_before.value / self.egfr_now.value) ** (1 / CREATININE_EXPONENT)
        return rise

    @property
    def cni_toxic(self) -> bool:
        """Creatinine up by more than 20 % on the calcineurin inhibitor."""
        return self.creatinine_rise is not None and self.creatinine_rise > self.thresholds.cni_creatinine_rise + 1e-9

    @property
    def cni_toxicity_seen(self) -> str:
        """What the toxicity step saw."""
        if self.cni is None:
            return "no calcineurin inhibitor is being taken"
        if self.creatinine_rise is None:
            return "no creatinine to compare with the one before the calcineurin inhibitor"
        injury = "; acute kidney injury is coded" if self.kidney_injury else ""
        return f"creatinine {self.creatinine_rise - 1:+.0%} on the calcineurin inhibitor{injury}"

    # -- response ---------------------------------------------------------------------------------

    @lazy
    def baseline(self) -> Quantity | None:
        """Proteinuria at the start of L; None also without a standard line."""
        if not self.standard_lines:
            return None
        return measures.baseline(self.proteinuria, self.line.start)

    @lazy
    def complete_remission(self) -> bool:
        """Below 0.3 g/d with normal albumin and no falling eGFR; without albumin it cannot be complete."""
        return (
            self.current_value < self.thresholds.mn_complete_remission
            and self.albumin is not None
            and self.albumin.value >= self.thresholds.mn_normal_albumin
            and self.trend.trend != "DECLINING"
        )

    @lazy
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

    @lazy
    def trend(self) -> EgfrTrend:
        """The eGFR trend since the start of L, or over two years when L is older than that."""
        if not self.standard_lines:
            return EgfrTrend("UNKNOWN", None, self.egfr_now)
        if self.age(self.line.start) <= OLDEST_REFERENCE:
            return self.trend_against(measures.baseline(self.egfr, self.line.start))
        oldest = measures.between(self.egfr, self.today - OLDEST_REFERENCE, self.today - 90)
        return self.trend_against(oldest[0] if oldest else None)

    @lazy
    def remission_values(self) -> tuple[Quantity, ...]:
        """Values since 30 d into L that meet the proteinuria part of partial remission."""
        if self.baseline is None:
            return ()
        reference = self.baseline.value
        return tuple(
            value
            for value in measures.between(self.proteinuria, self.line.start + FIRST_REMISSION_DAY, self.today)
            if value.value < self.thresholds.mn_nephrotic
            and at_least(measures.reduction(value.value, reference), self.thresholds.mn_partial_reduction)
        )

    @lazy
    def remission_day(self) -> Day | None:
        """When L was last in remission: the last such value, else the end of a line that ended in remission."""
        if self.remission_values:
            return self.remission_values[-1].day
        return self.line.end if self.line.reason == "remission" else None

    @lazy
    def nadir(self) -> Quantity | None:
        """The lowest proteinuria since L started."""
        since = measures.between(self.proteinuria, self.line.start, self.today)
        return min(since, key=lambda value: (value.value, value.day)) if since else None

    @lazy
    def antibody_baseline(self) -> Quantity | None:
        """Anti-PLA2R at the start of L."""
        return measures.baseline(self.case.series("anti_pla2r_elisa"), self.line.start)

    @lazy
    def antibody_fall(self) -> float | None:
        """By which share the ELISA value has fallen since the start of L."""
        if self.elisa is None or self.antibody_baseline is None or self.antibody_baseline.value <= 0:
            return None
        return measures.reduction(self.elisa.value, self.antibody_baseline.value)
