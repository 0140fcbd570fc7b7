"""Values that are bounds ("< 2 RU/mL") decide only where the bound alone decides (R: a bound is not a number).

The guideline is run with every bounded value at its stated end, then with each alone and with all at
their far end. When all runs agree, the bounds were enough. When they differ, the values that make the
difference are taken out of the case, named on the card, and what is left is assessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from cds_service.case.model import Case, Quantity, SetAside
from cds_service.guideline.assessment import Assessment

UPPER_END = 1e6
NEARLY_NOTHING = 1e-9
AT_MOST_ALONE = 4
JUST = 1e-7
UNDECIDED = "BOUND_UNDECIDED"
Assess = Callable[[Case], Assessment]


def decided_by_bounds(case: Case, assess: Assess) -> Assessment:
    """The assessment of the case, resting on bounded values only as far as their bounds decide."""
    bounded = [value for series in case.quantities.values() for value in series if value.bound]
    if not bounded:
        return assess(case)
    stated = assess(_with_ends(case, bounded, ()))
    undecided = [
        value
        for alone in _one_at_a_time(bounded)
        if not _same(stated, assess(_with_ends(case, bounded, alone)))
        for value in alone
    ]
    if not undecided and not _same(stated, assess(_with_ends(case, bounded, bounded))):
        undecided = bounded
    if undecided:
        named = tuple(SetAside(v.source, UNDECIDED, v.measure, v.day, v.stated) for v in undecided)
        stated = replace(assess(_with_ends(_without(case, undecided), bounded, ())), undecided=named)
    return _showing_bounds(stated, bounded)


def _one_at_a_time(bounded: Sequence[Quantity]) -> Iterator[tuple[Quantity, ...]]:
    """Each bounded value alone; of a long series its ends alone and its middle together."""
    by_measure: dict[str, list[Quantity]] = {}
    for value in bounded:
        by_measure.setdefault(value.measure, []).append(value)
    for values in by_measure.values():
        alone = values if len(values) <= AT_MOST_ALONE else [values[0], *values[-(AT_MOST_ALONE - 1) :]]
        yield from ((value,) for value in alone)
        if len(values) > AT_MOST_ALONE:
            yield tuple(values[1 : -(AT_MOST_ALONE - 1)])


def _showing_bounds(assessment: Assessment, bounded: Iterable[Quantity]) -> Assessment:
    shown = {(value.source, value.measure): f"{value.bound} {value.value:g}" for value in bounded}
    return replace(
        assessment,
        facts=tuple(
            fact._replace(value=shown[fact.source, fact.name]) if (fact.source, fact.name) in shown else fact
            for fact in assessment.facts
        ),
    )


def _same(first: Assessment, second: Assessment) -> bool:
    return _decision(first) == _decision(second)


def _decision(assessment: Assessment) -> tuple[object, ...]:
    return (
        assessment.state,
        assessment.action,
        assessment.rule,
        assessment.next_class,
        assessment.alternatives,
        assessment.vetoed,
        assessment.notes,
        assessment.missing,
        assessment.severity,
        tuple((line.classes, line.outcome) for line in assessment.lines),
    )


def _with_ends(case: Case, bounded: Iterable[Quantity], at_far_end: Iterable[Quantity]) -> Case:
    """Each bounded value just beside its stated bound, or at the far end of what the bound allows."""
    far = {id(value) for value in at_far_end}
    ids = {id(value) for value in bounded}
    return replace(
        case,
        quantities={
            measure: tuple(_at_end(v, far=id(v) in far) if id(v) in ids else v for v in series)
            for measure, series in case.quantities.items()
        },
    )


def _at_end(value: Quantity, *, far: bool) -> Quantity:
    if far:
        return replace(value, value=NEARLY_NOTHING if value.bound in {"<", "<="} else UPPER_END)
    nudge = {"<": -JUST, ">": JUST}.get(value.bound, 0.0)
    return replace(value, value=value.value * (1 + nudge))


def _without(case: Case, values: Iterable[Quantity]) -> Case:
    gone = {id(value) for value in values}
    return replace(
        case,
        quantities={m: tuple(v for v in series if id(v) not in gone) for m, series in case.quantities.items()},
    )
