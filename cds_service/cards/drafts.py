"""Draft resources behind a suggestion: proposals for the prescriber, never orders, in the client's FHIR version.

R4 and R4B share the shape; R5 moved codes into `concept` (MedicationRequest.medication, ServiceRequest.code, reason).
"""

from __future__ import annotations

from typing import Any

from cds_service.cards.wording_measures import DISEASES
from cds_service.cards.wording_requests import ATC, REQUEST_SYSTEM, SNOMED, RequestWording
from cds_service.guideline.assessment import Assessment

CLASS_SYSTEM = "https://nextline-cds.org/CodeSystem/therapy-class"
_DISEASE_CODES = {
    "MN": ("77182004", "Membranous glomerulonephritis (disorder)"),
    "LN": ("68815009", "Systemic lupus erythematosus glomerulonephritis syndrome (disorder)"),
}
Template = tuple[str, dict[str, Any]]
"""What a draft is about in words, and the draft of nobody and no day. Shared by all drafts made of it: read only."""
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


def medication_templates(therapy_class: str, disease: str, r5: bool) -> list[Template]:
    """One MedicationRequest for each drug class that would be started; none for a class without a known code."""
    own = {"system": CLASS_SYSTEM, "code": therapy_class}
    found = []
    for text, (code, display) in COMPONENTS.get(therapy_class, ()):
        concept = {"coding": [{"system": ATC, "code": code, "display": display}, own], "text": text}
        member = {"medication": {"concept": concept}} if r5 else {"medicationCodeableConcept": concept}
        found.append((f"Draft proposal: {text}", _proposal("MedicationRequest", member, disease, r5)))
    return found


def service_template(key: str, wording: RequestWording, disease: str, r5: bool) -> Template:
    """A ServiceRequest for a test, a biopsy, a referral, or a result to be looked up."""
    coding = [{"system": REQUEST_SYSTEM, "code": key.lower().replace("_", "-"), "display": wording.short}]
    system, code, display = wording.code
    if code:
        coding.insert(0, {"system": system, "code": code, "display": display})
    concept = {"coding": coding, "text": wording.order}
    template = _proposal("ServiceRequest", {"code": {"concept": concept} if r5 else concept}, disease, r5)
    return f"Draft request: {wording.order}", template


def action_of(
    template: Template, subject: dict[str, str], authored_on: str, note: list[dict[str, str]]
) -> dict[str, Any]:
    """The template as a draft for a patient on a day. All drafts of a card share its `subject` and its `note`."""
    description, shared = template
    draft = shared.copy()
    draft["subject"] = subject
    draft["authoredOn"] = authored_on
    draft["note"] = note
    return {"type": "create", "description": description, "resource": draft}


def note_of(assessment: Assessment, holds: str, knowledge_version: str) -> str:
    """Rule and evidence; and what must happen first, because a draft travels without its card.

    `holds` is what must happen before a dose.
    """
    evidence = f" Evidence: {', '.join(assessment.evidence)}." if assessment.evidence else ""
    before = f" First: {holds}." if holds else ""
    return (
        f"Proposal by Nextline CDS, rule {assessment.rule}, knowledge {knowledge_version}.{evidence} "
        f"Class level only: agent, dose, schedule and contraindications are for the prescriber to decide.{before}"
    )


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
