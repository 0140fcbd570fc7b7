"""Quantities, periods, dosages reduced to what treatment lines need, and the few references and extensions we read."""

from __future__ import annotations

from typing import Any

from cds_service.fhir import interned
from cds_service.fhir import repairs as mend
from cds_service.fhir.bins import Repairs, Resource
from cds_service.fhir.lean_models import (
    LeanDosage,
    LeanDosageDoseAndRate,
    LeanExtension,
    LeanMedicationAdministrationDosage,
    LeanPeriod,
    LeanQuantity,
    LeanReference,
    narrowed,
)

_MOST = 6
_READ = ("sequence", "text", "asNeededBoolean")
_AMOUNTS = ("doseQuantity", "rateQuantity")

ADHERENCE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-medication-adherence"
"""The one extension that is read (terminology.md 3.1). What others say cannot change what we read."""

_QUANTITY = frozenset({"value", "comparator", "unit", "system", "code"})
_PERIOD = frozenset({"start", "end"})
_read_dosage = narrowed(LeanDosage, {*_READ, "timing", "route", "doseAndRate"})
_read_amount = narrowed(LeanDosageDoseAndRate, {*_AMOUNTS, "doseRange"})
_read_quantity = narrowed(LeanQuantity, _QUANTITY)
_read_period = narrowed(LeanPeriod, _PERIOD)
_read_reference = narrowed(LeanReference, {"reference"})


def dosages(value: Any, repairs: Repairs) -> Any:
    """A list of Dosage, each with schedule, route and amount. The text is kept to be shown; nothing is read from it."""
    listed = mend.listed(value, repairs)
    return [_dosage(item, repairs) for item in listed[:_MOST]] if isinstance(listed, list) else listed


def dosages_as_usual(value: Any, repairs: Repairs) -> Any:
    """The same for what needs no mending, left to be validated where it stands. Errors: ValueError, TypeError."""
    if type(value) is not list:
        raise TypeError("dosages are a list")
    return [_dosage_as_usual(item, repairs) for item in value[:_MOST]]


def _dosage_as_usual(value: Any, repairs: Repairs) -> Any:
    _refuse_modifiers(value)
    if "doseQuantity" in value:
        raise ValueError("a dose where STU3 had it")
    read = _plain_parts(value)
    if "timing" in value:
        read["timing"] = interned.timing(value["timing"], repairs)
    if "route" in value:
        read["route"] = interned.codings_only(value["route"], repairs)
    if "doseAndRate" in value:
        if type(value["doseAndRate"]) is not list:
            raise TypeError("amounts are a list")
        read["doseAndRate"] = [_amount_as_usual(item) for item in value["doseAndRate"]]
    return read


def _plain_parts(value: Resource) -> Resource:
    """What needs no looking into. Needed for something is as needed, whatever for."""
    read: Resource = {name: value[name] for name in _READ if name in value}
    if value.get("asNeededCodeableConcept") is not None:
        if "asNeededBoolean" in read:
            raise ValueError("two values of one choice")
        read["asNeededBoolean"] = True
    return read


def _amount_as_usual(value: Any) -> Any:
    if type(value) is not dict or "doseRange" in value:
        raise TypeError("an amount that is no quantity")
    return {name: value[name] for name in _AMOUNTS if name in value}


def dose_given(value: Any, repairs: Repairs) -> Any:
    """MedicationAdministration.dosage: route, dose, and the text to be shown."""
    _refuse_modifiers(value)
    dose = quantity(value.get("dose"), repairs)
    route = interned.codings_only(value.get("route"), repairs)
    parts = (("dose", dose), ("route", route), ("text", value.get("text")))
    given = {name: part for name, part in parts if part is not None}
    return LeanMedicationAdministrationDosage(**given)


def quantity(value: Any, repairs: Repairs) -> Any:
    """A Quantity, mended and validated."""
    if not isinstance(value, dict):
        return value
    mended = mend.quantity(value, repairs)
    return _read_quantity(mended) if mended.keys() <= _QUANTITY else LeanQuantity(**mended)


def period(value: Any, repairs: Repairs) -> Any:
    """A Period, mended and validated."""
    if not isinstance(value, dict):
        return value
    mended = mend.period(value, repairs)
    return _read_period(mended) if mended.keys() <= _PERIOD else LeanPeriod(**mended)


def reference(value: Any, repairs: Repairs) -> Any:
    """A Reference, validated."""
    if not isinstance(value, dict):
        return value
    return _read_reference(value) if value.keys() == {"reference"} else LeanReference(**value)


def adherence_extensions(value: Any, repairs: Repairs) -> Any:
    """The extensions that say how well a drug is taken; no others."""
    listed = value if isinstance(value, list) else ()
    ours = [item for item in listed if isinstance(item, dict) and item.get("url") == ADHERENCE]
    return [LeanExtension(**item) for item in ours]


def _dosage(value: Any, repairs: Repairs) -> Any:
    _refuse_modifiers(value)
    moved = mend.dosage(value, repairs)
    read = _plain_parts(moved)
    if "timing" in moved:
        read["timing"] = interned.timing(moved["timing"], repairs)
    if "route" in moved:
        read["route"] = interned.codings_only(moved["route"], repairs)
    if "doseAndRate" in moved:
        read["doseAndRate"] = [_amount(item, repairs) for item in mend.listed(moved["doseAndRate"], repairs)]
    return _read_dosage(read)


def _amount(value: Any, repairs: Repairs) -> Any:
    read = {name: quantity(value[name], repairs) for name in _AMOUNTS if name in value}
    if "doseRange" in value:
        read["doseRange"] = value["doseRange"]
    return _read_amount(read)


def _refuse_modifiers(value: Any) -> None:
    if not isinstance(value, dict):
        raise TypeError("a dosage is an object")
    if value.get("modifierExtension"):
        raise ValueError("a modifier that is not understood")
