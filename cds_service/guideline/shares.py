"""A share as the trace and the cards write it."""

from __future__ import annotations

import math


def percent(share: float) -> str:
    """A share as per cent with one decimal where there is one, so that 29.6 % is not read as the 30 % limit."""
    hundredfold = share * 100
    if not math.isfinite(hundredfold):
        return "? %"
    # Adding 0.0 takes the sign from -0.0.
    return f"{round(hundredfold, 1) + 0.0:.1f}".removesuffix(".0") + " %"
