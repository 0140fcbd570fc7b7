"""The flow charts of the guideline pages, read back: a chain of questions, each with what follows from yes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

MERMAID = "mermaid"
"""The language of the block that such a chart is written in."""
_QUESTION = re.compile(r'\s*s(\d+)\{"(.*?)<br/>(.*)"\}')
_ANSWER = re.compile(r'\s*s(\d+) -- yes --> a\1\["(.*)"\]')
_PASSED_OVER = re.compile(r"\s*(flowchart TD|s\d+ -- no --> s\d+)")


class FlowRow(NamedTuple):
    """A question of the chart: its step, its words, and where yes leads."""

    step: str
    asks: str
    then: str


def rows_of(chart: str) -> Iterator[FlowRow]:
    """The questions in their order. Errors: ValueError with the line, for a chart of another kind."""
    asked, followed = dict[str, tuple[str, str]](), dict[str, str]()
    for line in filter(None, chart.splitlines()):
        if question := _QUESTION.fullmatch(line):
            asked[question[1]] = question[2], question[3]
        elif answer := _ANSWER.fullmatch(line):
            followed[answer[1]] = answer[2]
        elif not _PASSED_OVER.fullmatch(line):
            raise ValueError(f"a flow chart has a line that cannot be written out: {line.strip()}")
    for number, (step, asks) in asked.items():
        yield FlowRow(step, asks, followed[number])
