"""What a clinician can accept with one click: drafts of the classes, tests, biopsy or referral the card speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from cds_service.cards.drafts import DraftContext, medication_actions, service_action
from cds_service.cards.figures import joined
from cds_service.cards.sections import class_name
from cds_service.cards.wording_requests import BIOPSY, CNI_TROUGH_CODES, MISSING, REFERRAL, SCREENING, RequestWording
from cds_service.case.model import Case

_REQUESTS = {**MISSING, **SCREENING, "BIOPSY": BIOPSY, "REFERRAL": REFERRAL}
_BY_ACTION = {"REFER_EXPERT": ("REFERRAL",), "REBIOPSY": ("BIOPSY",)}
_BY_RULE = {
    "MN-A1": ("CNI_TROUGH",),
    "MN-A2": ("CNI_TROUGH",),
    "MN-A4": ("ANTI_RITUXIMAB", "IGG"),
    "MN-15a": ("REPEAT_CREATININE", "CNI_TROUGH"),
    "MN-28": ("REPEAT_PROTEINURIA",),
    "LN-17": ("REPEAT_CREATININE", "CNI_TROUGH"),
    "LN-45": ("REPEAT_UPCR",),
    "LN-51": ("BIOPSY",),
}


def suggestions(context: DraftContext, first: Mapping[str, tuple[str, ...]], case: Case) -> list[dict[str, Any]]:
    """The suggestions of the leading card, without uuids. A vetoed class is never among them.

    `first` holds the open classes in their order, each with the tests that come before it (keys of SCREENING).
    """
    assessment = context.assessment
    if assessment.action == "START_CLASS":
        return [
            _class_suggestion(code, tests, context, case, first=place == 0)
            for place, (code, tests) in enumerate(first.items())
        ]
    if assessment.action == "DATA_REQUEST":
        return _request_suggestion(tuple(code for code in assessment.missing if code in MISSING), context, case)
    if assessment.action == "DEFER":
        return []
    keys = _BY_ACTION.get(assessment.action) or _BY_RULE.get(assessment.rule, ())
    if "CNI_TROUGH" in keys and not _cni_agents(context, case):
        keys = tuple(key for key in keys if key != "CNI_TROUGH")
    return _request_suggestion(keys, context, case)


def _class_suggestion(
    therapy_class: str, tests: tuple[str, ...], context: DraftContext, case: Case, *, first: bool
) -> dict[str, Any]:
    return {
        "label": _label(therapy_class, tests),
        **({"isRecommended": True} if first else {}),
        "actions": [*[_request(key, context, case) for key in tests], *medication_actions(therapy_class, context)],
    }


@lru_cache(maxsize=512)
def _label(therapy_class: str, tests: tuple[str, ...]) -> str:
    added = f", with {joined(SCREENING[key].short for key in tests)} first" if tests else ""
    return f"Draft for review: {class_name(therapy_class)}{added}"


def _request_suggestion(keys: tuple[str, ...], context: DraftContext, case: Case) -> list[dict[str, Any]]:
    if not keys:
        return []
    names = joined(_REQUESTS[key].short for key in keys)
    return [{"label": f"Draft for review: {names}", "actions": [_request(key, context, case) for key in keys]}]


def _request(key: str, context: DraftContext, case: Case) -> dict[str, Any]:
    wording = _trough_of(context, case) if key == "CNI_TROUGH" else _REQUESTS[key]
    return service_action(key, wording, context)


def _trough_of(context: DraftContext, case: Case) -> RequestWording:
    """The level of the CNI the patient takes; without one known agent the draft stays text."""
    agents = _cni_agents(context, case)
    wording = _REQUESTS["CNI_TROUGH"]
    if len(agents) != 1 or agents[0] not in CNI_TROUGH_CODES:
        return wording
    return replace(
        wording,
        order=f"{agents[0].capitalize()} trough level (12 hours after dose)",
        code=CNI_TROUGH_CODES[agents[0]],
    )


def _cni_agents(context: DraftContext, case: Case) -> list[str]:
    """Tacrolimus or cyclosporine (voclosporin has no trough target) of the last line, or being taken."""
    last = context.assessment.lines[-1].agents if context.assessment.lines else ()
    taken = [exposure.agent for exposure in case.exposures if exposure.end is None]
    found = [agent for agent in last if agent in CNI_TROUGH_CODES] or [a for a in taken if a in CNI_TROUGH_CODES]
    return list(dict.fromkeys(found))
