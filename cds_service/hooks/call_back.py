"""The call back to the client's FHIR server: what the prefetch left out, and the Medications its records point at.

Only keys that are absent (a failed key is not asked for twice, an empty one is an answer), only with a server that
is on the list of this client, only with its token, and within one deadline for everything.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from cds_service.cdshooks.prefetch import PATIENT_ID
from cds_service.cdshooks.request import PatientViewRequest
from cds_service.cdshooks.scopes import Scopes, scopes_of
from cds_service.fhir.fetching import FhirServer, not_had
from cds_service.fhir.medication_references import pointed_at
from cds_service.outbound.address import AddressRefused, Base, allowed, base
from cds_service.outbound.client import Outbound
from cds_service.outbound.deadline import Deadline
from cds_service.outbound.failure import FetchFailed

SECONDS = 1.5
AT_ONCE = 12
MOST_MEDICATIONS = 50
MEDICATIONS_KEY = "fetched-medications"
METADATA = "metadata"
_LONGEST_VERSION = 32
_ANYTHING = Scopes(frozenset("*"), frozenset("*"), frozenset())


@dataclass(frozen=True, slots=True)
class Fetching:
    """What came of calling back. `told_version` is the FHIR version that the server says it speaks, if asked."""

    prefetch: Mapping[str, Any]
    fetched: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    not_called: str = ""
    told_version: str | None = None


class CallBack:
    """Calls back to FHIR servers. One for a process; `open_servers` lets development call servers without a token."""

    def __init__(
        self, outbound: Outbound, *, open_servers: bool = False, local_http: bool = False, seconds: float = SECONDS
    ) -> None:
        self._outbound, self._open, self._local_http, self._seconds = outbound, open_servers, local_http, seconds
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._process = 0

    def complete(self, request: PatientViewRequest, templates: Mapping[str, str], servers: tuple[str, ...]) -> Fetching:
        """The prefetch with what could be fetched. `servers` are the FHIR servers on the list of this client."""
        prefetch = dict(request.prefetch or {})
        reason, found = self._server_of(request, servers)
        if found is None:
            return Fetching(prefetch, not_called=reason)
        server, scopes = found
        absent = {key: template for key, template in templates.items() if key not in prefetch}
        patient_id = request.context.patient_id
        asked = {
            key: self._asking(server, template.replace(PATIENT_ID, patient_id), scopes)
            for key, template in absent.items()
            if scopes.grants(_kind(template), search="?" in template)
        }
        failed: dict[str, str] = {}
        wanted = {**asked, METADATA: lambda: server.read(METADATA)} if asked else asked
        answers = self._answers(wanted, server, failed)
        statement = answers.pop(METADATA, None)
        failed.pop(METADATA, None)  # without it the shapes of the resources tell
        prefetch.update(answers)
        medications = self._medications(server, prefetch, scopes, failed)
        if medications:
            prefetch[MEDICATIONS_KEY] = medications
        return Fetching(prefetch, tuple(asked), failed, told_version=_version(statement))

    def _server_of(
        self, request: PatientViewRequest, servers: tuple[str, ...]
    ) -> tuple[str, tuple[FhirServer, Scopes] | None]:
        """The server to call with what its token grants, or why it is not called."""
        if request.fhir_server is None:
            return "no_server", None
        token = request.fhir_authorization
        if token is None and not self._open:
            return "no_token", None
        if token is not None and not token.usable:
            return "token_not_usable", None
        try:
            where = base(request.fhir_server, local_http=self._local_http)
        except AddressRefused:
            return "address_refused", None
        if not allowed(where, self._listed(servers)):
            return "server_not_listed", None
        headers, scopes = {}, _ANYTHING
        if token is not None and token.access_token is not None:
            headers = {"Authorization": f"Bearer {token.access_token.get_secret_value()}"}
            scopes = scopes_of(token.scope or "")
        deadline = Deadline.after(self._seconds)
        return "", (FhirServer(self._outbound, where, deadline, self._local_http, headers), scopes)

    def _listed(self, servers: tuple[str, ...]) -> Iterator[Base]:
        for listed in servers:
            yield base(listed, local_http=self._local_http)

    def _asking(self, server: FhirServer, template: str, scopes: Scopes) -> Callable[[], Any]:
        if "?" not in template:
            return lambda: server.read(template)
        narrowed = scopes.is_narrowed(_kind(template))

        def search() -> Any:
            found = server.search(template)
            # A scope with a filter hides results without a word: what came is not all there is.
            return {**found, "link": [{"relation": "next", "url": ""}]} if narrowed else found

        return search

    def _answers(
        self, asked: Mapping[str, Callable[[], Any]], server: FhirServer, failed: dict[str, str]
    ) -> dict[str, Any]:
        """Everything at once; what is not there at the deadline has failed."""
        pool = self._threads(server.base.origin)
        futures: dict[str, Future[Any]] = {key: pool.submit(ask) for key, ask in asked.items()}
        wait(futures.values(), timeout=server.deadline.left)
        answers: dict[str, Any] = {}
        for key, future in futures.items():
            try:
                if not future.done():
                    future.cancel()
                    raise FetchFailed("timeout")
                answers[key] = future.result()
            except FetchFailed as failure:
                failed[key] = failure.reason
                answers[key] = not_had(failure)
        return answers

    def _medications(
        self, server: FhirServer, prefetch: Mapping[str, Any], scopes: Scopes, failed: dict[str, str]
    ) -> dict[str, Any] | None:
        """The Medications that records point at and that did not come; the rest stays unresolved, and is said."""
        if not scopes.grants("Medication", search=False):
            return None
        wanted = list(dict.fromkeys(_relative(pointer, server.base) for pointer in pointed_at(prefetch)))
        paths = [path for path in wanted if path][:MOST_MEDICATIONS]
        if not paths:
            return None
        asked = {path: (lambda path=path: server.read(path)) for path in paths}
        faults: dict[str, str] = {}
        answers = self._answers(asked, server, faults)
        if faults:
            failed[MEDICATIONS_KEY] = next(iter(faults.values()))
        entries = [{"resource": answers[path]} for path in paths if path not in faults]
        return {"resourceType": "Bundle", "type": "collection", "entry": entries} if entries else None

    def _threads(self, origin: str) -> ThreadPoolExecutor:
        """The threads for one server, so that whoever waits for a sick one keeps nobody else waiting (R6).

        Those of a parent did not survive the fork. Only servers on the list of a client get here, so there are few.
        """
        if self._process != os.getpid():
            self._pools, self._process = {}, os.getpid()
        known = self._pools.get(origin)
        return known or self._pools.setdefault(origin, ThreadPoolExecutor(AT_ONCE, "call-back"))


def _kind(template: str) -> str:
    return template.partition("?")[0].partition("/")[0]


def _relative(pointer: str, server: Base) -> str:
    """`Medication/<id>` of a reference to this server; empty for any other."""
    own = f"{server.url}/"
    path = (pointer[len(own) :] if pointer.startswith(own) else pointer).partition("/_history/")[0]
    kind, _, identifier = path.partition("/")
    plain = identifier.replace("-", "").replace(".", "").isalnum() and identifier.isascii() and len(identifier) <= 64
    return path if kind == "Medication" and plain and identifier.strip(".") else ""


def _version(statement: Any) -> str | None:
    """The FHIR version of a CapabilityStatement."""
    told = statement.get("fhirVersion") if isinstance(statement, dict) else None
    return told if isinstance(told, str) and len(told) <= _LONGEST_VERSION else None
