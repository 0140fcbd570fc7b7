"""How the cost grows: with results that no rule reads, up to 50 MB, and with those that one does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import orjson

from benchmarks.bodies import Body, shared
from benchmarks.handler import handler
from benchmarks.timing import in_turns
from cds_service.hooks.knowledge import Knowledge

IRRELEVANT = (200, 1_000, 5_000, 20_000, 60_000)
RELEVANT = (50, 200, 800, 3_000)
_FEW = 36


class Point(NamedTuple):
    """One size: how many resources and octets, and the milliseconds of parsing and answering."""

    resources: int
    octets: int
    loads: float
    answered: float


def growth(knowledge: Knowledge, sizes: Sequence[int], *, all_relevant: bool) -> list[Point]:
    """The curve. The limit on the number of entries is lifted for it."""
    lifted = replace(knowledge, policy=replace(knowledge.policy, max_entries=10**9))
    call = handler(lifted)
    return [_point(shared("", size, size if all_relevant else min(_FEW, size)), call) for size in sizes]


def slope(points: Sequence[Point]) -> float:
    """Cost of one more irrelevant resource, as a multiple of parsing it, which is part of it (least squares)."""
    return _slope([(p.resources, p.answered) for p in points]) / _slope([(p.resources, p.loads) for p in points])


def _slope(pairs: Sequence[tuple[float, float]]) -> float:
    middle = sum(x for x, _ in pairs) / len(pairs), sum(y for _, y in pairs) / len(pairs)
    above = sum((x - middle[0]) * (y - middle[1]) for x, y in pairs)
    return above / sum((x - middle[0]) ** 2 for x, _ in pairs)


def _point(body: Body, call: Callable[[bytes], bytes]) -> Point:
    repeats = max(3, 4_000_000 // len(body.data))
    loads, answered = in_turns(min(repeats, 30), lambda: orjson.loads(body.data), lambda: call(body.data))
    return Point(body.observations, len(body.data), loads.least * 1000, answered.least * 1000)
