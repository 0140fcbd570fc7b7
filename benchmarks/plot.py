"""A plot with two logarithmic axes as SVG, for the page on performance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

Curve = Sequence[tuple[float, float]]
WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 24, 48
COLOURS = ("#1f5fa6", "#b3541e", "#4a7a3a", "#6b4c9a", "#777777")


def log_log(title: str, across: str, up: str, curves: Mapping[str, Curve]) -> str:
    """The curves, each named at its last point."""
    points = [point for curve in curves.values() for point in curve]
    x_low, x_high = _decades([x for x, _ in points])
    y_low, y_high = _decades([y for _, y in points])

    def place(x: float, y: float) -> tuple[float, float]:
        along = (math.log10(x) - x_low) / (x_high - x_low)
        above = (math.log10(y) - y_low) / (y_high - y_low)
        return LEFT + along * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - above * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="11" role="img" aria-label="{title}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="15" font-weight="bold">{title}</text>',
        f'<text x="{LEFT}" y="{HEIGHT - 8}">{across}</text>',
        f'<text x="12" y="{HEIGHT - BOTTOM}" transform="rotate(-90 12 {HEIGHT - BOTTOM})">{up}</text>',
    ]
    for power in range(math.floor(x_low), math.ceil(x_high) + 1):
        x, _ = place(10.0**power, 10.0**y_low)
        parts += _line(x, TOP, x, HEIGHT - BOTTOM) + _label(x, HEIGHT - BOTTOM + 14, power, "middle")
    for power in range(math.floor(y_low), math.ceil(y_high) + 1):
        _, y = place(10.0**x_low, 10.0**power)
        parts += _line(LEFT, y, WIDTH - RIGHT, y) + _label(LEFT - 6, y + 4, power, "end")
    for (name, curve), colour in zip(curves.items(), COLOURS, strict=False):
        placed = [place(x, y) for x, y in curve]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in placed]
        x, y = placed[-1]
        parts.append(f'<text x="{x + 8:.1f}" y="{y + 4:.1f}" fill="{colour}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _decades(values: Sequence[float]) -> tuple[float, float]:
    return float(math.floor(math.log10(min(values)))), float(math.ceil(math.log10(max(values))))


def _line(x1: float, y1: float, x2: float, y2: float) -> list[str]:
    return [f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#dddddd"/>']


def _label(x: float, y: float, power: int, anchor: str) -> list[str]:
    number = f"{10**power:,}" if power >= 0 else f"{10.0**power:g}"
    return [f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#555555">{number}</text>']
