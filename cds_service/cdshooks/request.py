"""The call on the wire: envelope and context of a CDS Hooks request (conformance sections 3, 4, 7).

The envelope is read by hand: six members in 5 us, where a model takes 25 us of a call that takes 600.
fhirAuthorization, which most calls do not have, is a pydantic model. The prefetch payload stays as the
reader gave it: walking it here would cost more than everything the service does with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from cds_service.errors import MalformedBody

AS_OF = "org.nextline-cds.as-of"
EARLIEST_AS_OF = date(1950, 1, 1)
LATEST_AS_OF = date(2150, 1, 1)

_uuid = re.compile(r"(?:urn:uuid:)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.ASCII).fullmatch
# Dots alone would be a step up in a URL path, so `.` and `..` are no ids to us (CTX-2).
_id = re.compile(r"(?!\.+\Z)[A-Za-z0-9\-.]{1,64}", re.ASCII).fullmatch
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CODE = re.compile(r"[a-z][a-z0-9-]{0,63}", re.ASCII)
_URL_LIMIT = 2048
# What a header can carry. A server hangs up on anything else, and would then be taken for a sick one by its breaker.
_token = re.compile(r"[!-~]{1,16384}", re.ASCII).fullmatch

Member = TypeVar("Member")

USER_TYPES = ("Practitioner", "PractitionerRole", "Patient", "RelatedPerson")
HEALTH_PROFESSIONALS = frozenset({"Practitioner", "PractitionerRole"})


class FhirAuthorization(BaseModel):
    """The offer to call the client's FHIR server. A wrong type is refused; one left out, it is not used (FHA-3)."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, hide_input_in_errors=True)

    access_token: SecretStr | None = None
    token_type: str | None = None
    expires_in: int | None = None
    scope: str | None = None
    subject: str | None = None
    patient: str | None = None

    @property
    def usable(self) -> bool:
        """All required members are there, and the token is a Bearer token that a header can carry and has time left."""
        if self.token_type != "Bearer" or self.expires_in is None or self.expires_in <= 0:  # noqa: S105
            return False
        if self.access_token is None or not _token(self.access_token.get_secret_value()):
            return False
        return self.scope is not None and self.subject is not None


class PatientViewContext(NamedTuple):
    """Context of `patient-view` 1.0."""

    user_id: str
    patient_id: str
    encounter_id: str | None = None

    @property
    def user_is_health_professional(self) -> bool:
        """False for a patient or a related person: they get no therapy advice (PAT-20)."""
        return self.user_id.partition("/")[0] in HEALTH_PROFESSIONALS


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


def read_patient_view(body: Mapping[str, Any], *, hook: str, as_of_allowed: bool) -> PatientViewRequest:
    """Check the envelope and the context of a call to a service of `hook`.

    Errors: MalformedBody naming the first member at fault, in the order of the specification, never its value.
    """
    named = _required(body, "hook", str)
    if named != hook and _CODE.fullmatch(named) is None:
        raise _fault("hook", "must be the name of a hook, such as patient-view")
    instance = _uuid(_required(body, "hookInstance", str).lower())
    if instance is None:
        raise _fault("hookInstance", "must be a UUID")
    context = _required(body, "context", dict)
    fhir_server = _optional(body, "fhirServer", str)
    authorization = _authorization(body["fhirAuthorization"]) if "fhirAuthorization" in body else None
    prefetch = _optional(body, "prefetch", dict)
    extension = _optional(body, "extension", dict)
    asked = extension.get(AS_OF) if extension else None
    if named != hook:
        raise MalformedBody(f"This service answers the hook {hook} only.", expression="hook")
    checked = _context(context)
    if authorization is not None and fhir_server is None:
        raise MalformedBody("fhirAuthorization needs fhirServer (cds-r-1).", expression="fhirServer")
    return PatientViewRequest(
        hook_instance=instance[1],
        context=checked,
        prefetch=prefetch,
        fhir_server=fhir_server,
        fhir_authorization=authorization,
        as_of=_as_of(asked) if as_of_allowed and asked is not None else None,
        as_of_ignored=asked is not None and not as_of_allowed,
    )


def check_fhir_server(address: str | None, *, https_only: bool) -> None:
    """Refuse a `fhirServer` that is no base URL, or not https where real patients are (REQ-4).

    Asked after the data: a call that lacks data is told that first (SSRF-04, SSRF-25); such a server is never called.
    Errors: MalformedBody.
    """
    if address is not None and not _is_base_url(address):
        said = "must be the http or https base URL of a FHIR server, without user, query or fragment"
        raise _fault("fhirServer", said)
    if https_only and address is not None and not address.lower().startswith("https://"):
        raise _fault("fhirServer", "must be https")


def _required(members: Mapping[str, Any], name: str, kind: type[Member], inside: str = "") -> Member:
    value = members.get(name)
    if type(value) is kind:
        return value
    raise _fault(inside + name, "has the wrong type" if name in members else "is required")


def _optional(members: Mapping[str, Any], name: str, kind: type[Member], inside: str = "") -> Member | None:
    value = members.get(name)
    if value is None or type(value) is kind:
        return value
    raise _fault(inside + name, "has the wrong type")


def _authorization(offered: Any) -> FhirAuthorization | None:
    if offered is None:
        return None
    try:
        return FhirAuthorization.model_validate(offered)
    except ValidationError as error:
        path = error.errors(include_input=False, include_url=False, include_context=False)[0]["loc"]
        where = ".".join(["fhirAuthorization", *map(str, path)])
    raise _fault(where, "has the wrong type")


def _context(members: Mapping[str, Any]) -> PatientViewContext:
    user = _required(members, "userId", str, "context.")
    kind, slash, identifier = user.partition("/")
    if not slash or kind not in USER_TYPES or _id(identifier) is None:
        raise _fault("context.userId", "must be Type/id, where Type is one of " + ", ".join(USER_TYPES))
    patient = _bare("patientId", _required(members, "patientId", str, "context."))
    encounter = _optional(members, "encounterId", str, "context.")
    return PatientViewContext(user, patient, None if encounter is None else _bare("encounterId", encounter))


def _bare(name: str, value: str) -> str:
    if _id(value) is not None:
        return value
    hint = ": leave the resource type and the slash out" if value.startswith(("Patient/", "Encounter/")) else ""
    raise _fault(f"context.{name}", f"must be a bare FHIR id of 1 to 64 letters, digits, hyphens and dots{hint}")


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


def _fault(where: str, said: str) -> MalformedBody:
    return MalformedBody(f"{where} {said}.", expression=where)
