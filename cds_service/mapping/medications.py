"""Medication records to exposure, or to evidence that nothing was taken (clinical-spec 3.2; R-09 to R-27).

Every counting record is handed over: which of several that describe one exposure counts is decided by
`case.segments` (R-09, R-22). Where a date is open to doubt the shorter exposure is taken. Which agent a record is
about says `drug_told`, whether it was taken `adherence`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cds_service.case.drug_classes import CLASS_OF, NEVER_A_LINE, PULSE
from cds_service.case.model import Allergy, Day, Dose, Exposure, NotTaken, RecordKind, SetAside
from cds_service.mapping.adherence import taken_otherwise
from cds_service.mapping.amounts import as_infused, dose_as_written, dose_given, dose_of
from cds_service.mapping.courses import Course, administration_course, request_course, statement_course
from cds_service.mapping.dates import last_day
from cds_service.mapping.drug_told import Drug, drug_told
from cds_service.mapping.readings import Fact, Reading, refused
from cds_service.mapping.routes import NOT_SYSTEMIC
from cds_service.mapping.terminology import Terminology

_STATEMENT_COUNTS = frozenset({"active", "completed", "stopped", "on-hold"})
_REQUEST_COUNTS = frozenset({"active", "completed", "stopped", "on-hold"})
_ADMINISTRATION_COUNTS = frozenset({"completed", "in-progress", "stopped"})
_ORDERS = frozenset({"order", "original-order", "instance-order", "filler-order"})


@dataclass(frozen=True, slots=True)
class _Given:
    """As what kind of record, when, and by which dosages a drug was given."""

    kind: RecordKind
    course: Course
    dosages: Sequence[Any]

    @property
    def route(self) -> Any:
        """The first route that a dosage states."""
        return next((dosage.route for dosage in self.dosages if dosage.route is not None), None)

    @property
    def dose(self) -> Dose | None:
        """Milligrams, as far as they are certain."""
        if self.kind == "administration":
            return dose_given(next(iter(self.dosages), None))
        return dose_of(self.dosages)


def read_statement(source: str, statement: Any, terminology: Terminology, today: Day) -> Reading:
    """A MedicationStatement. `not-taken` is evidence of non-adherence, never exposure."""
    drug = drug_told(source, statement, terminology)
    if isinstance(drug, Reading):
        return drug
    if statement.status == "not-taken":
        period = statement.effectivePeriod
        when = statement.effectiveDateTime or (period and (period.end or period.start)) or statement.dateAsserted
        return Reading(source, (NotTaken(drug.agent, source, last_day(when)),))
    if statement.status not in _STATEMENT_COUNTS:
        return refused(source, "STATUS", concept=drug.agent)
    course = statement_course(statement, today)
    return _exposure(source, statement, drug, _Given("statement", course, statement.dosage or ()), terminology)


def read_request(source: str, request: Any, terminology: Terminology, today: Day) -> Reading:
    """A MedicationRequest: an order, or a plan that the patient reports (R-18).

    A stopped infusion order was not given, unless it says why what was given ended (CLIN-15, section 3.2).
    """
    drug = drug_told(source, request, terminology)
    if isinstance(drug, Reading):
        return drug
    kind = _kind_of_request(request)
    infused = CLASS_OF.get(drug.agent) in PULSE
    never_given = infused and request.status in ("stopped", "on-hold") and not _reason(request, terminology)
    if kind is None or request.doNotPerform or request.status not in _REQUEST_COUNTS or never_given:
        return refused(source, "STATUS", concept=drug.agent)
    course = request_course(request, today, one_dose=infused)
    return _exposure(source, request, drug, _Given(kind, course, request.dosageInstruction or ()), terminology)


def read_administration(source: str, administration: Any, terminology: Terminology, today: Day) -> Reading:
    """A MedicationAdministration: one day, the first of its period."""
    drug = drug_told(source, administration, terminology)
    if isinstance(drug, Reading):
        return drug
    if administration.status not in _ADMINISTRATION_COUNTS:
        return refused(source, "STATUS", concept=drug.agent)
    course = administration_course(administration, today)
    dosages = () if administration.dosage is None else (administration.dosage,)
    return _exposure(source, administration, drug, _Given("administration", course, dosages), terminology)


READERS: Mapping[str, Callable[[str, Any, Terminology, Day], Reading]] = {
    "MedicationStatement": read_statement,
    "MedicationRequest": read_request,
    "MedicationAdministration": read_administration,
}


def orders_not_carried_out(administrations: Iterable[tuple[str, Any]]) -> frozenset[str]:
    """The orders of which an administration says that it was not done, and none that it was (trap 36)."""
    done, not_done = set(), set()
    for _, administration in administrations:
        reference = administration.request.reference if administration.request is not None else None
        if reference and administration.status == "not-done":
            not_done.add(reference)
        elif reference and administration.status in _ADMINISTRATION_COUNTS:
            done.add(reference)
    return frozenset(not_done - done)


def reasons_of_orders_elsewhere(
    requests: Iterable[tuple[str, Any]], terminology: Terminology
) -> Mapping[str, Sequence[Any]]:
    """The reasons of the orders that were given for another disease, by order."""
    stated = ((source, request.reasonCode or ()) for source, request in requests)
    return {source: reasons for source, reasons in stated if terminology.other_indication(reasons)}


def as_ordered(
    reading: Reading, administration: Any, elsewhere: Mapping[str, Sequence[Any]], terminology: Terminology
) -> Reading:
    """What was given was given for what it was ordered for, unless it says itself that it is for our disease."""
    order = administration.request.reference if administration.request is not None else None
    reasons = elsewhere.get(order or "", ())
    given = next((fact for fact in reading.facts if isinstance(fact, Exposure)), None)
    if not reasons or given is None or CLASS_OF.get(given.agent) in NEVER_A_LINE:
        return reading
    disease = terminology.other_indication((*(administration.reasonCode or ()), *reasons))
    return _for_another_disease(given, disease, tuple(reading.set_aside)) if disease else reading


def _exposure(source: str, record: Any, drug: Drug, given: _Given, terminology: Terminology) -> Reading:
    """One exposure, and what could not be read of it. What goes onto the skin or into a joint is not relevant."""
    way = terminology.way(given.route, drug.route)
    course = given.course
    if way.conflict:
        return refused(source, "ROUTE_CONFLICT", concept=drug.agent, day=course.start or None)
    if way.route in NOT_SYSTEMIC:
        return Reading(source)
    if course.fault:
        return refused(source, course.fault, concept=drug.agent, day=course.start or None)
    reason = _reason(record, terminology)
    line_making = CLASS_OF.get(drug.agent) not in NEVER_A_LINE
    elsewhere = terminology.other_indication(record.reasonCode or ()) if line_making else ""
    dose = as_infused(drug.agent, given.dose) if way.under_the_skin else given.dose
    exposure = Exposure(
        drug.agent,
        given.kind,
        course.start,
        course.end,
        source,
        dose,
        way.route,
        reason,
        drug.coded,
        course.end_stated,
        course.start_stated,
    )
    unread = _dose_not_read(exposure, given) if line_making and dose is None else ()
    if elsewhere:
        return _for_another_disease(exposure, elsewhere, unread)
    facts: tuple[Fact, ...] = (exposure, *taken_otherwise(source, record, drug.agent, terminology))
    return Reading(source, facts, unread)


def _for_another_disease(exposure: Exposure, disease: str, unread: tuple[SetAside, ...]) -> Reading:
    """Not a line of ours, and said (traps 31 to 33). Its doses, its risks and its intolerance count all the same."""
    source, agent, since = exposure.source, exposure.agent, exposure.start
    intolerance = (Allergy(agent, "intolerance", source, since),) if exposure.reason == "intolerance" else ()
    told = SetAside(source, "OTHER_INDICATION", agent, since, disease)
    return Reading(source, intolerance, (told, *unread), (exposure,))


def _dose_not_read(exposure: Exposure, given: _Given) -> tuple[SetAside, ...]:
    """A dose that was written and is no certain milligrams: the record counts, its dose does not, and this is said."""
    why, shown = dose_as_written(given.dosages)
    return (SetAside(exposure.source, why, exposure.agent, exposure.start, shown),) if why else ()


def _kind_of_request(request: Any) -> RecordKind | None:
    if request.intent in _ORDERS:
        return "request"
    reported = request.reportedBoolean is True or request.reportedReference is not None
    return "statement" if request.intent == "plan" and reported else None


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
