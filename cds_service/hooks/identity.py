"""One patient in one call: what the envelope says about who it is. The chart itself is checked where it is read."""

from __future__ import annotations

from cds_service.cdshooks.request import PatientViewRequest
from cds_service.errors import PatientMismatch


def check(request: PatientViewRequest) -> None:
    """Refuse an access token of another patient (reliability-security section 5). Errors: PatientMismatch."""
    token = request.fhir_authorization
    if token is not None and token.patient is not None and token.patient != request.context.patient_id:
        message = "The access token is for another patient than context.patientId."
        raise PatientMismatch(message, expression="fhirAuthorization.patient")
