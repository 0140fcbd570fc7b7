"""Two values of one measure and day of which only their ids pick one (R-04): no answer rests on that alone.

The guideline is run with either. Where the runs answer alike, what one of them warns of or forbids is kept; where they
do not, neither value is used, nor an older one in its place: a result is asked for instead, and both are named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cds_service.case.model import Case, Day, Quantity, SetAside
from cds_service.guideline.assessment import Assessment
from cds_service.guideline.bounds import Assess, offered_by_all, without
from cds_service.guideline.outdated import without_older

UNDECIDED = "VALUES_DISAGREE"
Pair = tuple[Quantity, Quantity]


def decided_by_doubles(case: Case, today: Day, assess: Assess) -> Assessment:
    """The assessment of the case, resting on a doubled value only where the other one leads to the same rule."""
    pairs = [(kept, other) for kept, other in case.disagreements if kept.issued == other.issued]
    if not pairs:
        return assess(case)
    used = assess(case)
    # each alone, and all: two values may matter only together
    tried = [[pair] for pair in pairs] + ([pairs] if len(pairs) > 1 else [])
    runs = [(some, assess(_with_the_others(case, some))) for some in tried]
    every = [used, *(seen for _, seen in runs)]
    groups = [some for some, seen in runs if _answer(seen) != _answer(used)]
    if not groups:
        return offered_by_all(used, every)
    alone = [some[0] for some in groups if len(some) == 1]
    differing = alone or pairs
    kept = [value for value, _ in differing]
    left = without_older(decided_by_doubles(_confirmed(case, differing, today), today, assess), kept)
    named = tuple([SetAside(v.source, UNDECIDED, v.measure, v.day, v.stated) for pair in differing for v in pair])
    return replace(offered_by_all(left, every), undecided=(*dict.fromkeys(named), *left.undecided))


def _with_the_others(case: Case, pairs: Sequence[Pair]) -> Case:
    quantities = dict(case.quantities)
    for kept, other in pairs:
        quantities[kept.measure] = tuple([other if value is kept else value for value in quantities[kept.measure]])
    return replace(case, quantities=quantities)


def _confirmed(case: Case, differing: Sequence[Pair], today: Day) -> Case:
    """The case without the values in doubt."""
    left = without(case, [kept for kept, _ in differing], today)
    return replace(left, disagreements=tuple([pair for pair in case.disagreements if pair not in differing]))


def _answer(assessment: Assessment) -> tuple[object, ...]:
    return assessment.state, assessment.action, assessment.rule, assessment.missing
