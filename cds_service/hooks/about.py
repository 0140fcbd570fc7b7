"""What this service says about itself: intended use, versions, and the source attributes of 45 CFR 170.315(b)(11)."""

from __future__ import annotations

from typing import Any

from cds_service.guideline.evidence import EVIDENCE
from cds_service.hooks.knowledge import Knowledge

_CONFIDENCE = {"H": "read", "M": "well known, not re-read", "L": "from recollection"}


def about(knowledge: Knowledge) -> dict[str, Any]:
    """The content of `/about`: the same for every caller, nothing about any patient."""
    stamp = knowledge.stamp
    return {
        "name": "Nextline CDS",
        "purpose": "Suggests the next class of therapy in membranous nephropathy and lupus nephritis, and why.",
        "intendedUse": {
            "user": "A nephrologist, rheumatologist or other physician who treats the patient.",
            "patients": "Adults with membranous nephropathy or lupus nephritis, native kidneys.",
            "role": "Advice to be reviewed: the basis, the data used and the data missing are shown on each card.",
            "notFor": [
                "emergencies or any decision that must be taken at once",
                "doses or products: a card names a class of therapy",
                "patients, relatives, or use without a physician",
            ],
        },
        "status": {
            "clinicalReview": "No clinician has signed this knowledge yet.",
            "regulatory": "Not CE marked, not FDA cleared.",
        },
        "versions": {
            "service": stamp.service_version,
            "knowledge": stamp.knowledge_version,
            "mappings": stamp.mappings_version,
        },
        "sourceAttributes": _source_attributes(knowledge),
    }


def _source_attributes(knowledge: Knowledge) -> dict[str, Any]:
    return {
        "citations": [
            {"id": identifier, "citation": entry.citation, "source": _CONFIDENCE[entry.confidence]}
            | ({"url": entry.url} if entry.url else {})
            for identifier, entry in EVIDENCE.items()
        ],
        "developer": "the Nextline CDS project",
        "funding": "none stated",
        "knowledgeEdition": knowledge.stamp.knowledge_version,
        "siteChanges": list(knowledge.stamp.changed_thresholds) or "none",
        "use": {
            "race": "no",
            "ethnicity": "no",
            "language": "no",
            "sexualOrientation": "no",
            "genderIdentity": "no",
            "sex": "yes: estimated filtration rate, pregnancy and fertility checks",
            "dateOfBirth": "yes: adults only, estimated filtration rate",
            "socialDeterminants": "no",
            "healthStatusAssessments": "no",
        },
    }
