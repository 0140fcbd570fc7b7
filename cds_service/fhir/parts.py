"""Quantities, periods, and dosages reduced to what treatment lines need: schedule, route, amount."""

from __future__ import annotations

from typing import Any

from cds_service.fhir import interned
from cds_service.fhir import repairs as mend
from cds_service.fhir.bins import Resource
from cds_service.fhir.lean_models import (
    LeanDosage,
    LeanDosageDoseAndRate,
    LeanMedicationAdministrationDosage,
    LeanPeriod,
    LeanQuantity,
    narrowed,
)
from cds_service.fhir.repairs import Repairs

_MOST = 6
_READ = ("sequence", "asNeededBoolean")
_AMOUNTS = ("doseQuantity", "rateQuantity")

_QUANTITY = frozenset({"value", "comparator", "unit", "system", "code"})
_PERIOD = frozenset({"start", "end"})
_read_dosage = narrowed(LeanDosage, {*_READ, "timing", "route", "doseAndRate"})
_read_amount = narrowed(LeanDosageDoseAndRate, {*_AMOUNTS, "doseRange"})
_read_quantity = narrowed(LeanQuantity, _QUANTITY)
_read_period = narrowed(LeanPeriod, _PERIOD)


def dosages(value: Any, repairs: Repairs) -> Any:
    """A list of Dosage, each with schedule, route and amount. Texts are dropped: nothing is read from them."""
    listed = mend.listed(value, repairs)
    return [_dosage(item, repairs) for item in listed[:_MOST]] if isinstance(listed, list) else listed


def dose_given(value: Any, repairs: Repairs) -> Any:
    """MedicationAdministration.dosage: route and dose."""
    _refuse_modifiers(value)
    dose = quantity(value.get("dose"), repairs)
    route = interned.codings_only(value.get("route"), repairs)
    given = {name: part for name, part in (("dose", dose), ("route", route)) if part is not None}
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


def _dosage(value: Any, repairs: Repairs) -> Any:
    _refuse_modifiers(value)
    moved = mend.dosage(value, repairs)
    read: Resource = {name: moved[name] for name in _READ if name in moved}
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
