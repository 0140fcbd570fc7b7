"""Draft resources behind a suggestion: proposals for the prescriber, never orders, in the client's FHIR version.

R4 and R4B share the shape; R5 moved codes into `concept` (MedicationRequest.medication, ServiceRequest.code, reason).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
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
    """What every draft of one card shares."""

    assessment: Assessment
    on: date
    stamp: Stamp


def medication_drafts(therapy_class: str, context: DraftContext) -> list[dict[str, Any]]:
    """One MedicationRequest for each drug class that would be started; none for a class without a known code."""
    own = {"system": CLASS_SYSTEM, "code": therapy_class}
    return [
        _medication({"coding": [{"system": ATC, "code": code, "display": display}, own], "text": text}, context)
        for text, (code, display) in COMPONENTS.get(therapy_class, ())
    ]


def service_draft(key: str, wording: RequestWording, context: DraftContext) -> dict[str, Any]:
    """A ServiceRequest for a test, a biopsy, a referral, or a result to be looked up."""
    coding = [{"system": REQUEST_SYSTEM, "code": key.lower().replace("_", "-"), "display": wording.short}]
    system, code, display = wording.code
    if code:
        coding.insert(0, {"system": system, "code": code, "display": display})
    concept = {"coding": coding, "text": wording.order}
    r5 = context.stamp.fhir_version == "R5"
    return _proposal("ServiceRequest", {"code": {"concept": concept} if r5 else concept}, context)


def _medication(concept: dict[str, Any], context: DraftContext) -> dict[str, Any]:
    r5 = context.stamp.fhir_version == "R5"
    member = {"medication": {"concept": concept}} if r5 else {"medicationCodeableConcept": concept}
    return _proposal("MedicationRequest", member, context)


def _proposal(resource_type: str, what: dict[str, Any], context: DraftContext) -> dict[str, Any]:
    disease = context.assessment.disease or ""
    code, display = _DISEASE_CODES[disease]
    reason = {"coding": [{"system": SNOMED, "code": code, "display": display}], "text": DISEASES[disease]}
    r5 = context.stamp.fhir_version == "R5"
    return {
        "resourceType": resource_type,
        "status": "draft",
        "intent": "proposal",
        **what,
        "subject": {"reference": f"Patient/{context.stamp.patient_id}"},
        "authoredOn": context.on.isoformat(),
        **({"reason": [{"concept": reason}]} if r5 else {"reasonCode": [reason]}),
        "note": [{"text": _note(context)}],
    }


def _note(context: DraftContext) -> str:
    """Rule and evidence; and what must happen first, because a draft travels without its card."""
    assessment = context.assessment
    evidence = f" Evidence: {', '.join(assessment.evidence)}." if assessment.evidence else ""
    holds = first_things(assessment)
    before = f" First: {'; '.join(holds)}." if holds else ""
    return (
        f"Proposal by Nextline CDS, rule {assessment.rule}, knowledge {context.stamp.knowledge_version}.{evidence} "
        f"Class level only: agent, dose, schedule and contraindications are for the prescriber to decide.{before}"
    )
