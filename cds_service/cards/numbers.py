"""Numbers as they are read: rounded sensibly, never in scientific writing, dates from ordinals."""

from __future__ import annotations

import math
from datetime import date

from cds_service.case.model import Day

# Below this the shortest writing may be scientific or longer than six decimals.
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
    size = abs(value)
    if size < _WHOLE and value == int(value):
        return int(value)
    if size < _EXACT and value == round(value, 4):
        return value
    if not math.isfinite(value):
        return 0
    short = round(float(f"{value:.6g}"), 4)
    # JSON writers know integers of 64 bits only.
    return int(short) if short.is_integer() and abs(short) <= 2**53 else short


def shown(value: float) -> str:
    """A number in words' company: three significant digits after the point at most, never 1e+05."""
    size = abs(value)
    if _SMALL <= size < 100:
        return f"{value:.3g}"
    return _tenths(value) if size >= 100 else _tiny(value)


def percent(share: float) -> str:
    """A share as per cent with one decimal where there is one, so that 29.6 % is not read as the 30 % limit."""
    # Adding 0.0 takes the sign from -0.0.
    return f"{_tenths(round(share * 100, 1) + 0.0)} %"


def _tenths(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if math.isfinite(value) else "?"


def _tiny(value: float) -> str:
    if math.isnan(value):
        return "?"
    text = f"{float(f'{value:.3g}'):.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def iso(day: Day) -> str:
    """The date of an ordinal day."""
    return date.fromordinal(day).isoformat()
