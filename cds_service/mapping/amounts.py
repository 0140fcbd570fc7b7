"""Dosages to milligrams, with what they are per (clinical-spec 3.4 needs days, pulses and grams).

Only what is stated as a mass is read: a number of tablets, a dose per kilogram of body weight, a dose
given as needed or in a text has no certain milligrams, and is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from cds_service.case.model import Dose

_MILLIGRAMS = {
    "mg": Decimal(1),
    "milligram": Decimal(1),
    "milligrams": Decimal(1),
    "g": Decimal(1000),
    "gm": Decimal(1000),
    "gram": Decimal(1000),
    "grams": Decimal(1000),
    "ug": Decimal("0.001"),
    "mcg": Decimal("0.001"),
    "microgram": Decimal("0.001"),
    "micrograms": Decimal("0.001"),
}
_PER_DAY = frozenset({"d", "day", "24h", "24.h", "(24.h)", "24hr"})
_PER_AREA = frozenset({"m2", "m^2", "m\u00b2"})
_DAYS = {"s": 1 / 86_400, "min": 1 / 1_440, "h": 1 / 24, "d": 1.0, "wk": 7.0, "mo": 30.4375, "a": 365.25}
# HL7 GTSAbbreviation and its everyday spellings, as times per day.
_TIMES = {
    "QD": 1.0,
    "DAILY": 1.0,
    "AM": 1.0,
    "PM": 1.0,
    "BED": 1.0,
    "BID": 2.0,
    "TID": 3.0,
    "QID": 4.0,
    "Q4H": 6.0,
    "Q6H": 4.0,
    "Q8H": 3.0,
    "Q12H": 2.0,
    "QOD": 0.5,
}
_LARGEST_MILLIGRAMS = Decimal(1_000_000)


def dose_of(dosages: Sequence[Any] | None) -> Dose | None:
    """The dose of a statement or an order.

    Several dosages that all count per day and are one step (a morning and an evening dose) add up; of a
    sequence of steps the first is taken.
    """
    if not dosages:
        return None
    first = dosages[0]
    together = [dosage for dosage in dosages if dosage.sequence == first.sequence]
    doses = [_dose(dosage) for dosage in together]
    if len(doses) == 1:
        return doses[0]
    known = [dose for dose in doses if dose is not None and dose.per == "day"]
    has_steps = any(dosage.timing and dosage.timing.repeat and dosage.timing.repeat.boundsPeriod for dosage in together)
    if has_steps or len(known) < len(doses):
        return doses[0]
    return Dose(sum(dose.milligrams for dose in known), "day")


def dose_given(dosage: Any) -> Dose | None:
    """The dose of one administration."""
    return None if dosage is None or dosage.dose is None else _amount(dosage.dose)


def _dose(dosage: Any) -> Dose | None:
    if dosage.asNeededBoolean or not dosage.doseAndRate:
        return None
    stated = dosage.doseAndRate[0]
    amount = None
    if stated.doseQuantity is not None:
        amount = _amount(stated.doseQuantity)
    elif stated.doseRange is not None and stated.doseRange.low is not None:
        # Never more than is sure.
        amount = _amount(stated.doseRange.low)
    elif stated.rateQuantity is not None:
        rate = _amount(stated.rateQuantity)
        amount = rate if rate is not None and rate.per == "day" else None
    if amount is None or amount.per == "day":
        return amount
    times = _times_per_day(dosage.timing)
    if times is None:
        return amount
    return Dose(round(amount.milligrams * times, 6), "day") if amount.per == "administration" else None


def _amount(quantity: Any) -> Dose | None:
    """Milligrams of a Quantity; its code and its unit must not contradict each other."""
    if quantity.value is None or quantity.comparator or not 0 < quantity.value <= _LARGEST_MILLIGRAMS:
        return None
    spellings = [text for text in (quantity.code, quantity.unit) if text]
    found = {unit for text in spellings if (unit := _unit(text)) is not None}
    if len(found) != 1:
        return None
    factor, per = found.pop()
    return Dose(float(quantity.value * factor), per)  # type: ignore[arg-type]


def _unit(text: str) -> tuple[Decimal, str] | None:
    mass, _, per = text[:20].strip().casefold().replace("\u00b5", "u").replace("\u03bc", "u").partition("/")
    factor = _MILLIGRAMS.get(mass.strip())
    if factor is None:
        return None
    if not per:
        return factor, "administration"
    if per.strip() in _PER_DAY:
        return factor, "day"
    return (factor, "administration-m2") if per.strip() in _PER_AREA else None


def _times_per_day(timing: Any) -> float | None:
    """How often a day; None when there is no schedule."""
    repeat = timing.repeat if timing is not None else None
    if repeat is not None and repeat.period and repeat.periodUnit in _DAYS:
        return float(repeat.frequency or 1) / (float(repeat.period) * _DAYS[repeat.periodUnit])
    if repeat is not None and repeat.timeOfDay and not repeat.dayOfWeek:
        return float(len(repeat.timeOfDay))
    code = timing.code if timing is not None else None
    spellings = [code.text, *(coding.code for coding in code.coding or ())] if code is not None else []
    return next((_TIMES[text.strip().upper()] for text in spellings if text and text.strip().upper() in _TIMES), None)
