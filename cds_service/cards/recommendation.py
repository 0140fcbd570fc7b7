"""The machine-readable half of a card (contract section 3): the same answer for programs."""

from __future__ import annotations

from datetime import date
from typing import Any

from cds_service.cards.numbers import iso, rounded
from cds_service.cards.stamp import Stamp
from cds_service.case.model import Case
from cds_service.guideline.assessment import Assessment, Fact, LineSummary

RECOMMENDATION = "org.nextline-cds.recommendation"


def recommendation(assessment: Assessment, case: Case, on: date, stamp: Stamp) -> dict[str, Any]:
    """The members of the contract; the caller leaves out the empty ones."""
    starts = assessment.action == "START_CLASS"
    return {
        "disease": assessment.disease,
        "state": assessment.state,
        "action": assessment.action,
        "nextClass": assessment.next_class if starts else None,
        "alternatives": open_alternatives(assessment),
        "vetoed": [{"class": veto.therapy_class, "reason": veto.reason} for veto in assessment.vetoed],
        "rule": assessment.rule,
        "severity": assessment.severity,
        "notes": list(assessment.notes),
        "missing": list(assessment.missing),
        "evidence": list(assessment.evidence),
        "conflicts": list(shown_conflicts(assessment)),
        "facts": [_fact(fact) for fact in assessment.facts],
        "lines": [_line(line) for line in assessment.lines],
        "setAside": [{"resource": item.resource, "reason": item.reason} for item in case.set_aside],
        "asOf": on.isoformat(),
        "versions": versions(stamp),
    }


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


def shown_conflicts(assessment: Assessment) -> tuple[str, ...]:
    """The conflicts that apply; rituximab with a CNI never appears without C-05 (clinical-spec 5.5)."""
    needed = ("C-05",) if "RTX_CNI" in open_classes(assessment) else ()
    return tuple(dict.fromkeys((*assessment.conflicts, *needed)))


def versions(stamp: Stamp) -> dict[str, Any]:
    """What answered; thresholds changed by the site are part of it."""
    return {
        "service": stamp.service_version,
        "knowledge": stamp.knowledge_version,
        "mappings": stamp.mappings_version,
        "changedThresholds": list(stamp.changed_thresholds),
    }


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "name": fact.name,
        "value": fact.value if isinstance(fact.value, str) else rounded(fact.value),
        "unit": fact.unit,
        "date": iso(fact.day),
        "role": fact.role,
        "source": fact.source,
    }


def _line(line: LineSummary) -> dict[str, Any]:
    return {
        "classes": list(line.classes),
        "start": iso(line.start),
        "end": None if line.end is None else iso(line.end),
        "outcome": line.outcome,
        "sources": list(line.sources),
    }
