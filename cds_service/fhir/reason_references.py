"""For what a drug was given, where its record points at a problem instead of naming it (traps 31 to 33).

R4 has the pointer in `reasonReference`, R5 in `reason.reference`. The problem is contained, or one of the patient's own
that came with the call. Nothing is fetched; what the pointer is called stands in for a problem that did not come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cds_service.fhir.bins import Resource, reference_of
from cds_service.fhir.candidates import is_ruled_out
from cds_service.fhir.prefetch_data import Opened

_LONGEST = 1024


@dataclass(slots=True)
class Reasons:
    """The problems of one patient, by every name under which a drug record may point at them.

    `told` are the references of those that said for what a drug was given.
    """

    conditions: Iterable[Resource]
    opened: Iterable[Opened] = ()
    server: str = ""
    told: set[str] = field(default_factory=set)
    _by_name: Mapping[str, Resource] | None = None

    def with_reasons(self, record: Resource) -> Resource:
        """The record with the codes of the problems that it points at, beside those that it names itself."""
        pointers, listed = record.get("reasonReference"), record.get("reason")
        if isinstance(pointers, list):
            codes = [code for pointer in pointers if (code := self._code_of(pointer, record)) is not None]
            own = record.get("reasonCode")
            return {**record, "reasonCode": [*(own if isinstance(own, list) else []), *codes]} if codes else record
        if isinstance(listed, list):
            parts = [self._with_concept(part, record) for part in listed]
            return {**record, "reason": parts} if parts != listed else record
        return record

    def _with_concept(self, part: Any, record: Resource) -> Any:
        """A CodeableReference of R5 with a concept."""
        if not isinstance(part, dict) or "reference" not in part or "concept" in part:
            return part
        code = self._code_of(part["reference"], record)
        return part if code is None else {"concept": code}

    def _code_of(self, pointer: Any, record: Resource) -> Any:
        """What the problem is, else what the pointer is called. A problem that was ruled out is no reason."""
        if not isinstance(pointer, dict):
            return None
        found = self._resolved(pointer.get("reference"), record)
        if found is None:
            display = pointer.get("display")
            return {"text": display} if isinstance(display, str) and display.strip() else None
        if is_ruled_out(found) or not isinstance(found.get("code"), dict):
            return None
        self.told.add(reference_of(found))
        return found["code"]

    def _resolved(self, reference: Any, record: Resource) -> Resource | None:
        if not isinstance(reference, str) or len(reference) > _LONGEST:
            return None
        if reference.startswith("#"):
            return contained(record, "Condition", reference[1:])
        bare = reference.partition("/_history/")[0]
        if self.server:
            bare = bare.removeprefix(f"{self.server}/")
        return self._names().get(bare)

    def _names(self) -> Mapping[str, Resource]:
        if self._by_name is None:
            own = {id(condition): condition for condition in self.conditions}
            by_name = {f"Condition/{one['id']}": one for one in own.values() if isinstance(one.get("id"), str)}
            urls = [item for key in self.opened for item in key.full_urls]
            self._by_name = by_name | {url: resource for url, resource in urls if id(resource) in own}
        return self._by_name


def contained(record: Resource, kind: str, identifier: str) -> Resource | None:
    """The resource of a type that a record carries with it, by its id."""
    listed = record.get("contained")
    if not isinstance(listed, list):
        return None
    parts = (part for part in listed if isinstance(part, dict) and part.get("resourceType") == kind)
    return next((part for part in parts if part.get("id") == identifier), None)
