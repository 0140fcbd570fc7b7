"""One resource that may matter, and whether its status lets it speak."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cds_service.fhir.bins import Bins, Resource
from cds_service.fhir.codes import codings_of

USED_STATUSES = frozenset({"final", "amended", "corrected"})
NEVER_DATA = frozenset({"entered-in-error"})
_RULED_OUT = frozenset({"refuted", "entered-in-error"})


@dataclass(slots=True)
class Candidate:
    """One resource worth validating. `pairs` are the codes we know of it, `text` stands in where there is none.

    `measure` is the concept that the cap counts by. `named` are the measures of a panel, by which it is said.
    `aside` is the reason why it will not be validated but set aside, once it is clear that it is no copy.
    """

    resource: Resource
    measure: str
    pairs: tuple[tuple[str, str], ...] = ()
    text: str = ""
    components: list[Resource] | None = None
    support: str = field(default="")
    named: tuple[str, ...] = ()
    aside: str = ""
    shown: str = ""

    @property
    def concepts(self) -> tuple[str, ...]:
        """What it is about, for the card."""
        return self.named or (self.measure,)


def with_status(candidates: Iterable[Candidate], bins: Bins) -> list[Candidate]:
    """Those whose status lets them speak. Looked at after copies: a later version may have withdrawn the result."""
    return [
        candidate
        for candidate in candidates
        if (candidate.resource.get("status") == "final" and not candidate.aside) or _speaks(candidate, bins)
    ]


def status_of(resource: Resource) -> str:
    """The status without blanks; empty where there is none."""
    status = resource.get("status")
    return status.strip() if isinstance(status, str) else ""


def is_ruled_out(resource: Resource) -> bool:
    """Whether the entry itself says that there is no such problem."""
    return code_of_status(resource, "verificationStatus") in _RULED_OUT


def code_of_status(resource: Resource, element: str) -> str:
    """The first code of a status that is a CodeableConcept; empty where there is none."""
    codes: list[Any] = [coding.get("code") for coding in codings_of(resource.get(element))]
    return next((code.strip() for code in codes if isinstance(code, str)), "")


def _speaks(candidate: Candidate, bins: Bins) -> bool:
    resource, status = candidate.resource, status_of(candidate.resource)
    if resource["resourceType"] == "Observation" and not candidate.aside:
        if status in USED_STATUSES:
            return True
        reason = "STATUS_PRELIMINARY" if status == "preliminary" else "STATUS"
        bins.set_aside(resource, reason, concepts=candidate.concepts)
        return False
    if status in NEVER_DATA:
        # A name alone is no concept.
        bins.set_aside(resource, "STATUS", concepts=candidate.concepts if candidate.pairs or candidate.aside else ("",))
        return False
    if candidate.aside:
        bins.set_aside(resource, candidate.aside, concepts=candidate.concepts, shown=candidate.shown)
        return False
    return True
