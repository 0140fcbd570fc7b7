"""Problems, procedures and allergies (clinical-spec section 1, R-02, R-12, R-28; terminology.md 3.3).

Text never establishes a diagnosis. What a chart leaves out stays unknown, and unknown is never "no".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from cds_service.case.model import Allergy, Condition, Day, Finding, Patient, Procedure, SetAside, Span
from cds_service.mapping.dates import first_day, last_day, span_of
from cds_service.mapping.readings import Fact, Reading, about, refused
from cds_service.mapping.terminology import Terminology

_WITHDRAWN = frozenset({"refuted", "entered-in-error"})
_DONE = frozenset({"completed"})
_GOING_ON = frozenset({"completed", "in-progress"})
_LASTING = frozenset({"dialysis"})
_OVER = frozenset({"inactive", "resolved"})
_YEAR = 365.25
# What an entry that cannot be used is asked for, or counts as present for (decision 10).
_MATTERS = frozenset({"membranous_nephropathy", "secondary_membranous_nephropathy", "lupus_nephritis"})
_MATTERS |= {"pregnancy", "serious_infection", "malignancy"}
_DISEASE_OF = {"secondary_membranous_nephropathy": "membranous_nephropathy"}
# Of a membranous pattern another pattern is the contrary. Of other diseases what looks alike is less exact, and
# agrees: ICD-10 of the WHO has nothing but M32.1 for lupus nephritis.
_A_PATTERN = frozenset({"membranous_nephropathy", "secondary_membranous_nephropathy"})


def read_patient(patient: Any, source: str) -> Patient:
    """Sex, birth date and death. A birth date known to the year is a span."""
    sex: Literal["female", "male", "unknown"] = "unknown"
    if patient.gender in ("female", "male"):
        sex = patient.gender
    dead = patient.deceasedBoolean is True or patient.deceasedDateTime is not None
    return Patient(sex, span_of(patient.birthDate), dead, source)


def read_condition(source: str, condition: Any, terminology: Terminology, today: Day, born: Span | None) -> Reading:
    """A coded problem with its statuses as the chart has them; a code may imply a finding (class of nephritis)."""
    meant = about(condition.code, terminology)
    if meant.meaning is None or "Condition" not in terminology.concepts[meant.meaning.concept].resources:
        return Reading(source)
    concept = meant.meaning.concept
    verification = _code(condition.verificationStatus)
    if verification in _WITHDRAWN:
        return refused(source, "REFUTED", concept=concept)
    another_pattern = concept in _A_PATTERN and not _A_PATTERN.isdisjoint(meant.taken_for)
    if meant.fault or meant.excluded or another_pattern:
        return _contradictory(source, condition, meant.concepts)
    onset = _onset(condition, born)
    if onset is not None and onset.first > today:
        return refused(source, "FUTURE", concept=concept, day=onset.first)
    recorded = last_day(condition.recordedDate)
    period = condition.abatementPeriod
    ended = last_day(condition.abatementDateTime or (period and (period.end or period.start)))
    problem = Condition(concept, source, onset, ended, recorded, _code(condition.clinicalStatus), verification)
    return Reading(source, (problem, *_implied(meant.implies, problem)))


def _contradictory(source: str, condition: Any, concepts: Sequence[str]) -> Reading:
    """An entry that names two diseases: refused, not picked (trap 58), and said of each that somebody must look for."""
    # A secondary form is asked for like the disease.
    named = [_DISEASE_OF.get(concept, concept) for concept in concepts if concept in _MATTERS] or concepts[:1]
    if _code(condition.clinicalStatus) in _OVER:
        # Whichever it was, it is over: said, and no longer asked for.
        named = [""]
    return Reading(source, (), tuple([SetAside(source, "CODE_CONFLICT", concept) for concept in dict.fromkeys(named)]))


def read_procedure(source: str, procedure: Any, terminology: Terminology, today: Day) -> Reading:
    """A completed procedure. Dialysis under way counts too. Without a usable date its day is unknown."""
    meant = about(procedure.code, terminology)
    if meant.meaning is None or "Procedure" not in terminology.concepts[meant.meaning.concept].resources:
        return Reading(source)
    concept = meant.meaning.concept
    if meant.fault:
        return refused(source, meant.fault, concept=concept)
    if procedure.status not in (_GOING_ON if concept in _LASTING else _DONE):
        return refused(source, "STATUS", concept=concept)
    period = procedure.performedPeriod
    # A biopsy known to the month counts from its first day: an old biopsy is the more careful reading.
    day = first_day(procedure.performedDateTime or (period and (period.start or period.end)))
    if day is not None and day > today:
        return refused(source, "FUTURE", concept=concept, day=day)
    return Reading(source, (Procedure(concept, source, day),))


def read_allergy(source: str, allergy: Any, terminology: Terminology) -> Reading:
    """An allergy or intolerance to one of our agents. Missing statuses count, inactive and refuted do not (R-12)."""
    agents = tuple(dict.fromkeys(_allergens(allergy.code, terminology)))
    if not agents:
        return Reading(source)
    if _code(allergy.verificationStatus) in _WITHDRAWN:
        return refused(source, "REFUTED", concept=agents[0])
    if _code(allergy.clinicalStatus) in _OVER:
        return Reading(source)
    kind: Literal["allergy", "intolerance", ""] = allergy.type if allergy.type in ("allergy", "intolerance") else ""
    period = allergy.onsetPeriod
    when = allergy.onsetDateTime or (period and period.start) or allergy.recordedDate
    return Reading(source, tuple([Allergy(agent, kind, source, last_day(when)) for agent in agents]))


def _allergens(concept: Any, terminology: Terminology) -> Iterator[str]:
    """Our agents among the codings, those of the entry and of its reactions, and the one that a text names."""
    for coding in concept.coding or () if concept is not None else ():
        meaning = terminology.look_up(coding.system, coding.code) if coding.system and coding.code else None
        if meaning is not None and meaning.role == "include" and meaning.kind == "medication":
            yield meaning.concept
    named = terminology.drug_by_name(concept.text) if concept is not None and concept.text else None
    if named is not None and named[0]:
        yield named[0]


def _implied(implies: tuple[tuple[str, str], ...], problem: Condition) -> tuple[Fact, ...]:
    """Findings said by the code, dated by the problem; without any date they cannot be placed and are left out."""
    day = problem.onset.first if problem.onset is not None else problem.recorded
    active = problem.clinical not in _OVER
    if day is None or not active:
        return ()
    return tuple(Finding(measure, day, word, problem.source) for measure, word in implies if measure != "method")


def _onset(condition: Any, born: Span | None) -> Span | None:
    period, age = condition.onsetPeriod, condition.onsetAge
    onset = span_of(condition.onsetDateTime or (period and period.start))
    years = age is not None and (age.code or age.unit) in ("a", "yr", "year", "years") and age.value
    if onset is None and born is not None and years and 0 <= years <= 130:
        return Span(born.first + int(float(years) * _YEAR), born.last + int((float(years) + 1) * _YEAR))
    return onset


def _code(status: Any) -> str:
    """The first code of a status concept. Its systems have one set of codes each, so the code is enough."""
    codings = status.coding or () if status is not None else ()
    return next((str(coding.code) for coding in codings if coding.code), "")
