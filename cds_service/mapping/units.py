"""Unit strings to factors: a closed table, keyed by concept.

No UCUM library is asked at run time: every one that was tried converts some of these strings wrongly
and in silence (terminology.md section 4). What is not in the table is not understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from fractions import Fraction

from cds_service.mapping.damage import Fault
from cds_service.mapping.tables import Row, Tables

UNIT_COLUMNS = ("concept", "unit_string", "canonical_unit", "factor", "dimension", "note")
_LONGEST = 40
_MOST_DIGITS = 30  # an exact fraction of 1E+999999999 would fill the memory
_FEWEST_DIGITS = 3
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
    moves_the_point: bool = field(repr=False)

    def of(self, value: float | str | Decimal) -> float:
        """The value in the canonical unit, rounded once: 3500 mg/g and 3.5 g/g give the same number.

        A factor that does more than move the decimal point makes digits that nobody measured. The value is then
        rounded to as many digits as were written, at least three: 395.9 mg/mmol is 3.500 g/g and not 3.4998 (CLIN-03).

        Errors: ValueError for what is no number a laboratory could report (text, NaN, 1E+999999999).
        """
        try:
            exact = Decimal(str(value))
        except InvalidOperation:
            raise ValueError("not a number") from None
        if not exact.is_finite() or abs(exact.adjusted()) > _MOST_DIGITS:
            raise ValueError("not a number that can be measured")
        converted = Fraction(exact) * self.ratio
        if self.moves_the_point:
            return float(converted)
        rounding = Context(prec=min(max(_digits_of(exact), _FEWEST_DIGITS), _MOST_DIGITS), rounding=ROUND_HALF_UP)
        return float(rounding.divide(Decimal(converted.numerator), Decimal(converted.denominator)))


def _digits_of(number: Decimal) -> int:
    """How many digits were written. A zero that ends a fraction is left out: 395.0 and 395 are one number in JSON."""
    written = number.normalize().as_tuple()
    return len(written.digits) + max(int(written.exponent), 0)


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
        tables.fault("units.csv", 0, f"no unit leads to the measure {concept}", "add the canonical unit with factor 1")
    if site is not None:
        own = tables.rows(f"sites/{site}/units.csv", UNIT_COLUMNS, required=False)
        exact = {**exact, **_rows(tables, own, canonical)}
    return UnitTable(exact, _folded(exact))


def _rows(
    tables: Tables, rows: Iterable[Row], canonical: Mapping[str, str]
) -> dict[tuple[str, str], Factor | Rejection]:
    found: dict[tuple[str, str], Factor | Rejection] = {}
    for row in rows:
        if not tables.refuses(row, _faults(row, canonical, found)):
            found[row["concept"], row["unit_string"]] = _entry(row)
    return found


def _faults(row: Row, canonical: Mapping[str, str], found: Mapping[tuple[str, str], object]) -> Iterator[Fault]:
    concept, unit = row["concept"], row["unit_string"]
    if concept not in canonical:
        yield Fault(f"{concept!r} is not a measure with a unit", "take a key of concepts.toml that has a unit")
    elif row["canonical_unit"] != canonical[concept]:
        told = f"the canonical unit of {concept} is {canonical[concept]}, not {row['canonical_unit']}"
        yield Fault(told, "write the canonical unit, and the factor that leads to it")
    if (concept, unit) in found:
        yield Fault(f"{unit!r} is listed twice for {concept}", "delete one of the two lines")
    if unit != normalised(unit) or len(unit) > _LONGEST:
        told = f"{unit[:_LONGEST]!r} is not in the normal spelling, which is {normalised(unit)[:_LONGEST]!r}"
        yield Fault(told, f"write u for micro, single blanks, at most {_LONGEST} characters")
    if row["dimension"] not in ("", "mass", "moles"):
        yield Fault(f"the dimension is mass, moles or empty, not {row['dimension']}", "take one of these")
    if fault := _fault_of_factor(row):
        yield fault


def _fault_of_factor(row: Row) -> Fault | None:
    factor = row["factor"]
    if factor == "reject":
        advice = "write into note what the card shall say"
        return None if row["note"] else Fault("a rejected unit needs a note that says why", advice)
    if not _NUMBER.fullmatch(factor):
        told = f"the factor {factor!r} is neither a decimal number, nor a/b, nor reject"
        return Fault(told, "write a point for the decimals and no separator for the thousands: 0.001")
    return None if _ratio(factor) else Fault("the factor is zero or divides by zero", "write the factor")


def _entry(row: Row) -> Factor | Rejection:
    if row["factor"] == "reject":
        return Rejection(row["canonical_unit"], row["note"], row.place)
    ratio = _ratio(row["factor"])
    moves_the_point = {str(ratio.numerator).rstrip("0"), str(ratio.denominator).rstrip("0")} == {"1"}
    return Factor(
        row["canonical_unit"], float(ratio), row["factor"], row["dimension"], row.place, ratio, moves_the_point
    )


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
