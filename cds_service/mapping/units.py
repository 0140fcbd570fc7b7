"""Unit strings to factors: a closed table, keyed by concept.

No UCUM library is asked at run time: every one that was tried converts some of these strings wrongly
and in silence (terminology.md section 4). What is not in the table is not understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from cds_service.mapping.tables import Row, Tables

UNIT_COLUMNS = ("concept", "unit_string", "canonical_unit", "factor", "dimension", "note")
_LONGEST = 40
_MOST_DIGITS = 30  # an exact fraction of 1E+999999999 would fill the memory
_BLANKS = re.compile(r"\s+")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?(/[0-9]+(\.[0-9]+)?)?")
_MICRO = str.maketrans({"\u00b5": "u", "\u03bc": "u"})


@dataclass(frozen=True, slots=True)
class Factor:
    """How a unit string of one concept becomes the canonical unit.

    `decimal` is the factor as the table writes it, exact (`1/113.12` means divide). `dimension` is
    `mass`, `moles` or empty: it must agree with the property of the LOINC code (terminology.md 3.2).
    """

    canonical: str
    factor: float
    decimal: str
    dimension: str
    row: str
    ratio: Fraction = field(repr=False)

    def of(self, value: float | str | Decimal) -> float:
        """The value in the canonical unit, rounded once: 3500 mg/g and 3.5 g/g give the same number.

        Errors: ValueError for what is no number a laboratory could report (text, NaN, 1E+999999999).
        """
        try:
            exact = Decimal(str(value))
        except InvalidOperation:
            raise ValueError("not a number") from None
        if not exact.is_finite() or abs(exact.adjusted()) > _MOST_DIGITS:
            raise ValueError("not a number that can be measured")
        return float(Fraction(exact) * self.ratio)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A unit string that is known and must not be converted. `reason` is a sentence of the table."""

    canonical: str
    reason: str
    row: str


@dataclass(frozen=True, slots=True)
class UnitTable:
    """Exact strings first; another letter case only where all cases of the string mean the same."""

    exact: Mapping[tuple[str, str], Factor | Rejection]
    folded: Mapping[tuple[str, str], Factor | Rejection]

    def convert(self, concept: str, unit: str) -> Factor | Rejection | None:
        """The factor, the rejection, or None when the table does not know the string."""
        if len(unit) > _LONGEST:
            return None
        known = self.exact.get((concept, unit))
        if known is not None:
            return known
        spelled = normalised(unit)
        return self.exact.get((concept, spelled)) or self.folded.get((concept, spelled.casefold()))


def normalised(unit: str) -> str:
    """Blanks trimmed and squeezed, both micro signs (U+00B5, U+03BC) written as u."""
    return _BLANKS.sub(" ", unit.strip()).translate(_MICRO)


def read_units(tables: Tables, canonical: Mapping[str, str], site: str | None) -> UnitTable:
    """The shipped rows with the site's rows over them. `canonical` maps each measure to its unit."""
    exact = _rows(tables, tables.rows("units.csv", UNIT_COLUMNS), canonical)
    reached = {concept for (concept, _), unit in exact.items() if isinstance(unit, Factor)}
    for concept in sorted(set(canonical) - reached):
        tables.fault("units.csv", 0, f"no unit leads to the measure {concept}")
    if site is not None:
        own = tables.rows(f"sites/{site}/units.csv", UNIT_COLUMNS, required=False)
        exact = {**exact, **_rows(tables, own, canonical)}
    return UnitTable(exact, _folded(exact))


def _rows(
    tables: Tables, rows: Iterable[Row], canonical: Mapping[str, str]
) -> dict[tuple[str, str], Factor | Rejection]:
    found: dict[tuple[str, str], Factor | Rejection] = {}
    for row in rows:
        fault = _fault(row, canonical, found)
        if fault:
            tables.fault(row.path, row.line, fault)
            continue
        found[row["concept"], row["unit_string"]] = _entry(row)
    return found


def _fault(row: Row, canonical: Mapping[str, str], found: Mapping[tuple[str, str], object]) -> str:
    concept, unit = row["concept"], row["unit_string"]
    if concept not in canonical:
        return f"{concept} is not a measure with a unit"
    if (concept, unit) in found:
        return f"{unit!r} is listed twice for {concept}"
    if unit != normalised(unit) or len(unit) > _LONGEST:
        return f"{unit!r} is not in the normal spelling, which is {normalised(unit)[:_LONGEST]!r}"
    if row["canonical_unit"] != canonical[concept]:
        return f"the canonical unit of {concept} is {canonical[concept]}, not {row['canonical_unit']}"
    if row["dimension"] not in ("", "mass", "moles"):
        return f"the dimension is mass, moles or empty, not {row['dimension']}"
    if row["factor"] == "reject":
        return "" if row["note"] else "a rejected unit needs a note that says why"
    if not _NUMBER.fullmatch(row["factor"]):
        return f"the factor {row['factor']!r} is neither a decimal number, nor a/b, nor reject"
    return "" if _ratio(row["factor"]) else "the factor is zero or divides by zero"


def _entry(row: Row) -> Factor | Rejection:
    if row["factor"] == "reject":
        return Rejection(row["canonical_unit"], row["note"], row.place)
    ratio = _ratio(row["factor"])
    return Factor(row["canonical_unit"], float(ratio), row["factor"], row["dimension"], row.place, ratio)


def _ratio(text: str) -> Fraction:
    """The exact factor; zero also stands for a division by zero, which the caller refuses."""
    number, _, divisor = text.partition("/")
    below = Fraction(Decimal(divisor)) if divisor else Fraction(1)
    return Fraction(Decimal(number)) / below if below else Fraction(0)


def _folded(exact: Mapping[tuple[str, str], Factor | Rejection]) -> dict[tuple[str, str], Factor | Rejection]:
    groups: dict[tuple[str, str], list[Factor | Rejection]] = {}
    for (concept, unit), entry in exact.items():
        groups.setdefault((concept, unit.casefold()), []).append(entry)
    return {key: entries[0] for key, entries in groups.items() if len({_meaning(entry) for entry in entries}) == 1}


def _meaning(entry: Factor | Rejection) -> Fraction | None:
    return entry.ratio if isinstance(entry, Factor) else None
