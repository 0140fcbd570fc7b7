"""The models of fhir.resources with the same rules at a third of the cost (hot-path section 2).

Two of their validators are written in Python and walk every element a type may have, for every nested
object, and their own `__init__` makes the second of them run twice. The subclasses made here ask the same
questions of the elements that are there. Types, patterns, required elements, choices, the refusal of
unknown elements: all unchanged, and `tests/fhir/test_lean_models.py` holds both against each other.

A model of 57 elements also looks for each of them, twice, although five are there. `narrowed` makes a
validator that knows some elements only, for data that are known to have no others. What it makes are
instances of the lean model all the same: an element that it did not look for is None. `usual.py` goes further.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any, TypeVar, get_args, get_origin

from fhir.resources.R4B.allergyintolerance import AllergyIntolerance
from fhir.resources.R4B.codeableconcept import CodeableConcept
from fhir.resources.R4B.codeablereference import CodeableReference
from fhir.resources.R4B.coding import Coding
from fhir.resources.R4B.condition import Condition
from fhir.resources.R4B.dosage import Dosage, DosageDoseAndRate
from fhir.resources.R4B.extension import Extension
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
_rules: dict[type[BaseModel], Rules] = {}


@dataclass(frozen=True, slots=True)
class Rules:
    """What is asked of a whole instance: elements that must be there, and of which elements there may be one only.

    `choice_of` says of an element which choice it belongs to, `must_choose` which choices cannot be left out.
    """

    required: Set[str]
    choice_of: Mapping[str, str]
    must_choose: frozenset[str]

    def hold_for(self, given: Collection[str]) -> bool:
        """Whether data with these elements and no others keep the rules. None of them may be null."""
        chosen = [self.choice_of[name] for name in given if name in self.choice_of]
        return self.required <= set(given) and len(chosen) == len(set(chosen)) and self.must_choose.issubset(chosen)


def lean(model: type[Model]) -> type[Model]:
    """A subclass of one model that validates the same way, faster."""
    required, choice_of = _required(model), _choices(model)
    must_choose = frozenset(choice for name, choice in choice_of.items() if _is_required(model, name))

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
    _rules[Lean] = Rules(_required_parts(model).union(required), choice_of, must_choose)
    leaner: type[Model] = Lean
    return leaner


def stands_for(model: type[BaseModel], lean_model: type[BaseModel]) -> None:
    """Let a lean model be the part wherever this one is asked for: a type that two releases define alike."""
    _leaner[model] = lean_model


def taken_over(model: type[Model], elements: Iterable[str]) -> Callable[[dict[str, Any]], Model]:
    """An instance of a lean model from values that another model has validated already."""
    anything = core_schema.with_default_schema(core_schema.any_schema(), default=None)
    fields = {name: core_schema.model_field(anything) for name in elements}
    schema = core_schema.model_schema(model, core_schema.model_fields_schema(fields))
    make: Callable[[dict[str, Any]], Model] = SchemaValidator(schema).validate_python
    return make


def rules_of(model: type[BaseModel]) -> Rules:
    """What a lean model asks of a whole instance."""
    return _rules[model]


def lean_part_of(kind: Any) -> type[BaseModel] | None:
    """The lean model of a complex type; None for a primitive, or a type that has none."""
    return _leaner.get(kind.get_model_klass()) if hasattr(kind, "get_model_klass") else None


def narrowed(model: type[Model], elements: Iterable[str]) -> Callable[[dict[str, Any]], Model]:
    """The validation of a lean model, for data that have no other elements than these.

    The rules are the model's own, of the elements that are left; what was validated before is let through
    without the two Python calls that fhir-core makes to look at it.
    """
    schema = _narrow(model, model.__pydantic_core_schema__, frozenset(elements))
    validate: Callable[[dict[str, Any]], Model] = SchemaValidator(schema).validate_python
    return validate


def _narrow(model: type[BaseModel], schema: Any, elements: frozenset[str]) -> Any:
    kind, names = schema["type"], [name for name, field in model.model_fields.items() if field.alias in elements]
    if kind == "model-fields":
        return {**schema, "fields": {name: _shortened(model, name, schema["fields"][name]) for name in names}}
    narrower = _narrow(model, schema["schema"], elements)
    if kind == "function-before" and not any(_holds_a_list(model, name) for name in names):
        return narrower
    rules = _rules[model]
    if kind == "function-after" and rules.required.isdisjoint(names) and rules.choice_of.keys().isdisjoint(names):
        return narrower
    by_alias = {"config": {**schema["config"], "validate_by_name": False}} if kind == "model" else {}
    return {**schema, **by_alias, "schema": narrower}


def _shortened(model: type[BaseModel], name: str, field: Any) -> Any:
    """A part of a complex type that is a lean model already needs no second look."""
    kind = kinds_of(model, name)[0]
    if get_origin(kind) is list:
        return _with_stand_ins(get_args(kind)[0], field)
    lean_part = lean_part_of(kind)
    if lean_part is None:
        return field
    ours, may_be_left_out = core_schema.is_instance_schema(lean_part), field["schema"]["type"] == "default"
    theirs = field["schema"]["schema"] if may_be_left_out else field["schema"]
    either = core_schema.union_schema([ours, theirs], mode="left_to_right")
    return {**field, "schema": {**field["schema"], "schema": either} if may_be_left_out else either}


def _with_stand_ins(kind: Any, schema: Any) -> Any:
    """A list of parts for which the lean model of another release stands. A subclass needs no help."""
    lean_part = lean_part_of(kind)
    if lean_part is None or issubclass(lean_part, kind.get_model_klass()):
        return schema
    if schema["type"] == "list":
        ours, theirs = core_schema.is_instance_schema(lean_part), schema["items_schema"]
        either = core_schema.union_schema([ours, theirs], mode="left_to_right")
        return {**schema, "items_schema": either}
    return {**schema, "schema": _with_stand_ins(kind, schema["schema"])}


def kinds_of(model: type[BaseModel], name: str) -> tuple[Any, ...]:
    """What an element may be, without None: `X | None` is X."""
    annotation = model.model_fields[name].annotation
    return get_args(annotation) or (annotation,)


def _holds_a_list(model: type[BaseModel], name: str) -> bool:
    return any(get_origin(kind) is list for kind in kinds_of(model, name))


def _required(model: Any) -> tuple[str, ...]:
    """The primitive elements that must be there."""
    names = model.get_alias_mapping()
    return tuple(names[name] for name, _ in model.model_construct().get_required_fields())


def _required_parts(model: type[BaseModel]) -> set[str]:
    """The elements of a complex type that must be there."""
    return {name for name, field in model.model_fields.items() if field.is_required()}


def _choices(model: Any) -> dict[str, str]:
    """Of every element of which only one may be given, the choice that it belongs to."""
    choices = model.model_construct().get_one_of_many_fields()
    return {name: choice for choice, names in choices.items() for name in names}


def _is_required(model: type[BaseModel], name: str) -> bool:
    extra: Any = model.model_fields[name].json_schema_extra
    return bool(extra["one_of_many_required"])


LeanAllergyIntolerance = lean(AllergyIntolerance)
LeanCodeableConcept = lean(CodeableConcept)
LeanCodeableReference = lean(CodeableReference)
LeanCoding = lean(Coding)
LeanCondition = lean(Condition)
LeanDosage = lean(Dosage)
LeanDosageDoseAndRate = lean(DosageDoseAndRate)
LeanExtension = lean(Extension)
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
