"""Figures as SVG, drawn here: bars and flows. No script, and a text for those who do not see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

COLOURS = ("#2a6f97", "#e07a5f", "#4f772d", "#7b2d8b", "#b08900", "#5c677d", "#c9184a", "#1b998b", "#8d5524", "#3d405b")
_WIDTH = 860
_BAR, _GAP = 18, 7
_LABELS = 250
_LETTER = 7
_NODE = 12
_BETWEEN = 13
_LEAST = 2.0


class Bar(NamedTuple):
    """One bar: what it is called, how long it is, and what is written behind it."""

    name: str
    number: float
    told: str
    colour: str = COLOURS[0]


class Flow(NamedTuple):
    """From a node of one column to a node of the next."""

    source: str
    target: str
    number: int


def bars(title: str, rows: Sequence[Bar]) -> str:
    """Horizontal bars, the longest as long as there is room."""
    height = len(rows) * (_BAR + _GAP) + _GAP
    longest = max((row.number for row in rows), default=1) or 1
    parts = []
    for place, row in enumerate(rows):
        top = _GAP + place * (_BAR + _GAP)
        length = (_WIDTH - _LABELS - 110) * row.number / longest
        parts.append(
            f'<text x="{_LABELS - 8}" y="{top + 13}" text-anchor="end">{escape(row.name)}</text>'
            f'<rect x="{_LABELS}" y="{top}" width="{max(length, 1):.1f}" height="{_BAR}" fill="{row.colour}"/>'
            f'<text x="{_LABELS + length + 6:.1f}" y="{top + 13}">{escape(row.told)}</text>'
        )
    told = "; ".join(f"{row.name}: {row.told}" for row in rows)
    return _svg(title, told, height, parts)


def flows(title: str, given: Sequence[Flow], names: Mapping[str, str], height: int = 420) -> str:
    """A Sankey diagram. A node's column is one more than that of the furthest node that flows into it.

    `names` says how nodes are written.
    """
    columns = _columns(given)
    if not columns:
        return ""
    sizes = _sizes(given)
    scale = min(
        (height - _BETWEEN * (len(column) + 1)) / sum(sizes[node] for node in column) for column in columns if column
    )
    scale = max(scale, 0.0001)
    longest = max(len(_label(node, sizes, names)) for node in columns[-1])
    step = (_WIDTH - _NODE - min(max(_LABELS, _LETTER * longest + 40), _WIDTH / 2)) / max(1, len(columns) - 1)
    places: dict[str, tuple[float, float]] = {}
    for number, column in enumerate(columns):
        top = float(_BETWEEN)
        for node in sorted(column, key=lambda node: (_from_where(node, given, places), -sizes[node], node)):
            places[node] = (20 + number * step, top)
            top += max(sizes[node] * scale, _LEAST) + _BETWEEN
    bottom = max(place[1] + max(sizes[node] * scale, _LEAST) for node, place in places.items())
    parts = _bands(given, places, scale) + _nodes(places, sizes, scale, names)
    told = "; ".join(f"{names.get(f.source, f.source)} to {names.get(f.target, f.target)}: {f.number}" for f in given)
    return _svg(title, told, int(max(bottom, 40)) + _BETWEEN, parts)


def _from_where(node: str, given: Sequence[Flow], places: Mapping[str, tuple[float, float]]) -> float:
    """How high its largest flow comes from: what belongs together stands together."""
    coming = [flow for flow in given if flow.target == node and flow.source in places]
    return places[max(coming, key=lambda flow: flow.number).source][1] if coming else 0.0


def _columns(given: Sequence[Flow]) -> list[list[str]]:
    depth: dict[str, int] = {}
    for flow in given:
        depth.setdefault(flow.source, 0)
        depth.setdefault(flow.target, 0)
    for _ in depth:
        before = dict(depth)
        for flow in given:
            depth[flow.target] = max(depth[flow.target], depth[flow.source] + 1)
        if before == depth:
            break
    return [[node for node in depth if depth[node] == number] for number in range(max(depth.values(), default=-1) + 1)]


def _sizes(given: Sequence[Flow]) -> dict[str, int]:
    coming: dict[str, int] = {}
    going: dict[str, int] = {}
    for flow in given:
        going[flow.source] = going.get(flow.source, 0) + flow.number
        coming[flow.target] = coming.get(flow.target, 0) + flow.number
    return {node: max(going.get(node, 0), coming.get(node, 0)) for node in [*going, *coming]}


def _bands(given: Sequence[Flow], places: Mapping[str, tuple[float, float]], scale: float) -> list[str]:
    left: dict[str, float] = {}
    right: dict[str, float] = {}
    parts = []
    sources = sorted({flow.source for flow in given}, key=lambda node: places[node])
    for flow in sorted(given, key=lambda flow: (places[flow.source], places[flow.target])):
        (x1, top1), (x2, top2) = places[flow.source], places[flow.target]
        size = max(flow.number * scale, 0.7)
        y1 = top1 + left.get(flow.source, 0) + size / 2
        y2 = top2 + right.get(flow.target, 0) + size / 2
        left[flow.source] = left.get(flow.source, 0) + size
        right[flow.target] = right.get(flow.target, 0) + size
        begin, end, middle = x1 + _NODE, x2, (x1 + _NODE + x2) / 2
        colour = COLOURS[sources.index(flow.source) % len(COLOURS)]
        parts.append(
            f'<path d="M{begin:.1f} {y1:.1f}C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {end:.1f} {y2:.1f}"'
            f' fill="none" stroke="{colour}" stroke-opacity=".38" stroke-width="{size:.1f}"/>'
        )
    return parts


def _nodes(
    places: Mapping[str, tuple[float, float]], sizes: Mapping[str, int], scale: float, names: Mapping[str, str]
) -> list[str]:
    parts = []
    for node, (x, top) in places.items():
        size = max(sizes[node] * scale, _LEAST)
        name = _label(node, sizes, names)
        parts.append(
            f'<rect x="{x:.1f}" y="{top:.1f}" width="{_NODE}" height="{size:.1f}" fill="#333"/>'
            f'<text x="{x + _NODE + 5:.1f}" y="{top + min(size / 2 + 4, size + 4):.1f}">{escape(name)}</text>'
        )
    return parts


def _label(node: str, sizes: Mapping[str, int], names: Mapping[str, str]) -> str:
    return f"{names.get(node, node)} {sizes[node]:,}"


def _svg(title: str, told: str, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg role="img" viewBox="0 0 {_WIDTH} {height}" width="100%" style="max-width:{_WIDTH}px">'
        f"<title>{escape(title)}</title><desc>{escape(told)}</desc>{''.join(parts)}</svg>"
    )
