"""The same patient written differently: what other charts, servers and clients send for the same facts.

Each shape changes the request and never the facts, so the recommendation must not change.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from cds_service.stories.codings import Coding, Writing, Writings
from cds_service.stories.convert import KEYS, request_of, searchset
from cds_service.stories.resources import Resource
from cds_service.stories.vignette import StoryFault, Vignette

Change = Callable[[Resource, Writings], Resource]
DIGITS = 10
_MEDICATIONS = ("MedicationStatement", "MedicationRequest", "MedicationAdministration")


def shaped(vignette: Vignette, writings: Writings, shape: str) -> Resource:
    """The request of a vignette in one of SHAPES. Raises StoryFault for a shape nobody knows."""
    if shape not in SHAPES:
        raise StoryFault(f"no shape {shape}; there are {', '.join(SHAPES)}")
    return SHAPES[shape](request_of(vignette, writings), writings)


def _shuffled(request: Resource, writings: Writings) -> Resource:
    """Entries and keys in another order; the order is fixed, so a failure can be repeated."""
    dice = random.Random(20261122)  # noqa: S311 - order of test data
    keys = list(request["prefetch"])
    dice.shuffle(keys)
    prefetch = {key: request["prefetch"][key] for key in keys}
    for bundle in prefetch.values():
        if "entry" in bundle:
            bundle["entry"] = dice.sample(bundle["entry"], len(bundle["entry"]))
    return {**request, "prefetch": prefetch}


def _duplicated(request: Resource, writings: Writings) -> Resource:
    """Every entry twice, with the same id: two overlapping searches."""
    return _with_resources(request, lambda resources: [*resources, *copy.deepcopy(resources)])


def _paged(request: Resource, writings: Writings) -> Resource:
    """Every second entry of a key travels under a key of the client's own."""
    prefetch = dict(request["prefetch"])
    for key in KEYS:
        resources = _resources(prefetch[key])
        if len(resources) > 1:
            prefetch[key] = searchset(resources[::2])
            prefetch[f"{key}-rest"] = searchset(resources[1::2])
    return {**request, "prefetch": prefetch}


def _empty_as_null(request: Resource, writings: Writings) -> Resource:
    """A search without matches as null: known empty, as CDS Hooks allows."""
    prefetch = {k: v if v.get("entry") or k == "patient" else None for k, v in request["prefetch"].items()}
    return {**request, "prefetch": prefetch}


def _other_units(request: Resource, writings: Writings) -> Resource:
    """Numbers in another unit that a laboratory may use, with the code that belongs to it."""
    return _each(request, lambda resource: _restated(resource, writings))


def _other_codes(request: Resource, writings: Writings) -> Resource:
    """Another verified code of the same concept, without display and text."""
    return _each(request, lambda resource: _recoded(resource, _by_coding(writings)))


def _requests_for_statements(request: Resource, writings: Writings) -> Resource:
    """What MedicationStatements said, said by MedicationRequests (many servers have only those).

    A dose per infusion stays a statement: that it was given is more than an order can say.
    """
    prefetch = dict(request["prefetch"])
    statements = _resources(prefetch["statements"])
    ordered = [_as_request(resource) for resource in statements if not _is_infused(resource)]
    prefetch["requests"] = searchset([*_resources(prefetch["requests"]), *ordered])
    prefetch["statements"] = searchset(filter(_is_infused, statements))
    return {**request, "prefetch": prefetch}


def _medications_by_reference(request: Resource, writings: Writings) -> Resource:
    """The drug stands in a contained Medication (Epic, Oracle)."""
    return _each(request, _by_reference)


SHAPES: Mapping[str, Change] = {
    "as-written": lambda request, writings: request,
    "shuffled": _shuffled,
    "duplicated": _duplicated,
    "paged": _paged,
    "empty-as-null": _empty_as_null,
    "other-units": _other_units,
    "other-codes": _other_codes,
    "requests-for-statements": _requests_for_statements,
    "medications-by-reference": _medications_by_reference,
}


def _resources(bundle: Mapping[str, Any]) -> list[Resource]:
    return [entry["resource"] for entry in bundle.get("entry", ())]


def _with_resources(request: Resource, change: Callable[[list[Resource]], list[Resource]]) -> Resource:
    changed = {key: searchset(change(_resources(request["prefetch"][key]))) for key in KEYS}
    return {**request, "prefetch": {**request["prefetch"], **changed}}


def _each(request: Resource, change: Callable[[Resource], Resource]) -> Resource:
    return _with_resources(request, lambda resources: [change(resource) for resource in resources])


def _by_coding(writings: Writings) -> Mapping[tuple[str, str], Writing]:
    return {(row.coding["system"], row.coding["code"]): row for row in writings.values()}


def _row(concept: Resource, rows: Mapping[tuple[str, str], Writing]) -> Writing | None:
    coding = concept["coding"][0]
    return rows.get((coding["system"], coding["code"]))


def _recoded(resource: Resource, rows: Mapping[tuple[str, str], Writing]) -> Resource:
    member = "medicationCodeableConcept" if resource["resourceType"] in _MEDICATIONS else "code"
    row = _row(resource[member], rows)
    if row is None or not row.also:
        return resource
    return {**resource, member: {"coding": [_bare(row.also[-1])]}}


def _bare(coding: Coding) -> Resource:
    return {"system": coding["system"], "code": coding["code"]}


def _restated(resource: Resource, writings: Writings) -> Resource:
    rows = _by_coding(writings)
    if "component" in resource:
        return {**resource, "component": [_restated_part(part, rows) for part in resource["component"]]}
    return _restated_part(resource, rows) if "valueQuantity" in resource else resource


def _restated_part(part: Resource, rows: Mapping[tuple[str, str], Writing]) -> Resource:
    row = _row(part["code"], rows)
    stated = part["valueQuantity"]
    if row is None or not row.other_units or stated.get("unit") not in (row.units or {}):
        return part
    other = row.other_units[-1]
    value = Decimal(str(stated["value"])) * Decimal(str(other.factor))
    changed = {**part, "valueQuantity": {"value": float(round(value, DIGITS)), "unit": other.unit}}
    if other.coding is not None:
        changed["code"] = {"coding": [dict(other.coding)]}
    return changed


def _is_infused(statement: Resource) -> bool:
    return any("timing" not in dosage for dosage in statement.get("dosage", ()))


def _as_request(statement: Resource) -> Resource:
    order = {key: value for key, value in statement.items() if key not in {"effectivePeriod", "dosage", "statusReason"}}
    dosage = copy.deepcopy(statement.get("dosage", [{}])[0])
    dosage.setdefault("timing", {}).setdefault("repeat", {})["boundsPeriod"] = statement["effectivePeriod"]
    order |= {
        "resourceType": "MedicationRequest",
        "intent": "order",
        "authoredOn": statement["effectivePeriod"]["start"],
        "dosageInstruction": [dosage],
    }
    if "statusReason" in statement:
        order["statusReason"] = statement["statusReason"][0]
    return order


def _by_reference(resource: Resource) -> Resource:
    if resource["resourceType"] not in _MEDICATIONS:
        return resource
    concept = resource["medicationCodeableConcept"]
    rest = {key: value for key, value in resource.items() if key != "medicationCodeableConcept"}
    contained = {"resourceType": "Medication", "id": "drug", "code": concept}
    return {**rest, "contained": [contained], "medicationReference": {"reference": "#drug", "display": concept["text"]}}
