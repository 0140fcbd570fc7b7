"""What was reckoned from bounds ("< 0.1 g/g") carries a sign too: a fall from 8.4 to it is more than 98.8 %.

The runs that moved every bounded value over what its bound allows tell which way each number can go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cds_service.case.measures import TURNED
from cds_service.case.model import Comparator, Quantity
from cds_service.guideline.assessment import Assessment, Fact, LineSummary, Step

SAME = 1e-9
REMEMBERED = " (reckoned from a bound)"
NOT_STRICT: Mapping[Comparator, Comparator] = {"<": "<=", ">": ">="}
COMPUTED = "CKD-EPI"


def with_signs(stated: Assessment, runs: Sequence[Assessment], bounded: Sequence[Quantity]) -> Assessment:
    """The assessment at the stated bounds, with a sign at every number that another run of the same answer moves.

    `figures` that can go both ways are left out; so is the reduction of a line.
    """
    strict = not [value for value in bounded if value.bound in {"<=", ">="}]
    signs: dict[str, Comparator] = {}
    figures: dict[str, float | str] = {}
    for name, value in stated.figures.items():
        sign = _sign(value, [run.figures.get(name) for run in runs], strict=strict)
        if sign is not None:
            figures[name] = value
        if sign:
            signs[name] = sign
    return replace(
        stated,
        figures=figures,
        signs=signs,
        facts=_facts(stated, bounded),
        lines=tuple([_line(place, stated, runs, strict=strict) for place in range(len(stated.lines))]),
        trace=tuple(_remembered(stated.trace, [{(step.row, step.saw) for step in run.trace} for run in runs])),
    )


def facts_with_signs(assessment: Assessment, bounded: Sequence[Quantity]) -> Assessment:
    """The assessment with its bounded values as they were written, and nothing else changed."""
    return replace(assessment, facts=_facts(assessment, bounded))


def _sign(value: Any, others: Sequence[Any], *, strict: bool) -> Comparator | None:
    """In which direction the true value may lie; empty for an exact one, None when in both or in words."""
    if isinstance(value, str):
        return ""
    if not all(isinstance(other, float | int) for other in others):
        return None
    close = SAME * max(1.0, abs(value))
    above = any(other > value + close for other in others)
    below = any(other < value - close for other in others)
    if above and below:
        return None
    sign: Comparator = ">" if above else "<" if below else ""
    return sign if strict else NOT_STRICT.get(sign, sign)


def _facts(assessment: Assessment, bounded: Sequence[Quantity]) -> tuple[Fact, ...]:
    """The facts with the bounds as written; an eGFR reckoned from a bounded creatinine has the sign turned."""
    written = {(value.source, value.measure): f"{value.bound} {value.value:g}" for value in bounded}
    turned = {value.source: TURNED[value.bound] for value in bounded if value.measure == "creatinine"}
    facts = []
    for fact in assessment.facts:
        value: float | str = written.get((fact.source, fact.name), fact.value)
        computed = fact.name == "egfr" and fact.stated.startswith(COMPUTED)
        if computed and fact.source in turned and not isinstance(value, str):  # a word has its sign already
            value = f"{turned[fact.source]} {value:.3g}"
        facts.append(fact._replace(value=value))
    return tuple(facts)


def _line(place: int, stated: Assessment, runs: Sequence[Assessment], *, strict: bool) -> LineSummary:
    line = stated.lines[place]
    if line.reduction is None:
        return line
    sign = _sign(line.reduction, [run.lines[place].reduction for run in runs], strict=strict)
    return replace(line, reduction=None if sign is None else line.reduction, reduction_sign=sign or "")


def _remembered(trace: Iterable[Step], others: Sequence[set[tuple[str, str]]]) -> Iterable[Step]:
    """Each step; what it saw is marked when another run saw something else there."""
    for step in trace:
        same = all((step.row, step.saw) in other for other in others)
        yield step if same else step._replace(saw=f"{step.saw}{REMEMBERED}")
