"""The machine-readable half of a card (contract section 3): the same answer for programs."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from functools import lru_cache
from typing import Any

from cds_service.cards.numbers import Dates
from cds_service.cards.stamp import Stamp
from cds_service.case.model import Case
from cds_service.guideline.assessment import Assessment, LineSummary

RECOMMENDATION = "org.nextline-cds.recommendation"


def recommendation(
    assessment: Assessment,
    conflicts: Sequence[str],
    facts: Sequence[Mapping[str, Any]],
    case: Case,
    stamp: Stamp,
    dates: Dates,
) -> dict[str, Any]:
    """The members of the contract, without the empty ones. `facts` as members of their own."""
    half: dict[str, Any] = {"disease": assessment.disease, "state": assessment.state, "action": assessment.action}
    if assessment.action == "START_CLASS":
        _add_classes(half, assessment)
    if assessment.vetoed:
        half["vetoed"] = [_reasoned("class", veto.therapy_class, veto.reason) for veto in assessment.vetoed]
    half["rule"] = assessment.rule
    half["severity"] = assessment.severity
    for name, words in (
        ("notes", assessment.notes),
        ("missing", assessment.missing),
        ("evidence", assessment.evidence),
        ("conflicts", conflicts),
    ):
        if words and (said := _said(words)):
            half[name] = said
    if facts:
        half["facts"] = facts
    if assessment.lines:
        half["lines"] = [_line(line, dates) for line in assessment.lines]
    if case.set_aside:
        half["setAside"] = [_reasoned("resource", item.resource, item.reason) for item in case.set_aside]
    half["asOf"] = dates.as_of
    half["versions"] = versions(stamp)
    return half


def _add_classes(half: dict[str, Any], assessment: Assessment) -> None:
    if assessment.next_class:
        half["nextClass"] = assessment.next_class
    if alternatives := open_alternatives(assessment):
        half["alternatives"] = alternatives


def without_empty(members: dict[str, Any]) -> dict[str, Any]:
    """One level of an object on the wire: what says nothing is left out, a number stays even if it is 0."""
    return {name: member for name, member in members.items() if member or member == 0}


def open_alternatives(assessment: Assessment) -> list[str]:
    """The alternatives that safety left; a vetoed class is never among them, whoever listed it."""
    if assessment.action != "START_CLASS":
        return []
    closed = [assessment.next_class, *[veto.therapy_class for veto in assessment.vetoed]]
    return [code for code in assessment.alternatives if code not in closed]


def open_classes(assessment: Assessment) -> list[str]:
    """The classes a clinician can choose from, the leading one first."""
    chosen = assessment.next_class
    if assessment.action != "START_CLASS" or not chosen:
        return []
    if chosen in [veto.therapy_class for veto in assessment.vetoed]:
        return []
    return [chosen, *open_alternatives(assessment)]


def shown_conflicts(assessment: Assessment, classes: Container[str]) -> tuple[str, ...]:
    """The conflicts that apply to these open classes.

    Rituximab with a CNI never appears without C-05 (clinical-spec 5.5).
    """
    if "RTX_CNI" in classes:
        return tuple(dict.fromkeys((*assessment.conflicts, "C-05")))
    return tuple(dict.fromkeys(assessment.conflicts)) if assessment.conflicts else ()


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


def _line(line: LineSummary, dates: Dates) -> dict[str, Any]:
    members: dict[str, Any] = {"classes": _said(line.classes), "start": dates[line.start]}
    if line.end is not None:
        members["end"] = dates[line.end]
    members["outcome"] = line.outcome
    members["sources"] = _said(line.sources)
    whole = members["classes"] and line.outcome and members["sources"]
    return members if whole else without_empty(members)
