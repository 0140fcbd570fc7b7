"""A SMART authorization server of our own beside our FHIR server, with the ways in which either may go wrong.

SMART App Launch 2: metadata, authorize (grants at once, as after a log-in), token with PKCE S256 and codes that are
good once, revocation, and `_services/smart/Launch` as the CDS Hooks Sandbox needs it. A token reads one record.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from tests.ehr.exchange import Answer, Json, Request, outcome_answer
from tests.ehr.r5_twin import BASE_PATH, Twin
from tests.ehr.signing_keys import SigningKey
from tests.ehr.statements import Statements

WELL_KNOWN = f"{BASE_PATH}/.well-known/smart-configuration"
AUTHORIZE, TOKEN, REVOKE = "/auth/authorize", "/auth/token", "/auth/revoke"
LAUNCH = f"{BASE_PATH}/_services/smart/Launch"
_FOR_BROWSERS = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "GET, POST, OPTIONS"),
    ("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept"),
)
_OPEN_PATHS = ("/metadata",)
_FRONT = ("", "/", BASE_PATH, f"{BASE_PATH}/")


@dataclass(frozen=True, slots=True)
class App:
    """An app as it is registered here. It is confidential with a secret, or with a key whose public half is known."""

    client_id: str
    redirects: tuple[str, ...]
    secret: str = ""
    key: SigningKey | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What a launch is about."""

    patient: str
    app_context: str = ""


@dataclass(slots=True)
class Code:
    """A code that was given out, and what it is bound to."""

    app: App
    redirect: str
    challenge: str
    scope: str
    context: Context | None
    used: bool = False


@dataclass(slots=True)
class Faults:
    """What is wrong just now. `lies` replaces members of the token response; None leaves a member out."""

    lies: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    answers_as: str = ""
    """The `iss` it gives with a code (RFC 9207); empty for none."""
    denies: bool = False
    token_delay: float = 0.0
    reads_another: str = ""
    """The patient whose record it gives, whoever is asked for."""


@dataclass(slots=True)
class SmartEhr:
    """A FHIR server with sign-in. `origin` is where browsers and apps find it."""

    twin: Twin
    origin: str = ""
    apps: dict[str, App] = field(default_factory=dict)
    chosen: str = ""
    """The patient a user picks in a standalone launch; empty for none."""
    open: bool = False
    """The record is read without a token, too, as the CDS Hooks Sandbox does."""
    user: str = "Practitioner/prac-1"
    seconds: int = 300
    faults: Faults = field(default_factory=Faults)
    launches: dict[str, Context] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, Context] = field(default_factory=dict)
    exchanges: list[Json] = field(default_factory=list)
    """Every form that came to the token endpoint."""
    statements: Statements = field(default_factory=Statements)
    """Signed statements of apps with a key."""
    welcome: str = ""
    """A page for people who open the base address in a browser; empty for none."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def base(self) -> str:
        """The FHIR base address: the `iss` of launches."""
        return self.origin + BASE_PATH

    def forget(self) -> None:
        """No fault, no launch, no code, no token."""
        self.faults, self.user, self.chosen, self.seconds = Faults(), "Practitioner/prac-1", "", 300
        for kept in (self.launches, self.codes, self.tokens):
            kept.clear()
        self.exchanges.clear()
        self.statements.forget()

    def launch_of(self, patient: str, app_context: str = "") -> str:
        """The launch id for an app that is opened in this patient's record."""
        launch_id = secrets.token_urlsafe(12)
        self.launches[launch_id] = Context(patient, app_context)
        return launch_id

    def answer(self, request: Request) -> Answer:
        path = unquote(request.path)
        if request.method == "OPTIONS":
            return Answer(204, _FOR_BROWSERS)
        if path == WELL_KNOWN:
            return _json(self._metadata())
        if self.welcome and path in _FRONT and request.method == "GET" and _wants_a_page(request):
            return Answer(200, (("Content-Type", "text/html; charset=utf-8"),), self.welcome.encode())
        if path == AUTHORIZE:
            return self.authorize(dict(parse_qsl(urlsplit(request.target).query)))
        if path == TOKEN and request.method == "POST":
            return self._exchange(request)
        if path == REVOKE and request.method == "POST":
            self.tokens.pop(dict(request.query).get("token", ""), None)
            return _json({})
        if path == LAUNCH and request.method == "POST":
            return self._opened_for(json.loads(request.body))
        return self._record(request, path)

    def authorize(self, asked: Mapping[str, str]) -> Answer:
        """The user has signed in and grants what is asked. What cannot be trusted is not sent back to."""
        app = self.apps.get(asked.get("client_id", ""))
        if app is None or asked.get("redirect_uri") not in app.redirects:
            return _json({"error": "invalid_request"}, 400)
        told = {"state": asked.get("state", "")} | ({"iss": self.faults.answers_as} if self.faults.answers_as else {})
        fault = self._fault_of(asked)
        if fault:
            return _sent_to(asked["redirect_uri"], told | {"error": fault})
        code = secrets.token_urlsafe(24)
        context = self.launches.get(asked.get("launch", ""))
        if context is None and self.chosen:
            context = Context(self.chosen)
        self.codes[code] = Code(app, asked["redirect_uri"], asked["code_challenge"], asked["scope"], context)
        return _sent_to(asked["redirect_uri"], told | {"code": code})

    def _fault_of(self, asked: Mapping[str, str]) -> str:
        if self.faults.denies:
            return "access_denied"
        if asked.get("aud") != self.base or asked.get("response_type") != "code":
            return "invalid_request"
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            return "invalid_request"
        if "launch" in asked and asked["launch"] not in self.launches:
            return "invalid_request"
        return ""

    def _metadata(self) -> Json:
        told: Json = {
            "issuer": self.base,
            "authorization_endpoint": self.origin + AUTHORIZE,
            "token_endpoint": self.origin + TOKEN,
            "revocation_endpoint": self.origin + REVOKE,
            "code_challenge_methods_supported": ["S256"],
            "grant_types_supported": ["authorization_code"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["ES384", "RS384"],
            "capabilities": [
                "launch-ehr",
                "launch-standalone",
                "client-public",
                "client-confidential-symmetric",
                "client-confidential-asymmetric",
                "permission-v2",
                "context-ehr-patient",
            ],
        }
        return _without_nothing(told | self.faults.metadata)

    def _exchange(self, request: Request) -> Answer:
        form = dict(request.query)
        with self._lock:
            self.exchanges.append(form)
            if self.faults.token_delay:
                time.sleep(self.faults.token_delay)
            code = self.codes.get(form.get("code", ""))
            if code is None or code.used or not self._is_for(code, form):
                return _json({"error": "invalid_grant"}, 400)
            if not self._is_client(code.app, form, request.header("authorization") or ""):
                return _json({"error": "invalid_client"}, 401)
            code.used = True
        token = secrets.token_urlsafe(24)
        context = code.context or Context("")
        self.tokens[token] = context
        told: Json = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self.seconds,
            "scope": code.scope,
            "patient": context.patient or None,
            "id_token": _id_token(self.base, code.app.client_id, f"{self.base}/{self.user}"),
            "appContext": context.app_context or None,
        }
        return _json(_without_nothing(told | self.faults.lies))

    def _is_for(self, code: Code, form: Mapping[str, str]) -> bool:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        return challenge.decode().rstrip("=") == code.challenge and form.get("redirect_uri") == code.redirect

    def _is_client(self, app: App, form: Mapping[str, str], authorization: str) -> bool:
        """Does the app prove itself in the way it is registered with, and in no other?"""
        if app.key is not None:
            return not self.statements.fault_of(form, app.client_id, app.key, self.origin + TOKEN)
        if app.secret:
            known = base64.b64encode(f"{app.client_id}:{app.secret}".encode()).decode()
            return authorization == f"Basic {known}"
        return form.get("client_id") == app.client_id

    def _opened_for(self, asked: Json) -> Answer:
        told = asked["parameters"]
        answer = _json({"launch_id": self.launch_of(told["patient"], told.get("appContext", ""))})
        return Answer(answer.status, (*answer.headers, *_FOR_BROWSERS), answer.body)

    def _record(self, request: Request, path: str) -> Answer:
        """The FHIR server, as far as the token goes."""
        scheme, _, token = (request.header("authorization") or "").partition(" ")
        context = self.tokens.get(token) if scheme == "Bearer" else None
        if self.faults.reads_another and context is not None:
            return self._of_another(request)
        if context is None:
            is_open = self.open or path.removeprefix(BASE_PATH) in _OPEN_PATHS
            refused = outcome_answer(401, "login", {"WWW-Authenticate": "Bearer"})
            return self.twin.answer(request) if is_open else refused
        return self.twin.answer(request) if _is_about(request, path, context) else outcome_answer(403, "forbidden")

    def _of_another(self, request: Request) -> Answer:
        found = self.twin.resources.get(("Patient", self.faults.reads_another))
        if "/Patient/" in request.path and found:
            return _json(found)
        return self.twin.answer(request)


def _is_about(request: Request, path: str, context: Context) -> bool:
    """Is it the record of the patient that the token is for?"""
    kind, _, name = path.removeprefix(f"{BASE_PATH}/").partition("/")
    if kind in ("metadata", "Medication"):
        return True
    if kind == "Patient" and name not in ("", "_search"):
        return name == context.patient
    said = {value.removeprefix("Patient/") for key, value in request.query if key in ("patient", "subject", "_id")}
    return said == {context.patient}


def _wants_a_page(request: Request) -> bool:
    """Is it a browser, and no FHIR client?"""
    return "json" not in (request.header("accept") or "")


def _json(body: object, status: int = 200) -> Answer:
    headers = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
    return Answer(status, headers, json.dumps(body).encode())


def _sent_to(address: str, told: Mapping[str, str]) -> Answer:
    return Answer(302, (("Location", f"{address}?{urlencode(told)}"),))


def _without_nothing(told: Json) -> Json:
    return {name: value for name, value in told.items() if value is not None}


def _id_token(issuer: str, audience: str, user: str) -> str:
    """Signed by nobody: no right follows from it."""
    parts = ({"alg": "none"}, {"iss": issuer, "aud": audience, "fhirUser": user})
    return ".".join([*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), ""])
