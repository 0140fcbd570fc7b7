"""The Case: what one chart says about one patient, every value with its source and date.

Plain frozen values, standard library only. Days are proleptic ordinals (`date.toordinal()`), so a
case does not depend on the day it is looked at: `assess(case, on)` decides what is past.
Numbers are in the canonical units of clinical-spec section 2.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import date
from typing import Literal

from cds_service.case.light import light_dataclass

Day = int
Comparator = Literal["", "<", "<=", ">", ">="]
RecordKind = Literal["administration", "statement", "request"]
DosePer = Literal["day", "administration", "administration-m2", ""]


@light_dataclass(frozen=True, slots=True)
class Span:
    """A date known to a day (first == last), a month or a year."""

    first: Day
    last: Day


@light_dataclass(frozen=True, slots=True)
class Patient:
    """Who the chart is about. `born` is None when the chart does not say."""

    sex: Literal["female", "male", "unknown"] = "unknown"
    born: Span | None = None
    deceased: bool = False
    source: str = ""


@light_dataclass(frozen=True, slots=True)
class Quantity:
    """One dated number of one measure, in the measure's canonical unit.

    `stated` is the value and unit as the chart wrote them, `method` the assay. `bound` is the FHIR comparator: such a
    value decides only where the bound alone does. Albumin is BCG-equivalent (clinical-spec 2.1).
    """

    measure: str
    day: Day
    value: float
    unit: str
    source: str
    stated: str = ""
    bound: Comparator = ""
    issued: str = ""
    method: str = ""


@light_dataclass(frozen=True, slots=True)
class Finding:
    """One dated answer that is a word: positive, negative, III+V, non-adherent, yes, no."""

    measure: str
    day: Day
    value: str
    source: str
    issued: str = ""


@light_dataclass(frozen=True, slots=True)
class Condition:
    """A coded problem. Empty `clinical` or `verification` means the chart left it out."""

    concept: str
    source: str
    onset: Span | None = None
    ended: Day | None = None
    recorded: Day | None = None
    clinical: str = ""
    verification: str = ""


@light_dataclass(frozen=True, slots=True)
class Procedure:
    """A completed procedure. `day` is None when the chart gives no usable date."""

    concept: str
    source: str
    day: Day | None = None


@light_dataclass(frozen=True, slots=True)
class Dose:
    """Milligrams, with what they are per. `administration-m2` means mg/m2 of body surface."""

    milligrams: float
    per: DosePer


@light_dataclass(frozen=True, slots=True)
class Exposure:
    """One medication record that counts as exposure (clinical-spec 3.2).

    `end` None means ongoing. An administration has start == end. `reason` is the line-end reason: ineffective,
    intolerance, non-adherence, remission, completed, or empty. `coded` is False when only a name tells the drug: that
    never makes a line adequate. `end_stated` is False when the record says that it ended and not when; then only its
    first day is sure. `start_stated` is False when no exact day is told; then `start` is the last day it can be.
    """

    agent: str
    kind: RecordKind
    start: Day
    end: Day | None
    source: str
    dose: Dose | None = None
    route: str = ""
    reason: str = ""
    coded: bool = True
    end_stated: bool = True
    start_stated: bool = True


@light_dataclass(frozen=True, slots=True)
class NotTaken:
    """A record that says the drug was prescribed and not taken: evidence of non-adherence, never exposure."""

    agent: str
    source: str
    day: Day | None = None


@light_dataclass(frozen=True, slots=True)
class Allergy:
    """An active allergy or intolerance to an agent; refuted and inactive entries never get here (R-12)."""

    agent: str
    kind: Literal["allergy", "intolerance", ""]
    source: str
    day: Day | None = None


@light_dataclass(frozen=True, slots=True)
class SetAside:
    """A resource that could have mattered and was not used: why, what about, when, and a short text for the card."""

    resource: str
    reason: str
    concept: str = ""
    day: Day | None = None
    shown: str = ""


@light_dataclass(frozen=True, slots=True)
class Bins:
    """Every resource that came in, in exactly one bin. The four add up to `total`."""

    total: int = 0
    used: tuple[str, ...] = ()
    superseded: tuple[str, ...] = ()
    not_relevant: int = 0
    set_aside: int = 0


Quantities = Mapping[str, tuple[Quantity, ...]]
Findings = Mapping[str, tuple[Finding, ...]]


@light_dataclass(frozen=True, slots=True)
class Case:
    """The typed chart. Series are ascending by day, one value per day and measure (R-04).

    `elsewhere` is what was given for another disease: no line of ours, but a dose taken and a risk run.
    `disagreements` are same-day values that differ by more than 20 % (R-04): the one used, the one not used.
    `not_provided` names the kinds of data that the client did not send, `remarks` what is to be said of all the rest.
    """

    patient: Patient
    quantities: Quantities = field(default_factory=dict)
    findings: Findings = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    elsewhere: tuple[Exposure, ...] = ()
    not_taken: tuple[NotTaken, ...] = ()
    allergies: tuple[Allergy, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    disagreements: tuple[tuple[Quantity, Quantity], ...] = ()
    not_provided: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    bins: Bins = field(default_factory=Bins)

    def series(self, measure: str) -> tuple[Quantity, ...]:
        """All values of a measure, oldest first; empty when there are none."""
        return self.quantities.get(measure, ())

    def answers(self, measure: str) -> tuple[Finding, ...]:
        """All answers of a measure, oldest first; empty when there are none."""
        return self.findings.get(measure, ())

    @property
    def given(self) -> tuple[Exposure, ...]:
        """Every dose on record, for whatever disease: what safety looks at."""
        return self.exposures + self.elsewhere

    def until(self, on: date) -> Case:
        """The case as it could be known on that day: later facts are gone, later ends have not happened."""
        today = on.toordinal()
        if self._last_day() <= today:
            return self
        return replace(
            self,
            quantities={m: tuple(q for q in s if q.day <= today) for m, s in self.quantities.items()},
            findings={m: tuple(f for f in s if f.day <= today) for m, s in self.findings.items()},
            conditions=tuple(_ongoing(c, today) for c in self.conditions if _known(_first_told(c), today)),
            procedures=tuple(p for p in self.procedures if _known(p.day, today)),
            exposures=tuple(_seen_from(e, today) for e in self.exposures if e.start <= today),
            elsewhere=tuple(_seen_from(e, today) for e in self.elsewhere if e.start <= today),
            not_taken=tuple(n for n in self.not_taken if _known(n.day, today)),
            allergies=tuple(a for a in self.allergies if _known(a.day, today)),
            disagreements=tuple(pair for pair in self.disagreements if pair[0].day <= today),
        )

    def _last_day(self) -> Day:
        """The last day that anything in the chart is of or ends on; the usual chart has nothing to come."""
        days: list[Day | None] = [series[-1].day for series in self.quantities.values() if series]
        days += [series[-1].day for series in self.findings.values() if series]
        for exposure in self.given:
            days += (exposure.start, exposure.end)
        for condition in self.conditions:
            days += (_first_told(condition), condition.ended)
        days += [event.day for event in self.procedures] + [refused.day for refused in self.not_taken]
        days += [allergy.day for allergy in self.allergies] + [kept.day for kept, _ in self.disagreements]
        return max([day for day in days if day is not None], default=0)


def _known(day: Day | None, today: Day) -> bool:
    return day is None or day <= today


def _first_told(condition: Condition) -> Day | None:
    return condition.recorded if condition.onset is None else condition.onset.first


def _ongoing(condition: Condition, today: Day) -> Condition:
    return condition if condition.ended is None or condition.ended <= today else replace(condition, ended=None)


def _seen_from(exposure: Exposure, today: Day) -> Exposure:
    return exposure if exposure.end is None or exposure.end <= today else replace(exposure, end=None, reason="")
