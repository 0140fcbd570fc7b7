"""What the lupus nephritis guideline sees of a case: the definitions of clinical-spec section 6.1."""

from __future__ import annotations

from typing import Literal

from cds_service.case import measures
from cds_service.case.doses import highest_mycophenolate_grams
from cds_service.case.drug_classes import ANTI_CD20
from cds_service.case.lazy import lazy
from cds_service.case.lines import Line
from cds_service.case.measures import EgfrTrend, at_least
from cds_service.case.model import Day, Quantity
from cds_service.guideline.lupus.biopsy import BiopsyPicture

FIRST_REMISSION_DAY = 30
BEST_NEIGHBOURHOOD = 60
SEVERE_BIOPSY_AGE = 180


class LupusPicture(BiopsyPicture):
    """One patient with lupus nephritis on one day. L is the last line of any immunosuppressive class (R-12)."""

    __slots__ = ("days", "egfr_baseline", "line", "trend")

    disease: Literal["LN"] = "LN"
    planned_sequences = True

    days: int
    egfr_baseline: Quantity | None

    def look(self) -> None:
        """Look at L and at the response to it, too: `line` and `days` only once there is one (step 5)."""
        super().look()
        self.lines = self.whole_lines
        self.last_position = len(self.lines) - 1
        self.baseline = self.egfr_baseline = None
        if self.lines:
            self.line = self.lines[-1]
            self.days = self.today - self.line.start
            self.baseline = measures.baseline(self.proteinuria, self.line.start)
            self.egfr_baseline = measures.baseline(self.egfr, self.line.start)
        self.reduction = self._reduction()
        self.trend = self._trend()
        self.class_finding = self.newest_answer("ln_class")

    # -- lines ------------------------------------------------------------------------------------

    def _class_set(self, line: Line, next_start: Day | None) -> frozenset[str]:
        """The class set of a failed line: azathioprine apart, anti-CD20 only at full dose (R-23), nothing dropped
        (R-24).
        """
        adequate = self.judge.adequate_classes(line, next_start)
        dropped = {s.therapy_class for s in line.segments if s.reason == "intolerance" and line.reason != "intolerance"}
        return line.classes - {"AZA"} - dropped - (ANTI_CD20 - adequate)

    @lazy
    def past_failures(self) -> tuple[frozenset[str], ...]:
        """The different class sets that failed before L."""
        failures = [
            self._class_set(line, self.following[index])
            for index, line in enumerate(self.lines[:-1])
            if self.past_outcomes[index].verdict == "FAILED"
        ]
        return tuple(dict.fromkeys(failures))

    @lazy
    def failures_with_current(self) -> tuple[frozenset[str], ...]:
        """The different class sets that failed, L among them."""
        return tuple(dict.fromkeys((*self.past_failures, self._class_set(self.line, None))))

    @lazy
    def unknown_past_line(self) -> Line | None:
        """A past line whose outcome cannot be told."""
        for index, line in enumerate(self.lines[:-1]):
            if self.in_doubt(index):
                return line
        return None

    @lazy
    def active_classes(self) -> frozenset[str]:
        """Classes being given or, for anti-CD20, still acting."""
        return frozenset(
            segment.therapy_class
            for line in self.lines
            for segment in line.segments
            if segment.open or (segment.therapy_class in ANTI_CD20 and segment.effect_end(self.today) >= self.today)
        )

    @lazy
    def mycophenolate_grams(self) -> float | None:
        """The highest daily dose of mycophenolate in L, in grams of mofetil; None when not recorded."""
        doses = [
            highest_mycophenolate_grams(segment, self.thresholds.mycophenolate_grams)
            for segment in self.line.of_class("MPAA")
        ]
        known = [dose for dose in doses if dose is not None]
        return max(known) if known and len(known) == len(doses) else None

    # -- response ---------------------------------------------------------------------------------

    @property
    def kept_egfr(self) -> bool:
        """eGFR at 85 % of its value at the start of L, or better."""
        assert self.egfr_now is not None  # noqa: S101 - step 4 has answered otherwise
        assert self.egfr_baseline is not None  # noqa: S101 - step 7 has answered otherwise
        return at_least(self.egfr_now.value / self.egfr_baseline.value, self.thresholds.ln_kept_egfr)

    @property
    def complete_response(self) -> bool:
        """Below 0.5 g/g with kept eGFR."""
        return self.current_value < self.thresholds.ln_complete and self.kept_egfr

    @property
    def partial_response(self) -> bool:
        """At least halved, below 3.0 g/g, with kept eGFR."""
        return self._partial(self.current_value) and self.kept_egfr

    def _partial(self, value: float) -> bool:
        if self.baseline is None or value >= self.thresholds.ln_partial:
            return False
        return at_least(measures.reduction(value, self.baseline.value), self.thresholds.ln_partial_reduction)

    def _trend(self) -> EgfrTrend:
        """The eGFR trend over L; over the last year when there is no line yet."""
        if self.lines:
            if self.days <= 730:
                return self.trend_against(self.egfr_baseline)
            window = measures.between(self.egfr, self.today - 730, self.today - 90)
        else:
            window = measures.between(self.egfr, self.today - 365, self.today - 28)
        return self.trend_against(window[0] if window else None)

    # -- earlier remission and flare ----------------------------------------------------------------

    @lazy
    def _earlier(self) -> list[Quantity]:
        assert self.current is not None  # noqa: S101 - step 4 has answered otherwise
        return measures.between(self.proteinuria, self.line.start + FIRST_REMISSION_DAY, self.current.day - 1)

    @lazy
    def _remitting(self) -> tuple[Quantity, ...]:
        return tuple(v for v in self._earlier if v.value < self.thresholds.ln_complete or self._partial(v.value))

    @property
    def earlier_complete(self) -> bool:
        """A complete response before the current value, by laboratory or stated reason."""
        return self._ended_in_remission or any(value.value < self.thresholds.ln_complete for value in self._remitting)

    @property
    def earlier_remission(self) -> bool:
        """A complete or partial response before the current value."""
        return bool(self._remitting) or self._ended_in_remission

    @property
    def _ended_in_remission(self) -> bool:
        """A stated remission is dated at the end of the line, so a line that goes on has none."""
        return self.line.reason == "remission" and not self.line.open

    @lazy
    def best(self) -> Quantity | None:
        """The lowest UPCR between 30 d into L and the current value."""
        return min(self._earlier, key=lambda value: (value.value, value.day)) if self._earlier else None

    @property
    def remission_day(self) -> Day:
        """When the last remission was seen: a value that is itself a flare is none."""
        kept = [value for value in self._remitting if value.value < self.flare_threshold]
        if kept:
            return kept[-1].day
        return self.today if self.line.end is None else self.line.end

    @property
    def flare_threshold(self) -> float:
        """The UPCR from which a rise is a flare: 1.0 after complete, 2.0 and twice the best after partial response."""
        if self.earlier_complete or self.best is None:
            return self.thresholds.ln_flare_after_complete
        return max(self.thresholds.ln_flare_after_partial, self.thresholds.ln_flare_rise * self.best.value)

    @lazy
    def flare_trend(self) -> EgfrTrend:
        """The eGFR trend since the best UPCR, else since the start of L."""
        near = None if self.best is None else measures.nearest(self.egfr, self.best.day, BEST_NEIGHBOURHOOD)
        return self.trend_against(near or self.egfr_baseline)

    @property
    def nephritic(self) -> bool:
        """A confirmed fall of eGFR since the best UPCR with active sediment of the last 60 days."""
        active = self.newest_answer("sediment_active", self.thresholds.complement_age)
        seen = active is not None and active.value in {"yes", "positive"}
        return seen and self.flare_trend.trend == "DECLINING"

    # -- phenotype ----------------------------------------------------------------------------------

    def severe(self, trend: EgfrTrend) -> bool:
        """A confirmed fall of eGFR, fibrinoid necrosis, or crescents in a quarter of glomeruli."""
        crescents = self.newest("crescents_pct", SEVERE_BIOPSY_AGE)
        necrosis = self.on_biopsy("fibrinoid_necrosis", SEVERE_BIOPSY_AGE)
        if crescents is not None:
            self.use(crescents, "biopsy")
        if necrosis is not None:
            self.use_finding(necrosis, "biopsy")
        return (
            trend.trend == "DECLINING"
            or necrosis is not None
            or (crescents is not None and crescents.value >= self.thresholds.ln_crescents)
        )

    @property
    def heavy(self) -> bool:
        """UPCR of 3 g/g or more."""
        return self.current_value >= self.thresholds.ln_heavy
