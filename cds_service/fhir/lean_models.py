"""The models of fhir.resources with the same rules at a third of the cost (hot-path section 2).

Two of their validators are written in Python and walk every element a type may have, for every nested
object, and their own `__init__` makes the second of them run twice. The subclasses made here ask the same
questions of the elements that are there. Types, patterns, required elements, choices, the refusal of
unknown elements: all unchanged, and `tests/fhir/test_lean_models.py` holds both against each other.
"""

from __future__ import annotations

from typing import Any, TypeVar

from fhir.resources.R4B.allergyintolerance import AllergyIntolerance
from fhir.resources.R4B.codeableconcept import CodeableConcept
from fhir.resources.R4B.coding import Coding
from fhir.resources.R4B.condition import Condition
from fhir.resources.R4B.dosage import Dosage, DosageDoseAndRate
from fhir.resources.R4B.medicationadministration import MedicationAdministration, MedicationAdministrationDosage
from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.medicationstatement import MedicationStatement
from fhir.resources.R4B.observation import Observation, ObservationComponent
from fhir.resources.R4B.patient import Patient
from fhir.resources.R4B.period import Period
from fhir.resources.R4B.procedure import Procedure
from fhir.resources.R4B.quantity import Quantity
from fhir.resources.R4B.reference import Reference
from fhir.resources.R4B.timing import Timing, TimingRepeat
from pydantic import BaseModel, model_validator

Model = TypeVar("Model", bound=BaseModel)


def lean(model: type[Model]) -> type[Model]:
    """A subclass of one model that validates the same way, faster."""
    blank: Any = model.model_construct()
    required = tuple(model.get_alias_mapping()[name] for name, _ in blank.get_required_fields())  # type: ignore[attr-defined]
    choices: dict[str, list[str]] = blank.get_one_of_many_fields()
    choice_of = {name: choice for choice, names in choices.items() for name in names}
    must_choose = frozenset(choice for choice, names in choices.items() if _is_required(model, names[0]))

    class Lean(model):  # type: ignore[misc, valid-type]
        __init__ = BaseModel.__init__

        @model_validator(mode="before")
        @classmethod
        def reject_null_complex_elements(cls, data: Any) -> Any:
            """A null in a list: let the original decide which lists may hold one."""
            if isinstance(data, dict):
                for value in data.values():
                    if type(value) is list and None in value:
                        return model.reject_null_complex_elements(data)  # type: ignore[attr-defined]
            return data

        @model_validator(mode="after")
        def validate_after_model_construction(self) -> Any:
            """Required primitives, and one value of each choice: asked of what was given."""
            given = self.__dict__
            for name in required:
                if given[name] is None:
                    self._validate_required_primitive_elements()
            if choice_of:
                chosen = [
                    choice_of[name] for name in choice_of.keys() & self.model_fields_set if given[name] is not None
                ]
                if len(chosen) > len(set(chosen)) or not must_choose.issubset(chosen):
                    self._validate_one_of_many()
            return self

    Lean.__name__ = Lean.__qualname__ = model.__name__
    leaner: type[Model] = Lean
    return leaner


def _is_required(model: type[BaseModel], name: str) -> bool:
    extra: Any = model.model_fields[name].json_schema_extra
    return bool(extra["one_of_many_required"])


LeanAllergyIntolerance = lean(AllergyIntolerance)
LeanCodeableConcept = lean(CodeableConcept)
LeanCoding = lean(Coding)
LeanCondition = lean(Condition)
LeanDosage = lean(Dosage)
LeanDosageDoseAndRate = lean(DosageDoseAndRate)
LeanMedicationAdministration = lean(MedicationAdministration)
LeanMedicationAdministrationDosage = lean(MedicationAdministrationDosage)
LeanMedicationRequest = lean(MedicationRequest)
LeanMedicationStatement = lean(MedicationStatement)
LeanObservation = lean(Observation)
LeanObservationComponent = lean(ObservationComponent)
LeanPatient = lean(Patient)
LeanPeriod = lean(Period)
LeanProcedure = lean(Procedure)
LeanQuantity = lean(Quantity)
LeanReference = lean(Reference)
LeanTiming = lean(Timing)
LeanTimingRepeat = lean(TimingRepeat)
