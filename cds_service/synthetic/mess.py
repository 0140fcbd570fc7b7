"""What real charts do to a clean record. Some of it is to be read all the same, some of it takes facts away."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from cds_service.synthetic import codes

Resource = dict[str, Any]
Mess = Callable[[list[Resource], Random], list[Resource]]
_BY_CODE = {lab.code: lab for lab in codes.LABS.values()}
_BY_DRUG = {usual["code"]: (other, brand) for usual, other, brand in codes.DRUGS.values()}
_BY_PROBLEM = {usual["code"]: other for usual, other in codes.PROBLEMS.values()}


def _other_units(resources: list[Resource], dice: Random) -> list[Resource]:
    """Another laboratory: mg/dL for umol/L, mg for g."""
    return [_restated(resource) for resource in resources]


def _other_codes(resources: list[Resource], dice: Random) -> list[Resource]:
    """ICD-10-CM for SNOMED CT, ATC for RxNorm."""
    return [_recoded(resource) for resource in resources]


def _twice(resources: list[Resource], dice: Random) -> list[Resource]:
    """Two exports overlapped: some records are there twice, byte for byte."""
    again = [resource for resource in resources if dice.random() < 0.3]
    return [*resources, *copy.deepcopy(again)]


def _withdrawn(resources: list[Resource], dice: Random) -> list[Resource]:
    """Results that were entered in error stay in the export."""
    wrong = []
    for resource in resources:
        if resource["resourceType"] == "Observation" and "valueQuantity" in resource and dice.random() < 0.1:
            quantity = {**resource["valueQuantity"], "value": round(resource["valueQuantity"]["value"] * 10, 2)}
            told = {"id": f"{resource['id']}e", "status": "entered-in-error", "valueQuantity": quantity}
            wrong.append({**resource, **told})
    return [*resources, *wrong]


def _by_reference(resources: list[Resource], dice: Random) -> list[Resource]:
    """Drugs stand in Medication resources that the records point at."""
    changed: list[Resource] = []
    for resource in resources:
        concept = resource.get("medicationCodeableConcept")
        if concept is None:
            changed.append(resource)
            continue
        name = f"med-{resource['id']}"
        rest = {key: value for key, value in resource.items() if key != "medicationCodeableConcept"}
        changed.append({"resourceType": "Medication", "id": name, "code": concept})
        changed.append({**rest, "medicationReference": {"reference": f"Medication/{name}"}})
    return changed


def _local_codes(resources: list[Resource], dice: Random) -> list[Resource]:
    """A laboratory with nothing but its own codes."""
    return [_localized(resource) for resource in resources]


def _brand_texts(resources: list[Resource], dice: Random) -> list[Resource]:
    """Drugs as somebody typed them."""
    return [_typed(resource) for resource in resources]


def _no_units(resources: list[Resource], dice: Random) -> list[Resource]:
    """Numbers without a unit."""
    changed = []
    for resource in resources:
        quantity = resource.get("valueQuantity")
        changed.append({**resource, "valueQuantity": {"value": quantity["value"]}} if quantity else resource)
    return changed


READABLE: Mapping[str, Mess] = {
    "other units": _other_units,
    "other codes": _other_codes,
    "records twice": _twice,
    "entered in error": _withdrawn,
    "drugs by reference": _by_reference,
}
"""The state must come out as if nothing had happened."""
LOSING: Mapping[str, Mess] = {"local codes": _local_codes, "brand texts": _brand_texts, "no units": _no_units}
"""Facts are lost until the site maps its codes: the state may be another one, and the card says what was set aside."""


def messed_up(resources: list[Resource], names: list[str], dice: Random) -> list[Resource]:
    """The records after everything of these names has happened to them."""
    for name in names:
        resources = (READABLE.get(name) or LOSING[name])(resources, dice)
    return resources


def _coding_of(resource: Resource, element: str = "code") -> dict[str, Any]:
    codings = resource.get(element, {}).get("coding") if isinstance(resource.get(element), dict) else None
    return codings[0] if codings else {}


def _restated(resource: Resource) -> Resource:
    lab = _BY_CODE.get(_coding_of(resource).get("code", ""))
    quantity = resource.get("valueQuantity")
    if lab is None or quantity is None or not lab.other_unit:
        return resource
    value = round(quantity["value"] * lab.factor, 4)
    changed = {**resource, "valueQuantity": {"value": value, "unit": lab.other_unit}}
    if lab.other_code:
        coding = {"system": codes.LOINC, "code": lab.other_code, "display": lab.name}
        changed["code"] = codes.concept_of(coding)
    return changed


def _recoded(resource: Resource) -> Resource:
    drug = _BY_DRUG.get(_coding_of(resource, "medicationCodeableConcept").get("code", ""))
    if drug is not None:
        return {**resource, "medicationCodeableConcept": codes.concept_of(drug[0])}
    other = _BY_PROBLEM.get(_coding_of(resource).get("code", ""))
    return {**resource, "code": codes.concept_of(other)} if other is not None else resource


def _localized(resource: Resource) -> Resource:
    lab = _BY_CODE.get(_coding_of(resource).get("code", ""))
    if lab is None or not lab.local or resource["resourceType"] != "Observation":
        return resource
    return {**resource, "code": codes.concept_of({"system": codes.LOCAL, "code": lab.local, "display": lab.name})}


def _typed(resource: Resource) -> Resource:
    drug = _BY_DRUG.get(_coding_of(resource, "medicationCodeableConcept").get("code", ""))
    return {**resource, "medicationCodeableConcept": {"text": drug[1]}} if drug is not None else resource
