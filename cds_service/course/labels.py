"""Values written beside their points, as many as fit without touching: first for a narrow plot, then for a wide one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cds_service.course.time_axis import NARROW, WIDE, anchor_of

# Generous, because nobody knows the reader's font: a label that is left out is in the point's own text.
_LETTER, _THIN_LETTER = 8.4, 4.7
_THIN = frozenset(" .,:;'ijlt<≤>≥")
_LINE = 13
_ABOVE, _BELOW = -9, 17
_DOT = 6
# How far the figures of 12 px reach above what they stand on, and how near below them a line seems to strike them.
_DIGIT, _NEAR = 10, 4


class Box(NamedTuple):
    """A rectangle in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def touches(self, other: Box) -> bool:
        """Whether two rectangles share anything."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


class Wish(NamedTuple):
    """A text for a point; an empty one only keeps others away. The lower the `rank`, the earlier it is placed."""

    share: float
    y: float
    text: str
    rank: int


class Label(NamedTuple):
    """A placed text: `dy` from its point, fixed by `anchor`. A `wide` one has room on wide plots only."""

    text: str
    dy: int
    anchor: str
    wide: bool


@dataclass(slots=True)
class Taken:
    """What is already drawn, at one width."""

    width: float
    height: float
    boxes: list[Box] = field(default_factory=list)

    def box(self, share: float, baseline: float, text: str, anchor: str) -> Box:
        """The room a text takes."""
        long, at = length_of(text), share * self.width
        left = {"start": at, "middle": at - long / 2, "end": at - long}[anchor]
        return Box(left, baseline - _LINE + 2, left + long, baseline + 3)

    def free(self, box: Box) -> bool:
        """Whether a text can stand there."""
        inside = box.left >= -2 and box.right <= self.width + 2 and box.top >= 0 and box.bottom <= self.height + 2
        return inside and not any(box.touches(other) for other in self.boxes)


def length_of(text: str) -> float:
    """Pixels that a text of 12 px may take in the widest usual font, bold."""
    return sum(_THIN_LETTER if letter in _THIN else _LETTER for letter in text)


def placed(wishes: Sequence[Wish], height: float, levels: Sequence[float] = ()) -> list[Label | None]:
    """A label or None for each wish, in order. `levels` are heights of lines across the plot: better not on those."""
    found: list[Label | None] = [None] * len(wishes)
    for width, wide in ((NARROW, False), (WIDE, True)):
        taken = Taken(width, height, [_dot(wish, width) for wish in wishes])
        for wish, label in zip(wishes, found, strict=True):
            if label is not None:
                taken.boxes.append(taken.box(wish.share, wish.y + label.dy, label.text, label.anchor))
        for index in sorted(range(len(wishes)), key=lambda index: (wishes[index].rank, -index)):
            if found[index] is None and wishes[index].text:
                found[index] = _place(wishes[index], taken, levels, wide=wide)
    return found


def _place(wish: Wish, taken: Taken, levels: Sequence[float], *, wide: bool) -> Label | None:
    anchor = anchor_of(wish.share)
    for dy in sorted((_ABOVE, _BELOW), key=lambda dy: is_crossed(wish.y + dy, levels)):
        box = taken.box(wish.share, wish.y + dy, wish.text, anchor)
        if taken.free(box):
            taken.boxes.append(box)
            return Label(wish.text, dy, anchor, wide)
    return None


def is_crossed(baseline: float, levels: Sequence[float]) -> bool:
    """Whether a line goes through the figures that stand on this baseline, or close under them."""
    return any(baseline - _DIGIT <= level <= baseline + _NEAR for level in levels)


def _dot(wish: Wish, width: float) -> Box:
    at = wish.share * width
    return Box(at - _DOT, wish.y - _DOT, at + _DOT, wish.y + _DOT)
