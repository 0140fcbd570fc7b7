"""A chart that was read, in our words: the Case."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from cds_service.case.model import (
    Allergy,
    Bins,
    Case,
    Condition,
    Exposure,
    Finding,
    NotTaken,
    Patient,
    Procedure,
    Quantity,
    SetAside,
)
from cds_service.mapping import medications
from cds_service.mapping.conditions import read_allergy, read_condition, read_patient, read_procedure
from cds_service.mapping.observations import read_observation
from cds_service.mapping.readings import Reading, without_exposure
from cds_service.mapping.series import disagree, one_a_day
from cds_service.mapping.terminology import Terminology
from cds_service.mapping.versions import settled

_KINDS = (Quantity, Finding, Condition, Procedure, Exposure, NotTaken, Allergy)

MIXED_RELEASES = "MIXED_RELEASES"


class NotRead(Protocol):
    """A resource that was set aside before it came here."""

    @property
    def resource(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def concept(self) -> str: ...
    @property
    def day(self) -> int | None: ...
    @property
    def shown(self) -> str: ...


class ReadChart(Protocol):
    """What the mapping needs of a chart: validated resources by type, and the bins of the rest."""

    @property
    def patient(self) -> Any | None: ...
    @property
    def patient_reference(self) -> str: ...
    @property
    def resources(self) -> Mapping[str, tuple[tuple[str, Any], ...]]: ...
    @property
    def unread(self) -> Sequence[NotRead]: ...
    @property
    def told_twice(self) -> Collection[str]: ...
    @property
    def warnings(self) -> int: ...
    @property
    def mixed_releases(self) -> bool: ...
    @property
    def superseded(self) -> tuple[str, ...]: ...
    @property
    def supporting(self) -> tuple[str, ...]: ...
    @property
    def not_relevant(self) -> int: ...
    @property
    def set_aside(self) -> int: ...
    @property
    def total(self) -> int: ...


def build_case(chart: ReadChart, terminology: Terminology, on: date, not_provided: tuple[str, ...] = ()) -> Case:
    """The Case as it can be known on the day `on`. `not_provided` names what the client did not send in full.

    Every resource ends in one bin; the four add up to `chart.total`. `set_aside` can be longer than its
    bin: a panel with one readable and one unreadable component is used, and its other half is named.
    """
    patient = read_patient(chart.patient, chart.patient_reference) if chart.patient is not None else Patient()
    readings = _readings(chart.resources, terminology, on.toordinal(), patient)
    if chart.told_twice:
        readings = settled(readings, chart.told_twice)
    facts: dict[type[Any], list[Any]] = {kind: [] for kind in _KINDS}
    for reading in readings:
        for fact in reading.facts:
            facts[type(fact)].append(fact)
    quantities, doubled = one_a_day(facts[Quantity])
    findings, doubled_findings = one_a_day(facts[Finding])
    given_up = {id(loser) for _, loser in (*doubled, *doubled_findings)}
    return Case(
        patient=patient,
        quantities=quantities,
        findings=findings,
        conditions=tuple(facts[Condition]),
        procedures=tuple(facts[Procedure]),
        exposures=tuple(facts[Exposure]),
        elsewhere=tuple([exposure for reading in readings for exposure in reading.elsewhere]),
        not_taken=tuple(facts[NotTaken]),
        allergies=tuple(facts[Allergy]),
        set_aside=_set_aside(chart, readings),
        disagreements=tuple([(kept, other) for kept, other in doubled if disagree(kept, other)]),
        not_provided=not_provided,
        remarks=(MIXED_RELEASES,) if chart.mixed_releases else (),
        bins=_bins(chart, readings, given_up),
    )


def _readings(
    resources: Mapping[str, tuple[tuple[str, Any], ...]], terminology: Terminology, today: int, patient: Patient
) -> list[Reading]:
    readings = [
        read_observation(source, resource, terminology, today) for source, resource in resources.get("Observation", ())
    ]
    for source, resource in resources.get("Condition", ()):
        readings.append(read_condition(source, resource, terminology, today, patient.born))
    for source, resource in resources.get("Procedure", ()):
        readings.append(read_procedure(source, resource, terminology, today))
    for source, resource in resources.get("AllergyIntolerance", ()):
        readings.append(read_allergy(source, resource, terminology))
    given = resources.get("MedicationAdministration", ())
    not_carried_out = medications.orders_not_carried_out(given)
    orders = resources.get("MedicationRequest", ()) if given else ()
    elsewhere = medications.reasons_of_orders_elsewhere(orders, terminology)
    for kind, read in medications.READERS.items():
        for source, resource in resources.get(kind, ()):
            reading = read(source, resource, terminology, today)
            if elsewhere and kind == "MedicationAdministration":
                reading = medications.as_ordered(reading, resource, elsewhere, terminology)
            readings.append(without_exposure(reading) if source in not_carried_out else reading)
    return readings


def _set_aside(chart: ReadChart, readings: Iterable[Reading]) -> tuple[SetAside, ...]:
    """What was not used, in an order that does not depend on the order in which it came; of a concept the newest first.

    A warning of the record system is no resource, and is said all the same (CLIN-49).
    """
    found = [item for reading in readings for item in reading.set_aside]
    if chart.unread:
        found += _before(chart.unread)
    if warnings := chart.warnings:
        found.append(SetAside("Bundle", "SERVER_WARNING", shown=str(warnings)))
    if chart.told_twice:
        found = list(dict.fromkeys(found))
    return tuple(sorted(found, key=_place_of) if len(found) > 1 else found)


def _before(unread: Sequence[NotRead]) -> Iterator[SetAside]:
    for item in unread:
        yield SetAside(item.resource, item.reason, item.concept, item.day, item.shown)


def _place_of(item: SetAside) -> tuple[str, int, str, str, str]:
    # The id comes last: where all the rest is alike, only a record without a concept shows it.
    return item.concept, -(item.day or 0), item.reason, item.shown, item.resource


def _bins(chart: ReadChart, readings: list[Reading], given_up: set[int]) -> Bins:
    used = [*chart.supporting, *((chart.patient_reference,) if chart.patient is not None else ())]
    superseded = list(chart.superseded)
    not_relevant, set_aside = chart.not_relevant, chart.set_aside
    for reading in readings:
        if reading.facts:
            stands = not given_up or any(id(fact) not in given_up for fact in reading.facts)
            (used if stands else superseded).append(reading.source)
        elif reading.set_aside:
            set_aside += 1
        else:
            not_relevant += 1
    return Bins(chart.total, tuple(used), tuple(superseded), not_relevant, set_aside)
