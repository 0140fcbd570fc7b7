"""The code for a token: the request to the token endpoint, and what is believed of its answer.

The patient is the one of the token response and of nothing else. The id_token gives no right here; who is signed in is
read from it, because advice is for health professionals: it came from the token endpoint over TLS, which is
what OpenID Connect (core 3.1.3.7, 6) accepts in place of its signature.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson

from cds_service.outbound.allowance import Allowance
from cds_service.outbound.client import Outbound
from cds_service.outbound.deadline import Deadline
from cds_service.outbound.failure import FetchFailed
from cds_service.smart.discovery import Endpoints
from cds_service.smart.refusal import LaunchRefused, Reason
from cds_service.trust.smart_registration import SmartRegistration

SECONDS = 5.0
MOST_BYTES = 128 * 1024
SHORTEST, USUAL, LONGEST = 1, 300, 24 * 3600
"""Seconds a token may live; `USUAL` where the server does not say."""
_LONGEST_SCOPE = 16_384
_LONGEST_CONTEXT = 512
_token = re.compile(r"[!-~]{1,16384}", re.ASCII).fullmatch
_id = re.compile(r"(?!\.+\Z)[A-Za-z0-9\-.]{1,64}", re.ASCII).fullmatch
_user = re.compile(r"(?:.*/)?([A-Za-z]{1,64}/[A-Za-z0-9\-.]{1,64})", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class Grant:
    """What the user has granted. `seconds` is the token's life, `user` the FHIR resource of whoever signed in.

    `wants_banner`: the record system does not show itself whose record is open.
    """

    token: str = field(repr=False)
    patient: str
    scope: str
    seconds: int
    user: str = ""
    app_context: str = ""
    wants_banner: bool = True


def exchange(
    outbound: Outbound,
    endpoints: Endpoints,
    registration: SmartRegistration,
    *,
    code: str,
    verifier: str,
    redirect: str,
    now: int,
) -> Grant:
    """The grant for a code, asked once: a code is good for one use. Errors: LaunchRefused."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
    headers = {"Accept": "application/json"}
    if registration.key is not None:
        form |= registration.key.statement(registration.client_id, endpoints.audience, now)
    elif registration.secret:
        headers["Authorization"] = f"Basic {_basic(registration.client_id, registration.secret)}"
    else:
        form["client_id"] = registration.client_id
    deadline, allowance = Deadline.after(SECONDS), Allowance(MOST_BYTES)
    try:
        body = urlencode(form).encode()
        fetched = outbound.post(endpoints.token, body, headers=headers, deadline=deadline, allowance=allowance)
        told = orjson.loads(fetched.body)
    except FetchFailed as failed:
        raise LaunchRefused(_reason(failed)) from None
    except orjson.JSONDecodeError:
        raise LaunchRefused("token_unusable") from None
    if not isinstance(told, dict):
        raise LaunchRefused("token_unusable")
    return grant_of(told)


def _reason(failed: FetchFailed) -> Reason:
    if failed.reason == "timeout":
        return "exchange_slow"
    return "exchange_refused" if failed.status in (400, 401, 403) else "exchange_failed"


def grant_of(told: Mapping[str, Any]) -> Grant:
    """The grant of a token response. Errors: LaunchRefused."""
    token, kind, scope = (_text(told.get(name)) for name in ("access_token", "token_type", "scope"))
    seconds = _seconds(told.get("expires_in", USUAL))
    if not _token(token) or kind.lower() != "bearer" or seconds is None or not 0 < len(scope) <= _LONGEST_SCOPE:
        raise LaunchRefused("token_unusable")
    patient = told.get("patient")
    if not isinstance(patient, str) or not _id(patient):
        raise LaunchRefused("no_patient")
    context = told.get("appContext")
    return Grant(
        token=token,
        patient=patient,
        scope=scope,
        seconds=seconds,
        user=_user_of(told.get("id_token")),
        app_context=context if isinstance(context, str) and len(context) <= _LONGEST_CONTEXT else "",
        wants_banner=told.get("need_patient_banner") is not False,
    )


def _text(told: Any) -> str:
    return told if isinstance(told, str) else ""


def _seconds(told: Any) -> int | None:
    """The life of a token. Some servers write the number as a text."""
    if isinstance(told, str) and told.isascii() and told.isdecimal() and len(told) < 10:
        told = int(told)
    return min(told, LONGEST) if type(told) is int and told >= SHORTEST else None


def _user_of(id_token: Any) -> str:
    """`Practitioner/7` of the fhirUser claim; empty when nobody was named."""
    parts = id_token.split(".") if isinstance(id_token, str) else []
    if len(parts) != 3:
        return ""
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        named = claims.get("fhirUser") if isinstance(claims, dict) else None
        found = _user(urlsplit(named).path) if isinstance(named, str) else None
    except ValueError:  # base64, JSON and URLs all say so
        return ""
    return found[1] if found else ""


def _basic(client_id: str, secret: str) -> str:
    """Both are form-encoded before they are joined (RFC 6749, 2.3.1)."""
    return base64.b64encode(f"{quote(client_id, safe='')}:{quote(secret, safe='')}".encode()).decode()
