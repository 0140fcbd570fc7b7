"""What both guidelines see of a case on one day: current values, lines, outcomes, background.

Everything is computed once, when first asked for. A picture lives for one assessment.
"""

from __future__ import annotations

from cds_service.case import measures
from cds_service.case.doses import cumulative_cyclophosphamide_grams
from cds_service.case.drug_classes import CLASS_OF, NEVER_A_LINE
from cds_service.case.lazy import lazy
from cds_service.case.lines import Line, derive_lines
from cds_service.case.model import Case, Condition, Day, Exposure, Finding, Quantity
from cds_service.case.segments import Segment
from cds_service.guideline.assessment import Disease, Fact, Step
from cds_service.guideline.outcomes import Judge, Outcome, next_starts
from cds_service.guideline.thresholds import Thresholds

UNIDENTIFIED = frozenset({"MEDICATION_UNRESOLVED", "UNREADABLE", "DATE_MISSING", "DATE_REVERSED"})
CAREFUL = frozenset({"pregnancy", "serious_infection", "malignancy"})
RULED_OUT = frozenset({"refuted", "entered-in-error", "differential"})
NOT_ACTIVE = frozenset({"inactive", "resolved", "remission"})


class Picture:
    """One patient on one day, for one disease."""

    disease: Disease = "MN"
    planned_sequences = False

    def __init__(self, case: Case, today: Day, thresholds: Thresholds) -> None:
        self.case = case
        self.today = today
        self.thresholds = thresholds
        self.trace: list[Step] = []
        self.facts: dict[tuple[str, str], Fact] = {}
        self.figures: dict[str, float | str] = {}
        self.standing_notes: list[str] = []

    # -- using values: whatever a rule rests on is remembered for the card --------------------------

    def use(self, value: Quantity, role: str) -> None:
        """Remember that the answer rests on this value."""
        self.facts[value.source + value.measure, role] = Fact(
            value.measure, value.value, value.unit, value.day, role, value.source, value.stated
        )

    def use_finding(self, finding: Finding, role: str) -> None:
        """Remember that the answer rests on this word."""
        self.facts[finding.source + finding.measure, role] = Fact(
            finding.measure, finding.value, "", finding.day, role, finding.source
        )

    # -- values now ---------------------------------------------------------------------------------

    def age(self, day: Day) -> Day:
        """Days from a day to today."""
        return self.today - day

    def newest(self, measure: str, max_age: float) -> Quantity | None:
        """The newest value of a measure that is not stale."""
        return measures.newest(self.case.series(measure), self.today, int(max_age))

    def newest_answer(self, measure: str, max_age: float | None = None) -> Finding | None:
        """The newest answer of a measure, of any age unless a limit is given."""
        answers = self.case.answers(measure)
        if not answers or (max_age is not None and self.age(answers[-1].day) > max_age):
            return None
        return answers[-1]

    @lazy
    def proteinuria(self) -> tuple[Quantity, ...]:
        """The joined proteinuria series."""
        return measures.proteinuria_series(self.case)

    @lazy
    def current(self) -> Quantity | None:
        """Current proteinuria."""
        return measures.current_proteinuria(self.proteinuria, self.today, int(self.thresholds.laboratory_age))

    @lazy
    def egfr(self) -> tuple[Quantity, ...]:
        """The eGFR series, reported or computed."""
        return measures.egfr_series(self.case)

    @lazy
    def egfr_now(self) -> Quantity | None:
        """Current eGFR."""
        return measures.newest(self.egfr, self.today, int(self.thresholds.laboratory_age))

    @lazy
    def albumin(self) -> Quantity | None:
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
    def whole_lines(self) -> tuple[Line, ...]:
        """All treatment lines with everything that was given, as the card shows them."""
        return derive_lines(self.case.exposures, self.today, planned_sequences=self.planned_sequences)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The same lines as they are judged; the last one is the one that counts now."""
        return self.whole_lines

    @lazy
    def judge(self) -> Judge:
        """Judges past lines."""
        return Judge(self.disease, self.proteinuria, self.thresholds, self.today)

    @lazy
    def past_outcomes(self) -> dict[int, Outcome]:
        """The outcome of each line but the last, by position."""
        following = next_starts(self.lines)
        last = self.last_position
        return {
            index: self.judge.outcome(line, following[index]) for index, line in enumerate(self.lines) if index != last
        }

    @property
    def last_position(self) -> int:
        """Where the line stands that counts now; -1 without lines."""
        return len(self.lines) - 1

    @lazy
    def unidentified_drugs(self) -> str:
        """That drug records could not be read or identified: then "untreated" is not known. Empty when all were."""
        count = sum(
            1
            for item in self.case.set_aside
            if item.reason in UNIDENTIFIED
            and item.resource.startswith("Medication")
            and CLASS_OF.get(item.concept) not in NEVER_A_LINE
        )
        return f"{count} drug record(s) could not be identified or dated" if count else ""

    def active_exposures(self, *classes: str) -> tuple[Exposure, ...]:
        """Ongoing records of these classes."""
        return tuple(e for e in self.case.exposures if e.end is None and CLASS_OF.get(e.agent) in classes)

    def open_segment(self, line: Line, therapy_class: str) -> Segment | None:
        """The ongoing segment of a class within a line."""
        return next((segment for segment in line.of_class(therapy_class) if segment.open), None)

    @lazy
    def cumulative_cyclophosphamide(self) -> float:
        """Life-long cyclophosphamide in grams, as far as the chart tells."""
        prior = self.case.series("cyc_cumulative_prior")
        return cumulative_cyclophosphamide_grams(self.case.exposures, self.today, prior[-1].value if prior else None)

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
        if any(self._counts_now(c, limit) for c in self.case.conditions if c.concept == "nonadherence"):
            return "non-adherence is on the problem list"
        return ""

    def _counts_now(self, condition: Condition, limit: float) -> bool:
        day = condition.recorded if condition.onset is None else condition.onset.last
        return self.is_active(condition) and (day is None or self.age(day) <= limit)

    # -- background ---------------------------------------------------------------------------------

    def is_active(self, condition: Condition) -> bool:
        """Established and ongoing: not refuted, not resolved, not ended, not only suspected."""
        ended = condition.ended is not None and condition.ended <= self.today
        return condition.clinical not in NOT_ACTIVE and not ended and condition.verification not in RULED_OUT

    @staticmethod
    def is_routed(condition: Condition) -> bool:
        """Whether an entry of the index disease routes to its guideline (R-02): not closed, not ruled out."""
        return condition.clinical not in {"inactive", "resolved"} and condition.verification not in RULED_OUT

    def index_conditions(self) -> tuple[Condition, ...]:
        """The routed entries of the disease this picture is about."""
        name = "membranous_nephropathy" if self.disease == "MN" else "lupus_nephritis"
        return tuple(c for c in self.case.conditions if c.concept == name and self.is_routed(c))

    def active(self, concept: str) -> tuple[Condition, ...]:
        """Active conditions of a concept; an entry that could not be read counts, because unknown is not "no"."""
        found = tuple(c for c in self.case.conditions if c.concept == concept and self.is_active(c))
        return (*found, *self._unread.get(concept, ()))

    @lazy
    def _unread(self) -> dict[str, tuple[Condition, ...]]:
        """Pregnancies, infections and tumours whose entry could not be read."""
        return {
            item.concept: (Condition(item.concept, item.resource),)
            for item in self.case.set_aside
            if item.resource.startswith("Condition") and item.reason == "UNREADABLE" and item.concept in CAREFUL
        }

    @lazy
    def pregnant(self) -> bool:
        """An active pregnancy, or a positive test of the last 30 days."""
        test = self.newest_answer("pregnancy_test", self.thresholds.pregnancy_test_age)
        return bool(self.active("pregnancy")) or (test is not None and test.value == "positive")

    @lazy
    def kidney_injury(self) -> bool:
        """Acute kidney injury of the last 90 days: a rise of creatinine then has another explanation."""
        return any(
            condition.onset is None or self.age(condition.onset.last) <= self.thresholds.laboratory_age
            for condition in self.active("acute_kidney_injury")
        )

    @lazy
    def fertility_wish(self) -> bool:
        """A recorded wish for children."""
        wish = self.newest_answer("fertility_wish")
        return wish is not None and wish.value in {"yes", "positive"}

    @lazy
    def oldest_years(self) -> int | None:
        """The highest age the birth date allows; None when no birth date is known."""
        born = self.case.patient.born
        return None if born is None else measures.age_in_years(born.first, self.today)

    @lazy
    def years(self) -> int | None:
        """Age in completed years; None when no birth date is known."""
        born = self.case.patient.born
        return None if born is None else measures.age_in_years(born.last, self.today)
