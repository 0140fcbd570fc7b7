"""The quick way through the models, for what is written as usual (hot-path section 2).

When it is known which elements a resource has, most of what the models ask in Python is known too: whether
the required ones are there, and one of each choice. What is left is asked of the values, and for the usual
spellings pydantic-core can ask it alone. So one validator is made for each set of elements that comes along.

The promise is one-sided, and `tests/fhir/test_usual.py` holds it: what such a validator accepts, the model
accepts too, with the same values. What it refuses may still be good, and is for the whole model to judge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple, get_args, get_origin

from fhir_core.types import Date, DateTime, Decimal, Instant
from pydantic import BaseModel
from pydantic_core import SchemaValidator, core_schema

from cds_service.fhir.bins import Repairs
from cds_service.fhir.lean_models import (
    LeanCodeableConcept,
    LeanCodeableReference,
    LeanCoding,
    LeanDosage,
    LeanDosageDoseAndRate,
    LeanMedicationAdministrationDosage,
    LeanPeriod,
    LeanQuantity,
    kinds_of,
    lean_part_of,
    rules_of,
)

Validate = Callable[[dict[str, Any]], Any]
Mender = Callable[[Any, Repairs], Any]

_MOST_PLANS = 1_000
_MOST_VALIDATORS = 32  # of each resource type: one takes 1 ms to make and up to 0.1 MB

_PARTS: Mapping[type[BaseModel], tuple[str, ...]] = {
    LeanCodeableConcept: ("coding", "text"),
    LeanCodeableReference: ("concept",),
    LeanCoding: ("system", "version", "code", "display", "userSelected"),
    LeanDosage: ("sequence", "text", "asNeededBoolean", "timing", "route", "doseAndRate"),
    LeanDosageDoseAndRate: ("doseQuantity", "rateQuantity"),
    LeanMedicationAdministrationDosage: ("dose", "route", "text"),
    LeanPeriod: ("start", "end"),
    LeanQuantity: ("value", "comparator", "unit", "system", "code"),
}
"""Parts that are looked into where they stand, and the elements that they may have there."""

_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{3}|\.[0-9]{6})?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])"


def _written(pattern: str, read: Callable[[str], Any]) -> core_schema.CoreSchema:
    """A text of this pattern, as `read` reads it. The pattern bars the spellings that only `fromisoformat` knows."""
    text = core_schema.str_schema(pattern=f"^{pattern}$", strict=True)
    return core_schema.no_info_after_validator_function(read, text)


def _either(*ways: core_schema.CoreSchema) -> core_schema.CoreSchema:
    return core_schema.union_schema(list(ways), mode="left_to_right")


_FULL_DATE = _written(_DAY, date.fromisoformat)
_MOMENT = _written(_DAY + _CLOCK, datetime.fromisoformat)
# What orjson makes of a number. fhir-core looks at every number as a text, which these can be written as.
_WHOLE = core_schema.int_schema(strict=True, ge=-(2**63), lt=2**64)
_NUMBER = _either(
    core_schema.chain_schema([core_schema.is_instance_schema(float), core_schema.decimal_schema()]),
    core_schema.chain_schema([_WHOLE, core_schema.decimal_schema()]),
)
_AS_THEY_ARE = frozenset({"str", "bool", "int"})


def usual(model: type[BaseModel], elements: Iterable[str]) -> Validate | None:
    """A validator for data of which these elements are to be read, and all are there. Others it does not see.

    None where it could not promise what it should: the rules of the model do not hold for these
    elements, or one of them has no usual way.
    """
    names = sorted(elements)
    if not rules_of(model).hold_for(names):
        return None
    fields = {name: _value_of(model, name) for name in names}
    given = {name: schema for name, schema in fields.items() if schema is not None}
    if len(given) < len(fields):
        return None
    validate: Validate = SchemaValidator(_model(model, given, "ignore")).validate_python
    return validate


def _model(model: type[BaseModel], values: Mapping[str, Any], others: str) -> Any:
    """The model's own schema with these fields, and without the functions around it."""
    schema: Any = model.__pydantic_core_schema__
    while schema["type"] != "model":
        schema = schema["schema"]
    inner = schema["schema"]
    while inner["type"] != "model-fields":
        inner = inner["schema"]
    fields = {name: {**inner["fields"][name], "schema": value} for name, value in values.items()}
    config = {**schema["config"], "extra_fields_behavior": others, "validate_by_name": False}
    return {**schema, "config": config, "schema": {**inner, "fields": fields}}


def _value_of(model: type[BaseModel], name: str) -> Any | None:
    """What one element may hold, never null; None where there is no usual way."""
    field = model.model_fields.get(name)  # by alias; only a reserved word has a field of another name
    if field is None or field.alias != name or get_origin(field.annotation) is list:
        return None
    kind = kinds_of(model, name)[0]
    if get_origin(kind) is list:
        items = _part(get_args(kind)[0])
        return None if items is None else core_schema.list_schema(items)
    return _part(kind) or _primitive(kind, _own_schema(model, name))


def _own_schema(model: type[BaseModel], name: str) -> Any:
    """What the model's schema says of an element that is there and not null."""
    schema: Any = model.__pydantic_core_schema__
    while schema["type"] != "model-fields":
        schema = schema["schema"]
    value = schema["fields"][name]["schema"]
    while value["type"] in ("default", "nullable"):
        value = value["schema"]
    return value


def _primitive(kind: Any, own: Any) -> Any | None:
    types = {type(mark) for mark in get_args(kind)[1:]}
    if Decimal in types:
        return _NUMBER
    if Instant in types:
        return _MOMENT
    if DateTime in types:
        return _either(_MOMENT, _FULL_DATE, own)
    if Date in types:
        return _either(_FULL_DATE, own)
    return own if own["type"] in _AS_THEY_ARE else None


def _part(kind: Any) -> Any | None:
    """A complex type of which we have the lean model: an instance as it is, and some looked into."""
    model = lean_part_of(kind)
    if model is None:
        return None
    names, rules = _PARTS.get(model, ()), rules_of(model)
    # Only where the rules hold for all of these elements, for none, and so for any of them.
    if not names or not rules.hold_for(()) or not rules.hold_for(names):
        return core_schema.is_instance_schema(model)
    values = {name: _value_of(model, name) for name in names}
    fields = {name: core_schema.with_default_schema(value, default=None) for name, value in values.items() if value}
    return _model(model, fields, "forbid")


def then(validate: Validate | None, hand_over: Callable[[Any], Any] | None) -> Validate | None:
    """One after the other, where there are both."""
    if validate is None or hand_over is None:
        return validate
    return lambda data: hand_over(validate(data))


class Plan(NamedTuple):
    """How resources with one set of elements are read: what is looked up before, and the validator."""

    prepared: tuple[tuple[str, Mender], ...]
    validate: Validate


class Plans(dict[frozenset[str], Plan | None]):
    """The plans of one resource type, by the names of the elements: names that FHIR has, so never about a person.

    Bounded. Plans are cheap and forgotten all at once; validators are not, so beyond so many there is no plan.
    """

    def __init__(
        self,
        model: type[BaseModel],
        elements: Mapping[str, bool],
        always: Iterable[str],
        prepared: Mapping[str, Mender],
        hand_over: Callable[[Any], Any] | None = None,
    ) -> None:
        """`elements` says of every element that FHIR has whether it is read, `always` are put in by whoever reads.

        `hand_over` turns what was validated into what is handed on.
        """
        super().__init__()
        self._hand_over = hand_over
        self._model, self._elements = model, elements
        self._always, self._prepared = frozenset(always), prepared
        self._validators: dict[frozenset[str], Validate | None] = {}

    def __missing__(self, names: frozenset[str]) -> Plan | None:
        if not names <= self._elements.keys():
            return None
        read = self._always.union([name for name in names if self._elements[name]])
        validate = self._validator(read)
        prepared = tuple([(name, mender) for name, mender in self._prepared.items() if name in names])
        if len(self) >= _MOST_PLANS:
            self.clear()
        self[names] = plan = Plan(prepared, validate) if validate else None
        return plan

    def _validator(self, read: frozenset[str]) -> Validate | None:
        if read not in self._validators:
            if len(self._validators) >= _MOST_VALIDATORS:
                return None
            self._validators[read] = then(usual(self._model, read), self._hand_over)
        return self._validators[read]


class _Refusal(Repairs):
    """Where nothing is mended: what needs it is not written as usual."""

    def __setitem__(self, name: str, count: int) -> None:
        raise ValueError(name)


UNMENDED: Repairs = _Refusal()
