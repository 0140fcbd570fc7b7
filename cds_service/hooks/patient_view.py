"""The story of a patient-view call: what the chart lets us say when the record is opened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from cds_service.cdshooks.request import AS_OF, PatientViewRequest, read_patient_view
from cds_service.fhir import strict_json
from cds_service.hooks import identity, prefetch_states
from cds_service.hooks.evaluation import Evaluation, chart_of, conclude
from cds_service.hooks.knowledge import Knowledge, SitePolicy
from cds_service.hooks.prefetch_states import NeedState
from cds_service.hooks.registry import Answer, Service

HOOK = "patient-view"


def next_therapy(knowledge: Knowledge) -> Service:
    """The service `next-therapy`."""
    return Service(
        id="next-therapy",
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
        prefetch=knowledge.templates,
        read=lambda body: read(body, knowledge.policy),
        respond=lambda request, today: respond(request, today, knowledge),
    )


def read(body: bytes, policy: SitePolicy) -> PatientViewRequest:
    """The checked call. Errors: MalformedBody, BodyTooLarge."""
    return read_patient_view(
        strict_json.read(body), hook=HOOK, as_of_allowed=policy.as_of_allowed, https_only=policy.https_only
    )


def respond(request: PatientViewRequest, today: date, knowledge: Knowledge) -> Answer:
    """Answer one call. Errors: PatientMismatch, DataUnobtainable, BodyTooLarge."""
    if not request.context.user_is_health_professional:
        identity.check(request)
        return Answer(extension=_remarks(request), event={"quiet": "user_not_health_professional"})
    states, evaluation = judge(request, today, knowledge)
    return Answer(evaluation.cards, _remarks(request), _event(request, states, evaluation))


def judge(request: PatientViewRequest, today: date, knowledge: Knowledge) -> tuple[tuple[NeedState, ...], Evaluation]:
    """What was sent for each need, and the evaluation: whose chart it is, then whether it is enough, then the rest.

    Errors: PatientMismatch, DataUnobtainable, BodyTooLarge.
    """
    identity.check(request)
    patient_id, on = request.context.patient_id, request.as_of or today
    prefetch = with_fetched(request, knowledge)
    prefetch_states.check_size(prefetch, knowledge.policy.max_entries)
    chart = chart_of(prefetch, patient_id, on, knowledge, request.fhir_server)
    states = prefetch_states.states_of(chart, knowledge.templates)
    prefetch_states.require(states)
    unseen = prefetch_states.not_whole(states)
    return states, conclude(chart, patient_id, on, knowledge, hook_instance=request.hook_instance, not_provided=unseen)


def with_fetched(request: PatientViewRequest, knowledge: Knowledge) -> Mapping[str, Any]:
    """The prefetch with absent keys fetched from the client's FHIR server.

    Nothing is fetched in this release: there is no outbound client yet, so an absent key stays absent.
    """
    return request.prefetch or {}


def _remarks(request: PatientViewRequest) -> dict[str, Any]:
    if not request.as_of_ignored:
        return {}
    return {AS_OF: {"ignored": "This service answers for today only (CDS_ALLOW_AS_OF)."}}


def _event(request: PatientViewRequest, states: tuple[NeedState, ...], evaluation: Evaluation) -> dict[str, Any]:
    counted = evaluation.bins
    token = request.fhir_authorization
    return {
        "rules": [assessment.rule for assessment in evaluation.assessments],
        "quiet": evaluation.quiet,
        "as_of": "given" if request.as_of else "today",
        "authorization": "none" if token is None else "usable" if token.usable else "incomplete",
        "needs": {state.need.key: state.state for state in states if state.state != "given"},
        "resources": counted.total,
        "used": len(counted.used),
        "superseded": len(counted.superseded),
        "not_relevant": counted.not_relevant,
        "set_aside": counted.set_aside,
    }
