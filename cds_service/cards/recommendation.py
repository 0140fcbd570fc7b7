"""The machine-readable half of a card (contract section 3): the same answer for programs."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from cds_service.cards.numbers import Dates, rounded
from cds_service.cards.stamp import Stamp
from cds_service.case.model import Case
from cds_service.guideline.assessment import Assessment, Fact, LineSummary

RECOMMENDATION = "org.nextline-cds.recommendation"


def recommendation(
    assessment: Assessment, conflicts: Sequence[str], case: Case, on: date, stamp: Stamp, dates: Dates
) -> dict[str, Any]:
    """The members of the contract, without the empty ones."""
    starts = assessment.action == "START_CLASS"
    return without_empty(
        {
            "disease": assessment.disease,
            "state": assessment.state,
            "action": assessment.action,
            "nextClass": assessment.next_class if starts else None,
            "alternatives": open_alternatives(assessment),
            "vetoed": [_reasoned("class", veto.therapy_class, veto.reason) for veto in assessment.vetoed],
            "rule": assessment.rule,
            "severity": assessment.severity,
            "notes": _said(assessment.notes),
            "missing": _said(assessment.missing),
            "evidence": _said(assessment.evidence),
            "conflicts": _said(conflicts),
            "facts": [_fact(fact, dates) for fact in assessment.facts],
            "lines": [_line(line, dates) for line in assessment.lines],
            "setAside": [_reasoned("resource", item.resource, item.reason) for item in case.set_aside],
            "asOf": on.isoformat(),
            "versions": versions(stamp),
        }
    )


def without_empty(members: dict[str, Any]) -> dict[str, Any]:
    """One level of an object on the wire: what says nothing is left out, a number stays even if it is 0."""
    return {name: member for name, member in members.items() if member or member == 0}


def open_alternatives(assessment: Assessment) -> list[str]:
    """The alternatives that safety left; a vetoed class is never among them, whoever listed it."""
    closed = {veto.therapy_class for veto in assessment.vetoed} | {assessment.next_class}
    return [] if assessment.action != "START_CLASS" else [c for c in assessment.alternatives if c not in closed]


def open_classes(assessment: Assessment) -> list[str]:
    """The classes a clinician can choose from, the leading one first."""
    vetoed = {veto.therapy_class for veto in assessment.vetoed}
    if assessment.action != "START_CLASS" or not assessment.next_class or assessment.next_class in vetoed:
        return []
    return [assessment.next_class, *open_alternatives(assessment)]


def shown_conflicts(assessment: Assessment, classes: Container[str]) -> tuple[str, ...]:
    """The conflicts that apply to these open classes.

    Rituximab with a CNI never appears without C-05 (clinical-spec 5.5).
    """
    needed = ("C-05",) if "RTX_CNI" in classes else ()
    return tuple(dict.fromkeys((*assessment.conflicts, *needed)))


def versions(stamp: Stamp) -> dict[str, Any]:
    """What answered; thresholds changed by the site are part of it. Shared between cards: to be read only."""
    return _versions(stamp.service_version, stamp.knowledge_version, stamp.mappings_version, stamp.changed_thresholds)


@lru_cache(maxsize=16)
def _versions(service: str, knowledge: str, mappings: str, changed_thresholds: tuple[str, ...]) -> dict[str, Any]:
    return without_empty(
        {
            "service": service,
            "knowledge": knowledge,
            "mappings": mappings,
            "changedThresholds": _said(changed_thresholds),
        }
    )


def _said(words: Sequence[str]) -> list[str]:
    return list(filter(None, words))


def _reasoned(kind: str, name: str, reason: str) -> dict[str, Any]:
    members = {kind: name, "reason": reason}
    return members if name and reason else without_empty(members)


def _fact(fact: Fact, dates: Dates) -> dict[str, Any]:
    members = {
        "name": fact.name,
        "value": fact.value if isinstance(fact.value, str) else rounded(fact.value),
        "unit": fact.unit,
        "date": dates[fact.day],
        "role": fact.role,
        "source": fact.source,
    }
    return members if fact.unit and fact.role and fact.source else without_empty(members)


def _line(line: LineSummary, dates: Dates) -> dict[str, Any]:
    return without_empty(
        {
            "classes": _said(line.classes),
            "start": dates[line.start],
            "end": None if line.end is None else dates[line.end],
            "outcome": line.outcome,
            "sources": _said(line.sources),
        }
    )
