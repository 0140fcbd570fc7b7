"""The shapes of FHIR R5: validated by the models of R5, handed on in the words of R4.

R5 moved elements of all these types but Observation. There every resource tells by its shape which release it is of,
and is read so. To Observation R5 only added elements, and on an R4 chart an element that R4 does not have makes a
resource unreadable (JSON-32): Observations are read as R5 where nothing in the call says that it is R4.
"""

from __future__ import annotations

from collections.abc import Mapping

from fhir.resources.allergyintolerance import AllergyIntolerance
from fhir.resources.condition import Condition
from fhir.resources.medicationadministration import MedicationAdministration
from fhir.resources.medicationrequest import MedicationRequest
from fhir.resources.medicationstatement import MedicationStatement
from fhir.resources.observation import Observation
from fhir.resources.procedure import Procedure

from cds_service.fhir import interned
from cds_service.fhir import repairs as mend
from cds_service.fhir.fifth_parts import adherence, fifth_dosages, fifth_dosages_as_usual, reasons, references
from cds_service.fhir.fifth_words import HandOver, handing_over, of_allergy, of_drug, of_request, of_statement
from cds_service.fhir.lean_models import lean
from cds_service.fhir.parts import adherence_extensions, dose_given, period, reference
from cds_service.fhir.shapes import (
    ABATEMENT,
    OBSERVED,
    ONSET,
    PREPARING,
    STATUSES,
    WHEN,
    Preparing,
    Shape,
    Way,
    shape,
)
from cds_service.fhir.usual import Mender

_PREPARING: Preparing = {
    **PREPARING,
    **{mender: mender for mender in (reasons, adherence, references)},
    fifth_dosages: fifth_dosages_as_usual,
}
_WHY: Mapping[str, Mender | None] = {"reason": reasons, "extension": adherence_extensions}
_PERFORMED = {f"performed{kind}": f"occurrence{kind}" for kind in ("DateTime", "Period", "String", "Age", "Range")}
_GIVEN = {"effectiveDateTime": "occurenceDateTime", "effectivePeriod": "occurencePeriod"}  # one r in R5


def _way(hand_over: HandOver) -> Way:
    return Way(preparing=_PREPARING, hand_over=hand_over)


MOVED: Mapping[str, Shape] = {
    "Procedure": shape(
        lean(Procedure),
        "code",
        "subject",
        _way(handing_over("Procedure", _PERFORMED)),
        status=mend.code,
        occurrenceDateTime=mend.date_time,
        occurrencePeriod=period,
        **dict.fromkeys(("occurrenceString", "occurrenceAge", "occurrenceRange", "occurrenceTiming")),
    ),
    "AllergyIntolerance": shape(
        lean(AllergyIntolerance),
        "code",
        "patient",
        _way(handing_over("AllergyIntolerance", None, of_allergy)),
        **STATUSES,
        **ONSET,
        type=interned.codings_only,
    ),
    "Condition": shape(
        lean(Condition),
        "code",
        "subject",
        _way(handing_over("Condition")),
        **STATUSES,
        **ONSET,
        **ABATEMENT,
    ),
    "MedicationStatement": shape(
        lean(MedicationStatement),
        "medication",
        "subject",
        _way(handing_over("MedicationStatement", None, of_statement)),
        status=mend.code,
        adherence=adherence,
        **_WHY,
        **WHEN,
        effectiveTiming=None,
        dateAsserted=mend.date_time,
        dosage=fifth_dosages,
    ),
    "MedicationRequest": shape(
        lean(MedicationRequest),
        "medication",
        "subject",
        _way(handing_over("MedicationRequest", {"reportedBoolean": "reported"}, of_request)),
        status=mend.code,
        statusReason=interned.answer,
        **_WHY,
        intent=mend.code,
        doNotPerform=None,
        reported=None,
        informationSource=references,
        authoredOn=mend.date_time,
        dosageInstruction=fifth_dosages,
    ),
    "MedicationAdministration": shape(
        lean(MedicationAdministration),
        "medication",
        "subject",
        _way(handing_over("MedicationAdministration", _GIVEN, of_drug)),
        status=mend.code,
        statusReason=interned.answers,
        **_WHY,
        occurenceDateTime=mend.date_time,
        occurencePeriod=period,
        occurenceTiming=None,
        request=reference,
        dosage=dose_given,
    ),
}
"""Read as R5 wherever they are written so, by type."""

FIFTH: Mapping[str, Shape] = {
    **MOVED,
    "Observation": shape(
        lean(Observation),
        "code",
        "subject",
        Way(takes_subject=False, hand_over=handing_over("Observation")),
        **OBSERVED,
        **dict.fromkeys(("valueAttachment", "valueReference")),
    ),
}
"""Read as R5 where nothing says that the call is R4, by type."""
