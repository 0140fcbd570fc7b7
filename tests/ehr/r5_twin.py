"""A FHIR server of our own, as small as the tests need: read, search, paging and metadata, in R5, R4B or R4."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote, urlencode

from tests.ehr.exchange import Answer, Json, Request, fhir_answer, outcome_answer
from tests.ehr.listener import Listener, listening
from tests.ehr.search import matches, ordered

R4, R4B, R5 = "4.0.1", "4.3.0", "5.0.0"
BASE_PATH = "/fhir"
_TYPES = (
    *("Patient", "Condition", "Observation", "Procedure", "AllergyIntolerance", "Encounter", "ServiceRequest"),
    *("Medication", "MedicationStatement", "MedicationRequest", "MedicationAdministration", "MedicationDispense"),
    *("Practitioner", "PractitionerRole"),
)
_FOR_BROWSERS = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "GET, POST, OPTIONS"),
    ("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept"),
)


@dataclass(slots=True)
class Twin:
    """What the server holds and how it serves it."""

    version: str = R5
    tokens: tuple[str, ...] = ()
    """Bearer tokens it takes; none: it is open."""
    page: int = 50
    """Entries of a page when `_count` says nothing."""
    most_per_page: int = 1000
    allows_post_search: bool = True
    resources: dict[tuple[str, str], Json] = field(default_factory=dict)
    ignored: list[tuple[str, str]] = field(default_factory=list)
    """Search parameters it was asked for and does not know."""

    def load(self, resources: Iterable[Json]) -> None:
        """Holds these resources too; each under its own type and id."""
        self.resources |= {(one["resourceType"], one["id"]): one for one in resources}

    def answer(self, request: Request) -> Answer:
        if request.method == "OPTIONS":
            return Answer(204, _FOR_BROWSERS)
        told = self._answer(request)
        return Answer(told.status, (*told.headers, *_FOR_BROWSERS), told.body)

    def _answer(self, request: Request) -> Answer:
        path = unquote(request.path)
        if not path.startswith(f"{BASE_PATH}/"):
            return outcome_answer(404, "not-found")
        parts = path.removeprefix(f"{BASE_PATH}/").strip("/").split("/")
        if parts == ["metadata"]:
            return fhir_answer(self._capabilities())
        if self.tokens and not self._lets_in(request):
            return outcome_answer(401, "login", {"WWW-Authenticate": "Bearer"})
        if parts[0] not in _TYPES:
            return outcome_answer(404, "not-supported")
        if len(parts) == 1 and request.method == "GET":
            return self._search(request, parts[0])
        if parts[1:] == ["_search"] and request.method == "POST" and self.allows_post_search:
            return self._search(request, parts[0])
        if len(parts) == 2 and request.method == "GET":
            return self._read(parts[0], parts[1])
        return outcome_answer(405, "not-supported")

    def _lets_in(self, request: Request) -> bool:
        scheme, _, token = (request.header("authorization") or "").partition(" ")
        return scheme == "Bearer" and token in self.tokens

    def _capabilities(self) -> Json:
        # A SMART launcher says where to sign in beside what stands in `security`, and nowhere where there is none.
        rest = [{"mode": "server", "security": {"cors": True}, "resource": [{"type": kind} for kind in _TYPES]}]
        return {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": "2026-11-22",
            "kind": "instance",
            "fhirVersion": self.version,
            "format": ["application/fhir+json"],
            "rest": rest,
        }

    def _read(self, kind: str, name: str) -> Answer:
        found = self.resources.get((kind, name))
        return fhir_answer(found) if found else outcome_answer(404, "not-found")

    def _search(self, request: Request, kind: str) -> Answer:
        asked = request.query
        held = [one for (found, _), one in self.resources.items() if found == kind]
        chosen, unknown = matches(held, asked)
        self.ignored += unknown
        chosen = ordered(chosen, dict(asked).get("_sort"))
        count = min(int(dict(asked).get("_count", self.page)), self.most_per_page)
        start = int(dict(asked).get("_start", 0))
        return fhir_answer(self._page(request, kind, chosen, start, count))

    def _page(self, request: Request, kind: str, chosen: list[Json], start: int, count: int) -> Json:
        base = f"{request.scheme}://{request.header('host')}{BASE_PATH}"
        entries = [
            {"fullUrl": f"{base}/{kind}/{one['id']}", "resource": one, "search": {"mode": "match"}}
            for one in chosen[start : start + count]
        ]
        kept = [pair for pair in request.query if pair[0] not in ("_start", "_count")]
        links = [{"relation": "self", "url": f"{base}/{kind}?{urlencode(kept)}"}]
        if count and start + count < len(chosen):
            onward = [*kept, ("_count", str(count)), ("_start", str(start + count))]
            links.append({"relation": "next", "url": f"{base}/{kind}?{urlencode(onward)}"})
        page: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(chosen), "link": links}
        return page | ({"entry": json.loads(json.dumps(entries))} if entries else {})


@contextmanager
def fhir_twin(
    twin: Twin, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[Listener]:
    """The server for the time of a block, scripted faults included: its base is `listener.at(name) + BASE_PATH`."""
    with listening(twin.answer, host=host, port=port, tls=tls) as listener:
        yield listener
