"""Unit strings that were not understood although their measure was, and the known string they resemble."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from types import SimpleNamespace
from typing import Any

from cds_service.mapping.quantities import UNIT_REJECTED, Written, converted, written_quantity, written_text
from cds_service.mapping.terminology import Factor, Meaning, Rejection, Terminology

_LONGEST = 40
_MOST_UNITS = 5_000
_ALIKE = 0.72
_NO_UNIT = ""
_NOT_A_UNIT_SIGN = re.compile(r"[^0-9a-z/%]+")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")


@dataclass(frozen=True, slots=True)
class UnmappedUnit:
    """A unit of a known measure that refuses its results. `unit` is empty where none was sent.

    `nearest` and `factor` are a suggestion: the known string that looks most like it.
    """

    concept: str
    unit: str
    count: int
    reason: str
    system: str
    code: str
    nearest: str = ""
    factor: str = ""


class UnitFindings:
    """Add the values of known measures, then ask which units refused them."""

    def __init__(self, terminology: Terminology) -> None:
        self._terminology = terminology
        self._reasons: dict[tuple[Meaning, tuple[str, ...]], str] = {}
        self._counted: Counter[tuple[str, str, str]] = Counter()
        self._example: dict[tuple[str, str, str], tuple[str, str]] = {}

    def add(self, part: Mapping[str, Any], meaning: Meaning, code: tuple[str, str]) -> None:
        """Look at the value of an Observation, or of one component."""
        concept = self._terminology.concepts[meaning.concept]
        written = _written(part) if "quantity" in concept.values else None
        if written is None:
            return
        key = (meaning, written.units)
        if key not in self._reasons:
            self._reasons[key] = self._reason(written.units, meaning) if len(self._reasons) < _MOST_UNITS else ""
        if self._reasons[key]:
            told = (meaning.concept, _shown(written.units[0]) if written.units else _NO_UNIT, self._reasons[key])
            self._counted[told] += 1
            self._example.setdefault(told, code)

    def report(self) -> tuple[UnmappedUnit, ...]:
        """Most frequent first."""
        found = (self._unit(key, count) for key, count in self._counted.items())
        return tuple(sorted(found, key=lambda one: (-one.count, one.concept, one.unit, one.reason)))

    def _reason(self, units: tuple[str, ...], meaning: Meaning) -> str:
        """Why the value is refused, asked of the code that refuses it; empty when it is not."""
        terminology, concept = self._terminology, self._terminology.concepts[meaning.concept]
        if converted(Written(Decimal(1), units), concept, meaning, terminology).fault != UNIT_REJECTED:
            return ""
        if not units:
            return "no unit was sent"
        entries = [terminology.convert(concept.key, unit) for unit in units]
        rejected = next((entry for entry in entries if isinstance(entry, Rejection)), None)
        if rejected is not None:
            return rejected.reason
        factors = [entry for entry in entries if isinstance(entry, Factor)]
        if len(factors) > 1 and len({factor.ratio for factor in factors}) > 1:
            return "unit and code of the value say different things"
        if factors:
            return f"the code measures {meaning.property}, the unit {factors[0].dimension}"
        return "not in the table"

    def _unit(self, key: tuple[str, str, str], count: int) -> UnmappedUnit:
        concept, unit, reason = key
        nearest, factor = self._nearest(concept, unit) if reason == "not in the table" else ("", "")
        return UnmappedUnit(concept, unit, count, reason, *self._example[key], nearest, factor)

    def _nearest(self, concept: str, unit: str) -> tuple[str, str]:
        known = [(text, one) for text, one in self._terminology.units_of(concept).items() if isinstance(one, Factor)]
        scored = [(SequenceMatcher(None, _bare(unit), _bare(text)).ratio(), text, one.decimal) for text, one in known]
        score, text, factor = max(scored, default=(0.0, "", ""))
        return (text, factor) if score >= _ALIKE else ("", "")


def unit_strings(part: Mapping[str, Any]) -> Iterator[str]:
    """The spellings of the unit of a value, cut to what a unit may be long."""
    written = _written(part)
    yield from map(_shown, written.units if written is not None else ())


def _written(part: Mapping[str, Any]) -> Written | None:
    """The value as the reading of observations sees it; None for anything but a number."""
    quantity = part.get("valueQuantity")
    if isinstance(quantity, dict):
        number = quantity.get("value")
        if isinstance(number, bool) or not isinstance(number, int | float):
            return None
        texts = {name: _text(quantity.get(name)) for name in ("comparator", "code", "unit", "system")}
        return written_quantity(SimpleNamespace(value=Decimal(str(number)), **texts))
    text = part.get("valueString")
    return written_text(text) if isinstance(text, str) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _shown(unit: str) -> str:
    return _UNPRINTABLE.sub(" ", unit[:_LONGEST]).strip()


def _bare(unit: str) -> str:
    return _NOT_A_UNIT_SIGN.sub("", unit.casefold())
