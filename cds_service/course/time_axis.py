"""One time axis for all figures of a page: days as shares of the width, and the ticks under them.

Positions are per cent of the width, so the figures follow the screen and their letters keep their size.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from cds_service.case.model import Day

# The widths, in CSS pixels, that a plot has at least on a telephone of 240 px and on a desktop screen.
NARROW, WIDE = 204, 660
# What lasts no day is still seen.
SLIVER = 0.006
_EDGE = 0.035
_SHORTEST = 60
_TICK_ROOM = 66.0
# Months between two ticks; the first whose ticks are few enough is taken.
_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240)
_MOST_TICKS = 11
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Tick(NamedTuple):
    """A month under the axis. `wide` ones are left out on narrow screens; `anchor` is where its text is fixed.

    `year` goes with the label: `always`, or only where the tick that carries it may be left out.
    """

    x: str
    label: str
    year: str
    always: bool
    wide: bool
    anchor: str


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """From the first day shown to the last."""

    first: Day
    last: Day

    def share(self, day: Day) -> float:
        """Where a day lies, between 0 and 1; days outside lie on the edge."""
        inside = min(max(day, self.first), self.last)
        return _EDGE + (1 - 2 * _EDGE) * (inside - self.first) / (self.last - self.first)

    def at(self, day: Day) -> str:
        """The same as an SVG length."""
        return percent(self.share(day))

    def ticks(self) -> tuple[Tick, ...]:
        """The first of a month, every so many months; the first one and each January with the year."""
        months = _months(self.first, self.last)
        step = next((step for step in _STEPS if len(months) / step <= _MOST_TICKS), _STEPS[-1])
        chosen = [month for month in months if (month.year * 12 + month.month - 1) % step == 0]
        ticks, free_from, year = [], -_TICK_ROOM, 0
        for month in chosen:
            share = self.share(month.toordinal())
            anchor = anchor_of(share)
            left = share * NARROW - {"start": 0, "middle": 0.5, "end": 1}[anchor] * _TICK_ROOM
            wide = left < free_from
            free_from = free_from if wide else left + _TICK_ROOM
            new_year = month.year != year
            label, told = (str(month.year), "") if step >= 12 else (_MONTHS[month.month - 1], str(month.year))
            ticks.append(Tick(percent(share), label, told if new_year or not wide else "", new_year, wide, anchor))
            year = month.year
        return tuple(ticks)


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


def _months(first: Day, last: Day) -> list[date]:
    """The first of every month between two days."""
    begin, end = date.fromordinal(first), date.fromordinal(last)
    numbers = range(begin.year * 12 + begin.month - 1, end.year * 12 + end.month)
    firsts = (date(number // 12, number % 12 + 1, 1) for number in numbers)
    return [month for month in firsts if month >= begin]
