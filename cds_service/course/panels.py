"""One figure: points, the curve between them, the lines that decide, and the labels that fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from cds_service.cards.numbers import Dates
from cds_service.case.model import Case, Comparator
from cds_service.course.kinds import KINDS, Kind, Line
from cds_service.course.labels import Label, Wish, placed
from cds_service.course.levels import Level, ScaleTick, levels_of, scale_ticks
from cds_service.course.points import Point, points_of
from cds_service.course.scale import Scale
from cds_service.course.time_axis import TimeAxis, percent
from cds_service.guideline.assessment import Assessment, Fact
from cds_service.guideline.shares import percent as percent_of
from cds_service.guideline.thresholds import Thresholds

MOST_POINTS = 240
# Beyond so many points only those that matter have their value written beside them.
MOST_LABELLED = 12


class Mark(NamedTuple):
    """A point with its place. `shape` is dot, up or down (a bound: the true value lies that way), or cross."""

    x: str
    y: float
    shape: str
    point: Point
    label: Label | None
    tip_below: bool


class Stroke(NamedTuple):
    """A piece of the curve."""

    x1: str
    y1: float
    x2: str
    y2: float


class Band(NamedTuple):
    """A shaded range of values, from `x` on."""

    x: str
    width: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Panel:
    """A figure, ready to be drawn. `earlier` counts the points that are in the table only."""

    title: str
    unit: str
    note: str
    height: int
    points: tuple[Point, ...]
    marks: tuple[Mark, ...]
    strokes: tuple[Stroke, ...]
    levels: tuple[Level, ...]
    scale_ticks: tuple[ScaleTick, ...]
    bands: tuple[Band, ...]
    earlier: int

    @property
    def dense(self) -> bool:
        """Whether its points are many."""
        return len(self.marks) > MOST_LABELLED

    @property
    def latest(self) -> Point | None:
        """The newest value that was taken."""
        return next((point for point in reversed(self.points) if not point.doubt), None)


def panels_of(
    case: Case, assessment: Assessment, axis: TimeAxis, dates: Dates, thresholds: Thresholds
) -> tuple[Panel, ...]:
    """A figure for each measure with values, in the order of the kinds."""
    found = []
    for kind in KINDS:
        points = points_of(kind, case, assessment, dates)
        if points and (kind.always or any(point.roles for point in points)):
            found.append(_panel(kind, points, assessment, axis, thresholds))
    return tuple(found)


def without_values(case: Case, assessment: Assessment, dates: Dates) -> tuple[str, ...]:
    """Names of the figures one would look for and the chart has no values for."""
    wanted = (kind for kind in KINDS if kind.needed(assessment))
    return tuple(kind.title for kind in wanted if not points_of(kind, case, assessment, dates))


def _panel(
    kind: Kind, points: tuple[Point, ...], assessment: Assessment, axis: TimeAxis, thresholds: Thresholds
) -> Panel:
    newest = len(points) - MOST_POINTS
    drawn = tuple(point for place, point in enumerate(points) if place >= newest or point.roles)
    reference = _reference(assessment) if kind.measures[0] == "egfr" else None
    lines = list(kind.lines(thresholds, assessment.disease or ""))
    bands, scale_values = _bands(kind, reference, thresholds)
    if kind.window is not None:
        low, high = kind.window(thresholds)
        lines += [Line(low, "usual at least"), Line(high, "usual at most")]
    if reference is not None:
        value, decline = float(reference.value), thresholds.egfr_decline
        lines += [Line(value, "reference"), Line(value * (1 - decline), f"= −{percent_of(decline)}")]
    scale = _scale(kind, [*(point.value for point in drawn), *scale_values])
    levels = tuple(levels_of(lines, scale))
    marks = _marks(drawn, scale, axis, levels)
    return Panel(
        title=kind.title,
        unit=" or ".join(dict.fromkeys(point.unit for point in points if point.unit)),
        note="logarithmic" if kind.logarithmic else "",
        height=kind.height,
        points=points,
        marks=marks,
        strokes=tuple(_strokes(marks)),
        levels=levels,
        scale_ticks=tuple(scale_ticks(scale, levels)),
        bands=tuple(_placed_bands(bands, scale, axis, reference)),
        earlier=len(points) - len(drawn),
    )


def _reference(assessment: Assessment) -> Fact | None:
    """The eGFR that the trend is judged against: the value with the role "reference" on the card."""
    found = (fact for fact in assessment.facts if fact.name == "egfr" and fact.role == "reference")
    return next(found, None)


def _bands(kind: Kind, reference: Fact | None, thresholds: Thresholds) -> tuple[list[tuple[float, float]], list[float]]:
    """Shaded ranges, and the values that the scale must show for them."""
    if kind.window is not None:
        window = kind.window(thresholds)
        return [window], list(window)
    if reference is None:
        return [], []
    value = float(reference.value)
    band = (value * (1 - thresholds.egfr_decline), value)
    return [band], list(band)


def _placed_bands(
    bands: Sequence[tuple[float, float]], scale: Scale, axis: TimeAxis, reference: Fact | None
) -> Iterator[Band]:
    begin = axis.share(reference.day) if reference is not None else 0.0
    for low, high in bands:
        top = scale.y(high)
        yield Band(percent(begin), percent(1 - begin), top, round(scale.y(low) - top, 1))


def _scale(kind: Kind, values: Sequence[float]) -> Scale:
    low, high = min([kind.low, *values]), max([kind.high, *values])
    if kind.logarithmic:
        # Zero has no logarithm: nothing below a tenth of the usual bottom is told apart.
        low = max(min(kind.low, min(values) * 0.8), kind.low / 10)
        high = max(kind.high, max(values) * 1.2)
    return Scale(low, high, kind.height, kind.logarithmic)


def _marks(points: Sequence[Point], scale: Scale, axis: TimeAxis, levels: Sequence[Level]) -> tuple[Mark, ...]:
    shares = [axis.share(point.day) for point in points]
    heights = [scale.y(point.value) for point in points]
    told = _worth_telling(points)
    wishes = [
        Wish(share, y, point.number if index in told else "", _rank(point))
        for index, (point, share, y) in enumerate(zip(points, shares, heights, strict=True))
    ]
    labels = placed(wishes, scale.height, [level.y for level in levels])
    return tuple(
        Mark(percent(share), y, _shape(point), point, label, y < scale.height / 2)
        for point, share, y, label in zip(points, shares, heights, labels, strict=True)
    )


def _worth_telling(points: Sequence[Point]) -> frozenset[int]:
    """Which points get their value written: all of a few; of many those used, the outermost, the highest and lowest."""
    places = range(len(points))
    if len(points) <= MOST_LABELLED:
        return frozenset(places)
    extremes = (min(places, key=lambda place: points[place].value), max(places, key=lambda place: points[place].value))
    return frozenset((0, places[-1], *extremes, *(place for place in places if points[place].used)))


def _rank(point: Point) -> int:
    if point.used:
        return 0 if "current" in point.roles else 1
    return 2


_SHAPES: dict[Comparator, str] = {"": "dot", "<": "down", "<=": "down", ">": "up", ">=": "up"}


def _shape(point: Point) -> str:
    return "cross" if point.doubt and not point.bound else _SHAPES[point.bound]


def _strokes(marks: Sequence[Mark]) -> Iterator[Stroke]:
    taken = [mark for mark in marks if not mark.point.doubt]
    for one, other in pairwise(taken):
        yield Stroke(one.x, one.y, other.x, other.y)
