"""What a request for a result says of the last one: too old to be used is not the same as never measured.

Each finder looks at one code of section 8 that asks for something current, and gives the newest value with the reason
why it does not count. The ages are those of section 2.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cds_service.case.model import Day, Finding, Quantity
from cds_service.guideline.assessment import Assessment, Fact, Outdated
from cds_service.guideline.membranous.adequacy import (
    B_CELLS_FROM,
    B_CELLS_UNTIL,
    TROUGH_OF,
    TROUGH_WINDOW,
    last_infusion,
    trough_days,
)
from cds_service.guideline.picture import Picture

OLD, LATE = "outdated", "too late"
Found = Iterable[tuple[Quantity | Finding, str, str]]
# A measure may be asked for under the name of another.
SAME_REQUEST: Mapping[str, str] = {
    "upcr": "proteinuria_24h",
    "creatinine": "egfr",
    "anti_pla2r_iif": "anti_pla2r_elisa",
}


def outdated_values(p: Picture, missing: Iterable[str]) -> tuple[Outdated, ...]:
    """The last value behind each code that is asked for, remembered as a fact of the card."""
    found = []
    for code in missing:
        finder = FINDERS.get(code)
        for value, role, why in () if finder is None else finder(p):
            if isinstance(value, Quantity):
                p.use(value, role)
            else:
                p.use_finding(value, role)
            found.append(Outdated(code, value.measure, value.source, role, why))
    return tuple(found)


def _too_old(values: Sequence[Quantity | Finding], limit: float) -> Found:
    if not values:
        return ()
    return ((max(values, key=lambda value: value.day), OLD, f"older than {limit:g} days"),)


def _proteinuria(p: Picture) -> Found:
    return _too_old(p.proteinuria, p.thresholds.laboratory_age)


def _egfr(p: Picture) -> Found:
    return _too_old(p.egfr, p.thresholds.laboratory_age)


def _albumin(p: Picture) -> Found:
    return _too_old(p.case.series("albumin"), p.thresholds.laboratory_age)


def _antibody(p: Picture) -> Found:
    values: list[Quantity | Finding] = [*p.case.series("anti_pla2r_elisa"), *p.case.answers("anti_pla2r_iif")]
    return _too_old(values, p.thresholds.antibody_age)


def _immunofluorescence(p: Picture) -> Found:
    why = f"not within {p.thresholds.antibody_pairing:g} days of the ELISA"
    return [(answer, OLD, why) for answer in p.case.answers("anti_pla2r_iif")[-1:]]


def _troughs(p: Any) -> Found:
    if p.case.quantities.keys().isdisjoint(TROUGH_OF.values()):
        return ()
    segment = p.line.of_class("CNI")[-1]
    first, _ = trough_days(p, segment)
    measures = [TROUGH_OF[agent] for agent in segment.agents if agent in TROUGH_OF]
    why = f"not from the last {TROUGH_WINDOW} days of the line"
    return _outside([v for measure in measures for v in p.case.series(measure)], first, why)


def _b_cells(p: Any) -> Found:
    why = f"not from {B_CELLS_FROM} to {B_CELLS_UNTIL} days after the last infusion"
    return _outside(p.case.series("cd19_count"), last_infusion(p) + B_CELLS_FROM, why)


def _outside(values: Sequence[Quantity], first: Day, why: str) -> Found:
    if not values:
        return ()
    newest = max(values, key=lambda value: value.day)
    return ((newest, OLD if newest.day < first else LATE, why),)


def _confirmation_of_a_relapse(p: Any) -> Found:
    """Row 5.4-3: a positive antibody or a low albumin would confirm it, too."""
    albumin = _albumin(p) if p.albumin is None else ()
    return (*albumin, *(_antibody(p) if p.antibody == "UNKNOWN" else ()))


def _confirmation_of_a_flare(p: Picture) -> Found:
    """Section 6.1: a low C3 of the last 60 days would confirm it, too."""
    limit = p.thresholds.complement_age
    return _too_old(p.case.series("c3"), limit) if p.newest("c3", limit) is None else ()


FINDERS: Mapping[str, Callable[[Any], Found]] = {
    "PROTEINURIA": _proteinuria,
    "UPCR": _proteinuria,
    "EGFR": _egfr,
    "ALBUMIN": _albumin,
    "ANTI_PLA2R": _antibody,
    "ANTI_PLA2R_IIF": _immunofluorescence,
    "CNI_TROUGH": _troughs,
    "B_CELL_COUNT": _b_cells,
    "REPEAT_PROTEINURIA": _confirmation_of_a_relapse,
    "REPEAT_UPCR": _confirmation_of_a_flare,
}


def without_older(assessment: Assessment, newer: Iterable[Quantity]) -> Assessment:
    """The assessment not calling a value the last one when a newer one was there and could not be used."""
    since: dict[str, Day] = {}
    for value in newer:
        name = SAME_REQUEST.get(value.measure, value.measure)
        since[name] = max(value.day, since.get(name, value.day))

    def is_last(fact: Fact) -> bool:
        return fact.role != OLD or fact.day > since.get(SAME_REQUEST.get(fact.name, fact.name), -1)

    if not assessment.outdated:
        return assessment
    facts = tuple([fact for fact in assessment.facts if is_last(fact)])
    kept = {(fact.name, fact.source, fact.role) for fact in facts}
    outdated = tuple([item for item in assessment.outdated if (item.measure, item.source, item.role) in kept])
    return replace(assessment, facts=facts, outdated=outdated)
