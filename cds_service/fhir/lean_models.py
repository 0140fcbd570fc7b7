"""The models of fhir.resources with the same rules at a third of the cost (hot-path section 2).

Two of their validators are written in Python and walk every element a type may have, for every nested
object, and their own `__init__` makes the second of them run twice. The subclasses made here ask the same
questions of the elements that are there. Types, patterns, required elements, choices, the refusal of
unknown elements: all unchanged, and `tests/fhir/test_lean_models.py` holds both against each other.

A model of 57 elements also looks for each of them, twice, although five are there. `narrowed` makes a
validator that knows some elements only, for data that are known to have no others. What it makes are
instances of the lean model all the same: an element that it did not look for is None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, get_args

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
from pydantic_core import SchemaValidator, core_schema

Model = TypeVar("Model", bound=BaseModel)

_leaner: dict[type[BaseModel], type[BaseModel]] = {}


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
                if given.get(name) is None:
                    self._validate_required_primitive_elements()
            if choice_of:
                chosen = [
                    choice_of[name] for name in choice_of.keys() & self.model_fields_set if given[name] is not None
                ]
                if len(chosen) > len(set(chosen)) or not must_choose.issubset(chosen):
                    self._validate_one_of_many()
            return self

    Lean.__name__ = Lean.__qualname__ = model.__name__
    for name in model.model_fields:
        setattr(Lean, name, None)  # what `narrowed` did not look for
    _leaner[model] = Lean
    leaner: type[Model] = Lean
    return leaner


def narrowed(model: type[Model], elements: Iterable[str]) -> Callable[[dict[str, Any]], Model]:
    """The validation of a lean model, for data that have no other elements than these.

    The rules are the model's own, of the elements that are left; what was validated before is let through
    without the two Python calls that fhir-core makes to look at it.
    """
    schema = _narrow(model, model.__pydantic_core_schema__, frozenset(elements))
    validate: Callable[[dict[str, Any]], Model] = SchemaValidator(schema).validate_python
    return validate


def _narrow(model: type[BaseModel], schema: Any, elements: frozenset[str]) -> Any:
    if schema["type"] != "model-fields":
        narrower = {**schema, "schema": _narrow(model, schema["schema"], elements)}
        if schema["type"] == "model":
            narrower["config"] = {**schema["config"], "validate_by_name": False}
        return narrower
    fields = {name: field for name, field in schema["fields"].items() if field["validation_alias"] in elements}
    for name, field in fields.items():
        lean_part = _lean_part(model, name)
        if lean_part is not None:
            ours = core_schema.is_instance_schema(lean_part)
            either = core_schema.union_schema([ours, field["schema"]["schema"]], mode="left_to_right")
            fields[name] = {**field, "schema": {**field["schema"], "schema": either}}
    return {**schema, "fields": fields}


def _lean_part(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    """The lean model of an element that holds one part of a complex type."""
    for kind in get_args(model.model_fields[name].annotation):
        if hasattr(kind, "get_model_klass"):
            return _leaner.get(kind.get_model_klass())
    return None


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
