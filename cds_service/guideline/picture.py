"""What both guidelines see of a case on one day: current values, lines, outcomes.

What every answer and every card rests on is looked at once, in `look`; the method of the same name with an underscore
finds it. The rest is computed when first asked for. A picture lives for one assessment.
"""

from __future__ import annotations

from collections.abc import Callable, Container

from cds_service.case import measures
from cds_service.case.doses import cumulative_cyclophosphamide_grams
from cds_service.case.drug_classes import ANTI_CD20, CLASS_OF, LINE_CLASS_OF, NEVER_A_LINE
from cds_service.case.lazy import lazy
from cds_service.case.lines import Line, derive_lines
from cds_service.case.model import Case, Condition, Day, Exposure, Finding, Quantity
from cds_service.case.segments import ANTI_CD20_EFFECT, Segment
from cds_service.guideline.assessment import Disease, Fact, Step, fact_of
from cds_service.guideline.background import Background, Problems
from cds_service.guideline.outcomes import Judge, Outcome, next_starts
from cds_service.guideline.thresholds import Thresholds

# A name without a code: set aside only where it would decide (`names`).
KNOWN_BY_NAME = "KNOWN_BY_NAME"
NOT_IDENTIFIED = frozenset({"MEDICATION_UNRESOLVED", "UNREADABLE", "CODE_CONFLICT", "NO_SUBJECT", KNOWN_BY_NAME})
NOT_PLACED = frozenset({"DATE_MISSING", "DATE_IMPRECISE", "DATE_REVERSED", "ROUTE_CONFLICT"})


class Picture(Background):
    """One patient on one day, for one disease. `proteinuria` and `egfr` are the joined series, oldest first.

    `whole_lines` are all treatment lines with everything that was given, as the card shows them; `lines` the same
    lines as they are judged, and `last_position` where the one stands that counts now, -1 without lines.
    """

    __slots__ = (
        "albumin", "current", "egfr", "egfr_now", "facts", "figures", "last_position", "lines", "proteinuria",
        "standing_notes", "trace", "whole_lines",
    )  # fmt: skip

    disease: Disease = "MN"
    planned_sequences = False
    line_classes: frozenset[str] = frozenset(LINE_CLASS_OF.values())
    lines: tuple[Line, ...]
    line: Line
    last_position: int

    def __init__(self, case: Case, problems: Problems, today: Day, thresholds: Thresholds) -> None:
        super().__init__(case, problems, today, thresholds)
        self.trace: list[Step] = []
        self.facts: dict[tuple[str, str, str], Fact] = {}
        self.figures: dict[str, float | str] = {}
        self.standing_notes: list[str] = []

    def look(self) -> None:
        """Look at what every answer rests on; for a patient within the scope of the guideline only."""
        self.proteinuria = measures.proteinuria_series(self.case)
        self.current = self._current()
        self.egfr = measures.egfr_series(self.case)
        self.egfr_now = self._egfr_now()
        self.albumin = self._albumin()
        self.whole_lines = derive_lines(self.case.exposures, self.today, planned_sequences=self.planned_sequences)

    # -- using values: whatever a rule rests on is remembered for the card --------------------------

    def use(self, value: Quantity, role: str) -> None:
        """Remember that the answer rests on this value."""
        self.facts[value.source, value.measure, role] = fact_of(value, role)

    def use_finding(self, finding: Finding, role: str) -> None:
        """Remember that the answer rests on this word."""
        self.facts[finding.source, finding.measure, role] = Fact(
            finding.measure, finding.value, "", finding.day, role, finding.source
        )

    # -- values now ---------------------------------------------------------------------------------

    def _current(self) -> Quantity | None:
        """Current proteinuria."""
        return measures.current_proteinuria(self.proteinuria, self.today, int(self.thresholds.laboratory_age))

    def _egfr_now(self) -> Quantity | None:
        """Current eGFR, reported or computed."""
        return measures.newest(self.egfr, self.today, int(self.thresholds.laboratory_age))

    def _albumin(self) -> Quantity | None:
        """Current albumin, BCG-equivalent."""
        return self.newest("albumin", self.thresholds.laboratory_age)

    def trend_against(self, reference: Quantity | None) -> measures.EgfrTrend:
        """The eGFR trend against a reference value."""
        return measures.egfr_trend(
            self.egfr,
            reference,
            self.today,
            decline=self.thresholds.egfr_decline,
            max_age=int(self.thresholds.laboratory_age),
        )

    # -- treatment ----------------------------------------------------------------------------------

    @lazy
    def exactly_dated(self) -> bool:
        """Whether every drug record tells its first and its last day, as nearly all do."""
        return False not in [e.start_stated and e.end_stated for e in self.case.exposures]

    @lazy
    def surely_told(self) -> bool:
        """Whether every drug record has a code besides, as nearly all do."""
        return self.exactly_dated and False not in [e.coded for e in self.case.exposures]

    @lazy
    def judge(self) -> Judge:
        """Judges past lines."""
        return Judge(self.disease, self.proteinuria, self.thresholds, self.today)

    @lazy
    def following(self) -> dict[int, Day | None]:
        """When the line after each line began, by position."""
        return next_starts(self.lines)

    @lazy
    def past_outcomes(self) -> dict[int, Outcome]:
        """The outcome of each line but the last, by position."""
        return {
            index: self.judge.outcome(line, self.following[index])
            for index, line in enumerate(self.lines)
            if index != self.last_position
        }

    @lazy
    def line_in_doubt(self) -> frozenset[str]:
        """The classes of the last line of which it is not known whether they were given for long enough."""
        return frozenset() if self.surely_told else self.judge.classes_in_doubt(self.line, None)

    @property
    def line_in_doubt_seen(self) -> str:
        """What a row that asks for the dates or the drugs of the last line saw."""
        classes = "+".join(sorted(self.line_in_doubt))
        named = False in [r.coded for segment in self.line.of_class(*self.line_in_doubt) for r in segment.records]
        return f"{classes} is known by a name only" if named else f"how long {classes} was given is not told"

    def in_doubt(self, index: int) -> bool:
        """Whether it is not known what became of a past line, or of one of its drugs."""
        verdict = self.past_outcomes[index].verdict
        if verdict != "FAILED" or self.surely_told:
            return verdict == "UNKNOWN"
        return bool(self.judge.classes_in_doubt(self.lines[index], self.following[index]))

    def drugs_in_doubt(self, settled_by: Callable[[], Container[str]] = frozenset) -> str:
        """That drug records could not be read, identified or dated: a line may be missing, of unknown outcome.

        Or that a drug for another disease still acts: what is seen is not this disease left to itself. Empty when none
        of this is so, or only of a class that is settled: one more line of those would change nothing.
        """
        if not (self.case.set_aside or self.case.elsewhere):
            return ""
        settled, count = settled_by(), 0
        for item in self.case.set_aside:
            if item.resource.startswith("Medication") and item.reason in NOT_IDENTIFIED | NOT_PLACED:
                # of a record with two names either may be true
                therapy_class = "" if item.reason == "CODE_CONFLICT" else CLASS_OF.get(item.concept, "")
                count += therapy_class not in NEVER_A_LINE and therapy_class not in settled
        if count:
            return f"{count} drug record(s) could not be identified or dated"
        for acting in self.elsewhere_since(self.today):
            if CLASS_OF[acting.agent] in self.line_classes and CLASS_OF[acting.agent] not in settled:
                return f"{acting.agent.replace('_', ' ')} for another disease still acts"
        return ""

    def elsewhere_since(self, day: Day) -> list[Exposure]:
        """What was given for another disease and acted on that day or later; anti-CD20 for 180 d (TL-2)."""
        return [
            e
            for e in self.case.elsewhere
            if e.end is None or e.end + ANTI_CD20_EFFECT * (CLASS_OF.get(e.agent) in ANTI_CD20) >= day
        ]

    def active_exposures(self, *classes: str) -> list[Exposure]:
        """Ongoing records of these classes, for whatever disease."""
        return [e for e in self.case.given if e.end is None and CLASS_OF.get(e.agent) in classes]

    def open_segment(self, line: Line, therapy_class: str) -> Segment | None:
        """The ongoing segment of a class within a line."""
        for segment in line.segments:
            if segment.end is None and segment.therapy_class == therapy_class:
                return segment
        return None

    @lazy
    def cumulative_cyclophosphamide(self) -> float:
        """Life-long cyclophosphamide in grams, as far as the chart tells."""
        prior = self.case.series("cyc_cumulative_prior")
        return cumulative_cyclophosphamide_grams(self.case.given, self.today, prior[-1].value if prior else None)

    def non_adherent(self, line: Line) -> str:
        """Why the line's drugs may not have been taken; empty when nothing says so."""
        limit = self.thresholds.adherence_age
        for answer in reversed(self.case.answers("adherence")):
            if answer.value == "non-adherent" and self.age(answer.day) <= limit:
                self.use_finding(answer, "current")
                return "non-adherence was recorded"
        if line.reason == "non-adherence":
            return "the line ended for non-adherence"
        for refused in self.case.not_taken:
            if (
                refused.day is not None
                and self.age(refused.day) <= limit
                and CLASS_OF.get(refused.agent) in line.classes
            ):
                return f"{refused.agent.replace('_', ' ')} is recorded as not taken"
        if any(self._counts_now(condition, limit) for condition in self.problems.get("nonadherence", ())):
            return "non-adherence is on the problem list"
        return ""

    def _counts_now(self, condition: Condition, limit: float) -> bool:
        day = condition.recorded if condition.onset is None else condition.onset.last
        return self.is_active(condition) and (day is None or self.age(day) <= limit)
