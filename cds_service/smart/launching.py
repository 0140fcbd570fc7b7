"""A SMART App Launch from beginning to end: to the sign-in, back with a code, and the visits that follow.

SMART App Launch 2, for launches from a record system (`iss` and `launch`) and standalone ones (`iss` alone): PKCE S256
with a new verifier each time, a `state` that is good once, in one browser and for ten minutes, and RFC 9207 `iss`.
Moments are seconds of the clock of the day and always arguments.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

import orjson

from cds_service.outbound.address import AddressRefused, base
from cds_service.outbound.client import Outbound
from cds_service.smart.discovery import Discovery, Endpoints
from cds_service.smart.exchange import exchange
from cds_service.smart.keeping import Keeping
from cds_service.smart.refusal import LaunchRefused, Reason
from cds_service.smart.visit import IDLE, LONGEST, Visit, is_form_token, key_of
from cds_service.trust.smart_registration import SmartRegistration

SIGN_IN_SECONDS = 600
_STATES = "smart launch"
_handle = re.compile(r"[0-9a-f]{16}", re.ASCII).fullmatch
_opaque = re.compile(r"[ -~]{1,4096}", re.ASCII).fullmatch

Parameters = Callable[[str], Sequence[str]]
"""All values of a parameter of the address."""
Cookies = Callable[[str], str | None]
"""The cookie of a handle."""


class Begun(NamedTuple):
    """Where the browser goes to sign in, and the cookie that binds the sign-in to it."""

    location: str
    handle: str
    cookie: str


class Opened(NamedTuple):
    """A visit that begins. `handle` may be seen by anybody, `secret` is for a cookie."""

    handle: str
    secret: str
    visit: Visit


class SmartApp:
    """The app at all FHIR servers it is registered at. `redirect` is where they send the browser back to.

    `kinds` are the resource types that are read; `local_http` allows http on loopback, in development.
    """

    def __init__(
        self,
        registrations: Iterable[SmartRegistration],
        outbound: Outbound,
        keeping: Keeping,
        *,
        redirect: str,
        kinds: Sequence[str],
        local_http: bool = False,
    ) -> None:
        self._by_server = {one.server: one for one in registrations}
        self._discovery = Discovery(outbound, local_http=local_http)
        self._outbound, self._keeping, self._local_http = outbound, keeping, local_http
        self._redirect, self._kinds = redirect, tuple(dict.fromkeys(kinds))

    @property
    def frames(self) -> tuple[str, ...]:
        """The origins that may show pages of this app in a frame, of all record systems together."""
        return tuple(sorted({origin for one in self._by_server.values() for origin in one.frames}))

    @property
    def published_keys(self) -> tuple[dict[str, str], ...]:
        """The public halves of the keys that this app proves itself with, each once."""
        keys = (one.key.published() for one in self._by_server.values() if one.key is not None)
        return tuple({tuple(key.items()): key for key in keys}.values())

    def registration_of(self, server: str) -> SmartRegistration:
        """The registration at a server, however its address is spelled. Errors: LaunchRefused."""
        try:
            found = self._by_server.get(base(server, local_http=self._local_http))
        except AddressRefused:
            found = None
        if found is None:
            raise LaunchRefused("server_unknown")
        return found

    def begin(self, asked: Parameters, now: int) -> Begun:
        """The sign-in for a launch. Nobody is called for a server that is not registered. Errors: LaunchRefused."""
        server, launch = _single(asked, "iss"), _single(asked, "launch", optional=True)
        registration = self.registration_of(server)
        endpoints = self._discovery.endpoints_of(registration)
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
        told = {
            "response_type": "code",
            "client_id": registration.client_id,
            "redirect_uri": registration.redirect or self._redirect,
            "scope": self._scope(registration, endpoints, from_record=bool(launch)),
            "state": state,
            "aud": registration.address,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        } | ({"launch": launch} if launch else {})
        query = "&".join(part for part in (endpoints.authorization_query, urlencode(told)) if part)
        handle = _handle_of(state)
        plain = orjson.dumps([state, verifier, registration.address, now])
        sealed = self._keeping.seal(plain, f"{_STATES} {handle}")
        return Begun(f"{endpoints.authorization.url}?{query}", handle, base64.urlsafe_b64encode(sealed).decode())

    def complete(self, asked: Parameters, cookies: Cookies, now: int) -> Opened:
        """The visit for a browser that comes back with a code. Errors: LaunchRefused, NotDurable."""
        state = _single(asked, "state", refused="not_begun_here")
        verifier, server, began_at = self._begun(state, cookies)
        if not 0 <= now - began_at <= SIGN_IN_SECONDS:
            raise LaunchRefused("not_begun_here")
        registration = self.registration_of(server)
        digest, ends_at = hashlib.sha256(state.encode()).hexdigest(), began_at + SIGN_IN_SECONDS + 1
        if not self._keeping.spend(_STATES, digest, ends_at, now):
            raise LaunchRefused("not_begun_here")
        endpoints = self._discovery.endpoints_of(registration)
        _check_issuer(asked, endpoints, registration)
        if asked("error"):
            raise LaunchRefused("denied")
        redirect = registration.redirect or self._redirect
        code = _single(asked, "code")
        grant = exchange(
            self._outbound, endpoints, registration, code=code, verifier=verifier, redirect=redirect, now=now
        )
        return self._opened(
            Visit(
                issuer=registration.issuer,
                server=registration.address,
                token=grant.token,
                patient=grant.patient,
                scope=grant.scope,
                token_ends_at=now + grant.seconds,
                ends_at=now + min(grant.seconds, LONGEST),
                user=grant.user,
                app_context=grant.app_context,
                wants_banner=grant.wants_banner,
            ),
            now,
        )

    def resume(self, secret: str | None, now: int) -> Visit:
        """The visit of a browser. Errors: LaunchRefused when it has ended, NotDurable."""
        content = self._keeping.find(key_of(secret), now, now + IDLE) if secret else None
        visit = Visit.of(content) if content else None
        if visit is None or now >= visit.ends_at:
            raise LaunchRefused("closed")
        self.registration_of(visit.server)  # it may have been taken out of the clients file since
        return visit

    def close(self, secret: str | None, sent: str) -> None:
        """End a visit, asked for by a form of its own page. Errors: LaunchRefused, NotDurable."""
        if not secret or not is_form_token(sent, secret):
            raise LaunchRefused("no_form_token")
        self._keeping.end(key_of(secret))

    def _begun(self, state: str, cookies: Cookies) -> tuple[str, str, int]:
        """Verifier, server and moment of the launch that this browser began with this state. Errors: LaunchRefused."""
        handle = _handle_of(state)
        try:
            sealed = base64.urlsafe_b64decode(cookies(handle) or "")
        except ValueError:
            raise LaunchRefused("not_begun_here") from None
        plain = self._keeping.unseal(sealed, f"{_STATES} {handle}") if sealed else None
        if plain is None:
            raise LaunchRefused("not_begun_here")
        known, verifier, server, began_at = orjson.loads(plain)
        if not hmac.compare_digest(known.encode(), state.encode()):
            raise LaunchRefused("not_begun_here")
        return verifier, server, began_at

    def _opened(self, visit: Visit, now: int) -> Opened:
        handle, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        self._keeping.begin(key_of(secret), visit.content(), visit.ends_at, now + IDLE, now)
        return Opened(handle, secret, visit)

    def _scope(self, registration: SmartRegistration, endpoints: Endpoints, *, from_record: bool) -> str:
        """What is asked for: the context, who is signed in, and to read what the prefetch templates name."""
        rights = "read" if endpoints.first_grammar else "rs"
        wanted = registration.scopes or ("openid", "fhirUser", *(f"patient/{kind}.{rights}" for kind in self._kinds))
        context = "launch" if from_record else "launch/patient"
        return " ".join(dict.fromkeys((context, *wanted)))


def is_handle(text: str) -> bool:
    """Can the text be the handle of a visit or of a sign-in?"""
    return _handle(text) is not None


def _single(asked: Parameters, name: str, *, optional: bool = False, refused: Reason = "parameters") -> str:
    """The one value of a parameter. Errors: LaunchRefused."""
    values = asked(name)
    if optional and not values:
        return ""
    if len(values) != 1 or not _opaque(values[0]):
        raise LaunchRefused(refused)
    return values[0]


def _check_issuer(asked: Parameters, endpoints: Endpoints, registration: SmartRegistration) -> None:
    """Was the answer given by the server that was asked (RFC 9207)? Errors: LaunchRefused."""
    told = asked("iss")
    known = {endpoints.issuer} if endpoints.issuer else {registration.address, registration.server.url}
    if (endpoints.tells_issuer and not told) or (told and (len(told) > 1 or told[0] not in known)):
        raise LaunchRefused("issuer_mixed")


def _handle_of(state: str) -> str:
    return hashlib.sha256(b"nextline launch" + state.encode()).hexdigest()[:16]


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
