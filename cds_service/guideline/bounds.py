"""Values that are bounds ("< 2 RU/mL") decide only where the bound alone decides.

The guideline is run with every bounded value at its stated end, then with each alone, each measure, and all
at their far end. When all runs agree, the bounds were enough. When they differ, the values that make the
difference are taken out, together with what they had replaced: an older value must not pass for the current
one. They are named on the card, and a class is offered only when every run offers it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from cds_service.case.model import Case, Day, Quantity, SetAside
from cds_service.guideline.assessment import Assessment, Severity
from cds_service.guideline.lupus.candidates import NOTHING_LEFT, RESCUE_MENU
from cds_service.guideline.notes import veto_note
from cds_service.guideline.outdated import without_older
from cds_service.guideline.signs import facts_with_signs, with_signs

UPPER_END = 1e6
NEARLY_NOTHING = 1e-9
JUST = 1e-7
AT_MOST_ALONE = 4
REPLACED_WITHIN = 180
UNDECIDED = "BOUND_UNDECIDED"
URGENCY: dict[Severity, int] = {"info": 0, "warning": 1, "critical": 2}
Assess = Callable[[Case], Assessment]


def decided_by_bounds(case: Case, today: Day, assess: Assess) -> Assessment:
    """The assessment of the case, resting on bounded values only as far as their bounds decide."""
    bounded = [value for series in case.quantities.values() for value in series if value.bound]
    if not bounded:
        return assess(case)
    stated = assess(_with_ends(case, bounded, ()))
    runs = [(far, assess(_with_ends(case, bounded, far))) for far in _far_ends(bounded)]
    differing = [(far, seen) for far, seen in runs if not _same(stated, seen)]
    if not differing:
        return with_signs(stated, [seen for _, seen in runs], bounded)
    undecided = _fewest(differing)
    left = without_older(decided_by_bounds(without(case, undecided, today), today, assess), undecided)
    result = offered_by_all(left, [stated, *(seen for _, seen in runs)])
    named = tuple(SetAside(v.source, UNDECIDED, v.measure, v.day, v.stated) for v in undecided)
    return facts_with_signs(replace(result, undecided=(*named, *left.undecided)), bounded)


def _far_ends(bounded: Sequence[Quantity]) -> Iterator[tuple[Quantity, ...]]:
    """Which values to move to their far end: each alone (of a long series its ends), each measure, all."""
    by_measure: dict[str, list[Quantity]] = {}
    for value in bounded:
        by_measure.setdefault(value.measure, []).append(value)
    for values in by_measure.values():
        alone = values if len(values) <= AT_MOST_ALONE else [values[0], *values[-(AT_MOST_ALONE - 1) :]]
        yield from ((value,) for value in alone)
        if len(values) > 1:
            yield tuple(values)
    if len(by_measure) > 1:
        yield tuple(bounded)


def _fewest(differing: Sequence[tuple[tuple[Quantity, ...], Assessment]]) -> tuple[Quantity, ...]:
    """The values to take out: every one that changes the answer alone, else the smallest group that does."""
    alone = tuple(far[0] for far, _ in differing if len(far) == 1)
    return alone or min((far for far, _ in differing), key=len)


def offered_by_all(left: Assessment, runs: Sequence[Assessment]) -> Assessment:
    """The answer without the undecided values, offering only what no run forbids, with every run's warnings."""
    same_rule = [run for run in runs if run.rule == left.rule]
    notes = tuple(dict.fromkeys((*left.notes, *(note for run in same_rule for note in run.notes))))
    severity = max((left.severity, *(run.severity for run in same_rule)), key=URGENCY.__getitem__)
    offered = [name for name in (left.next_class, *left.alternatives) if name]
    kept = [name for name in offered if all(name in (run.next_class, *run.alternatives) for run in runs)]
    if kept == offered:
        return replace(left, notes=notes, severity=severity)
    without = next((run for run in same_rule if not run.next_class), None)
    if not kept and without is not None:
        return replace(without, severity=severity, figures=left.figures, signs=left.signs, lines=left.lines)
    vetoed = tuple(dict.fromkeys((*left.vetoed, *(veto for run in runs for veto in run.vetoed))))
    said = tuple(dict.fromkeys((*notes, *(veto_note(veto) for veto in vetoed))))
    left = replace(left, vetoed=vetoed, notes=said, severity=severity)
    if kept:
        return replace(left, next_class=kept[0], alternatives=tuple(kept[1:]))
    return _nothing_left(replace(left, next_class="", alternatives=()))


def _nothing_left(left: Assessment) -> Assessment:
    """An expert under the same rule, in lupus nephritis with the rescue menu (R-08)."""
    referred = replace(
        left,
        action="REFER_EXPERT",
        notes=tuple(dict.fromkeys((*left.notes, "EXPERT_REFERRAL"))),
        severity=max(left.severity, "warning", key=URGENCY.__getitem__),
    )
    return replace(referred, rule=NOTHING_LEFT, menu=RESCUE_MENU) if left.disease == "LN" else referred


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


def without(case: Case, undecided: Sequence[Quantity], today: Day) -> Case:
    """The case without these values, nor the older ones that would now look like the current value."""
    newest: dict[str, Day] = {}
    for value in undecided:
        if today - value.day <= REPLACED_WITHIN:
            newest[value.measure] = max(value.day, newest.get(value.measure, value.day))
    gone = {id(value) for value in undecided}
    return replace(
        case,
        quantities={
            measure: tuple(
                value
                for value in series
                if id(value) not in gone and not today - REPLACED_WITHIN <= value.day <= newest.get(measure, -1)
            )
            for measure, series in case.quantities.items()
        },
    )
