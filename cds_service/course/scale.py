"""Where a value stands in a plot: linear, or logarithmic where a tenfold change matters more than a difference."""

from __future__ import annotations

import math
from dataclasses import dataclass

# Room above and below the values, in CSS pixels: a label must fit there.
MARGIN = 18


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

    def _grown(self, value: float) -> float:
        return math.log(max(value, self.low)) if self.logarithmic else value
