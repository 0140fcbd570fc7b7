"""Where a FHIR server wants its users to sign in: `{iss}/.well-known/smart-configuration`.

Asked through the one outbound client, and only of servers that are registered. What it says is believed as far as the
clients file goes: an endpoint on an origin that is not known for this client is not used, because a FHIR server that
was taken over could send codes and secrets anywhere (promise I6).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from cds_service.outbound.address import AddressRefused, Base, parse
from cds_service.outbound.allowance import Allowance
from cds_service.outbound.client import Outbound
from cds_service.outbound.deadline import Deadline
from cds_service.outbound.failure import FetchFailed
from cds_service.smart.refusal import LaunchRefused, Reason
from cds_service.trust.smart_registration import SmartRegistration

PATH = "/.well-known/smart-configuration"
SECONDS = 3.0
MOST_BYTES = 256 * 1024
FRESH = 300.0
COOL_DOWN = 5.0
"""Seconds for which an answer, or its absence, is believed: anybody can make us ask, by a launch."""


class Endpoints(NamedTuple):
    """Where to sign in and to exchange the code. `issuer` is the name the authorization server gives itself.

    `audience` is the token endpoint as it was spelled, which is what a signed statement has to name. `tells_issuer`: it
    says who it is in every answer (RFC 9207). `first_grammar`: it knows SMART 1 scopes only.
    """

    authorization: Base
    authorization_query: str
    token: Base
    audience: str
    issuer: str
    tells_issuer: bool
    first_grammar: bool


class Discovery:
    """Asks servers, and remembers for a while what they said. One for a process."""

    def __init__(self, outbound: Outbound, *, local_http: bool = False) -> None:
        self._outbound, self._local_http = outbound, local_http
        self._known: dict[Base, tuple[float, Endpoints | Reason]] = {}
        self._lock = threading.Lock()

    def endpoints_of(self, registration: SmartRegistration) -> Endpoints:
        """The endpoints of a registered server. Errors: LaunchRefused."""
        known = self._remembered(registration.server)
        if known is None:
            known = self._asked(registration)
            until = time.monotonic() + (FRESH if isinstance(known, Endpoints) else COOL_DOWN)
            with self._lock:
                self._known[registration.server] = until, known
        if not isinstance(known, Endpoints):
            raise LaunchRefused(known)
        return known

    def _remembered(self, server: Base) -> Endpoints | Reason | None:
        with self._lock:
            until, known = self._known.get(server, (0.0, None))
        return known if time.monotonic() < until else None

    def _asked(self, registration: SmartRegistration) -> Endpoints | Reason:
        server = registration.server
        where = Base(server.scheme, server.host, server.port, server.path + PATH)
        headers, deadline = {"Accept": "application/json"}, Deadline.after(SECONDS)
        try:
            fetched = self._outbound.get(where, "", headers=headers, deadline=deadline, allowance=Allowance(MOST_BYTES))
            told = orjson.loads(fetched.body)
        except FetchFailed as failed:
            return "metadata_slow" if failed.reason == "timeout" else "metadata_failed"
        except orjson.JSONDecodeError:
            return "metadata_failed"
        return self._read(told, registration) if isinstance(told, dict) else "metadata_failed"

    def _read(self, told: Mapping[str, Any], registration: SmartRegistration) -> Endpoints | Reason:
        methods = told.get("code_challenge_methods_supported", ["S256"])
        if not isinstance(methods, list) or "S256" not in methods:
            return "no_pkce"
        try:
            place, query = parse(str(told.get("authorization_endpoint")), local_http=self._local_http)
            token, token_query = parse(str(told.get("token_endpoint")), local_http=self._local_http)
        except AddressRefused:
            return "endpoints_refused"
        if token_query or not (registration.may_sign_in_at(place) and registration.may_sign_in_at(token)):
            return "endpoints_refused"
        can = told.get("capabilities")
        can = can if isinstance(can, list) else []
        issuer = told.get("issuer")
        return Endpoints(
            authorization=place,
            authorization_query=query,
            token=token,
            audience=str(told["token_endpoint"]),
            issuer=issuer if isinstance(issuer, str) else "",
            tells_issuer=told.get("authorization_response_iss_parameter_supported") is True,
            first_grammar="permission-v1" in can and "permission-v2" not in can,
        )
