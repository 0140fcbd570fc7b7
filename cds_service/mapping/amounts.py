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
# HL7 GTSAbbreviation, the codes of FHIR's timing-abbreviation, and their everyday spellings, as times per day.
_TIMES: dict[str, float] = {
    **dict.fromkeys(("QD", "DAILY", "OD", "QDAY", "ONCE DAILY", "ONCE A DAY", "EVERY DAY", "Q24H"), 1.0),
    **dict.fromkeys(("AM", "PM", "BED", "QAM", "QPM", "QHS", "HS", "EVERY MORNING", "AT BEDTIME"), 1.0),
    **dict.fromkeys(("BID", "BD", "TWICE DAILY", "TWICE A DAY", "2 TIMES DAILY", "Q12H", "EVERY 12 HOURS"), 2.0),
    **dict.fromkeys(("TID", "TDS", "3 TIMES DAILY", "THREE TIMES DAILY", "Q8H", "EVERY 8 HOURS"), 3.0),
    **dict.fromkeys(("QID", "QDS", "4 TIMES DAILY", "FOUR TIMES DAILY", "Q6H", "EVERY 6 HOURS"), 4.0),
    **dict.fromkeys(("Q4H", "EVERY 4 HOURS"), 6.0),
    **dict.fromkeys(("QOD", "EVERY OTHER DAY", "EVERY 2 DAYS"), 0.5),
    **dict.fromkeys(("WK", "QWK", "WEEKLY", "ONCE WEEKLY", "ONCE A WEEK"), 1 / 7),
    **dict.fromkeys(("MO", "QMO", "MONTHLY", "ONCE MONTHLY"), 1 / 30.4375),
}
# What a dose is tied to that comes once a day; "with meals" (C) is three of them.
_ONCE_A_DAY = frozenset(
    {
        *("MORN", "MORN.early", "MORN.late", "NOON", "AFT", "AFT.early", "AFT.late", "EVE", "EVE.early", "EVE.late"),
        *("NIGHT", "HS", "WAKE", "CM", "CD", "CV", "ACM", "ACD", "ACV", "PCM", "PCD", "PCV"),
    }
)
_INFUSED_PER_SUBCUTANEOUS = 0.5
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


def as_infused(agent: str, dose: Dose | None) -> Dose | None:
    """A dose under the skin as the dose into a vein that it stands for.

    1400 mg of rituximab with hyaluronidase replace 375 mg/m2 (product label), which count as 0.7 g
    (clinical-spec 3.4, trap 42). Other agents are as they are.
    """
    if dose is None or agent != "rituximab" or dose.per != "administration":
        return dose
    return Dose(dose.milligrams * _INFUSED_PER_SUBCUTANEOUS, dose.per)


def dose_as_written(dosages: Sequence[Any] | None) -> tuple[str, str]:
    """Why a dosage led to no dose, and the chart's own words: ("DOSE_AS_TEXT", "3 mg twice daily").

    A text is kept to be shown and is never read as a number. Empty when nothing was said of a dose at all.
    """
    for dosage in dosages or ():
        written = _quantities_of(dosage)
        stated = next((quantity for quantity in written if quantity.value is not None), None)
        if stated is not None:
            unit = stated.unit or stated.code or ""
            return "DOSE_NOT_READ", f"{stated.comparator or ''}{stated.value} {unit}".strip()
        text = getattr(dosage, "text", None)
        if text:
            return "DOSE_AS_TEXT", text
    return "", ""


def _quantities_of(dosage: Any) -> list[Any]:
    given = getattr(dosage, "dose", None)
    if given is not None:
        return [given]
    listed = getattr(dosage, "doseAndRate", None) or ()
    found = []
    for item in listed:
        low = item.doseRange.low if item.doseRange is not None else None
        found += [quantity for quantity in (item.doseQuantity, low, item.rateQuantity) if quantity is not None]
    return found


def _dose(dosage: Any) -> Dose | None:
    if dosage.asNeededBoolean or getattr(dosage, "asNeededCodeableConcept", None) is not None:
        return None
    amount = _stated_amount(dosage.doseAndRate or ())
    if amount is None or amount.per == "day":
        return amount
    times = _times_per_day(dosage.timing)
    if times is None:
        return amount
    return Dose(round(amount.milligrams * times, 6), "day") if amount.per == "administration" else None


def _stated_amount(listed: Sequence[Any]) -> Dose | None:
    """One amount. Ordered in mg/m2 and calculated in mg: the milligrams. Two that differ: never more than is sure."""
    amounts = [amount for item in listed if (amount := _amount_of(item)) is not None]
    flat = [amount for amount in amounts if amount.per != "administration-m2"]
    if len(amounts) < len(listed) and not flat:
        return None
    return min(flat or amounts, key=lambda amount: amount.milligrams, default=None)


def _amount_of(stated: Any) -> Dose | None:
    if stated.doseQuantity is not None:
        return _amount(stated.doseQuantity)
    if stated.doseRange is not None and stated.doseRange.low is not None:
        # Never more than is sure.
        return _amount(stated.doseRange.low)
    rate = _amount(stated.rateQuantity) if stated.rateQuantity is not None else None
    return rate if rate is not None and rate.per == "day" else None


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
    """How often a day; None when there is no schedule, or the dose is given a single time."""
    repeat = timing.repeat if timing is not None else None
    if repeat is not None and repeat.count == 1:
        return None
    days = len(set(repeat.dayOfWeek)) / 7 if repeat is not None and repeat.dayOfWeek else 1.0
    if repeat is not None and repeat.period and repeat.periodUnit in _DAYS:
        return _by_period(repeat) * (days if repeat.periodUnit == "d" else 1.0)
    if repeat is not None and repeat.timeOfDay:
        return len(repeat.timeOfDay) * days
    if repeat is not None and repeat.when:
        return len(repeat.when) * days if _ONCE_A_DAY.issuperset(repeat.when) else None
    code = timing.code if timing is not None else None
    spellings = [code.text, *(coding.code for coding in code.coding or ())] if code is not None else []
    spellings += [coding.display for coding in code.coding or ()] if code is not None else []
    return next((_TIMES[key] for text in spellings if text and (key := " ".join(text.upper().split())) in _TIMES), None)


def _by_period(repeat: Any) -> float:
    """Frequency over period. Of a range ("every 6 to 8 hours") the longer time: never more than is sure."""
    longest = max(repeat.period, repeat.periodMax or repeat.period)
    return float(repeat.frequency or 1) / (float(longest) * _DAYS[repeat.periodUnit])
