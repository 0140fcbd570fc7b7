"""The lines that decide, across a figure. Their words stand beside the plot: neither curve nor zoom reaches them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from cds_service.cards.numbers import shown
from cds_service.course.kinds import Line
from cds_service.course.scale import Scale

# The height of a line of words, in CSS pixels.
WORDS_ROOM = 13.0


class Level(NamedTuple):
    """A line across the figure at `y`, with its number and words at `words_y` beside it."""

    y: float
    number: str
    words: str
    words_y: float


class ScaleTick(NamedTuple):
    """A round number of the scale."""

    y: float
    number: str


def levels_of(lines: Sequence[Line], scale: Scale) -> Iterator[Level]:
    """The lines within the scale, from top to bottom, their words moved apart where they would touch."""
    seen = sorted((line for line in lines if scale.shows(line.value)), key=lambda line: scale.y(line.value))
    heights = [scale.y(line.value) for line in seen]
    for line, y, words_y in zip(seen, heights, spread(heights, WORDS_ROOM, scale.height), strict=True):
        yield Level(y, shown(line.value), line.words, words_y)


def scale_ticks(scale: Scale, levels: Sequence[Level]) -> Iterator[ScaleTick]:
    """Round numbers beside the plot, where no line has its own."""
    for value in scale.round_numbers():
        y = scale.y(value)
        if all(abs(y - place) >= WORDS_ROOM for level in levels for place in (level.y, level.words_y)):
            yield ScaleTick(y, shown(value))


def spread(heights: Sequence[float], room: float, height: float) -> list[float]:
    """Ascending heights with at least `room` between them and within `height`, near to where they were."""
    moved = list(heights)
    for upper, (one, other) in enumerate(pairwise(heights)):
        overlap = max(room - (other - one), 0.0) / 2
        moved[upper] -= overlap
        moved[upper + 1] += overlap
    lowest = room / 2
    for place, y in enumerate(moved):
        moved[place] = lowest = max(y, lowest)
        lowest += room
    highest = height - room / 2
    for place in reversed(range(len(moved))):
        moved[place] = highest = min(moved[place], highest)
        highest -= room
    return [round(y, 1) for y in moved]
