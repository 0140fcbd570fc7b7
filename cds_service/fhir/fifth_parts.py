"""The parts of FHIR R5 resources that are written otherwise than in R4, each read to what both releases can say.

The types that resources are made of are alike in both releases in all that we read, so that one lean model stands for
both and what was validated once serves both; `tests/fhir/test_fifth_shapes.py` compares them element by element.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhir.resources.codeableconcept import CodeableConcept
from fhir.resources.codeablereference import CodeableReference
from fhir.resources.coding import Coding
from fhir.resources.dosage import Dosage, DosageDoseAndRate
from fhir.resources.extension import Extension
from fhir.resources.medicationadministration import MedicationAdministrationDosage
from fhir.resources.medicationstatement import MedicationStatementAdherence
from fhir.resources.observation import ObservationComponent
from fhir.resources.period import Period
from fhir.resources.quantity import Quantity
from fhir.resources.reference import Reference
from fhir.resources.timing import Timing, TimingRepeat
from pydantic import BaseModel

from cds_service.fhir import interned, lean_models
from cds_service.fhir import repairs as mend
from cds_service.fhir.bins import Repairs, Resource
from cds_service.fhir.lean_models import lean, narrowed, stands_for
from cds_service.fhir.parts import dosages, dosages_as_usual, reference

ALIKE: Mapping[type[BaseModel], type[BaseModel]] = {
    CodeableConcept: lean_models.LeanCodeableConcept,
    CodeableReference: lean_models.LeanCodeableReference,
    Coding: lean_models.LeanCoding,
    Dosage: lean_models.LeanDosage,
    DosageDoseAndRate: lean_models.LeanDosageDoseAndRate,
    Extension: lean_models.LeanExtension,
    MedicationAdministrationDosage: lean_models.LeanMedicationAdministrationDosage,
    ObservationComponent: lean_models.LeanObservationComponent,
    Period: lean_models.LeanPeriod,
    Quantity: lean_models.LeanQuantity,
    Reference: lean_models.LeanReference,
    Timing: lean_models.LeanTiming,
    TimingRepeat: lean_models.LeanTimingRepeat,
}
"""Types of R5, and the lean models of R4B that stand for them."""
for _of_fifth, _lean in ALIKE.items():
    stands_for(_of_fifth, _lean)

read_pointer = narrowed(lean_models.LeanCodeableReference, {"concept"})
_read_adherence = narrowed(lean(MedicationStatementAdherence), {"code", "reason"})


def reasons(value: Any, repairs: Repairs) -> Any:
    """For what a drug is given: the concepts. What is only pointed at is not looked up, as in R4."""
    listed = mend.listed(value, repairs)
    if not isinstance(listed, list):
        return listed
    return [_reason(item, repairs) for item in listed]


def _reason(value: Any, repairs: Repairs) -> Any:
    told = {**value, "concept": interned.answer(value["concept"], repairs)} if "concept" in value else value
    return read_pointer(told) if told.keys() == {"concept"} else lean_models.LeanCodeableReference(**told)


def adherence(value: Any, repairs: Repairs) -> Any:
    """MedicationStatement.adherence: whether the drug is taken, and why."""
    if value.get("modifierExtension"):
        raise ValueError("a modifier that is not understood")
    read = {name: interned.answer(value[name], repairs) for name in ("code", "reason") if name in value}
    return _read_adherence(read)


def fifth_dosages(value: Any, repairs: Repairs) -> Any:
    """A list of Dosage, with "as needed" where R4 has it."""
    return dosages(_with_as_needed(mend.listed(value, repairs)), repairs)


def fifth_dosages_as_usual(value: Any, repairs: Repairs) -> Any:
    """The same for what needs no mending. Errors: ValueError, TypeError."""
    return dosages_as_usual(_with_as_needed(value), repairs)


def references(value: Any, repairs: Repairs) -> Any:
    """A list of Reference."""
    return [reference(item, repairs) for item in value] if isinstance(value, list) else value


def _with_as_needed(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [_as_needed(dosage) if isinstance(dosage, dict) else dosage for dosage in value]


def _as_needed(dosage: Resource) -> Resource:
    """Needed for something is as needed, whatever for. The words of R4 are none of R5."""
    if "asNeededBoolean" in dosage or "asNeededCodeableConcept" in dosage:
        raise ValueError("elements of two releases")
    if "asNeeded" not in dosage and "asNeededFor" not in dosage:
        return dosage
    rest = {name: part for name, part in dosage.items() if name not in ("asNeeded", "asNeededFor")}
    return {**rest, "asNeededBoolean": True if dosage.get("asNeededFor") else dosage.get("asNeeded")}
