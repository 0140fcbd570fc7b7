"""The call on the wire: envelope and context of a CDS Hooks request (conformance sections 3, 4, 7).

Pydantic checks the envelope only. The prefetch payload stays as the reader gave it: walking it here
would cost more than everything the service does with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from cds_service.errors import MalformedBody

AS_OF = "org.nextline-cds.as-of"
EARLIEST_AS_OF = date(1950, 1, 1)
LATEST_AS_OF = date(2150, 1, 1)

_UUID = re.compile(r"(?:urn:uuid:)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.ASCII | re.IGNORECASE)
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CODE = re.compile(r"[a-z][a-z0-9-]{0,63}", re.ASCII)
_URL_LIMIT = 2048

USER_TYPES = ("Practitioner", "PractitionerRole", "Patient", "RelatedPerson")
HEALTH_PROFESSIONALS = frozenset({"Practitioner", "PractitionerRole"})


def _fault(message: str) -> PydanticCustomError:
    return PydanticCustomError("cds", message)


def is_fhir_id(text: str) -> bool:
    """A bare FHIR id. Dots alone would be a step up in a URL path, so `.` and `..` are no ids to us (CTX-2)."""
    return _ID.fullmatch(text) is not None and text.strip(".") != ""


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, hide_input_in_errors=True)


class FhirAuthorization(_Wire):
    """The offer to call the client's FHIR server. A wrong type is refused, a missing member leaves it unused (FHA-3)."""

    access_token: SecretStr | None = None
    token_type: str | None = None
    expires_in: int | None = None
    scope: str | None = None
    subject: str | None = None
    patient: str | None = None

    @property
    def usable(self) -> bool:
        """All required members are there, and the token is a Bearer token."""
        members = (self.access_token, self.expires_in, self.scope, self.subject)
        return self.token_type == "Bearer" and all(member is not None for member in members)  # noqa: S105


class PatientViewContext(_Wire):
    """Context of `patient-view` 1.0."""

    user_id: Annotated[str, Field(alias="userId")]
    patient_id: Annotated[str, Field(alias="patientId")]
    encounter_id: Annotated[str | None, Field(alias="encounterId")] = None

    @field_validator("user_id")
    @classmethod
    def _user_is_a_reference(cls, value: str) -> str:
        kind, slash, identifier = value.partition("/")
        if not slash or kind not in USER_TYPES or not is_fhir_id(identifier):
            raise _fault("must be Type/id, where Type is one of " + ", ".join(USER_TYPES))
        return value

    @field_validator("patient_id", "encounter_id")
    @classmethod
    def _id_is_bare(cls, value: str | None) -> str | None:
        if value is None or is_fhir_id(value):
            return value
        hint = ": leave the resource type and the slash out" if value.startswith(("Patient/", "Encounter/")) else ""
        raise _fault(f"must be a bare FHIR id of 1 to 64 letters, digits, hyphens and dots{hint}")

    @property
    def user_is_health_professional(self) -> bool:
        """False for a patient or a related person: they get no therapy advice (PAT-20)."""
        return self.user_id.partition("/")[0] in HEALTH_PROFESSIONALS


class _Envelope(_Wire):
    hook: str
    hook_instance: Annotated[str, Field(alias="hookInstance")]
    context: dict[str, Any]
    fhir_server: Annotated[str | None, Field(alias="fhirServer")] = None
    fhir_authorization: Annotated[FhirAuthorization | None, Field(alias="fhirAuthorization")] = None
    prefetch: dict[str, Any] | None = None
    extension: dict[str, Any] | None = None

    @field_validator("hook")
    @classmethod
    def _hook_is_a_name(cls, value: str) -> str:
        if _CODE.fullmatch(value) is None:
            raise _fault("must be the name of a hook, such as patient-view")
        return value

    @field_validator("hook_instance")
    @classmethod
    def _instance_is_a_uuid(cls, value: str) -> str:
        found = _UUID.fullmatch(value)
        if found is None:
            raise _fault("must be a UUID")
        return found.group(1).lower()

    @field_validator("fhir_server")
    @classmethod
    def _server_is_a_url(cls, value: str | None) -> str | None:
        if value is not None and not _is_base_url(value):
            raise _fault("must be the http or https base URL of a FHIR server, without user, query or fragment")
        return value


def _is_base_url(text: str) -> bool:
    if len(text) > _URL_LIMIT or not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    bare = parts.username is None and not parts.query and not parts.fragment
    return parts.scheme in ("http", "https") and bool(parts.hostname) and bare and port != 0


@dataclass(frozen=True, slots=True)
class PatientViewRequest:
    """One checked patient-view call. `prefetch` is None when the client sent none at all.

    `as_of` is the day the client asks for; `as_of_ignored` that it asked and this service does not allow it.
    """

    hook_instance: str
    context: PatientViewContext
    prefetch: Mapping[str, Any] | None
    fhir_server: str | None
    fhir_authorization: FhirAuthorization | None
    as_of: date | None
    as_of_ignored: bool


def read_patient_view(
    body: Mapping[str, Any], *, hook: str, as_of_allowed: bool, https_only: bool
) -> PatientViewRequest:
    """Check the envelope and the context of a call to a service of `hook`.

    Errors: MalformedBody naming the member at fault, never its value.
    """
    try:
        envelope = _Envelope.model_validate(body)
        if envelope.hook != hook:
            raise MalformedBody(f"This service answers the hook {hook} only.", expression="hook")
        context = PatientViewContext.model_validate(envelope.context)
    except ValidationError as error:
        raise _malformed(error) from None
    _check_access(envelope, https_only)
    asked = (envelope.extension or {}).get(AS_OF)
    return PatientViewRequest(
        hook_instance=envelope.hook_instance,
        context=context,
        prefetch=envelope.prefetch,
        fhir_server=envelope.fhir_server,
        fhir_authorization=envelope.fhir_authorization,
        as_of=_as_of(asked) if as_of_allowed and asked is not None else None,
        as_of_ignored=asked is not None and not as_of_allowed,
    )


def _check_access(envelope: _Envelope, https_only: bool) -> None:
    if envelope.fhir_authorization is not None and envelope.fhir_server is None:
        raise MalformedBody("fhirAuthorization needs fhirServer (cds-r-1).", expression="fhirServer")
    if https_only and envelope.fhir_server is not None and not envelope.fhir_server.startswith("https://"):
        raise MalformedBody("fhirServer must be https.", expression="fhirServer")


def _as_of(asked: object) -> date:
    # date.fromisoformat alone would also take 20261122 and 2026-W47-7; far years overflow date arithmetic below.
    day: date | None = None
    if isinstance(asked, str) and _DAY.fullmatch(asked):
        try:
            day = date.fromisoformat(asked)
        except ValueError:
            day = None
    if day is None or not EARLIEST_AS_OF <= day <= LATEST_AS_OF:
        message = f"{AS_OF} must be a day between {EARLIEST_AS_OF} and {LATEST_AS_OF}."
        raise MalformedBody(message, expression="extension")
    return day


def _malformed(error: ValidationError) -> MalformedBody:
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    inside_context = error.title == PatientViewContext.__name__
    path = [str(step) for step in first["loc"] if isinstance(step, str)]
    where = ".".join(["context", *path] if inside_context else path)
    said = {"missing": "is required", "cds": first["msg"]}.get(first["type"], "has the wrong type")
    return MalformedBody(f"{where} {said}.", expression=where)
