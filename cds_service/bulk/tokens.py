"""Access tokens by SMART Backend Services: a signed statement of who asks, good for minutes, and the token for it.

A token lives in the memory of this process alone: it is never written, logged or shown, and is fetched anew when it
is about to expire or is refused.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import orjson

from cds_service.bulk.fault import ExportFault
from cds_service.bulk.patience import Patience
from cds_service.bulk.places import Place
from cds_service.outbound.allowance import Allowance
from cds_service.outbound.client import AGAIN, Fetched, Outbound
from cds_service.outbound.deadline import Deadline
from cds_service.outbound.failure import FetchFailed
from cds_service.outbound.signing import SigningKey

SECONDS = 30.0
MOST_BYTES = 128 * 1024
USUAL_SECONDS, SPARE_SECONDS = 300, 15
_ERRORS = frozenset(
    {"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type"}
    | {"invalid_scope", "access_denied", "server_error", "temporarily_unavailable"}
)
_token = re.compile(r"[!-~]{1,16384}", re.ASCII).fullmatch
_scope = re.compile(r"system/(\*|[A-Za-z]+)\.(?:read|\*|c?ru?d?s?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class BackendClient:
    """This export as a client of an authorization server. `audience` is the token address as it was spelled."""

    client_id: str
    key: SigningKey
    endpoint: Place
    audience: str
    scope: str


@dataclass(frozen=True, slots=True)
class _Held:
    token: str = field(default="", repr=False)
    until: float = 0.0


class Tokens:
    """The one token of an export, shared by its threads. `now` gives seconds since 1970, for the signed statement."""

    def __init__(self, outbound: Outbound, client: BackendClient, patience: Patience, now: Callable[[], float]) -> None:
        self._outbound, self._client, self._patience, self._now = outbound, client, patience, now
        self._held = _Held()
        self._lock = threading.Lock()
        self.scope = ""
        """What was granted, as the server says it; empty when it does not."""

    def bearer(self, refused: str = "") -> str:
        """A token that is good for a while, and is not the one that was refused. Errors: ExportFault."""
        with self._lock:
            if self._held.token == refused or time.monotonic() >= self._held.until:
                self._held = self._fetched()
            return self._held.token

    def without(self, body: bytes) -> bytes:
        """A text of the server without the token: one that repeats what it was sent must not put it on a disk."""
        return body.replace(self._held.token.encode(), b"***") if self._held.token else body

    def lacking(self, types: Sequence[str]) -> list[str]:
        """The types that the granted scope does not let us read. Nothing when it says nothing of types."""
        granted = set(_scope.findall(self.scope))
        return [] if not granted or "*" in granted else [kind for kind in types if kind not in granted]

    def _fetched(self) -> _Held:
        attempt = 0
        while True:
            attempt += 1
            answer = self._asked()
            if answer is not None and answer.status not in AGAIN:
                return self._read(answer)
            headers = answer.headers if answer is not None else None
            self._patience.wait(attempt, headers, why="the token endpoint does not answer")

    def _asked(self) -> Fetched | None:
        """Ask with a statement of its own each time: one is good for one use. None when the line broke."""
        client = self._client
        statement = client.key.statement(client.client_id, client.audience, int(self._now()))
        form = {"grant_type": "client_credentials", "scope": client.scope} | statement
        try:
            return self._outbound.exchange(
                "POST",
                client.endpoint.where,
                client.endpoint.query,
                headers={"Accept": "application/json"},
                deadline=Deadline.after(SECONDS),
                allowance=Allowance(MOST_BYTES),
                form=urlencode(form).encode(),
            )
        except FetchFailed as failed:
            if failed.reason in ("refused", "too-large"):
                raise ExportFault(f"the token endpoint cannot be used ({failed})") from None
            return None

    def _read(self, answer: Fetched) -> _Held:
        try:
            told = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            told = None
        told = told if isinstance(told, dict) else {}
        if not 200 <= answer.status < 300:
            error = told.get("error")
            why = f", {error}" if isinstance(error, str) and error in _ERRORS else ""
            raise ExportFault(f"the token endpoint refuses this client ({answer.status}{why})")
        token, kind = told.get("access_token"), told.get("token_type", "bearer")
        if not isinstance(token, str) or not _token(token) or not isinstance(kind, str) or kind.lower() != "bearer":
            raise ExportFault("the token endpoint's answer is no bearer token")
        scope = told.get("scope")
        self.scope = scope if isinstance(scope, str) else ""
        life = _life_of(told.get("expires_in"))
        return _Held(token, time.monotonic() + max(life - SPARE_SECONDS, life / 2))


def _life_of(told: Any) -> int:
    """Seconds a token lives. Some servers write the number as a text; without one it is the usual five minutes."""
    if isinstance(told, str) and told.isascii() and told.isdecimal() and len(told) < 10:
        told = int(told)
    return told if type(told) is int and 0 < told < 10**9 else USUAL_SECONDS
