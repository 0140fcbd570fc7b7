"""Answering a kept question again: the same cards byte by byte, or which version is another one now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import orjson

from cds_service.cards.approval import Approval
from cds_service.cards.shown_again import Change, ShownAgain
from cds_service.errors import NextlineError
from cds_service.hooks.decision import LAYOUT, versions_of
from cds_service.hooks.evaluation import chart_of, conclude
from cds_service.hooks.knowledge import Knowledge
from cds_service.hooks.silence import Overrides
from cds_service.store.records import StoredDecision

ERASED = "the payload was erased by retention"
# The reasons of silence that the call gives and not the chart: nobody judged it, so there is nothing to judge again.
_NOT_JUDGED = frozenset({"user_not_health_professional"})


@dataclass(frozen=True, slots=True)
class Replayed:
    """The outcome of a replay. `versions` names what is another version now, with then and now."""

    id: str
    same: bool
    versions: Mapping[str, tuple[str, str]]
    fault: str = ""


def site_of(stored: StoredDecision) -> str:
    """The site whose knowledge the decision was made with; that of the service for an erased one."""
    return str(orjson.loads(stored.payload)["site"]) if stored.payload else ""


def replay(stored: StoredDecision, knowledge: Knowledge) -> Replayed:
    """Answer a kept question again, under the settings of that day, and compare the cards byte by byte.

    A decision whose payload retention has erased cannot be replayed, and says so.
    """
    if stored.payload is None:
        return Replayed(stored.id, False, {}, ERASED)
    told = orjson.loads(stored.payload)
    if told.get("layout") != LAYOUT:
        return Replayed(stored.id, False, {}, "kept in a layout that this release does not read")
    now = versions_of(knowledge)
    versions = {name: (then, now.get(name, "")) for name, then in told["versions"].items() if now.get(name) != then}
    try:
        cards = () if stored.quiet in _NOT_JUDGED else _answered_again(told, _of_that_day(knowledge, told["policy"]))
    except NextlineError as fault:
        return Replayed(stored.id, False, versions, f"not answered any more: {type(fault).__name__}")
    same = orjson.dumps(list(cards)) == orjson.dumps(told["cards"])
    return Replayed(stored.id, same, versions, "" if same else "the cards differ")


def _answered_again(told: Mapping[str, Any], knowledge: Knowledge) -> Sequence[Mapping[str, Any]]:
    on = date.fromisoformat(told["asOf"])
    chart = chart_of(told["prefetch"], told["patientId"], on, knowledge, told["fhirServer"], told["fhirVersion"])
    dropped = told["total"] - chart.total  # what made no difference was not kept, but it was counted
    chart = chart._replace(total=told["total"], not_relevant=chart.not_relevant + dropped)
    return conclude(
        chart,
        told["patientId"],
        on,
        knowledge,
        hook_instance=told["hookInstance"],
        not_provided=tuple(told["notProvided"]),
        overrule=lambda _: _overrides(told),
    ).cards


def _of_that_day(knowledge: Knowledge, policy: Mapping[str, Any]) -> Knowledge:
    """The knowledge with what the site had decided about its cards."""
    stamp = replace(
        knowledge.stamp,
        public_base_url=policy["publicBaseUrl"],
        indicator_cap=policy["indicatorCap"],
        smart_app=policy["smartLink"],
        quiet_rules=frozenset(policy["quietRules"]),
        approval=_approval(policy.get("approval", {})),
    )
    return replace(knowledge, stamp=stamp)


def _approval(told: Mapping[str, Any]) -> Approval:
    days = {name: told.get(name) and date.fromisoformat(told[name]) for name in ("on", "review_by")}
    return Approval(**{**told, **days})


def _overrides(told: Mapping[str, Any]) -> Overrides:
    again = {
        rule: ShownAgain(since, [Change(*change) for change in changes])
        for rule, (since, changes) in told["shownAgain"].items()
    }
    return Overrides(tuple(told["silenced"]), again)
