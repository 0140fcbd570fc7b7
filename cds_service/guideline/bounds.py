"""Values that are bounds ("< 2 RU/mL") decide only where the bound alone decides (R: a bound is not a number).

The guideline is run with every bounded value at its stated end and at its far end. When both runs
agree, the bound was enough. When they differ, the values that make the difference are taken out of the
case, named on the card, and what is left is assessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from cds_service.case.model import Case, Quantity, SetAside
from cds_service.guideline.assessment import Assessment

UPPER_END = 1e6
NEARLY_NOTHING = 1e-9
JUST = 1e-7
UNDECIDED = "BOUND_UNDECIDED"
Assess = Callable[[Case], Assessment]


def decided_by_bounds(case: Case, assess: Assess) -> Assessment:
    """The assessment of the case, resting on bounded values only as far as their bounds decide."""
    bounded = [value for series in case.quantities.values() for value in series if value.bound]
    if not bounded:
        return assess(case)
    stated = assess(_with_ends(case, bounded, ()))
    if not _same(stated, assess(_with_ends(case, bounded, bounded))):
        deciding = [v for v in bounded if not _same(stated, assess(_with_ends(case, bounded, (v,))))]
        stated = assess(_with_ends(_without(case, deciding or bounded), bounded, ()))
    return _showing_bounds(stated, bounded)


def _showing_bounds(assessment: Assessment, bounded: Iterable[Quantity]) -> Assessment:
    shown = {(value.source, value.measure): f"{value.bound} {value.value:g}" for value in bounded}
    return replace(
        assessment,
        facts=tuple(
            replace(fact, value=shown[fact.source, fact.name]) if (fact.source, fact.name) in shown else fact
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
    named = tuple(
        SetAside(value.source, UNDECIDED, value.measure, value.day, value.stated)
        for series in case.quantities.values()
        for value in series
        if id(value) in gone
    )
    return replace(
        case,
        quantities={m: tuple(v for v in series if id(v) not in gone) for m, series in case.quantities.items()},
        set_aside=(*case.set_aside, *named),
    )
