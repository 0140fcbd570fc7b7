"""What a guideline knows of a patient besides the disease: problems, age, pregnancy, and the newest of each measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cds_service.case import measures
from cds_service.case.lazy import lazy
from cds_service.case.model import Case, Condition, Day, Finding, Quantity
from cds_service.guideline.thresholds import Thresholds

CAREFUL = frozenset({"pregnancy", "serious_infection", "malignancy"})
RULED_OUT = frozenset({"refuted", "entered-in-error", "differential"})
SUSPECTED = frozenset({"provisional", "unconfirmed"})
NOT_ACTIVE = frozenset({"inactive", "resolved", "remission"})
NOT_ROUTED = frozenset({"inactive", "resolved"})
_NOT_READ = frozenset({"UNREADABLE", "CODE_CONFLICT"})
EARLIER_EPISODE = 30
Problems = Mapping[str, Sequence[Condition]]


def problems_of(case: Case) -> Problems:
    """The problem list by concept, each in the order of the chart."""
    found: dict[str, list[Condition]] = {}
    for condition in case.conditions:
        found.setdefault(condition.concept, []).append(condition)
    return found


def routed(problems: Problems, concept: str) -> list[Condition]:
    """The entries of an index disease that route to its guideline (R-02): not closed, not ruled out."""
    entries = problems.get(concept, ())
    return [item for item in entries if item.clinical not in NOT_ROUTED and item.verification not in RULED_OUT]


class Background:
    """One patient on one day. Everything is computed once; a background lives for one assessment.

    What is looked at for every answer has a slot, here and in the pictures made of it: beyond thirty attributes Python
    gives up sharing their names between objects, and every reading gets slower. The rest is in the `__dict__`.
    """

    __slots__ = ("__dict__", "case", "problems", "thresholds", "today")

    def __init__(self, case: Case, problems: Problems, today: Day, thresholds: Thresholds) -> None:
        self.case = case
        self.problems = problems
        self.today = today
        self.thresholds = thresholds

    def age(self, day: Day) -> Day:
        """Days from a day to today."""
        return self.today - day

    def newest(self, measure: str, max_age: float) -> Quantity | None:
        """The newest value of a measure that is not stale."""
        series = self.case.quantities.get(measure)
        return series[-1] if series and self.today - series[-1].day <= max_age else None

    def newest_answer(self, measure: str, max_age: float | None = None) -> Finding | None:
        """The newest answer of a measure, of any age unless a limit is given."""
        answers = self.case.findings.get(measure)
        if not answers or (max_age is not None and self.today - answers[-1].day > max_age):
            return None
        return answers[-1]

    # -- problem list -------------------------------------------------------------------------------

    def is_active(self, condition: Condition) -> bool:
        """Established and ongoing: not refuted, not resolved, not ended, not only suspected."""
        ended = condition.ended is not None and condition.ended <= self.today
        return condition.clinical not in NOT_ACTIVE and not ended and condition.verification not in RULED_OUT

    def active(self, concept: str) -> Sequence[Condition]:
        """Active conditions of a concept; an entry that could not be read counts, because unknown is not "no"."""
        entries = self.problems.get(concept)
        found = [condition for condition in entries if self.is_active(condition)] if entries else []
        return [*found, *self._unread(concept)] if concept in CAREFUL and self.case.set_aside else found

    def _unread(self, concept: str) -> Sequence[Condition]:
        """A pregnancy, infection or tumour whose entry could not be read, or may be it and may be something else."""
        for item in self.case.set_aside:
            if item.concept == concept and item.reason in _NOT_READ and item.resource.startswith("Condition"):
                return (Condition(concept, item.resource),)
        return ()

    def coded_earlier(self, concept: str) -> bool:
        """Whether a relapse or flare is coded that is not the present one, or may not be.

        One without an exact day is taken for an earlier one: what has come back twice is not treated as the first time.
        """
        onsets = [condition.onset for condition in self.problems.get(concept, ())]
        return True in [onset is None or self.age(onset.first) > EARLIER_EPISODE for onset in onsets]

    def earlier_in_doubt(self, concept: str) -> bool:
        """Whether every earlier relapse or flare is taken for one only because its day is not told."""
        onsets = [condition.onset for condition in self.problems.get(concept, ())]
        certain = True in [onset is not None and self.age(onset.last) > EARLIER_EPISODE for onset in onsets]
        return not certain and self.coded_earlier(concept)

    @lazy
    def pregnant(self) -> bool:
        """An active pregnancy, or a positive test of the last 30 days."""
        test = self.newest_answer("pregnancy_test", self.thresholds.pregnancy_test_age)
        return (test is not None and test.value == "positive") or bool(self.active("pregnancy"))

    @lazy
    def kidney_injury(self) -> bool:
        """Acute kidney injury of the last 90 days: a rise of creatinine then has another explanation."""
        return any(
            condition.onset is None or self.age(condition.onset.last) <= self.thresholds.laboratory_age
            for condition in self.active("acute_kidney_injury")
        )

    # -- the patient --------------------------------------------------------------------------------

    @property
    def fertility_wish(self) -> bool:
        """A recorded wish for children."""
        wish = self.newest_answer("fertility_wish")
        return wish is not None and wish.value in {"yes", "positive"}

    @property
    def oldest_years(self) -> int | None:
        """The highest age the birth date allows; None when no birth date is known."""
        born = self.case.patient.born
        if born is None or born.first == born.last:
            return self.years
        return measures.age_in_years(born.first, self.today)

    @lazy
    def years(self) -> int | None:
        """Age in completed years; None when no birth date is known."""
        born = self.case.patient.born
        return None if born is None else measures.age_in_years(born.last, self.today)
