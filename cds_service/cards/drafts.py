"""Draft resources behind a suggestion: proposals for the prescriber, never orders, in the client's FHIR version.

R4 and R4B share the shape; R5 moved codes into `concept` (MedicationRequest.medication, ServiceRequest.code, reason).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from cds_service.cards.headline import first_things
from cds_service.cards.stamp import Stamp
from cds_service.cards.wording_measures import DISEASES
from cds_service.cards.wording_requests import ATC, REQUEST_SYSTEM, SNOMED, RequestWording
from cds_service.guideline.assessment import Assessment

CLASS_SYSTEM = "https://nextline-cds.org/CodeSystem/therapy-class"
_DISEASE_CODES = {
    "MN": ("77182004", "Membranous glomerulonephritis (disorder)"),
    "LN": ("68815009", "Systemic lupus erythematosus glomerulonephritis syndrome (disorder)"),
}
_Described = tuple[str, dict[str, Any]]
_RITUXIMAB = ("L01FA01", "rituximab")
_ANTI_CD20 = ("L01FA", "CD20 (Clusters of Differentiation 20) inhibitors")
_CNI = ("L04AD", "Calcineurin inhibitors")

COMPONENTS: dict[str, tuple[tuple[str, tuple[str, str]], ...]] = {
    "RTX": (("Rituximab", _RITUXIMAB),),
    "RTX_CNI": (
        ("Rituximab (with low-dose CNI from month 2)", _RITUXIMAB),
        ("Calcineurin inhibitor, low dose (with rituximab)", _CNI),
    ),
    "CYC_GC": (("Cyclophosphamide with glucocorticoid", ("L01AA01", "cyclophosphamide")),),
    "CNI": (("Calcineurin inhibitor", _CNI),),
    "ANTI_CD20_2G": (("Second-generation anti-CD20 antibody (obinutuzumab or ofatumumab)", _ANTI_CD20),),
    "MPAA_GC": (("Mycophenolate with glucocorticoid", ("L04AA06", "mycophenolic acid")),),
    "CNI_COMBO": (("Calcineurin inhibitor, added to mycophenolate and glucocorticoid", _CNI),),
    "BEL_COMBO": (("Belimumab, added to background therapy and glucocorticoid", ("L04AG04", "belimumab")),),
    "ANTI_CD20_COMBO": (("Anti-CD20 antibody, added to background therapy and glucocorticoid", _ANTI_CD20),),
    "AZA_CNI": (
        ("Azathioprine (with CNI and glucocorticoid)", ("L04AX01", "azathioprine")),
        ("Calcineurin inhibitor (with azathioprine and glucocorticoid)", _CNI),
    ),
}


@dataclass(frozen=True, slots=True)
class DraftContext:
    """What every draft of one card shares: for whom, when, why. Made by `draft_context`."""

    assessment: Assessment
    on: date
    disease: str
    r5: bool
    subject: dict[str, str]
    authored_on: str
    note: list[dict[str, str]]


def draft_context(assessment: Assessment, on: date, stamp: Stamp) -> DraftContext:
    """The circumstances of one card's drafts, in the client's FHIR version."""
    return DraftContext(
        assessment,
        on,
        assessment.disease or "",
        stamp.fhir_version == "R5",
        {"reference": f"Patient/{stamp.patient_id}"},
        on.isoformat(),
        [{"text": _note(assessment, stamp.knowledge_version)}],
    )


def medication_actions(therapy_class: str, context: DraftContext) -> list[dict[str, Any]]:
    """One MedicationRequest for each drug class that would be started; none for a class without a known code."""
    templates = _medication_templates(therapy_class, context.disease, context.r5)
    return [_create(description, template, context) for description, template in templates]


def service_action(key: str, wording: RequestWording, context: DraftContext) -> dict[str, Any]:
    """A ServiceRequest for a test, a biopsy, a referral, or a result to be looked up."""
    description, template = _service_template(key, wording, context.disease, context.r5)
    return _create(description, template, context)


# A template is a draft of nobody and no day. What it holds is shared by all drafts made of it: to be read only.
@lru_cache(maxsize=256)
def _medication_templates(therapy_class: str, disease: str, r5: bool) -> tuple[_Described, ...]:
    own = {"system": CLASS_SYSTEM, "code": therapy_class}
    found = []
    for text, (code, display) in COMPONENTS.get(therapy_class, ()):
        concept = {"coding": [{"system": ATC, "code": code, "display": display}, own], "text": text}
        member = {"medication": {"concept": concept}} if r5 else {"medicationCodeableConcept": concept}
        found.append((f"Draft proposal: {text}", _proposal("MedicationRequest", member, disease, r5)))
    return tuple(found)


@lru_cache(maxsize=256)
def _service_template(key: str, wording: RequestWording, disease: str, r5: bool) -> _Described:
    coding = [{"system": REQUEST_SYSTEM, "code": key.lower().replace("_", "-"), "display": wording.short}]
    system, code, display = wording.code
    if code:
        coding.insert(0, {"system": system, "code": code, "display": display})
    concept = {"coding": coding, "text": wording.order}
    template = _proposal("ServiceRequest", {"code": {"concept": concept} if r5 else concept}, disease, r5)
    return f"Draft request: {wording.order}", template


def _proposal(resource_type: str, what: dict[str, Any], disease: str, r5: bool) -> dict[str, Any]:
    code, display = _DISEASE_CODES[disease]
    reason = {"coding": [{"system": SNOMED, "code": code, "display": display}], "text": DISEASES[disease]}
    return {
        "resourceType": resource_type,
        "status": "draft",
        "intent": "proposal",
        **what,
        "subject": None,
        "authoredOn": None,
        **({"reason": [{"concept": reason}]} if r5 else {"reasonCode": [reason]}),
        "note": None,
    }


def _create(description: str, template: dict[str, Any], context: DraftContext) -> dict[str, Any]:
    draft = template.copy()
    draft["subject"] = context.subject
    draft["authoredOn"] = context.authored_on
    draft["note"] = context.note
    return {"type": "create", "description": description, "resource": draft}


def _note(assessment: Assessment, knowledge_version: str) -> str:
    """Rule and evidence; and what must happen first, because a draft travels without its card."""
    evidence = f" Evidence: {', '.join(assessment.evidence)}." if assessment.evidence else ""
    holds = first_things(assessment)
    before = f" First: {'; '.join(holds)}." if holds else ""
    return (
        f"Proposal by Nextline CDS, rule {assessment.rule}, knowledge {knowledge_version}.{evidence} "
        f"Class level only: agent, dose, schedule and contraindications are for the prescriber to decide.{before}"
    )
