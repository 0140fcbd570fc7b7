"""Smallest CPU time of a repeated call, and how far the repeats lie apart."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple


class Spent(NamedTuple):
    """CPU seconds of one call: the smallest, and the middle one, of the repeats."""

    least: float
    middle: float

    @property
    def spread(self) -> float:
        """How much more the middle repeat took than the smallest, as a share."""
        return self.middle / self.least - 1


def in_turns(repeats: int, *calls: Callable[[], Any]) -> tuple[Spent, ...]:
    """CPU times of calls made in turns, so that what the machine does meanwhile meets all of them alike."""
    taken: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()
    for _ in range(repeats):
        for call, times in zip(calls, taken, strict=True):
            started = time.process_time()
            call()
            times.append(time.process_time() - started)
    return tuple(Spent(min(times), statistics.median(times)) for times in taken)
