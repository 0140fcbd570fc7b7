"""One resource at a time: projection to the elements we read, named repairs, validation by fhir.resources.

Never a Bundle: one bad entry would refuse all of them (hot-path section 3). What fails is set aside as
UNREADABLE, and the request goes on (JSON-32).

Unknown elements. At the top of a resource they make it unreadable: an element of another release, or one
nobody declared, may change what the rest means. Inside the parts we read, fhir.resources refuses them. Inside
the parts we do not read, they are dropped unseen. A modifier extension or implicitRules always makes
the resource unreadable, as FHIR demands of a reader who does not know them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from cds_service.fhir import interned
from cds_service.fhir.bins import Repairs, Resource
from cds_service.fhir.fifth_parts import read_pointer
from cds_service.fhir.fifth_shapes import MOVED
from cds_service.fhir.lean_models import LeanObservationComponent, LeanReference, narrowed
from cds_service.fhir.shapes import PATIENT, SHAPES, VALUES, Shape
from cds_service.fhir.usual import UNMENDED

UNREADABLE = (ValidationError, KeyError, ArithmeticError, ValueError, TypeError, AttributeError, RecursionError)
"""What a model raises on bad data. An unknown resourceType is a bare KeyError, a huge decimal an ArithmeticError."""


def read_patient(resource: Resource, repairs: Repairs) -> Any | None:
    """The validated Patient, or None when it cannot be read."""
    plan = PATIENT.plans[frozenset(resource)]
    try:
        if plan is not None:
            return plan.validate(resource)
    except UNREADABLE:
        pass
    try:
        return PATIENT.validate(_projected(resource, PATIENT, repairs))
    except UNREADABLE:
        return None


def read_resource(
    resource: Resource,
    code: Any,
    subject: Any,
    repairs: Repairs,
    components: list[Resource] | None = None,
    later: Mapping[str, Shape] = MOVED,
) -> Any | None:
    """The validated resource, or None when it cannot be read.

    `code` stands for what the resource says it is about, reduced to what we know of it. `subject` is the
    patient's reference, validated once: the gate has shown that the resource's own means the same.
    `later` are the shapes of R5, for what has elements that R4 does not have.
    """
    kind, names = resource["resourceType"], frozenset(resource)
    shape = SHAPES[kind]
    plan = shape.plans[names]
    if plan is None and kind in later and _only_later(names, shape, later[kind]):
        shape = later[kind]
        plan = shape.plans[names]
        code = {"concept": code} if shape.coded == "medication" else code
    if plan is not None:
        given = {**resource, shape.coded: code}
        if shape.takes_subject:
            given[shape.subject] = subject
        try:
            for name, mender in plan.prepared:
                given[name] = mender(resource[name], UNMENDED)
            if components is not None:
                given["component"] = [_component(part, UNMENDED) for part in components]
            return plan.validate(given)
        except UNREADABLE:
            # Not written as usual, and perhaps good all the same.
            pass
    return _mended_and_read(resource, shape, code, subject, repairs, components)


def _only_later(names: frozenset[str], shape: Shape, later: Shape) -> bool:
    return not names <= shape.elements.keys() and names <= later.elements.keys()


def _mended_and_read(
    resource: Resource, shape: Shape, code: Any, subject: Any, repairs: Repairs, components: list[Resource] | None
) -> Any | None:
    try:
        projected = _projected(resource, shape, repairs)
        projected[shape.coded] = read_pointer(code) if shape.coded == "medication" else code
        if shape.takes_subject:
            projected[shape.subject] = subject
        if components is not None:
            projected["component"] = [_component(part, repairs) for part in components]
        return shape.validate(projected)
    except UNREADABLE:
        return None


_read_reference = narrowed(LeanReference, {"reference"})


def subject_reference(patient_id: str) -> Any:
    """The reference to the patient of this call."""
    return _read_reference({"reference": f"Patient/{patient_id}"})


def _projected(resource: Resource, shape: Shape, repairs: Repairs) -> dict[str, Any]:
    """The elements we read, mended. Errors: KeyError for an element that the release does not have, or a modifier."""
    elements, projected = shape.elements, {}
    for name, value in resource.items():
        mender = elements[name]
        if mender is not None:
            projected[name] = mender(value, repairs)
    return projected


# The last two are of R5, hold nothing that we read, and cannot change what the other components say.
_COMPONENT_KNOWN = frozenset(
    {"id", "extension", "code", "referenceRange", *VALUES, "valueAttachment", "valueReference"}
)


def _component(part: Resource, repairs: Repairs) -> Any:
    read: Resource = {"code": interned.codings_only(part["code"], repairs)}
    for name, value in part.items():
        mender = VALUES.get(name)
        if name in VALUES:
            read[name] = value if mender is None else mender(value, repairs)
        elif name not in _COMPONENT_KNOWN:
            raise ValueError("an element that is not understood")
    return LeanObservationComponent(**read)
