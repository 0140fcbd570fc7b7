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
# Between _SMALL and _EXACT such a text ("12.3", "0.35") has three significant digits at most.
_SHORT = 4


class Dates(dict[Day, str]):
    """Ordinal days as dates, each written once. Lives as long as one call: days belong to a patient.

    `today` and `as_of` are the day of the answer, as a number and as a date.
    """

    __slots__ = ("as_of", "today")

    def __init__(self, on: date) -> None:
        self.today = on.toordinal()
        self.as_of = on.isoformat()

    def __missing__(self, day: Day) -> str:
        text = self[day] = date.fromordinal(day).isoformat()
        return text


def written(value: float) -> tuple[float | int, str]:
    """A value for programs and for readers: what `rounded` and `shown` say, in one go."""
    if -_WHOLE < value < _WHOLE and value == (whole := int(value)):
        return whole, str(whole)
    if _SMALL <= value < _EXACT and len(text := repr(value)) <= _SHORT:
        return value, text
    return rounded(value), shown(value)


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
    if size < _WHOLE and value == (whole := int(value)):
        return str(whole)
    if _SMALL <= size < 100:
        return f"{value:.3g}"
    return _tenths(value) if size >= 100 else _tiny(value)


def _tenths(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if math.isfinite(value) else "?"


def _tiny(value: float) -> str:
    if math.isnan(value):
        return "?"
    text = f"{float(f'{value:.3g}'):.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
