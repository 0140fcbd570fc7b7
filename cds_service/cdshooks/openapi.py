"""The OpenAPI 3.1 document: what can be called, with what, and what can come back (contract sections 1 and 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from cds_service.cdshooks.wire_schemas import component_schemas, request_schema

DISCOVERY = "/cds-services"
JSON_TYPE = "application/json"
_BODY_TYPES = (JSON_TYPE, "application/fhir+json")

_REFUSALS: Mapping[int, tuple[str, str]] = {
    400: ("Malformed", "Not strict JSON, or not what CDS Hooks asks for; `expression` names the member."),
    404: ("NotFound", "No service of that id, no such address."),
    405: ("MethodNotAllowed", "The address does not answer that method; `Allow` names those it does."),
    412: ("DataUnobtainable", "Required data could not be obtained; the text names the prefetch keys."),
    413: ("TooLarge", "More bytes or entries than the service reads."),
    415: ("UnsupportedMediaType", "Not JSON, not UTF-8, or sent with a content coding."),
    421: ("Misdirected", "The service does not answer for that host name."),
    422: ("PatientMismatch", "The chart or the token is another patient's."),
    429: ("TooManyCalls", "More calls than this client may make; `Retry-After` is in seconds."),
    500: ("Broken", "The service failed; it was not the request's fault."),
    503: ("Unavailable", "Busy, or unable to keep a record of the answer; `Retry-After` is in seconds."),
}
_WITH_WAIT = frozenset({429, 503})
_OF_ANY = (400, 405, 413, 421, 500, 503)
_OF_FEEDBACK = (*_OF_ANY, 404, 415, 429)
_OF_CALL = (*_OF_FEEDBACK, 412, 422)
_UNAUTHENTICATED = "Unauthenticated"
_BEARER = "clientToken"


class Offered(Protocol):
    """What is told of a service; `hooks.registry.Service` is one."""

    @property
    def id(self) -> str: ...

    @property
    def hook(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def description(self) -> str: ...


Routed = Callable[[str, str], bool]
"""Is there something at this path for this method?"""


def describe(
    services: Iterable[Offered], routed: Routed, *, version: str, base_url: str, authenticated: bool
) -> dict[str, Any]:
    """The document of a service at `base_url` (empty: wherever it is read). Only what is `routed` is in it.

    `authenticated`: calls of CDS Hooks need a token.
    """
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "Nextline CDS",
            "version": version,
            "description": "CDS Hooks 2.0.1 service: the next class of therapy in membranous and lupus nephritis.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": base_url or "/"}],
        "paths": _paths(services, routed, authenticated),
        "components": {"schemas": component_schemas(), "responses": dict(_refusals()), "headers": _HEADERS},
    }
    if authenticated:
        document["components"]["securitySchemes"] = {_BEARER: _TOKEN}
    return document


def _paths(services: Iterable[Offered], routed: Routed, authenticated: bool) -> dict[str, Any]:
    told = [("get", DISCOVERY, _discovery()), *_of_services(services)]
    if authenticated:
        told = [(method, path, operation | {"security": [{_BEARER: []}]}) for method, path, operation in told]
    paths: dict[str, dict[str, Any]] = {}
    for method, path, operation in (*told, *_of_operation()):
        if routed(path, method.upper()):
            paths.setdefault(path, {})[method] = operation
    return paths


def _discovery() -> dict[str, Any]:
    answers = {"200": _answer("The services on offer.", "discovery")} | _refused(_OF_ANY, authenticated=True)
    return {"operationId": "discover", "tags": ["CDS Hooks"], "summary": "Discovery", "responses": answers}


def _of_services(services: Iterable[Offered]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for service in services:
        path = f"{DISCOVERY}/{service.id}"
        yield "post", path, _call(service)
        yield "post", f"{path}/feedback", _feedback(service)


def _call(service: Offered) -> dict[str, Any]:
    answered = _answer("The cards; none when there is nothing to say.", "response")
    return {
        "operationId": f"call-{service.id}",
        "tags": ["CDS Hooks"],
        "summary": service.title,
        "description": service.description,
        "requestBody": _body(request_schema(service.hook)),
        "responses": {"200": answered} | _refused(_OF_CALL, authenticated=True),
    }


def _feedback(service: Offered) -> dict[str, Any]:
    answered = _answer("Everything was kept.", "feedback-answer")
    return {
        "operationId": f"feedback-{service.id}",
        "tags": ["CDS Hooks"],
        "summary": f"Feedback on cards: {service.title}",
        "requestBody": _body("feedback"),
        "responses": {"200": answered} | _refused(_OF_FEEDBACK, authenticated=True),
    }


def _of_operation() -> Iterator[tuple[str, str, dict[str, Any]]]:
    pages: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
        ("/health/live", "live", "Is the process alive?", {JSON_TYPE: _schema("health")}),
        ("/health/ready", "ready", "Can it answer?", {JSON_TYPE: _schema("health")}),
        ("/metrics", "metrics", "Figures for Prometheus", {"text/plain": _TEXT}),
        ("/about", "about", "What it is and rests on", {JSON_TYPE: _schema("about"), "text/html": _TEXT}),
        ("/openapi.json", "openapi", "This document", {JSON_TYPE: {"schema": {"type": "object"}}}),
    )
    for path, name, summary, content in pages:
        answers = {"200": {"description": summary, "content": content}} | _refused(_OF_ANY)
        yield "get", path, {"operationId": name, "tags": ["Operation"], "summary": summary, "responses": answers}


def _body(schema: str) -> dict[str, Any]:
    return {"required": True, "content": {media: _schema(schema) for media in _BODY_TYPES}}


def _answer(description: str, schema: str) -> dict[str, Any]:
    return {"description": description, "content": {JSON_TYPE: _schema(schema)}}


def _schema(name: str) -> dict[str, Any]:
    return {"schema": {"$ref": f"#/components/schemas/{name}"}}


def _refused(statuses: Iterable[int], *, authenticated: bool = False) -> dict[str, Any]:
    named = {str(status): _REFUSALS[status][0] for status in sorted(statuses)}
    if authenticated:
        named["401"] = _UNAUTHENTICATED
    return {status: {"$ref": f"#/components/responses/{name}"} for status, name in sorted(named.items())}


def _refusals() -> Iterator[tuple[str, dict[str, Any]]]:
    for status, (name, description) in _REFUSALS.items():
        answer = _answer(description, "operation-outcome")
        if status in _WITH_WAIT:
            answer["headers"] = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}
        if status == 405:
            answer["headers"] = {"Allow": {"$ref": "#/components/headers/Allow"}}
        yield name, answer
    refused = _answer("Nobody the service knows. It never says why.", "unauthorized")
    refused["headers"] = {"WWW-Authenticate": {"$ref": "#/components/headers/Authenticate"}}
    yield _UNAUTHENTICATED, refused


_TEXT: Mapping[str, Any] = {"schema": {"type": "string", "minLength": 1}}
_TOKEN: Mapping[str, Any] = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "Signed by the CDS client for exactly this address (`aud`), used once (`jti`).",
}
_HEADERS: Mapping[str, Any] = {
    "RetryAfter": {"required": True, "schema": {"type": "integer", "minimum": 1}},
    "Allow": {"required": True, "schema": {"type": "string", "pattern": "^[A-Z]+(, [A-Z]+)*$"}},
    "Authenticate": {"required": True, "schema": {"type": "string", "pattern": "^Bearer"}},
}
