"""When two answers are the same answer, apart from what must differ between two spellings.

Left out: uuids, the ids of the resources an answer rests on, the chart's own writing behind a value
(`(chart: 3500 mg/g)`: the number before it is in the canonical unit and must agree), and the tally of records
(a copy is one more record). The tally must add up instead.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

from cds_service.hooks.evaluation import Evaluation, evaluate
from cds_service.hooks.knowledge import Knowledge, SitePolicy, gather
from cds_service.stories.vignette import INDEX_DATE
from tests.properties.spellings.chart import Chart

ON: date = INDEX_DATE
EXACT_ENOUGH = 1e-9
_IDS = {"uuid", "source", "sources", "resource"}
_PASSING = (
    (re.compile(r" \(chart: [^|]*\)(?= \|)"), ""),
    (re.compile(r" \([^\n]*\)(?= not used: )"), ""),
    (re.compile(r"\d+ records read: [^\n]*"), "records read"),
)
_NOT_USED = re.compile(r" not used[:.]|more set aside, named|Missing, set aside or in doubt")


@cache
def knowledge() -> Knowledge:
    return gather(SitePolicy(public_base_url="https://cds.example"))


def answer_to(chart: Chart) -> Evaluation:
    return evaluate(chart.prefetch(), chart.patient_id, ON, knowledge())


def cards_of(evaluation: Evaluation) -> list[Any]:
    """The cards without what may differ."""
    return [_bare(card) for card in evaluation.cards]


def advice_of(cards: list[Any]) -> list[Any]:
    """The cards without the list of what was set aside or doubled: what a clinician is told to do, and why."""
    return [_without_what_was_set_aside(card) for card in cards]


def differences(before: Any, after: Any, where: str = "") -> Iterator[str]:
    """Every place where two normal forms differ, one line each."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys()):
            yield from differences(before.get(name), after.get(name), f"{where}/{name}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differences(one, other, f"{where}/{place}")
    elif _is_number(before) and _is_number(after):
        if not math.isclose(before, after, rel_tol=EXACT_ENOUGH):
            yield f"{where}: {before} -> {after}"
    elif isinstance(before, str) and isinstance(after, str) and "\n" in before:
        yield from _lines(before, after, where)
    elif before != after:
        yield f"{where}: {before!r} -> {after!r}"


def tally_fault(evaluation: Evaluation) -> str:
    """Empty when every record is in exactly one bin."""
    bins = evaluation.case.bins
    counted = len(bins.used) + len(bins.superseded) + bins.not_relevant + bins.set_aside
    return "" if counted == bins.total else f"{bins.total} records read, {counted} accounted for"


def _lines(before: str, after: str, where: str) -> Iterator[str]:
    one, other = before.splitlines(), after.splitlines()
    if one != other:
        yield from (f"{where}: - {line}" for line in one if line not in other)
        yield from (f"{where}: + {line}" for line in other if line not in one)
        if sorted(one) == sorted(other):
            yield f"{where}: the same lines in another order"


def _without_what_was_set_aside(card: dict[str, Any]) -> dict[str, Any]:
    lines = [line for line in card["detail"].splitlines() if not _NOT_USED.search(line)]
    halves = {name: {k: v for k, v in half.items() if k != "setAside"} for name, half in card["extension"].items()}
    return {**card, "detail": "\n".join(lines), "extension": halves}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        # A link and a draft have a `source` and a `resource` too: those are objects, and stay.
        return {name: _bare(member) for name, member in value.items() if not _is_id(name, member)}
    if isinstance(value, list):
        return [_bare(member) for member in value]
    if isinstance(value, str):
        for pattern, word in _PASSING:
            value = pattern.sub(word, value)
    return value


def _is_id(name: str, member: Any) -> bool:
    return name in _IDS and not isinstance(member, dict)
