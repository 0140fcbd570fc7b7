"""What every answer of the service must hold, whoever asked for it: status, media type, strict schema, nothing empty.

`CheckedClient` and `CheckedSession` look at each answer on its way to the test; tests need not ask for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import requests
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from cds_service.cdshooks.wire_schemas import component_schemas

STATUSES = frozenset({200, 204, 400, 401, 404, 405, 412, 413, 415, 421, 422, 429, 500, 503})
APP = "cds_service"
_MAY_BE_EMPTY = frozenset({"services", "cards"})
# OpenAPI writes "no scope" as an empty list, and the document is no body of CDS Hooks.
_DOCUMENT = "/openapi.json"
_FOR_PEOPLE_AND_PROMETHEUS = ("text/html; charset=utf-8", "text/plain; ")
_BY_PATH: tuple[tuple[str, str], ...] = (
    (r"/cds-services", "discovery"),
    (r"/cds-services/[^/]+", "response"),
    (r"/cds-services/[^/]+/feedback", "feedback-answer"),
    (r"/health/[a-z]+", "health"),
    (r"/about", "about"),
)


@cache
def validator(schema: str) -> Draft202012Validator:
    document = {"$ref": f"#/components/schemas/{schema}", "components": {"schemas": component_schemas()}}
    return Draft202012Validator(document)


def problems_of(schema: str, body: Any) -> list[str]:
    """What a strict schema of the package says against a body."""
    return [f"{error.json_path}: {error.message}" for error in validator(schema).iter_errors(body)]


def silences_of(value: Any, where: str = "$") -> list[str]:
    """Every null, "", [] and {} in an answer, except the two lists that may be empty (GEN-3)."""
    if value is None or value in ("", [], {}):
        return [where]
    if isinstance(value, dict):
        allowed = {name for name in _MAY_BE_EMPTY if where == "$" and value.get(name) == []}
        members = [(name, member) for name, member in value.items() if name not in allowed]
        return [place for name, member in members for place in silences_of(member, f"{where}.{name}")]
    if isinstance(value, list):
        return [place for number, member in enumerate(value) for place in silences_of(member, f"{where}[{number}]")]
    return []


def strictly_read(text: str | bytes) -> Any:
    """The value of a JSON text: no comment, no comma too many, no NaN, no member twice (GEN-4)."""

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no JSON")

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs), "a member is there twice"
        return dict(pairs)

    return json.loads(text, parse_constant=refuse, object_pairs_hook=members)


def schema_of(path: str, status: int) -> str:
    """The schema of a JSON answer. An address that is not listed here has none, and needs one."""
    if status == 401:
        return "unauthorized"
    if status >= 400:
        return "operation-outcome"
    plain = re.sub(r"/{2,}", "/", path).rstrip("/")
    return next(schema for pattern, schema in _BY_PATH if re.search(f"(?:^|/)?{pattern}$", plain))


def check(method: str, path: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """The judgement on one answer."""
    assert status in STATUSES, f"{status} is no status of the contract"
    if method == "HEAD" or status == 204:
        assert body == b"", "an answer without a body has one"
        return
    if status == 401:
        assert headers["WWW-Authenticate"] == "Bearer"
    if status in (429, 503):
        assert int(headers["Retry-After"]) >= 1
    kind = headers["Content-Type"]
    if status == 200 and "/cds-services" not in path and kind.startswith(_FOR_PEOPLE_AND_PROMETHEUS):
        return
    assert kind == "application/json"
    said = strictly_read(body)
    if status == 200 and path.endswith(_DOCUMENT):
        return
    assert problems_of(schema_of(path, status), said) == []
    assert silences_of(said) == []


class CheckedClient(FlaskClient):
    """A client of an app without a socket. Apps that are not ours are let be."""

    def open(self, *args: Any, **members: Any) -> TestResponse:
        answer = super().open(*args, **members)
        if self.application.name == APP:
            request = answer.request
            check(request.method, request.path, answer.status_code, answer.headers, answer.data)
        return answer


class CheckedSession(requests.Session):
    """A connection to a running server of ours. The proxies of this machine's environment are left aside."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.hooks["response"].append(_look)


def _look(answer: requests.Response, *_: Any, **__: Any) -> None:
    assert answer.request.method is not None
    path = urlsplit(answer.request.url or "").path
    check(answer.request.method, str(path), answer.status_code, answer.headers, answer.content)
