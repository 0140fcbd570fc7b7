"""A guideline as an ordered list of rows: each asks one question, and the first that applies answers.

A row returns an `Answer` when it applies, else the sentence of what it saw. Both go into the trace.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from cds_service.case.light import light_dataclass
from cds_service.guideline.assessment import Step

_of = tuple.__new__  # makes a step in half the time of its own constructor; there are twenty in each call


@light_dataclass(frozen=True, slots=True)
class Answer:
    """What a row decides, before safety. `saw` is what made it apply.

    `failed` holds the classes that a candidate list has to do without.
    """

    state: str
    action: str
    rule: str
    saw: str = ""
    candidates: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    menu: tuple[str, ...] = ()
    failed: frozenset[str] = frozenset()


class Traced(Protocol):
    """Anything that keeps a trace."""

    @property
    def trace(self) -> list[Step]: ...


PictureT = TypeVar("PictureT", bound=Traced)


@dataclass(frozen=True, slots=True)
class Row(Generic[PictureT]):
    """One row of the specification: where it stands, what it asks, which rules it can answer, on which source."""

    step: str
    asks: str
    rules: tuple[str, ...]
    source: str
    statement: str
    decide: Callable[[PictureT], Answer | str]
    table: tuple[Row[PictureT], ...] = ()


Decide = Callable[[PictureT], "Answer | str"]


def row(
    step: str, asks: str, *, rules: tuple[str, ...] = (), source: str, table: tuple[Row[PictureT], ...] = ()
) -> Callable[[Decide[PictureT]], Row[PictureT]]:
    """Make a row of a function; its docstring is the clinical statement printed on the review page."""

    def made(decide: Decide[PictureT]) -> Row[PictureT]:
        statement = " ".join((decide.__doc__ or "").split())
        return Row(step, asks, rules, source, statement, decide, table)

    return made


def walk(rows: Sequence[Row[PictureT]], picture: PictureT) -> Answer | None:
    """The answer of the first row that applies; every row considered is in the trace, in order."""
    trace = picture.trace
    for item in rows:
        position = len(trace)  # a row with a table of its own stands before the rows of that table
        result = item.decide(picture)
        if isinstance(result, Answer):
            trace.insert(position, Step(item.step, item.asks, result.saw, True))
            return result
        trace.insert(position, _of(Step, (item.step, item.asks, result, False)))
    return None


def decided(rows: Sequence[Row[PictureT]], picture: PictureT) -> Answer:
    """The answer of a table that has one for every case that reaches it.

    Raises:
        LookupError: when none applies, which is a gap in the guideline and never a silent "no advice".
    """
    answer = walk(rows, picture)
    if answer is None:
        raise LookupError(f"no row answers: {rows[0].step} to {rows[-1].step}")
    return answer


def rules_of(rows: Sequence[Row[PictureT]]) -> tuple[str, ...]:
    """Every rule id these rows and their tables can answer, in order, each once."""
    found: dict[str, None] = {}
    for item in rows:
        found.update(dict.fromkeys(item.rules))
        found.update(dict.fromkeys(rules_of(item.table)))
    return tuple(found)
