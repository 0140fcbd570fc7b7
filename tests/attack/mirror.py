"""The same case by call-back: a FHIR server that answers every search with what a call prefetched, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

import requests

from cds_service.stories.agreement import steady
from tests.attack.attacker import Said, post
from tests.attack.charts import FHIR_SERVER, Json
from tests.ehr.exchange import Answer, Request, fhir_answer, outcome_answer
from tests.ehr.hosts import PUBLIC_EHR, Network
from tests.ehr.listener import Listener, listening
from tests.ehr.service import Service
from tests.ehr.tls import Authority

BASE_PATH = "/fhir/"
PATIENT = "{{context.patientId}}"
Asked = tuple[str, tuple[tuple[str, str], ...]]
_EMPTY = {"resourceType": "Bundle", "type": "searchset"}


@dataclass(slots=True)
class Mirror:
    """A service in development whose client leaves all reading to it, and the server that it reads from."""

    service: Service
    ehr: Listener
    templates: Mapping[str, str] = field(default_factory=dict)
    values: dict[Asked, object] = field(default_factory=dict)

    def can_say(self, call: Json) -> bool:
        """Can a FHIR server say what this call prefetched? It cannot send what nobody asked for."""
        sent = call.get("prefetch")
        about = call.get("context", {})
        if not isinstance(sent, dict) or not isinstance(about.get("patientId"), str):
            return False
        return set(sent) == set(self.templates) and call.get("fhirServer") == FHIR_SERVER

    def told(self, call: Json) -> Said:
        """The answer to the same call without its prefetch."""
        patient = call["context"]["patientId"]
        self.values.clear()
        for key, template in self.templates.items():
            self.values[asked(template.replace(PATIENT, patient))] = call["prefetch"][key]
        return post(self.service.url, {name: value for name, value in call.items() if name != "prefetch"})

    def answer(self, request: Request) -> Answer:
        """What the call prefetched under the key of this search."""
        target = request.target.removeprefix(BASE_PATH)
        if asked(target) not in self.values:
            return outcome_answer(404, "not-found")
        value = self.values[asked(target)]
        return fhir_answer(_EMPTY if value is None else value)


def asked(target: str) -> Asked:
    """A search or a read in one spelling."""
    path, _, query = target.partition("?")
    return path, tuple(sorted(parse_qsl(query)))


def assert_same(call: Json, by_prefetch: Said, mirror: Mirror) -> None:
    """The answer must be the same when the service reads everything itself."""
    by_call_back = mirror.told(call)
    assert by_call_back.status == by_prefetch.status, by_call_back.text[:400]
    if by_prefetch.status == 200:
        assert steady(by_call_back.json) == steady(by_prefetch.json)
    else:
        assert by_call_back.issue.get("details") == by_prefetch.issue.get("details")


@contextmanager
def mirror_of(directory: Path, authority: Authority) -> Iterator[Mirror]:
    """The service and its server, for the time of a block."""
    directory.mkdir(parents=True, exist_ok=True)
    network = Network(directory / "network.json", trust=authority.bundle)
    settings = {"CDS_FHIR_SERVERS": FHIR_SERVER, "CDS_CALL_BACK_SECONDS": "10"}
    running = Service(directory, settings, network)
    with listening(lambda request: made.answer(request), tls=authority.context("ehr.test")) as ehr:
        made = Mirror(running, ehr)
        network.place("ehr.test", PUBLIC_EHR, ehr.port, 443)
        running.start()
        try:
            session = requests.Session()
            session.trust_env = False
            (offered,) = json.loads(session.get(f"{running.url}/cds-services", timeout=10).text)["services"]
            made.templates = offered["prefetch"]
            yield made
        finally:
            running.stop()
