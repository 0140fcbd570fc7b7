"""Medication records to exposure, or to evidence that nothing was taken (clinical-spec 3.2; R-09 to R-27).

Every counting record is handed over: which of several that describe one exposure counts is decided by
`case.segments` (R-09, R-22). Where a date is open to doubt the shorter exposure is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cds_service.case.drug_classes import CLASS_OF, PULSE
from cds_service.case.model import Day, Dose, Exposure, NotTaken, RecordKind
from cds_service.mapping.amounts import dose_given, dose_of
from cds_service.mapping.dates import first_day, is_exact, last_day, span_of
from cds_service.mapping.readings import Reading, about, refused
from cds_service.mapping.routes import NOT_SYSTEMIC, route_of
from cds_service.mapping.terminology import Terminology

_STATEMENT_COUNTS = frozenset({"active", "completed", "stopped", "on-hold"})
_REQUEST_COUNTS = frozenset({"active", "completed", "stopped", "on-hold"})
_ADMINISTRATION_COUNTS = frozenset({"completed", "in-progress", "stopped"})
_ORDERS = frozenset({"order", "original-order", "instance-order", "filler-order"})
_DAYS_OF = {"h": 1 / 24, "d": 1.0, "wk": 7.0, "mo": 30.0, "a": 365.0}


@dataclass(frozen=True, slots=True)
class _Drug:
    """Which agent a record is about. `coded` is False when only a name says so."""

    agent: str
    route: str
    coded: bool


@dataclass(frozen=True, slots=True)
class _Course:
    """From when to when. `end` None is ongoing; `fault` says why there are no usable days."""

    start: Day = 0
    end: Day | None = None
    fault: str = ""
    end_stated: bool = True


def read_statement(source: str, statement: Any, terminology: Terminology, today: Day) -> Reading:
    """A MedicationStatement. `not-taken` is evidence of non-adherence, never exposure."""
    drug, fault = _drug(statement, terminology)
    if drug is None:
        return fault(source)
    dosages = statement.dosage or ()
    if statement.status == "not-taken":
        period = statement.effectivePeriod
        when = statement.effectiveDateTime or (period and (period.end or period.start)) or statement.dateAsserted
        return Reading(source, (NotTaken(drug.agent, source, last_day(when)),))
    if statement.status not in _STATEMENT_COUNTS:
        return refused(source, "STATUS", concept=drug.agent)
    course = _statement_course(statement, today)
    return _exposure(
        source, drug, "statement", course, dose_of(dosages), _route(dosages), _reason(statement, terminology)
    )


def read_request(source: str, request: Any, terminology: Terminology, today: Day) -> Reading:
    """A MedicationRequest: an order, or a plan that the patient reports (R-18).

    A stopped infusion order was not given, unless it says why what was given ended (CLIN-15, section 3.2).
    """
    drug, fault = _drug(request, terminology)
    if drug is None:
        return fault(source)
    kind = _kind_of_request(request)
    infused = CLASS_OF.get(drug.agent) in PULSE
    reason = _reason(request, terminology)
    never_given = infused and request.status in ("stopped", "on-hold") and not reason
    if kind is None or request.doNotPerform or request.status not in _REQUEST_COUNTS or never_given:
        return refused(source, "STATUS", concept=drug.agent)
    dosages = request.dosageInstruction or ()
    course = _request_course(request, today, one_dose=infused)
    return _exposure(source, drug, kind, course, dose_of(dosages), _route(dosages), reason)


def read_administration(source: str, administration: Any, terminology: Terminology, today: Day) -> Reading:
    """A MedicationAdministration: one day, the first of its period."""
    drug, fault = _drug(administration, terminology)
    if drug is None:
        return fault(source)
    if administration.status not in _ADMINISTRATION_COUNTS:
        return refused(source, "STATUS", concept=drug.agent)
    period = administration.effectivePeriod
    given = administration.effectiveDateTime or (period and (period.start or period.end))
    course = _started(given, today)
    course = replace(course, end=course.start)
    dosage = administration.dosage
    reason = _reason(administration, terminology)
    return _exposure(
        source, drug, "administration", course, dose_given(dosage), dosage.route if dosage else None, reason
    )


READERS: Mapping[str, Callable[[str, Any, Terminology, Day], Reading]] = {
    "MedicationStatement": read_statement,
    "MedicationRequest": read_request,
    "MedicationAdministration": read_administration,
}


def _drug(record: Any, terminology: Terminology) -> tuple[_Drug | None, Callable[[str], Reading]]:
    """The agent by code, else by name. A product that is not taken for its systemic effect is not relevant."""
    concept = record.medicationCodeableConcept
    meant = about(concept, terminology)
    if meant.fault and meant.meaning is not None:
        agent = meant.meaning.concept
        return None, lambda source: refused(source, meant.fault, concept=agent)
    if meant.meaning is not None and meant.meaning.kind == "medication" and not meant.distracted:
        return _Drug(meant.meaning.concept, meant.meaning.route, True), Reading
    named = terminology.drug_by_name(concept.text) if meant.meaning is None and concept.text else None
    return (_Drug(named[0], named[1], False) if named and not meant.distracted else None), Reading


def _exposure(
    source: str, drug: _Drug, kind: RecordKind, course: _Course, dose: Dose | None, route: Any, reason: str
) -> Reading:
    taken_by = route_of(route, drug.route)
    if taken_by in NOT_SYSTEMIC:
        return Reading(source)
    if course.fault:
        return refused(source, course.fault, concept=drug.agent, day=course.start or None)
    exposure = Exposure(
        drug.agent, kind, course.start, course.end, source, dose, taken_by, reason, drug.coded, course.end_stated
    )
    return Reading(source, (exposure,))


def _statement_course(statement: Any, today: Day) -> _Course:
    """From when to when. A statement without any date cannot be placed in time and is set aside, active or not."""
    period = statement.effectivePeriod
    active = statement.status == "active"
    if period is not None and (period.start or period.end):
        start = period.start or period.end
        return _closed(_started(start, today), period.end, active, today)
    stated = statement.effectiveDateTime or statement.dateAsserted
    if stated is None:
        return _Course(fault="DATE_MISSING")
    return _closed(_started(stated, today), None, active, today)


def _request_course(request: Any, today: Day, *, one_dose: bool) -> _Course:
    """Bounds of the dosage, else the day it was written. An infusion order without bounds is one dose."""
    repeat = next((d.timing.repeat for d in request.dosageInstruction or () if d.timing and d.timing.repeat), None)
    bounds = repeat.boundsPeriod if repeat is not None else None
    active = request.status == "active"
    start = (bounds.start if bounds is not None else None) or request.authoredOn
    if start is None:
        return _Course(fault="DATE_MISSING")
    course = _started(start, today)
    end = bounds.end if bounds is not None else None
    if end is None and repeat is not None and repeat.boundsDuration is not None and not course.fault:
        days = _length(repeat.boundsDuration)
        if days is not None:
            return replace(course, end=_capped(course.start + days, active, today))
    closed = _closed(course, end, active and not (one_dose and bounds is None), today)
    return replace(closed, end_stated=True) if one_dose else closed


def _started(value: Any, today: Day) -> _Course:
    """A start known to the month or the year counts from its last day, and from today at the latest."""
    span = span_of(value)
    if span is None:
        return _Course(fault="DATE_MISSING")
    if span.first > today:
        return _Course(span.first, fault="FUTURE")
    return _Course(span.last if is_exact(span) else min(span.last, today))


def _closed(course: _Course, end: Any, active: bool, today: Day) -> _Course:
    """The course with its end. Ended without saying when: on the last day that is sure, which is the start."""
    if course.fault:
        return course
    stated = first_day(end)
    if stated is None:
        return course if active else replace(course, end=course.start, end_stated=False)
    span = span_of(end)
    if span is not None and span.last < course.start and is_exact(span):
        return _Course(course.start, fault="DATE_REVERSED")
    # Where start and end are known to the same month, at least one day is sure.
    return replace(course, end=_capped(max(stated, course.start), active, today))


def _capped(end: Day, active: bool, today: Day) -> Day | None:
    """An end ahead of today is a plan: ongoing while active, else over by today."""
    if end <= today:
        return end
    return None if active else today


def _length(duration: Any) -> int | None:
    factor = _DAYS_OF.get(duration.code or duration.unit or "")
    usable = factor is not None and duration.value is not None and 0 < duration.value < 100_000
    return int(float(duration.value) * factor) if usable and factor is not None else None


def _kind_of_request(request: Any) -> RecordKind | None:
    if request.intent in _ORDERS:
        return "request"
    reported = request.reportedBoolean is True or request.reportedReference is not None
    return "statement" if request.intent == "plan" and reported else None


def _route(dosages: Any) -> Any:
    return next((dosage.route for dosage in dosages if dosage.route is not None), None)


def _reason(record: Any, terminology: Terminology) -> str:
    """The line-end reason: codes first, then words (contract section 4)."""
    stated = record.statusReason or ()
    concepts = stated if isinstance(stated, list | tuple) else (stated,)
    for concept in concepts:
        for coding in concept.coding or ():
            found = terminology.reason(coding.system or "", coding.code) if coding.code else None
            if found:
                return found
    texts = (concept.text for concept in concepts if concept.text)
    return next((found for text in texts if (found := terminology.reason("", text))), "")
