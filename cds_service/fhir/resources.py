"""One resource at a time: projection to the elements we read, named repairs, validation by fhir.resources.

Never a Bundle: one bad entry would refuse all of them (hot-path section 3). What fails is set aside as
UNREADABLE, and the request goes on (JSON-32).

Unknown elements. At the top of a resource they make it unreadable: an R5 element, or one nobody
declared, may change what the rest means. Inside the parts we read, fhir.resources refuses them. Inside
the parts we do not read, they are dropped unseen. A modifier extension or implicitRules always makes
the resource unreadable, as FHIR demands of a reader who does not know them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from cds_service.fhir import interned
from cds_service.fhir import repairs as mend
from cds_service.fhir.bins import Resource
from cds_service.fhir.lean_models import (
    LeanAllergyIntolerance,
    LeanCondition,
    LeanMedicationAdministration,
    LeanMedicationRequest,
    LeanMedicationStatement,
    LeanObservation,
    LeanObservationComponent,
    LeanPatient,
    LeanProcedure,
    LeanReference,
    narrowed,
)
from cds_service.fhir.parts import dosages, dose_given, period, quantity
from cds_service.fhir.repairs import Repairs

FHIR_VERSION = "R4"
"""The one place where the version is decided; R4B models read R4 as well (library-choices)."""

UNREADABLE = (ValidationError, KeyError, ArithmeticError, ValueError, TypeError, AttributeError, RecursionError)
"""What a model raises on bad data. An unknown resourceType is a bare KeyError, a huge decimal an ArithmeticError."""

Mender = Callable[[Any, Repairs], Any]
_MODIFIERS = ("modifierExtension", "implicitRules")
_RARE = frozenset(
    {
        *("valueBoolean", "valueInteger", "valueRange", "valueRatio", "valueSampledData", "valueTime", "valueDateTime"),
        *("valuePeriod", "effectiveTiming", "effectiveInstant", "dataAbsentReason", "component", "method"),
        *("onsetAge", "onsetRange", "onsetString", "abatementAge", "abatementRange", "abatementString"),
        *("performedString", "performedAge", "performedRange", "reportedReference"),
    }
)


@dataclass(frozen=True, slots=True)
class Shape:
    """How one resource type is read. `elements` holds every element it may have, and how each we read is mended.

    `coded` is the element that says what it is about, `subject` the one that says about whom. What has no
    other elements than the `usual` is validated by `validate_usual`, all else by `validate`: with the same rules.
    """

    validate: Callable[[Resource], Any]
    validate_usual: Callable[[Resource], Any]
    usual: frozenset[str]
    coded: str
    subject: str
    elements: Mapping[str, Mender | None]
    takes_subject: bool = True


def _as_it_is(value: Any, repairs: Repairs) -> Any:
    return value


def _shape(model: type[Any], coded: str, subject: str, takes_subject: bool = True, /, **kept: Mender | None) -> Shape:
    names = {field.alias or name for name, field in model.model_fields.items()} | {"resourceType"}
    elements: dict[str, Mender | None] = dict.fromkeys(names.difference(_MODIFIERS))
    for name, mender in kept.items():
        elements[name] = mender or _as_it_is
        if f"_{name}" in names:
            elements[f"_{name}"] = _as_it_is
    read = {name for name, mender in elements.items() if mender is not None} | {coded, subject}
    usual = frozenset(name for name in read if not name.startswith("_") and name not in _RARE)
    return Shape(narrowed(model, read), narrowed(model, usual), usual, coded, subject, elements, takes_subject)


_WHEN: Mapping[str, Mender | None] = {"effectiveDateTime": mend.moment, "effectivePeriod": period}
_ONSET: Mapping[str, Mender | None] = {
    "onsetDateTime": mend.moment,
    "onsetPeriod": period,
    "onsetAge": None,
    "onsetRange": None,
    "onsetString": None,
    "recordedDate": mend.moment,
}
_VALUES: Mapping[str, Mender | None] = {
    "valueQuantity": quantity,
    "valueCodeableConcept": interned.answer,
    **dict.fromkeys(("valueString", "valueBoolean", "valueInteger", "valueRange", "valueRatio", "valueSampledData")),
    **dict.fromkeys(("valueTime", "valueDateTime", "valuePeriod")),
    "dataAbsentReason": interned.codings_only,
    "interpretation": interned.answers,
}
_STATUSES: Mapping[str, Mender | None] = {
    "clinicalStatus": interned.codings_only,
    "verificationStatus": interned.codings_only,
}

SHAPES: Mapping[str, Shape] = {
    "Observation": _shape(
        LeanObservation,
        "code",
        "subject",
        False,
        status=mend.code,
        **_WHEN,
        effectiveInstant=mend.instant,
        effectiveTiming=None,
        issued=mend.instant,
        **_VALUES,
        method=interned.answer,
        component=None,
    ),
    "Condition": _shape(
        LeanCondition,
        "code",
        "subject",
        **_STATUSES,
        **_ONSET,
        abatementDateTime=mend.moment,
        abatementPeriod=period,
        **dict.fromkeys(("abatementAge", "abatementRange", "abatementString")),
    ),
    "Procedure": _shape(
        LeanProcedure,
        "code",
        "subject",
        status=mend.code,
        performedDateTime=mend.moment,
        performedPeriod=period,
        **dict.fromkeys(("performedString", "performedAge", "performedRange")),
    ),
    "AllergyIntolerance": _shape(LeanAllergyIntolerance, "code", "patient", **_STATUSES, **_ONSET, type=mend.code),
    "MedicationStatement": _shape(
        LeanMedicationStatement,
        "medicationCodeableConcept",
        "subject",
        status=mend.code,
        statusReason=interned.answers,
        **_WHEN,
        dateAsserted=mend.moment,
        dosage=dosages,
    ),
    "MedicationRequest": _shape(
        LeanMedicationRequest,
        "medicationCodeableConcept",
        "subject",
        status=mend.code,
        statusReason=interned.answer,
        intent=mend.code,
        doNotPerform=None,
        reportedBoolean=None,
        reportedReference=None,
        authoredOn=mend.moment,
        dosageInstruction=dosages,
    ),
    "MedicationAdministration": _shape(
        LeanMedicationAdministration,
        "medicationCodeableConcept",
        "subject",
        status=mend.code,
        statusReason=interned.answers,
        **_WHEN,
        dosage=dose_given,
    ),
}
_PATIENT = _shape(
    LeanPatient, "", "", False, gender=mend.code, birthDate=None, deceasedBoolean=None, deceasedDateTime=mend.moment
)


def read_patient(resource: Resource, repairs: Repairs) -> Any | None:
    """The validated Patient, or None when it cannot be read."""
    try:
        return _validated(_projected(resource, _PATIENT, repairs), _PATIENT)
    except UNREADABLE:
        return None


def read_resource(
    resource: Resource, code: Any, subject: Any, repairs: Repairs, components: list[Resource] | None = None
) -> Any | None:
    """The validated resource, or None when it cannot be read.

    `code` stands for what the resource says it is about, reduced to what we know of it. `subject` is the
    patient's reference, validated once: the gate has shown that the resource's own means the same.
    """
    shape = SHAPES[resource["resourceType"]]
    try:
        projected = _projected(resource, shape, repairs)
        projected[shape.coded] = code
        if shape.takes_subject:
            projected[shape.subject] = subject
        if components is not None:
            projected["component"] = [_component(part, repairs) for part in components]
        return _validated(projected, shape)
    except UNREADABLE:
        return None


def _validated(projected: Resource, shape: Shape) -> Any:
    return (shape.validate_usual if projected.keys() <= shape.usual else shape.validate)(projected)


_read_reference = narrowed(LeanReference, {"reference"})


def subject_reference(patient_id: str) -> Any:
    """The reference to the patient of this call."""
    return _read_reference({"reference": f"Patient/{patient_id}"})


def _projected(resource: Resource, shape: Shape, repairs: Repairs) -> dict[str, Any]:
    """The elements we read, mended. Errors: KeyError for an element that R4 does not have, or a modifier."""
    elements, projected = shape.elements, {}
    for name, value in resource.items():
        mender = elements[name]
        if mender is not None:
            projected[name] = mender(value, repairs)
    return projected


_COMPONENT_KNOWN = frozenset({"id", "extension", "code", "referenceRange", *_VALUES})


def _component(part: Resource, repairs: Repairs) -> Any:
    read: Resource = {"code": interned.codings_only(part["code"], repairs)}
    for name, value in part.items():
        mender = _VALUES.get(name)
        if name in _VALUES:
            read[name] = value if mender is None else mender(value, repairs)
        elif name not in _COMPONENT_KNOWN:
            raise ValueError("an element that is not understood")
    return LeanObservationComponent(**read)
