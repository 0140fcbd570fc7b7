"""How each resource type is read: which elements, how each is mended, and the quick ways through the models.

These are the shapes of R4, which R4B shares in all that we read; `fifth_release.py` has those of R5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from cds_service.fhir import interned
from cds_service.fhir import repairs as mend
from cds_service.fhir.bins import Repairs, Resource
from cds_service.fhir.lean_models import (
    LeanAllergyIntolerance,
    LeanCondition,
    LeanMedicationAdministration,
    LeanMedicationRequest,
    LeanMedicationStatement,
    LeanObservation,
    LeanPatient,
    LeanProcedure,
    narrowed,
)
from cds_service.fhir.parts import (
    adherence_extensions,
    dosages,
    dosages_as_usual,
    dose_given,
    period,
    quantity,
    reference,
)
from cds_service.fhir.usual import Mender, Plans, then

Preparing = Mapping[Mender, Mender]

_MODIFIERS = ("modifierExtension", "implicitRules")
# Menders that look something up, and so come before any validation. The others mend what a validator would refuse.
PREPARING: Preparing = {
    **{mender: mender for mender in (interned.codings_only, interned.answer, interned.answers, dose_given)},
    **{mender: mender for mender in (reference, adherence_extensions)},
    dosages: dosages_as_usual,
}


@dataclass(frozen=True, slots=True)
class Shape:
    """How one resource type is read. `elements` holds every element it may have, and how each we read is mended.

    `coded` is the element that says what it is about, `subject` the one that says about whom. `plans` are
    the quick ways to read what is written as usual; all else is mended, and then judged by `validate`.
    """

    model: type[Any]
    validate: Callable[[Resource], Any]
    plans: Plans
    coded: str
    subject: str
    elements: Mapping[str, Mender | None]
    takes_subject: bool = True


class Way(NamedTuple):
    """What resource types do not have in common.

    `takes_subject` says whether the patient's own reference is put in, `preparing` are the menders that come
    before any validation, `hand_over` turns what was validated into what is handed on.
    """

    takes_subject: bool = True
    preparing: Preparing = PREPARING
    hand_over: Callable[[Any], Any] | None = None


AS_IN_FOURTH = Way()


def as_it_is(value: Any, repairs: Repairs) -> Any:
    """What needs no mending."""
    return value


def shape(
    model: type[Any],
    coded: str,
    subject: str,
    way: Way = AS_IN_FOURTH,
    /,
    **kept: Mender | None,
) -> Shape:
    """The shape of a resource type, of which the elements `kept` are read."""
    names = {field.alias or name for name, field in model.model_fields.items()} | {"resourceType"}
    elements: dict[str, Mender | None] = dict.fromkeys(names.difference(_MODIFIERS))
    for name, mender in kept.items():
        elements[name] = mender or as_it_is
        if f"_{name}" in names:
            elements[f"_{name}"] = as_it_is
    read = {name: mender for name, mender in elements.items() if mender is not None}
    put_in = {name for name in (coded, subject if way.takes_subject else "") if name}
    prepared = {name: way.preparing[mender] for name, mender in read.items() if mender in way.preparing}
    plans = Plans(model, {name: name in read for name in elements}, put_in, prepared, way.hand_over)
    validate: Any = then(narrowed(model, {*read, coded, subject}), way.hand_over)
    return Shape(model, validate, plans, coded, subject, elements, way.takes_subject)


WHEN: Mapping[str, Mender | None] = {"effectiveDateTime": mend.date_time, "effectivePeriod": period}
ONSET: Mapping[str, Mender | None] = {
    "onsetDateTime": mend.date_time,
    "onsetPeriod": period,
    "onsetAge": None,
    "onsetRange": None,
    "onsetString": None,
    "recordedDate": mend.date_time,
}
VALUES: Mapping[str, Mender | None] = {
    "valueQuantity": quantity,
    "valueCodeableConcept": interned.answer,
    **dict.fromkeys(("valueString", "valueBoolean", "valueInteger", "valueRange", "valueRatio", "valueSampledData")),
    **dict.fromkeys(("valueTime", "valueDateTime", "valuePeriod")),
    "dataAbsentReason": interned.codings_only,
    "interpretation": interned.answers,
}
OBSERVED: Mapping[str, Mender | None] = {
    "status": mend.code,
    **WHEN,
    "effectiveInstant": mend.instant,
    "effectiveTiming": None,
    "issued": mend.instant,
    **VALUES,
    "method": interned.answer,
    "component": None,
}
ABATEMENT: Mapping[str, Mender | None] = {
    "abatementDateTime": mend.date_time,
    "abatementPeriod": period,
    **dict.fromkeys(("abatementAge", "abatementRange", "abatementString")),
}
WHY: Mapping[str, Mender | None] = {"reasonCode": interned.answers, "extension": adherence_extensions}
STATUSES: Mapping[str, Mender | None] = {
    "clinicalStatus": interned.codings_only,
    "verificationStatus": interned.codings_only,
}

SHAPES: Mapping[str, Shape] = {
    "Observation": shape(
        LeanObservation,
        "code",
        "subject",
        Way(takes_subject=False),
        **OBSERVED,
    ),
    "Condition": shape(
        LeanCondition,
        "code",
        "subject",
        **STATUSES,
        **ONSET,
        **ABATEMENT,
    ),
    "Procedure": shape(
        LeanProcedure,
        "code",
        "subject",
        status=mend.code,
        performedDateTime=mend.date_time,
        performedPeriod=period,
        **dict.fromkeys(("performedString", "performedAge", "performedRange")),
    ),
    "AllergyIntolerance": shape(
        LeanAllergyIntolerance, "code", "patient", **STATUSES, **ONSET, type=interned.code_alone
    ),
    "MedicationStatement": shape(
        LeanMedicationStatement,
        "medicationCodeableConcept",
        "subject",
        status=mend.code,
        statusReason=interned.answers,
        **WHY,
        **WHEN,
        dateAsserted=mend.date_time,
        dosage=dosages,
    ),
    "MedicationRequest": shape(
        LeanMedicationRequest,
        "medicationCodeableConcept",
        "subject",
        status=mend.code,
        statusReason=interned.answer,
        **WHY,
        intent=mend.code,
        doNotPerform=None,
        reportedBoolean=None,
        reportedReference=None,
        authoredOn=mend.date_time,
        dosageInstruction=dosages,
    ),
    "MedicationAdministration": shape(
        LeanMedicationAdministration,
        "medicationCodeableConcept",
        "subject",
        status=mend.code,
        statusReason=interned.answers,
        **WHY,
        **WHEN,
        request=reference,
        dosage=dose_given,
    ),
}
PATIENT = shape(
    LeanPatient,
    "",
    "",
    Way(takes_subject=False),
    gender=mend.code,
    birthDate=None,
    deceasedBoolean=None,
    deceasedDateTime=mend.date_time,
)
