"""The course of one patient for the SMART app: read, judged and kept as a patient-view call is, by the same functions.

So the page and the card can never disagree on one chart: the templates of the hook are fetched by the hook's own
call-back, and everything after that is the same code.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from pydantic import SecretStr

from cds_service.cards.escape import plain_text
from cds_service.case.model import Case
from cds_service.cdshooks.prefetch import keys_of
from cds_service.cdshooks.request import USER_TYPES, FhirAuthorization, PatientViewContext, PatientViewRequest
from cds_service.cdshooks.scopes import scopes_of
from cds_service.errors import DataUnobtainable
from cds_service.guideline.assessment import Assessment
from cds_service.guideline.needs import NEEDS
from cds_service.hooks.decision import Answered, Circumstances, decision_of, parts_of
from cds_service.hooks.desk import Desk
from cds_service.hooks.judged import Judged, event_of
from cds_service.hooks.knowledge import Knowledge
from cds_service.hooks.patient_view import HOOK, judge
from cds_service.hooks.registry import Caller
from cds_service.store.records import Kept

SERVICE = "course"
"""Under this name decisions of pages stand in the store; the hook is that of the cards, they are replayed alike."""
NOT_TOLD = "Practitioner/not-told"
_LONGEST_NAME = 80


class Opening(NamedTuple):
    """Whose course is looked at, by whom, and with which token. `seconds` are what is left of the token's life.

    `user` is `Type/id`, empty when the record system did not say who signed in.
    """

    server: str
    patient_id: str
    token: SecretStr
    scope: str
    seconds: int
    user: str = ""


class Person(NamedTuple):
    """Whose record it is, as the record says it: plain text of one line, not yet escaped for any page."""

    name: str
    born: str
    sex: str


class Course(NamedTuple):
    """What the page shows, and what the log may know of it."""

    person: Person
    case: Case
    assessments: tuple[Assessment, ...]
    cards: Sequence[Mapping[str, Any]]
    quiet: str
    knowledge: Knowledge
    on: date
    event: Mapping[str, Any]


def course_of(opening: Opening, desk: Desk, caller: Caller) -> Course:
    """The course as of today; its decision is on a disk when this returns.

    Errors: PatientMismatch, DataUnobtainable, BodyTooLarge, UnsupportedRelease, NotDurable.
    """
    knowledge = desk.knowledge_of(caller.client.site)
    request = _request(opening)
    judged = judge(request, caller.today, knowledge, desk, caller)
    kept = _kept(request, judged, knowledge, desk, caller)
    evaluation = judged.evaluation
    return Course(
        _person(judged.fetching.prefetch, opening.patient_id),
        evaluation.case,
        evaluation.assessments,
        evaluation.cards,
        evaluation.quiet,
        knowledge,
        caller.today,
        event_of(request, judged, kept, shadow=False),
    )


def not_granted(scope: str, knowledge: Knowledge) -> tuple[str, ...]:
    """The resource types without which no answer is safe, and which these scopes do not let us read."""
    granted = scopes_of(scope)
    asked = {
        template.partition("?")[0].partition("/")[0]: "?" in template
        for need in NEEDS
        if need.required
        for key, template in knowledge.templates.items()
        if key in keys_of(need.key, knowledge.templates)
    }
    return tuple(sorted(kind for kind, search in asked.items() if not granted.grants(kind, search=search)))


def kinds_read(knowledge: Knowledge) -> tuple[str, ...]:
    """Every resource type that the templates name, and the Medications that records point at."""
    named = (template.partition("?")[0].partition("/")[0] for template in knowledge.templates.values())
    return tuple(sorted({*named, "Medication"}))


def _request(opening: Opening) -> PatientViewRequest:
    """The call that a record system would have sent, without any prefetch."""
    kind = opening.user.partition("/")[0]
    token = FhirAuthorization(
        access_token=opening.token,
        token_type="Bearer",  # noqa: S106 - a kind of token
        expires_in=opening.seconds,
        scope=opening.scope,
        subject=SERVICE,
        patient=opening.patient_id,
    )
    return PatientViewRequest(
        hook_instance=str(uuid.uuid4()),
        context=PatientViewContext(opening.user if kind in USER_TYPES else NOT_TOLD, opening.patient_id),
        prefetch=None,
        fhir_server=opening.server,
        fhir_authorization=token,
        as_of=None,
        as_of_ignored=False,
    )


def _kept(request: PatientViewRequest, judged: Judged, knowledge: Knowledge, desk: Desk, caller: Caller) -> Kept | None:
    """Keep the decision, as for a card (promise A1). Errors: NotDurable."""
    if desk.store is None:
        return None
    around = Circumstances(SERVICE, HOOK, caller.client, caller.now, caller.today)
    parts = parts_of(judged.chart, judged.evaluation)
    answered = Answered(request, judged.chart, judged.evaluation, judged.not_provided, parts)
    # Its cards were not given to anybody as cards: they must not count as shown, nor wait for feedback.
    decision = replace(decision_of(answered, around, knowledge, desk.store), cards=())
    return desk.store.keep(decision)


def _person(prefetch: Mapping[str, Any], patient_id: str) -> Person:
    """The patient as the record names them. Errors: DataUnobtainable, because a page must say whose it is."""
    for value in prefetch.values():
        if isinstance(value, dict) and (value.get("resourceType"), value.get("id")) == ("Patient", patient_id):
            names = [name for name in _listed(value.get("name")) if name.get("use") not in ("old", "nickname")]
            named = next((name for name in names if name.get("use") == "official"), names[0] if names else {})
            born, sex = _text(value.get("birthDate")), _text(value.get("gender"))
            return Person(_name(named), plain_text(born, 10), plain_text(sex, 20))
    raise DataUnobtainable(["patient"])


def _name(name: Mapping[str, Any]) -> str:
    given = name.get("given")
    parts = [_text(part) for part in (given if isinstance(given, list) else [])]
    whole = _text(name.get("text")) or " ".join(part for part in (*parts, _text(name.get("family"))) if part)
    return plain_text(whole, _LONGEST_NAME)


def _listed(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
