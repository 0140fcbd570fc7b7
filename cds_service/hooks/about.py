"""What this service says about itself: intended use, versions, and the source attributes of 45 CFR 170.315(b)(11)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from cds_service.cards.approval import Approval, in_plain_words
from cds_service.guideline.evidence import EVIDENCE
from cds_service.hooks.knowledge import Knowledge, digest_of

_CONFIDENCE = {"H": "read", "M": "well known, not re-read", "L": "from recollection"}


def about(knowledge: Knowledge, on: date) -> dict[str, Any]:
    """The content of `/about` on a day: the same for every caller, nothing about any patient."""
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
            "clinicalReview": in_plain_words(stamp.approval, on.toordinal()),
            "regulatory": "Not CE marked, not FDA cleared.",
        },
        "governance": _governance(stamp.approval, on),
        "versions": {
            "service": stamp.service_version,
            "knowledge": stamp.knowledge_version,
            "mappings": stamp.mappings_version,
            "thresholds": digest_of(knowledge.thresholds),
        },
        "sourceAttributes": _source_attributes(knowledge),
    }


def readiness(checked: Mapping[str, str], answering: Iterable[Knowledge], on: date) -> dict[str, Any]:
    """The content of `/health/ready` on a day. Knowledge whose review is due still answers, and says so everywhere."""
    due = [one.stamp.approval.review_by for one in answering if one.stamp.approval.is_overdue(on.toordinal())]
    said = f"review was due by {min(day for day in due if day)}" if due else "reviewed"
    return {"status": "degraded" if due else "ready", "checks": {**checked, "knowledge": said}}


def doubts(knowledge: Knowledge, on: date) -> Iterator[tuple[str, str]]:
    """What the log says at the start about the sign-off: a name and a sentence without patient data."""
    approval, site = knowledge.stamp.approval, knowledge.policy.site
    where = f"site {site}: " if site else ""
    if approval.differs:
        yield "sign_off_differs", where + approval.differs
    if approval.is_overdue(on.toordinal()):
        yield "review_due", f"{where}review was due by {approval.review_by}"


def _governance(approval: Approval, on: date) -> dict[str, Any]:
    """Who has signed what, and until when it counts as reviewed. Members with nothing to say are left out."""
    told: dict[str, Any] = {"signed": "yes" if approval.holds(on.toordinal()) else "no"}
    if approval.who:
        told |= {"signedBy": approval.who, "signedOn": str(approval.on), "signedKnowledge": approval.signed}
    if approval.differs:
        told["difference"] = approval.differs
    overdue = "yes" if approval.is_overdue(on.toordinal()) else "no"
    return {**told, "reviewBy": str(approval.review_by), "reviewOverdue": overdue}


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
