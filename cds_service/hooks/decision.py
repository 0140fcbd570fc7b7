"""What is kept of one answered call, and what gives the same cards again from it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

import orjson

from cds_service.cards.recommendation import RECOMMENDATION
from cds_service.cards.teratogen import SAFETY_NOTICE
from cds_service.cdshooks.request import PatientViewRequest
from cds_service.fhir.chart import ChartData
from cds_service.fhir.minimal import minimal
from cds_service.guideline.thresholds import Thresholds
from cds_service.hooks.evaluation import Evaluation
from cds_service.hooks.knowledge import Knowledge, digest_of
from cds_service.hooks.silence import facts_of
from cds_service.store.records import Decision, KeptCard
from cds_service.store.store import Store
from cds_service.trust.clients import Client

LAYOUT = 1
_KEPT_WHOLE = frozenset({"UNREADABLE"})
_VARIANTS = "89ab"
_DIGESTS: dict[int, tuple[Thresholds, str]] = {}
"""The digest of each set of thresholds, computed once: there is one for the service and one for each site."""


class Circumstances(NamedTuple):
    """Who asked, when, and for which day the question was answered."""

    service: str
    hook: str
    client: Client
    now: datetime
    on: date


class Parts(NamedTuple):
    """What a decision keeps of the chart and of the reasoning, as JSON. It is the same at the next opening."""

    prefetch: orjson.Fragment
    case: orjson.Fragment
    trace: orjson.Fragment


class Answered(NamedTuple):
    """One answered call, before it is kept."""

    request: PatientViewRequest
    chart: ChartData
    evaluation: Evaluation
    not_provided: tuple[str, ...]
    parts: Parts


def decision_of(answered: Answered, around: Circumstances, knowledge: Knowledge, store: Store) -> Decision:
    """The decision to keep: minimised to what was used; `store` seals it and makes the patient's key."""
    request, evaluation, client = answered.request, answered.evaluation, around.client
    patient_id, versions = request.context.patient_id, versions_of(knowledge)
    came_in = orjson.dumps(_what_came_in(answered, client))
    rests_on = orjson.dumps(_what_it_rests_on(evaluation, around, knowledge, versions), default=_plain)
    told = {"case": answered.parts.case, "trace": answered.parts.trace, "cards": evaluation.cards}
    seen = hashlib.sha256(came_in)
    chart_digest = store.sealing.keyed(seen.digest())
    seen.update(rests_on)
    return Decision(
        id=_identifier(around.now),
        made_at=around.now,
        as_of=around.on,
        service=around.service,
        hook=around.hook,
        hook_instance=request.hook_instance,
        issuer=client.issuer,
        tenant=client.tenant,
        patient_key=store.sealing.patient_key(client.issuer, client.tenant, patient_id),
        chart_digest=chart_digest,
        request_digest=store.sealing.keyed(seen.digest()),
        rules=tuple([assessment.rule for assessment in evaluation.assessments]),
        shown=client.mode == "live",
        quiet=evaluation.quiet,
        cards=_cards(evaluation),
        versions=versions,
        payload=b"%b,%b,%b" % (came_in[:-1], rests_on[1:-1], orjson.dumps(told, default=_plain)[1:]),
    )


def parts_of(chart: ChartData, evaluation: Evaluation) -> Parts:
    """The parts of a decision that follow from the chart alone: minimised to what was used."""
    set_aside = evaluation.case.set_aside
    used = {*evaluation.bins.used, *evaluation.bins.superseded, *[item.resource for item in set_aside]}
    whole = {item.resource for item in set_aside if item.reason in _KEPT_WHOLE}
    return Parts(
        _fragment(minimal(chart.opened, used, whole)),
        _fragment(evaluation.case),
        _fragment({assessment.rule: assessment.trace for assessment in evaluation.assessments}),
    )


def _fragment(value: Any) -> orjson.Fragment:
    return orjson.Fragment(orjson.dumps(value, default=_plain))


def _identifier(now: datetime) -> str:
    """A UUID of version 7: those of one moment lie together in an index, so a transaction writes fewer pages."""
    chance = os.urandom(10).hex()
    when = f"{int(now.timestamp() * 1000):012x}"
    return f"{when[:8]}-{when[8:]}-7{chance[:3]}-{_VARIANTS[int(chance[3], 16) & 3]}{chance[4:7]}-{chance[7:19]}"


def _what_came_in(answered: Answered, client: Client) -> dict[str, Any]:
    request, chart = answered.request, answered.chart
    return {
        "layout": LAYOUT,
        "patientId": request.context.patient_id,
        "userId": request.context.user_id,
        "fhirServer": request.fhir_server,
        "fhirVersion": chart.fhir_version,
        "hookInstance": request.hook_instance,
        "site": client.site,
        "notProvided": answered.not_provided,
        "total": chart.total,
        "prefetch": answered.parts.prefetch,
    }


def _what_it_rests_on(
    evaluation: Evaluation, around: Circumstances, knowledge: Knowledge, versions: Mapping[str, str]
) -> dict[str, Any]:
    stamp, overrides = knowledge.stamp, evaluation.overrides
    return {
        "asOf": around.on,
        "silenced": overrides.silenced,
        "shownAgain": overrides.shown_again,
        "policy": {
            "publicBaseUrl": stamp.public_base_url,
            "indicatorCap": stamp.indicator_cap,
            "smartLink": stamp.smart_app,
            "quietRules": sorted(stamp.quiet_rules),
            "approval": stamp.approval,
        },
        "versions": versions,
    }


def _cards(evaluation: Evaluation) -> tuple[KeptCard, ...]:
    """Every card with the assessment it came from. The safety notice is about a note: it is nobody's advice."""
    facts = {assessment.disease: assessment for assessment in evaluation.assessments}
    kept = []
    for card in evaluation.cards:
        extension = card["extension"]
        if SAFETY_NOTICE in extension:
            notice = extension[SAFETY_NOTICE]
            kept.append(KeptCard(card["uuid"], notice["disease"], notice["note"], b"{}"))
        else:
            assessment = facts[extension[RECOMMENDATION]["disease"]]
            kept.append(KeptCard(card["uuid"], assessment.disease or "", assessment.rule, facts_of(assessment)))
    return tuple(kept)


def versions_of(knowledge: Knowledge) -> dict[str, str]:
    """What answers, by name: a replay says which of these is another one now."""
    stamp, thresholds = knowledge.stamp, knowledge.thresholds
    known = _DIGESTS.get(id(thresholds))
    if known is None or known[0] is not thresholds:
        known = _DIGESTS[id(thresholds)] = (thresholds, digest_of(thresholds))
    return {
        "service": stamp.service_version,
        "knowledge": stamp.knowledge_version,
        "mappings": stamp.mappings_version,
        "thresholds": known[1],
    }


def _plain(value: Any) -> Any:
    """Named tuples as lists: orjson leaves the choice to us."""
    if isinstance(value, tuple):
        return list(value)
    raise TypeError
