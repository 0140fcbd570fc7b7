"""A drug that a record points at: contained, elsewhere in the prefetch, or known by its display (terminology.md 3.1).

R4 has the pointer in `medicationReference`, R5 in `medication.reference`.
Nothing is fetched, and never from the address in the reference (SSRF-12).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cds_service.fhir.bins import Resource, reference_of
from cds_service.fhir.codes import displays_of, pairs_of, text_of
from cds_service.fhir.prefetch_data import Opened, open_key
from cds_service.fhir.reason_references import contained

_LONGEST = 1024


@dataclass(frozen=True, slots=True)
class Medications:
    """The Medication resources of one call, by every name under which a record may point at them."""

    by_name: Mapping[str, Resource]
    server: str

    def concept_of(self, record: Resource) -> tuple[Any, str]:
        """What the drug is, as a CodeableConcept, and the reference of the Medication that said so.

        (None, "") when it says nothing, or points at something that says nothing or did not come and has no display:
        missing evidence, never "not taken".
        """
        concept = record.get("medicationCodeableConcept")
        either = record.get("medication")
        if concept is None and isinstance(either, dict):
            concept = either.get("concept")
        if concept is not None:
            return (concept if _says_anything(concept) else None), ""
        pointer = _pointer(record)
        if not isinstance(pointer, dict):
            return None, ""
        found, source = self._resolved(pointer.get("reference"), record)
        what = _what_it_is(found) if found is not None else None
        if _says_anything(what):
            return what, source
        display = pointer.get("display")
        return ({"text": display}, "") if isinstance(display, str) and display.strip() else (None, "")

    def _resolved(self, reference: Any, record: Resource) -> tuple[Resource | None, str]:
        if not isinstance(reference, str) or len(reference) > _LONGEST:
            return None, ""
        if reference.startswith("#"):
            return contained(record, "Medication", reference[1:]), ""
        bare = reference.partition("/_history/")[0]
        found = self.by_name.get(bare)
        if found is None and self.server and bare.startswith(f"{self.server}/Medication/"):
            found = self.by_name.get(bare[len(self.server) + 1 :])
        return found, reference_of(found) if found is not None else ""


def medications_of(opened: Iterable[Opened], fhir_server: str | None) -> Medications:
    """The Medications that came with the call."""
    by_name: dict[str, Resource] = {}
    for key in opened:
        for resource in key.by_kind.get("Medication", ()):
            if isinstance(resource.get("id"), str):
                by_name.setdefault(f"Medication/{resource['id']}", resource)
        by_name.update((url, resource) for url, resource in key.full_urls if resource["resourceType"] == "Medication")
    return Medications(by_name, (fhir_server or "").rstrip("/"))


def _what_it_is(medication: Resource) -> Any:
    """The Medication's code, with the codings of its ingredients after its own (mixtures have no code of their own).

    What is in it without acting is none of them. An ingredient has no form of its own, so the name is given with it.
    """
    code = medication.get("code")
    concept: dict[str, Any] = dict(code) if isinstance(code, dict) else {}
    ingredients = medication.get("ingredient")
    own = concept.get("coding")
    codings = list(own) if isinstance(own, list) else []
    names = []
    for ingredient in ingredients if isinstance(ingredients, list) else []:
        item = _item(ingredient) if isinstance(ingredient, dict) and ingredient.get("isActive") is not False else None
        listed = item.get("coding") if isinstance(item, dict) else None
        codings.extend(listed if isinstance(listed, list) else [])
        names.append(_name_of(item))
    name = _name_of(concept) or " + ".join(filter(None, names))
    text = " ".join(filter(None, (name, _name_of(medication.get("form") or medication.get("doseForm")))))
    return {**concept, **({"coding": codings} if codings else {}), **({"text": text} if name or codings else {})}


def _name_of(concept: Any) -> str:
    return text_of(concept) or next(displays_of(concept), "")


def _says_anything(concept: Any) -> bool:
    """Whether anybody could tell what drug this is: a code of a system, or a name."""
    return bool(_name_of(concept).strip()) or next(pairs_of(concept), None) is not None


def _item(ingredient: Mapping[str, Any]) -> Any:
    """What an ingredient is: R5 has it one level deeper."""
    item = ingredient.get("item")
    return item.get("concept") if isinstance(item, dict) else ingredient.get("itemCodeableConcept")


def _pointer(record: Mapping[str, Any]) -> Any:
    """The Reference to a Medication: R5 has it one level deeper."""
    either = record.get("medication")
    return either.get("reference") if isinstance(either, dict) else record.get("medicationReference")


_POINTING = ("MedicationStatement", "MedicationRequest", "MedicationAdministration")


def pointed_at(prefetch: Mapping[str, Any]) -> Iterator[str]:
    """The references of medication records that need a Medication which is not in the prefetch."""
    opened = [open_key(value) for value in prefetch.values()]
    known = medications_of(opened, None).by_name
    records = [record for key in opened for kind in _POINTING for record in key.by_kind.get(kind, ())]
    for reference in map(_reference, records):
        if reference and not reference.startswith("#") and reference.partition("/_history/")[0] not in known:
            yield reference


def _reference(record: Resource) -> str:
    pointer = _pointer(record)
    reference = pointer.get("reference") if isinstance(pointer, dict) else None
    return reference if isinstance(reference, str) and len(reference) <= _LONGEST else ""
