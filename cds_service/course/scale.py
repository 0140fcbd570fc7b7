"""Where a value stands in a plot: linear, or logarithmic where a tenfold change matters more than a difference."""

from __future__ import annotations

import math
from dataclasses import dataclass

# Room above and below the values, in CSS pixels: a label must fit there.
MARGIN = 18
# Between two numbers of the scale.
ROOM = 16


@dataclass(frozen=True, slots=True)
class Scale:
    """Values between `low` and `high` on `height` pixels, counted from the top as SVG does."""

    low: float
    high: float
    height: int
    logarithmic: bool = False

    def y(self, value: float) -> float:
        """The place of a value in pixels; what lies outside is drawn on the edge."""
        share = (self._grown(value) - self._grown(self.low)) / (self._grown(self.high) - self._grown(self.low))
        inside = min(max(share, 0.0), 1.0)
        return round(self.height - MARGIN - inside * (self.height - 2 * MARGIN), 1)

    def shows(self, value: float) -> bool:
        """Whether a value lies between the ends."""
        return self.low <= value <= self.high

    def round_numbers(self) -> tuple[float, ...]:
        """A few round numbers within, far enough from one another to be written."""
        return self._tenfolds() if self.logarithmic else self._even_steps()

    def _tenfolds(self) -> tuple[float, ...]:
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        return tuple(value for value in (10.0**power for power in range(first, last + 1)) if self.shows(value))

    def _even_steps(self) -> tuple[float, ...]:
        rough = (self.high - self.low) / max((self.height - 2 * MARGIN) / ROOM, 1)
        tenfold = 10.0 ** math.floor(math.log10(rough))
        step = next(tenfold * times for times in (1, 2, 5, 10) if tenfold * times >= rough)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return tuple(round(number * step, 6) for number in range(first, last + 1))

    def _grown(self, value: float) -> float:
        return math.log(max(value, self.low)) if self.logarithmic else value
