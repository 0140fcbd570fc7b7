"""Which release of FHIR a call is written in: as its server says, else as the shapes of its records say (CTX-3).

No field of a resource says it. R4 and R4B do not differ in anything that we read; R5 tells itself by where it writes
the drug of a medication record, the time of a procedure, the type of an allergy and who told of a problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from cds_service.errors import UnsupportedRelease
from cds_service.fhir.bins import Resource
from cds_service.fhir.prefetch_data import Opened

FhirVersion = Literal["R4", "R4B", "R5"]
Kind = tuple[str, list[Resource]]
"""The resources of one type that one prefetch key holds."""

DEFAULT: FhirVersion = "R4"
_NAMED: Mapping[str, FhirVersion] = {"R4": "R4", "R4B": "R4B", "R5": "R5"}
_NUMBERED: Mapping[str, FhirVersion] = {"4.0": "R4", "4.1": "R4B", "4.3": "R4B", "5.0": "R5"}
_NUMBER = re.compile(r"(?P<release>(?P<major>\d{1,3})\.\d{1,3})(?:\.|$)", re.ASCII)
_NOT_READ = frozenset({"0", "1", "3", "6"})
_RECORDS = ("MedicationStatement", "MedicationRequest", "MedicationAdministration")
_PROBLEMS = ("Condition", "AllergyIntolerance")
# Where R4 has what R5 moved, and where R5 has it.
_MOVED: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    **dict.fromkeys(_RECORDS, (("medicationCodeableConcept", "medicationReference"), ("medication",))),
    "Procedure": (("performedDateTime", "performedPeriod"), ("occurrenceDateTime", "occurrencePeriod")),
    **dict.fromkeys(_PROBLEMS, (("recorder", "asserter"), ("participant",))),
}
_NEW_IN_OBSERVATION = frozenset(
    {
        *("triggeredBy", "bodyStructure", "valueAttachment", "valueReference"),
        *("instantiatesCanonical", "instantiatesReference"),
    }
)
_ONLY_DSTU2 = frozenset({"MedicationOrder", "MedicationPrescription"})
_REFUSED = "This service reads FHIR R4, R4B and R5. "


class Release(NamedTuple):
    """The release of one call. `mixed`: something in it is written in another one. `said`: it is more than assumed."""

    version: FhirVersion
    mixed: bool = False
    said: bool = True


def release_of(opened: Iterable[Opened], told: str | None) -> Release:
    """The release that the server says, else the one that the records say, else R4.

    `told` is the `fhirVersion` of the server's metadata, or the name of a release. Where nobody says it, R5 needs
    a record that says so and none that says R4: a draft in R4 is what most clients can take.
    Errors: UnsupportedRelease for a server or a chart of a release that is not read.
    """
    kinds = [item for key in opened for item in key.by_kind.items()]
    _refuse_second_release(kinds)
    by_server = told_version(told) if told else None
    fourth, fifth = _written_as(kinds)
    if by_server is not None:
        return Release(by_server, mixed=fourth if by_server == "R5" else fifth)
    if fourth:
        return Release(DEFAULT, mixed=fifth)
    return Release("R5") if fifth else Release(DEFAULT, said=False)


def release_by_results(resources: Iterable[Resource]) -> Release:
    """Where nothing else says it: to Observation R5 only added elements, and one of those says that it is R5."""
    is_fifth = any(not _NEW_IN_OBSERVATION.isdisjoint(resource) for resource in resources)
    return Release("R5" if is_fifth else DEFAULT, said=is_fifth)


def told_version(told: str) -> FhirVersion | None:
    """The release of a `fhirVersion` such as 4.0.1, or of its name; None for what says nothing.

    Errors: UnsupportedRelease.
    """
    if told in _NAMED:
        return _NAMED[told]
    number = _NUMBER.match(told)
    if number is None:
        return None
    if number["major"] in _NOT_READ:
        raise UnsupportedRelease(f"{_REFUSED}The FHIR server says that it speaks another release.")
    return _NUMBERED.get(number["release"])


def _written_as(kinds: Iterable[Kind]) -> tuple[bool, bool]:
    """Whether a record is written as only R4 writes it, and whether one is as only R5 does."""
    fourth = fifth = False
    for kind, records in kinds:
        if kind not in _MOVED:
            continue
        before, after = _MOVED[kind]
        fourth, fifth = fourth or _one_has(records, before), fifth or _one_has(records, after)
        if kind == "AllergyIntolerance":
            types = [type(record.get("type")) for record in records]
            fourth, fifth = fourth or str in types, fifth or dict in types
    return fourth, fifth


def _one_has(records: list[Resource], names: tuple[str, ...]) -> bool:
    for record in records:
        for name in names:
            if name in record:
                return True
    return False


def _refuse_second_release(kinds: Iterable[Kind]) -> None:
    """DSTU2 has orders of another type and problems without a subject: read as R4, it would be a chart of nothing."""
    conditions: list[Resource] = []
    for kind, records in kinds:
        if kind in _ONLY_DSTU2:
            raise UnsupportedRelease(f"{_REFUSED}Medication orders are written in FHIR DSTU2.")
        if kind == "Condition":
            conditions += records
    if conditions and "subject" not in conditions[0] and all(map(_is_of_dstu2, conditions)):
        raise UnsupportedRelease(f"{_REFUSED}Conditions are written in FHIR DSTU2.")


def _is_of_dstu2(condition: Resource) -> bool:
    return "patient" in condition and "subject" not in condition
