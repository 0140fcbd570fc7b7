"""Numbers with units to the canonical unit of their measure: converted by the table or refused, never guessed.

Source: clinical-spec 2.1, R-15, terminology.md sections 3.2 and 4.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, NamedTuple, cast

from cds_service.case.model import Comparator
from cds_service.mapping.concepts import Concept
from cds_service.mapping.terminology import Factor, Meaning, Terminology

UNIT_REJECTED = "UNIT_REJECTED"
PLAUSIBILITY_REJECTED = "PLAUSIBILITY_REJECTED"
VALUE_UNREADABLE = "VALUE_UNREADABLE"

_UCUM = frozenset({"http://unitsofmeasure.org", "https://unitsofmeasure.org", "urn:oid:2.16.840.1.113883.6.8"})
_COMPARATORS = frozenset({"", "<", "<=", ">", ">="})
_PLAIN = re.compile(
    r"\s*(?P<sign><=|>=|<|>)?\s*(?P<number>\d{1,9}(?:\.\d{1,9})?)\s*(?P<unit>[A-Za-z%/{\[\u00b5\u03bc].{0,39})?",
    re.ASCII,
)
_SCORE = "{score}"
# Beyond these a decimal is no laboratory value, and arithmetic on it can take minutes (JSON-14).
_LARGEST_EXPONENT = 30
_SHOWN_UNIT = 20


class Written(NamedTuple):
    """A number as the chart wrote it. `units` are the spellings of its unit, the UCUM code first; empty for none."""

    number: Decimal
    units: tuple[str, ...]
    bound: str = ""

    def __str__(self) -> str:
        # Cut before shown: a unit of 100 KiB is no unit (JSON-35).
        unit = self.units[-1][:_SHOWN_UNIT] if self.units else ""
        return f"{self.bound}{float(self.number):.10g} {unit}".rstrip()


class Converted(NamedTuple):
    """The value in the canonical unit, or why there is none."""

    value: float = 0.0
    fault: str = ""


def written_quantity(quantity: Any) -> Written | None:
    """A FHIR Quantity as written; None when it holds no usable number."""
    number = quantity.value
    bound = quantity.comparator or ""
    if number is None or bound not in _COMPARATORS or not _is_a_lab_number(number):
        return None
    # A code of another system than UCUM (SNOMED is seen) is no unit string.
    code = quantity.code if quantity.code and (quantity.system in _UCUM or not quantity.system) else None
    unit = quantity.unit
    units = (code, unit) if code and unit and code != unit else (code or unit,) if code or unit else ()
    return Written(number, units, bound)


def written_text(text: str) -> Written | None:
    """A plain number in a text, such as `<2 RU/mL` or `7.6 g/d`; None for anything more or less than that."""
    parts = _PLAIN.fullmatch(text[:80])
    if parts is None or len(text) > 80:
        return None
    unit = (parts["unit"] or "").strip()
    return Written(Decimal(parts["number"]), (unit,) if unit else (), parts["sign"] or "")


def written_integer(value: int) -> Written | None:
    """A bare integer; only a score may be written so."""
    return Written(Decimal(value), ()) if abs(value) < 10**9 else None


def converted(written: Written, concept: Concept, meaning: Meaning, terminology: Terminology) -> Converted:
    """The value in the canonical unit. A missing unit is refused like a wrong one (clinical-spec 2.1)."""
    factor = _factor(written.units or _stand_in(concept, meaning), concept, terminology)
    if factor is None or (meaning.property and factor.dimension and meaning.property != factor.dimension):
        return Converted(fault=UNIT_REJECTED)
    value = float(written.number) if factor.decimal == "1" else factor.of(written.number)
    return Converted(value) if _is_plausible(value, written.bound, concept) else Converted(value, PLAUSIBILITY_REJECTED)


def comparator(written: Written) -> Comparator:
    """The bound, as the case knows it."""
    return cast(Comparator, written.bound)


def _stand_in(concept: Concept, meaning: Meaning) -> tuple[str, ...]:
    """What a site says about its own unit-less codes; a score has no unit to miss."""
    if meaning.unit_default:
        return (meaning.unit_default,)
    return (_SCORE,) if concept.unit == _SCORE else ()


def _factor(units: tuple[str, ...], concept: Concept, terminology: Terminology) -> Factor | None:
    """The one factor that the unit strings agree on. A known rejection, or two different factors, refuse it."""
    if len(units) == 1:
        only = terminology.convert(concept.key, units[0])
        return only if isinstance(only, Factor) else None
    found = [entry for unit in units if (entry := terminology.convert(concept.key, unit)) is not None]
    factors = [entry for entry in found if isinstance(entry, Factor)]
    if not factors or len(factors) < len(found) or any(other.ratio != factors[0].ratio for other in factors):
        return None
    return factors[0]


def _is_plausible(value: float, bound: str, concept: Concept) -> bool:
    """A bound may lie below the range if the value lies below it: `<0.005 g/d` is a low value, not an absurd one."""
    if bound in ("<", "<="):
        return value >= 0 and (concept.high is None or value <= concept.high)
    return concept.is_plausible(value)


def _is_a_lab_number(number: Decimal) -> bool:
    return number.is_finite() and abs(number.adjusted()) <= _LARGEST_EXPONENT
