"""Numbers as they are read: rounded sensibly, never in scientific writing, dates from ordinals."""

from __future__ import annotations

import math
from datetime import date

from cds_service.case.model import Day

# Below this a shortest writing may be scientific or longer than six decimals.
_SMALL = 0.001
# Below the first a whole number, below the second one of four decimals, has six significant digits at most.
_WHOLE = 1_000_000
_EXACT = 100


class Dates(dict[Day, str]):
    """Ordinal days as dates, each written once. Lives as long as one card: days belong to a patient."""

    def __missing__(self, day: Day) -> str:
        written = self[day] = iso(day)
        return written


def rounded(value: float) -> float | int:
    """At most four decimals and six significant digits, whole numbers without a decimal point (7.6, 165, 0.087)."""
    if not math.isfinite(value):
        return 0
    size = abs(value)
    if size < _WHOLE and value == int(value):
        return int(value)
    if size < _EXACT and value == round(value, 4):
        return value
    short = round(float(f"{value:.6g}"), 4)
    # JSON writers know integers of 64 bits only.
    return int(short) if short.is_integer() and abs(short) <= 2**53 else short


def shown(value: float, digits: int = 3) -> str:
    """A number in words' company: three significant digits after the point at most, never 1e+05."""
    size = abs(value)
    if not math.isfinite(size):
        return "?"
    if size >= 10 ** (digits - 1):
        return f"{value:.1f}".removesuffix(".0")
    if size >= _SMALL:
        return f"{value:.{digits}g}"
    text = f"{float(f'{value:.{digits}g}'):.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def percent(share: float) -> str:
    """A share as per cent with one decimal where there is one, so that 29.6 % is not read as the 30 % limit."""
    return f"{shown(round(share * 100, 1), 4)} %"


def iso(day: Day) -> str:
    """The date of an ordinal day."""
    return date.fromordinal(day).isoformat()
