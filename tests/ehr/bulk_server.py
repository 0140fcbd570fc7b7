"""A Bulk Data server of our own (FHIR Bulk Data Access 2.0, SMART Backend Services), and what may go wrong with it.

Jobs, their state with progress, manifests, files with ETag, Range and gzip, a token endpoint that checks signed
statements as an authorization server has to. Faults of connections and wrong answers are scripted on its listener.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.ehr.exchange import Answer, Json, Request, outcome_answer
from tests.ehr.listener import Listener, listening
from tests.ehr.signing_keys import SigningKey
from tests.ehr.statements import Statements

BASE_PATH = "/fhir"
WELL_KNOWN = f"{BASE_PATH}/.well-known/smart-configuration"
TOKEN = "/auth/token"
_KICK_OFF = re.compile(rf"{BASE_PATH}(?P<level>|/Patient|/Group/[^/]+)/\$export")
_JOB = re.compile(rf"{BASE_PATH}/jobs/(?P<job>\w+)")
_FILE = re.compile(r"/files/(?P<job>\w+)/(?P<number>\d+)")
NDJSON = "application/fhir+ndjson"


@dataclass(frozen=True, slots=True)
class Offered:
    """A file of an export. `count` is what the manifest says; None: nothing."""

    kind: str
    body: bytes
    count: int | None = None
    member: str = "output"


@dataclass(slots=True)
class Job:
    """An export that was asked for."""

    query: Mapping[str, str]
    polls: int = 0


@dataclass(slots=True)
class Ways:
    """How the server behaves. `polls` are the answers "not yet" before the manifest comes."""

    polls: int = 2
    retry_after: str | None = "0"
    asks_for_token: bool = True
    token_seconds: int = 300
    etags: bool = True
    ranges: bool = True
    packs: bool = False
    """Packs files on their way (Content-Encoding) for whoever takes that."""
    signed: bool = False
    """File addresses carry a signature, another one in each manifest."""
    files_at: str = ""
    """Origin of the files, where it is another one."""
    says_token: bool | None = None
    """`requiresAccessToken`, where it is not the truth."""
    scope: str | None = None
    """The scope granted, where it is another one than asked for."""
    manifest: dict[str, Any] = field(default_factory=dict)
    """Members of the manifest to replace."""
    metadata: dict[str, Any] = field(default_factory=dict)
    """Members of the SMART configuration to replace."""


@dataclass(slots=True)
class BulkEhr:
    """A hospital's server. `key` is the public key of the one registered client."""

    files: list[Offered] = field(default_factory=list)
    client_id: str = "nextline-screening"
    key: SigningKey | None = None
    ways: Ways = field(default_factory=Ways)
    origin: str = ""
    jobs: dict[str, Job] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    tokens: dict[str, float] = field(default_factory=dict)
    """Every token that was given out, and until when it is good (monotonic)."""
    heard: Statements = field(default_factory=Statements)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def statements(self) -> list[Json]:
        """The claims of every signed statement that was taken."""
        return self.heard.accepted

    @property
    def base(self) -> str:
        return self.origin + BASE_PATH

    def expire(self) -> None:
        """No token that was given out is good any more."""
        self.tokens = dict.fromkeys(self.tokens, 0.0)

    def answer(self, request: Request) -> Answer:
        path = request.path
        if path == WELL_KNOWN:
            return _json(self._metadata())
        if path == TOKEN and request.method == "POST":
            with self._lock:
                return self._token(dict(request.query))
        if self.ways.asks_for_token and not self._is_let_in(request):
            return outcome_answer(401, "login", {"WWW-Authenticate": "Bearer"})
        if _KICK_OFF.fullmatch(path):
            return self._begun(request)
        if found := _JOB.fullmatch(path):
            return self._state(found["job"], request.method)
        return self.file(request)

    def _metadata(self) -> Json:
        told = {
            "token_endpoint": self.origin + TOKEN,
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "capabilities": ["client-confidential-asymmetric", "permission-v2"],
        } | self.ways.metadata
        return {name: value for name, value in told.items() if value is not None}

    def _token(self, form: Mapping[str, str]) -> Answer:
        fault = self._fault_of(form)
        if fault:
            return _json({"error": "invalid_client", "error_description": fault}, 400)
        token = secrets.token_urlsafe(32)
        self.tokens[token] = time.monotonic() + self.ways.token_seconds
        scope = form["scope"] if self.ways.scope is None else self.ways.scope
        told = {"access_token": token, "token_type": "bearer", "expires_in": self.ways.token_seconds, "scope": scope}
        return _json(told)

    def _fault_of(self, form: Mapping[str, str]) -> str:
        """What is wrong with a request for a token, as SMART App Launch 2.2 has it checked."""
        if form.get("grant_type") != "client_credentials" or not form.get("scope"):
            return "grant type or scope"
        return self.heard.fault_of(form, self.client_id, self.key, self.origin + TOKEN)

    def _is_let_in(self, request: Request) -> bool:
        scheme, _, token = (request.header("authorization") or "").partition(" ")
        return scheme == "Bearer" and time.monotonic() < self.tokens.get(token, 0.0)

    def _begun(self, request: Request) -> Answer:
        if request.header("prefer") != "respond-async" or request.header("accept") != "application/fhir+json":
            return outcome_answer(400, "invalid")
        job = f"job{len(self.jobs) + 1}"
        self.jobs[job] = Job(dict(parse_qsl(urlsplit(request.target).query)))
        return Answer(202, (("Content-Location", f"{self.base}/jobs/{job}"),))

    def _state(self, name: str, method: str) -> Answer:
        job = self.jobs.get(name)
        if job is None:
            return outcome_answer(404, "not-found")
        if method == "DELETE":
            del self.jobs[name]
            self.deleted.append(name)
            return Answer(202)
        job.polls += 1
        if job.polls <= self.ways.polls:
            told = f"{100 * job.polls // (self.ways.polls + 1)}% of the patients"
            waiting = [("Retry-After", self.ways.retry_after)] if self.ways.retry_after is not None else []
            return Answer(202, (("X-Progress", told), *waiting))
        return _json(self._manifest(name, job))

    def _manifest(self, name: str, job: Job) -> Json:
        told: Json = {
            "transactionTime": "2026-11-22T10:00:00Z",
            "request": f"{self.base}/Patient/$export",
            "requiresAccessToken": self.ways.asks_for_token and not self.ways.files_at,
            "output": [],
            "deleted": [],
            "error": [],
        }
        wanted = job.query.get("_type", "").split(",")
        for number, file in enumerate(self.files):
            if file.member == "output" and file.kind not in wanted:
                continue
            signature = f"?signature={secrets.token_hex(8)}" if self.ways.signed else ""
            url = f"{self.ways.files_at or self.origin}/files/{name}/{number}{signature}"
            entry: Json = {"type": file.kind, "url": url}
            told[file.member].append(entry if file.count is None else entry | {"count": file.count})
        if self.ways.says_token is not None:
            told["requiresAccessToken"] = self.ways.says_token
        return told | self.ways.manifest

    def file(self, request: Request) -> Answer:
        """A file, or the rest of it; to whoever asks, as object storage does."""
        found = _FILE.fullmatch(request.path)
        if not found or found["job"] not in self.jobs or int(found["number"]) >= len(self.files):
            return outcome_answer(404, "not-found")
        body = self.files[int(found["number"])].body
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = [("Content-Type", NDJSON), *([("ETag", etag)] if self.ways.etags else [])]
        asked = re.fullmatch(r"bytes=(\d+)-", request.header("range") or "")
        if asked and self.ways.ranges and request.header("if-range") == etag:
            start = int(asked[1])
            span = f"bytes {start}-{len(body) - 1}/{len(body)}"
            if start >= len(body):
                return Answer(416, (("Content-Range", f"bytes */{len(body)}"),))
            return Answer(206, (*headers, ("Content-Range", span)), body[start:])
        if self.ways.packs and "gzip" in (request.header("accept-encoding") or ""):
            return Answer(200, (*headers, ("Content-Encoding", "gzip")), gzip.compress(body))
        return Answer(200, tuple(headers), body)


def _json(body: object, status: int = 200) -> Answer:
    headers = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
    return Answer(status, headers, json.dumps(body).encode())


@contextmanager
def bulk_ehr(key: SigningKey | None = None, port: int = 0) -> Iterator[tuple[BulkEhr, Listener]]:
    """A server for the time of a block, and its listener with script and records."""
    ehr = BulkEhr(key=key)
    with listening(ehr.answer, port=port) as server:
        ehr.origin = server.url
        yield ehr, server
