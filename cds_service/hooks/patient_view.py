"""The story of a patient-view call: what the chart lets us say when the record is opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from cds_service.cdshooks.request import AS_OF, PatientViewRequest, check_fhir_server, read_patient_view
from cds_service.errors import DataUnobtainable
from cds_service.fhir import strict_json
from cds_service.fhir.chart import ChartData
from cds_service.fhir.medication_references import pointed_at
from cds_service.guideline.assessment import Assessment
from cds_service.hooks import identity, prefetch_states
from cds_service.hooks.call_back import Fetching
from cds_service.hooks.decision import Answered, Circumstances, decision_of, parts_of
from cds_service.hooks.desk import Desk
from cds_service.hooks.evaluation import Evaluation, assessed, chart_of, spoken
from cds_service.hooks.judged import Judged, event_of, told_of
from cds_service.hooks.knowledge import Knowledge, SitePolicy
from cds_service.hooks.opened_again import Question, Remembered
from cds_service.hooks.registry import Answer, Caller, Service
from cds_service.hooks.silence import NONE, Overrides, Overrule, overruled
from cds_service.store.records import Kept

HOOK = "patient-view"
SERVICE = "next-therapy"


class Opening(NamedTuple):
    """A checked call. `digest` is that of its prefetch; `unopened` the body of a call whose prefetch is known by it.

    The request of such a call has the names of its prefetch keys only: nothing but what is remembered of them may be
    used, or the body has to be read after all.
    """

    request: PatientViewRequest
    digest: bytes = b""
    unopened: bytes = b""

    @property
    def hook_instance(self) -> str:
        """As the client gave it."""
        return self.request.hook_instance


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
        read=lambda body: opening(body, desk),
        respond=lambda call, caller: respond(call, caller, desk),
        prefetch_of_site={site: knowledge.templates for site, knowledge in desk.sites.items()},
    )


def read(body: bytes, policy: SitePolicy) -> PatientViewRequest:
    """The checked call. Errors: MalformedBody, BodyTooLarge."""
    return read_patient_view(strict_json.read(body), hook=HOOK, as_of_allowed=policy.as_of_allowed)


def opening(body: bytes, desk: Desk) -> Opening:
    """The checked call, its prefetch unopened where a chart of the same bytes was opened lately.

    Errors: MalformedBody, BodyTooLarge.
    """
    policy, memory = desk.knowledge.policy, desk.opened_again
    digest, envelope = (b"", None) if memory is None else memory.recognise(body)
    if envelope is None:
        return Opening(read(body, policy), digest)
    return Opening(read_patient_view(envelope, hook=HOOK, as_of_allowed=policy.as_of_allowed), digest, body)


def respond(call: Opening, caller: Caller, desk: Desk) -> Answer:
    """Answer one call. Errors: PatientMismatch, DataUnobtainable, BodyTooLarge, NotDurable."""
    knowledge = desk.knowledge_of(caller.client.site)
    request = call.request
    on = request.as_of or caller.today
    question = Question(call.digest, request.context.patient_id, on, request.fhir_server, id(knowledge))
    judged = _judged_before(question, request, knowledge, desk, caller) if call.unopened else None
    if judged is None:
        request = read(call.unopened, desk.knowledge.policy) if call.unopened else request
        with desk.stage("judge"):
            judged = judge(request, on, knowledge, desk, caller)
        if desk.store is not None:
            judged = judged._replace(parts=parts_of(judged.chart, judged.evaluation))
        _remember(question, request, judged, knowledge, desk)
    kept = _kept(request, on, judged, knowledge, desk, caller)
    cards = judged.evaluation.cards if caller.client.mode == "live" else ()
    return Answer(cards, _remarks(request), event_of(request, judged, kept, shadow=caller.client.mode == "shadow"))


def _judged_before(
    question: Question, request: PatientViewRequest, knowledge: Knowledge, desk: Desk, caller: Caller
) -> Judged | None:
    """The evaluation of a chart that was opened before, with the cards of this call. Errors: as `judge`."""
    known = desk.opened_again.recall(question) if desk.opened_again is not None else None
    if known is None or not request.context.user_is_health_professional:
        return None
    identity.check(request)
    check_fhir_server(request.fhir_server, https_only=knowledge.policy.https_only)
    evaluation = spoken(
        known.assessed,
        question.patient_id,
        question.on,
        knowledge,
        hook_instance=request.hook_instance,
        overrule=_overrule(request, desk, caller),
    )
    fetching = _with_fetched(request, knowledge, desk, caller)
    return Judged(known.states, known.chart, evaluation, fetching, known.states.unseen, parts=known.parts)


def _remember(
    question: Question, request: PatientViewRequest, judged: Judged, knowledge: Knowledge, desk: Desk
) -> None:
    """Only what follows from the bytes alone: nothing that was fetched, or that another call could have fetched."""
    memory, fetching = desk.opened_again, judged.fetching
    if memory is None or not question.digest or judged.found is None or judged.chart.warnings:
        return
    if fetching.fetched or fetching.failed or len(fetching.prefetch) != len(request.prefetch or ()):
        return
    keys = tuple(request.prefetch or ())
    may_fetch = not knowledge.templates.keys() <= set(keys) or bool(pointed_at(fetching.prefetch))
    if request.fhir_server is not None and may_fetch:
        return
    chart = judged.chart._replace(resources={}, opened={})
    memory.remember(question, keys, Remembered(judged.states, chart, judged.found, judged.parts))


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
        fault.told = told_of(fetching)
        raise
    check_fhir_server(request.fhir_server, https_only=https_only)
    unseen = prefetch_states.not_whole(states)
    found = assessed(chart, on, knowledge, unseen)
    overrule = _overrule(request, desk, caller)
    evaluation = spoken(found, patient_id, on, knowledge, hook_instance=request.hook_instance, overrule=overrule)
    return Judged(states, chart, evaluation, fetching, unseen, found)


def _with_fetched(
    request: PatientViewRequest, knowledge: Knowledge, desk: Desk | None, caller: Caller | None
) -> Fetching:
    """The prefetch with absent keys fetched from the client's FHIR server, where that is possible."""
    if desk is None or caller is None or desk.call_back is None or request.fhir_server is None:
        return Fetching(request.prefetch or {}, not_called="no_server")
    with desk.stage("fetch"):
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
    if desk.store is None or judged.parts is None:
        return None
    around = Circumstances(SERVICE, HOOK, caller.client, caller.now, on)
    answered = Answered(request, judged.chart, judged.evaluation, judged.not_provided, judged.parts)
    with desk.stage("keep"):
        return desk.store.keep(decision_of(answered, around, knowledge, desk.store))


def _remarks(request: PatientViewRequest) -> dict[str, Any]:
    if not request.as_of_ignored:
        return {}
    return {AS_OF: {"ignored": "This service answers for today only (CDS_ALLOW_AS_OF)."}}
