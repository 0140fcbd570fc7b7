"""One time axis for all figures of a page: days as shares of the width, and the ticks under them.

Positions are per cent of the width, so the figures follow the screen and their letters keep their size.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from cds_service.case.model import Day

# The widths, in CSS pixels, that a plot has at least on a telephone of 240 px and on a desktop screen of 960 px.
NARROW, WIDE = 166, 500
# What lasts no day is still seen.
SLIVER = 0.006
EDGE = 0.035
"""The share of the width that is left free before the first day and after the last."""
_SHORTEST = 60
_TICK_ROOM = 66.0
# Months between two ticks; the first whose ticks are few enough is taken.
_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240)
_MOST_TICKS = 7
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Tick(NamedTuple):
    """A month under the axis. `wide` ones are left out on narrow screens.

    `anchor` is where its text is fixed on wide screens, `lean` on narrow ones.
    `year` goes with the label: `always`, or only where the tick that carries it may be left out.
    """

    x: str
    label: str
    year: str
    always: bool
    wide: bool
    anchor: str
    lean: str


class Month(NamedTuple):
    """The first of a month, of which the script shows as many as there is room for. `number` counts months."""

    x: str
    label: str
    number: int


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """From the first day shown to the last."""

    first: Day
    last: Day

    @property
    def first_date(self) -> str:
        """The first day as a date."""
        return date.fromordinal(self.first).isoformat()

    @property
    def last_date(self) -> str:
        """The last day as a date."""
        return date.fromordinal(self.last).isoformat()

    def share(self, day: Day) -> float:
        """Where a day lies, between 0 and 1; days outside lie on the edge."""
        inside = min(max(day, self.first), self.last)
        return EDGE + (1 - 2 * EDGE) * (inside - self.first) / (self.last - self.first)

    def at(self, day: Day) -> str:
        """The same as an SVG length."""
        return percent(self.share(day))

    def ticks(self) -> tuple[Tick, ...]:
        """The first of a month, every so many months; the first one and each January with the year."""
        months = _months(self.first, self.last)
        step = next((step for step in _STEPS if len(months) / step <= _MOST_TICKS), _STEPS[-1])
        chosen = [month for month in months if (month.year * 12 + month.month - 1) % step == 0]
        ticks, free_from, year = [], -_TICK_ROOM, 0
        for place, month in enumerate(chosen):
            share = self.share(month.toordinal())
            lean = _lean_of(share)
            left = share * NARROW - {"start": 0, "middle": 0.5, "end": 1}[lean] * _TICK_ROOM
            wide = left < free_from
            free_from = free_from if wide else left + _TICK_ROOM
            new_year = month.year != year
            label, told = (str(month.year), "") if step >= 12 else (_MONTHS[month.month - 1], str(month.year))
            told = told if new_year or not wide else ""
            # Two years side by side would touch: what comes before a January needs none.
            clear = place > 0 or all(later.year == month.year for later in chosen[1:2])
            ticks.append(Tick(percent(share), label, told, new_year and clear, wide, anchor_of(share), lean))
            year = month.year
        return tuple(ticks)

    def months(self) -> tuple[Month, ...]:
        """Every month, for a reader who looks closer."""
        return tuple(
            Month(
                self.at(month.toordinal()),
                f"{_MONTHS[month.month - 1]} {month.year}",
                month.year * 12 + month.month - 1,
            )
            for month in _months(self.first, self.last)
        )


def axis_of(days: Iterable[Day], today: Day) -> TimeAxis:
    """The axis from the first of these days to today; a short course gets two months at least."""
    first = min(days, default=today)
    return TimeAxis(min(first, today - _SHORTEST), today)


def percent(share: float) -> str:
    """A share of the width as an SVG length."""
    return f"{share * 100:.2f}%"


def anchor_of(share: float) -> str:
    """How a text is fixed to its place so that it does not leave the plot."""
    if share < 0.08:
        return "start"
    return "end" if share > 0.92 else "middle"


def _lean_of(share: float) -> str:
    """The same for a tick on the narrowest screen, whose text must not leave the picture."""
    at, half = share * NARROW, _TICK_ROOM / 2
    if at < half:
        return "start"
    return "end" if at > NARROW - half else "middle"


def _months(first: Day, last: Day) -> list[date]:
    """The first of every month between two days."""
    begin, end = date.fromordinal(first), date.fromordinal(last)
    numbers = range(begin.year * 12 + begin.month - 1, end.year * 12 + end.month)
    firsts = (date(number // 12, number % 12 + 1, 1) for number in numbers)
    return [month for month in firsts if month >= begin]
