"""What a clinician can accept with one click: drafts of the classes, tests, biopsy or referral the card speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

from cds_service.cards.drafts import Template, action_of, medication_templates, note_of, service_template
from cds_service.cards.figures import joined
from cds_service.cards.sections import class_name
from cds_service.cards.stamp import Stamp
from cds_service.cards.wording_requests import BIOPSY, CNI_TROUGH_CODES, MISSING, REFERRAL, SCREENING
from cds_service.case.model import Case
from cds_service.guideline.assessment import Assessment

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


_TROUGHS = {
    agent: replace(MISSING["CNI_TROUGH"], order=f"{agent.capitalize()} trough level (12 hours after dose)", code=code)
    for agent, code in CNI_TROUGH_CODES.items()
}


class _Prepared(NamedTuple):
    """A suggestion of nobody: what does not depend on the patient."""

    label: str
    templates: tuple[Template, ...]


def suggestions(
    assessment: Assessment, holds: str, first: Mapping[str, tuple[str, ...]], case: Case, as_of: str, stamp: Stamp
) -> list[dict[str, Any]]:
    """The suggestions of the leading card, without uuids. A vetoed class is never among them.

    `holds` is what must happen before a dose. `first` holds the open classes in their order, each with the tests
    that come before it (keys of SCREENING). `as_of` is the day of the answer, as a date.
    """
    disease, r5 = assessment.disease or "", stamp.fhir_version == "R5"
    if assessment.action == "START_CLASS":
        prepared = [_of_class(code, tests, disease, r5) for code, tests in first.items()]
    elif keys := _requested(assessment, case):
        agent = _measurable_cni(assessment, case) if "CNI_TROUGH" in keys else ""
        prepared = [_of_requests(keys, agent, disease, r5)]
    else:
        return []
    subject = {"reference": f"Patient/{stamp.patient_id}"}
    note = [{"text": note_of(assessment, holds, stamp.knowledge_version)}]
    found: list[dict[str, Any]] = []
    for label, templates in prepared:
        offered: dict[str, Any] = {"label": label}
        if not found and assessment.action == "START_CLASS":
            offered["isRecommended"] = True
        offered["actions"] = [action_of(template, subject, as_of, note) for template in templates]
        found.append(offered)
    return found


# Classes, tests and agents are words of our own tables, never of a chart.
@lru_cache(maxsize=512)
def _of_class(therapy_class: str, tests: tuple[str, ...], disease: str, r5: bool) -> _Prepared:
    """A class with the tests that come before it."""
    added = f", with {joined(SCREENING[key].short for key in tests)} first" if tests else ""
    requests = [service_template(key, SCREENING[key], disease, r5) for key in tests]
    return _Prepared(
        f"Draft for review: {class_name(therapy_class)}{added}",
        (*requests, *medication_templates(therapy_class, disease, r5)),
    )


@lru_cache(maxsize=512)
def _of_requests(keys: tuple[str, ...], agent: str, disease: str, r5: bool) -> _Prepared:
    """Requests that are made together. `agent` is the CNI whose level is asked for, where one is."""
    wordings = {**_REQUESTS, "CNI_TROUGH": _TROUGHS.get(agent, _REQUESTS["CNI_TROUGH"])}
    return _Prepared(
        f"Draft for review: {joined(wordings[key].short for key in keys)}",
        tuple(service_template(key, wordings[key], disease, r5) for key in keys),
    )


def _requested(assessment: Assessment, case: Case) -> tuple[str, ...]:
    """What an answer that starts no class asks for."""
    if assessment.action == "DATA_REQUEST":
        return tuple([code for code in assessment.missing if code in MISSING])
    if assessment.action == "DEFER":
        return ()
    keys = _BY_ACTION.get(assessment.action) or _BY_RULE.get(assessment.rule, ())
    if "CNI_TROUGH" in keys and not _cni_agents(assessment, case):
        return tuple(key for key in keys if key != "CNI_TROUGH")
    return keys


def _measurable_cni(assessment: Assessment, case: Case) -> str:
    """The CNI the patient takes; "" without one known agent: then the draft stays text."""
    agents = _cni_agents(assessment, case)
    return agents[0] if len(agents) == 1 else ""


def _cni_agents(assessment: Assessment, case: Case) -> list[str]:
    """Tacrolimus or cyclosporine (voclosporin has no trough target) of the last line, or being taken."""
    last = assessment.lines[-1].agents if assessment.lines else ()
    found = [agent for agent in last if agent in CNI_TROUGH_CODES]
    if not found:
        found = [drug.agent for drug in case.exposures if drug.end is None and drug.agent in CNI_TROUGH_CODES]
    return list(dict.fromkeys(found)) if len(found) > 1 else found
