"""The story of a patient-view call: what the chart lets us say when the record is opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from cds_service.cdshooks.request import AS_OF, PatientViewRequest, check_fhir_server, read_patient_view
from cds_service.errors import DataUnobtainable
from cds_service.fhir import strict_json
from cds_service.fhir.chart import ChartData
from cds_service.guideline.assessment import Assessment
from cds_service.hooks import identity, prefetch_states
from cds_service.hooks.call_back import Fetching
from cds_service.hooks.decision import Answered, Circumstances, decision_of
from cds_service.hooks.desk import Desk
from cds_service.hooks.evaluation import Evaluation, chart_of, conclude
from cds_service.hooks.knowledge import Knowledge, SitePolicy
from cds_service.hooks.prefetch_states import NeedState
from cds_service.hooks.registry import Answer, Caller, Service
from cds_service.hooks.silence import NONE, Overrides, Overrule, overruled
from cds_service.store.records import Kept

HOOK = "patient-view"
SERVICE = "next-therapy"


class Judged(NamedTuple):
    """What one chart led to, with what was sent and fetched for it."""

    states: tuple[NeedState, ...]
    chart: ChartData
    evaluation: Evaluation
    fetching: Fetching
    not_provided: tuple[str, ...]


def next_therapy(desk: Desk) -> Service:
    """The service `next-therapy`."""
    return Service(
        id=SERVICE,
        hook=HOOK,
        title="Next therapy in glomerular disease",
        description=(
            "For adults with membranous nephropathy or lupus nephritis: which class of therapy to consider next, "
            "or what to check, measure or wait for first, with the values, treatment lines and sources it rests on."
        ),
        usage_requirements=(
            "Send every prefetch key that can be served: a key left out is unknown, null or an empty searchset means "
            "none. Without a required key the call is answered with 412. For physicians: other users get no card."
        ),
        prefetch=desk.knowledge.templates,
        read=lambda body: read(body, desk.knowledge.policy),
        respond=lambda request, caller: respond(request, caller, desk),
    )


def read(body: bytes, policy: SitePolicy) -> PatientViewRequest:
    """The checked call. Errors: MalformedBody, BodyTooLarge."""
    return read_patient_view(strict_json.read(body), hook=HOOK, as_of_allowed=policy.as_of_allowed)


def respond(request: PatientViewRequest, caller: Caller, desk: Desk) -> Answer:
    """Answer one call. Errors: PatientMismatch, DataUnobtainable, BodyTooLarge, NotDurable."""
    knowledge = desk.knowledge_of(caller.client.site)
    on = request.as_of or caller.today
    judged = judge(request, on, knowledge, desk, caller)
    kept = _kept(request, on, judged, knowledge, desk, caller)
    cards = judged.evaluation.cards if caller.client.mode == "live" else ()
    return Answer(cards, _remarks(request), _event(request, judged, kept, caller))


def judge(
    request: PatientViewRequest, on: date, knowledge: Knowledge, desk: Desk | None = None, caller: Caller | None = None
) -> Judged:
    """The evaluation of one call: whose chart it is, then whether it is enough, then the rest.

    Without a desk and a caller nothing is fetched, and no earlier override is asked for.
    Errors: PatientMismatch, DataUnobtainable, BodyTooLarge.
    """
    identity.check(request)
    patient_id = request.context.patient_id
    fetching = _with_fetched(request, knowledge, desk, caller)
    prefetch_states.check_size(fetching.prefetch, knowledge.policy.max_entries)
    chart = chart_of(fetching.prefetch, patient_id, on, knowledge, request.fhir_server, fetching.told_version)
    states = prefetch_states.states_of(chart, knowledge.templates)
    https_only = knowledge.policy.https_only
    if not request.context.user_is_health_professional:
        check_fhir_server(request.fhir_server, https_only=https_only)
        return Judged(states, chart, _unspoken(chart), fetching, ())
    try:
        prefetch_states.require(states, fetching.failed)
    except DataUnobtainable as fault:
        fault.told = _fetched(fetching)
        raise
    check_fhir_server(request.fhir_server, https_only=https_only)
    unseen = prefetch_states.not_whole(states)
    evaluation = conclude(
        chart,
        patient_id,
        on,
        knowledge,
        hook_instance=request.hook_instance,
        not_provided=unseen,
        overrule=_overrule(request, desk, caller),
    )
    return Judged(states, chart, evaluation, fetching, unseen)


def _with_fetched(
    request: PatientViewRequest, knowledge: Knowledge, desk: Desk | None, caller: Caller | None
) -> Fetching:
    """The prefetch with absent keys fetched from the client's FHIR server, where that is possible."""
    if desk is None or caller is None or desk.call_back is None or request.fhir_server is None:
        return Fetching(request.prefetch or {}, not_called="no_server")
    return desk.call_back.complete(request, knowledge.templates, caller.client.fhir_servers)


def _unspoken(chart: ChartData) -> Evaluation:
    """A patient or a relative looks at the record: the identity was checked, and there is no advice for them."""
    return Evaluation.of_silence(chart, "user_not_health_professional")


def _overrule(request: PatientViewRequest, desk: Desk | None, caller: Caller | None) -> Overrule | None:
    if desk is None or caller is None or desk.store is None or not desk.silence_days:
        return None
    store, client = desk.store, caller.client
    key = store.sealing.patient_key(client.issuer, client.tenant, request.context.patient_id)
    since = caller.now - timedelta(days=desk.silence_days)

    def overrule(assessments: Sequence[Assessment]) -> Overrides:
        return overruled(assessments, store.silences(key, since)) if assessments else NONE

    return overrule


def _kept(
    request: PatientViewRequest, on: date, judged: Judged, knowledge: Knowledge, desk: Desk, caller: Caller
) -> Kept | None:
    """The decision is on a disk before the answer leaves. Errors: NotDurable."""
    if desk.store is None:
        return None
    around = Circumstances(SERVICE, HOOK, caller.client, caller.now, on)
    answered = Answered(request, judged.chart, judged.evaluation, judged.not_provided)
    return desk.store.keep(decision_of(answered, around, knowledge, desk.store))


def _remarks(request: PatientViewRequest) -> dict[str, Any]:
    if not request.as_of_ignored:
        return {}
    return {AS_OF: {"ignored": "This service answers for today only (CDS_ALLOW_AS_OF)."}}


def _event(request: PatientViewRequest, judged: Judged, kept: Kept | None, caller: Caller) -> dict[str, Any]:
    """What the log and the metrics may know: names, counts and ids of ours."""
    evaluation, fetching = judged.evaluation, judged.fetching
    counted, overrides = evaluation.bins, evaluation.overrides
    reasons = Counter([item.reason for item in evaluation.case.set_aside])
    event: dict[str, Any] = {
        "rules": [assessment.rule for assessment in evaluation.assessments],
        "quiet": evaluation.quiet,
        "as_of": "given" if request.as_of else "today",
        "needs": {state.need.key: state.state for state in judged.states if state.state != "given"},
        "resources": counted.total,
        "used": len(counted.used),
        "superseded": len(counted.superseded),
        "not_relevant": counted.not_relevant,
        "set_aside": counted.set_aside,
        "reasons": dict(reasons),
    }
    event |= _fetched(fetching)
    if warnings := judged.chart.warnings:
        event["server_warnings"] = warnings
    if overrides.silenced:
        event["silenced"] = list(overrides.silenced)
    if kept is not None:
        event["decision"], event["repeated"], event["spooled"] = kept.id, kept.repeated, kept.spooled
    if caller.client.mode == "shadow":
        event["shadow"] = True
    safety = [name for name, count in (("OTHER_PATIENT", reasons["OTHER_PATIENT"]),) if count]
    if kept is not None and kept.instance_reused:
        safety.append("HOOK_INSTANCE_REUSED")
    return {**event, "safety": safety} if safety else event


def _fetched(fetching: Fetching) -> dict[str, Any]:
    """What calling back brought, or why nobody was called: a server off the list is a mistake, or worse."""
    if fetching.fetched or fetching.failed:
        return {"fetched": len(fetching.fetched), "fetch_failed": dict(fetching.failed)}
    return {"not_called": fetching.not_called} if fetching.not_called else {}
