"""The same case by call-back and in R5: a FHIR server that answers every search with what a call prefetched."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from urllib.parse import parse_qsl

import requests

from cds_service.stories.agreement import steady
from tests.attack.attacker import Said, post
from tests.attack.charts import FHIR_SERVER, Json
from tests.attack.fifth import can_be_r5, in_r5, with_drafts_in_r5
from tests.ehr.exchange import Answer, Request, fhir_answer, outcome_answer
from tests.ehr.hosts import PUBLIC_EHR, Network
from tests.ehr.listener import Listener, listening
from tests.ehr.r5_twin import R4, R5
from tests.ehr.service import Service
from tests.ehr.tls import Authority

MIRROR, MIRROR_SERVER = "mirror.test", "https://mirror.test/fhir"
BASE_PATH = "/fhir/"
PATIENT = "{{context.patientId}}"
Asked = tuple[str, tuple[tuple[str, str], ...]]
_EMPTY = {"resourceType": "Bundle", "type": "searchset"}


@dataclass(slots=True)
class Mirror:
    """The service in development, and the one server that it may read from."""

    service: Service
    ehr: Listener
    templates: Mapping[str, str] = field(default_factory=dict)
    values: dict[Asked, object] = field(default_factory=dict)
    version: str = R4
    """Which release the server says it speaks."""

    def can_say(self, call: Json) -> bool:
        """Can a FHIR server say what this call prefetched? It cannot send what nobody asked for."""
        sent = call.get("prefetch")
        about = call.get("context", {})
        if not isinstance(sent, dict) or not isinstance(about.get("patientId"), str):
            return False
        return set(sent) == set(self.templates) and call.get("fhirServer") == FHIR_SERVER

    def told(self, call: Json, version: str = R4) -> Said:
        """The answer to the same call without its prefetch, at the server that has what was in it."""
        moved = json.loads(json.dumps(call).replace(FHIR_SERVER, MIRROR_SERVER))
        patient = moved["context"]["patientId"]
        self.version = version
        self.values.clear()
        for key, template in self.templates.items():
            self.values[asked(template.replace(PATIENT, patient))] = moved["prefetch"].pop(key)
        del moved["prefetch"]
        return post(self.service.url, moved)

    def answer(self, request: Request) -> Answer:
        """What the call prefetched under the key of this search."""
        target = request.target.removeprefix(BASE_PATH)
        if target == "metadata":
            return fhir_answer({"resourceType": "CapabilityStatement", "fhirVersion": self.version})
        if asked(target) not in self.values:
            return outcome_answer(404, "not-found")
        value = self.values[asked(target)]
        return fhir_answer(_EMPTY if value is None else value)

    def strangers(self) -> list[object]:
        """Whom else the service looked up or called."""
        network = self.service.network
        assert network is not None
        named = [one for one in network.lookups if one.host != MIRROR]
        return [*named, *network.strangers((PUBLIC_EHR,))]


def asked(target: str) -> Asked:
    """A search or a read in one spelling."""
    path, _, query = target.partition("?")
    return path, tuple(sorted(parse_qsl(query)))


def assert_same_in_every_way(call: Json, said: Said, url: str, mirror: Mirror) -> None:
    """The answer must be the same when the service reads everything itself, in R5, and both."""
    if not mirror.can_say(call):
        return
    assert_same(said.json, mirror.told(call), said.status)
    if not can_be_r5(call):
        return
    moved, wanted = in_r5(call), with_drafts_in_r5(said.json)
    if moved != call:  # else nothing but the server's word tells that it is R5
        assert_same(wanted, post(url, moved), said.status)
    assert_same(wanted, mirror.told(moved, R5), said.status)


def assert_same(wanted: Json, also: Said, status: int) -> None:
    """An answer must be the one that the first way of asking got."""
    assert also.status == status, also.text[:400]
    if status == 200:
        assert differences(steady(wanted), steady(also.json)) == []
    else:
        assert also.issue.get("details") == wanted["issue"][0].get("details")


def differences(wanted: Json, had: Json) -> list[str]:
    """The lines in which two answers differ."""
    before, after = (
        json.dumps(one, indent=1, sort_keys=True, ensure_ascii=False).splitlines() for one in (wanted, had)
    )
    return [line for line in unified_diff(before, after, n=0, lineterm="") if not line.startswith(("---", "+++", "@@"))]


@contextmanager
def mirror_of(directory: Path, authority: Authority, proxy: str) -> Iterator[Mirror]:
    """The service and its server, for the time of a block. Its environment names a proxy, which it must not use."""
    directory.mkdir(parents=True, exist_ok=True)
    network = Network(directory / "network.json", trust=authority.bundle)
    settings = {"CDS_FHIR_SERVERS": MIRROR_SERVER, "CDS_CALL_BACK_SECONDS": "10"}
    running = Service(directory, settings, network, {"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy})
    with listening(lambda request: made.answer(request), tls=authority.context(MIRROR)) as ehr:
        made = Mirror(running, ehr)
        network.place(MIRROR, PUBLIC_EHR, ehr.port, 443)
        running.start()
        try:
            with requests.Session() as session:
                session.trust_env = False
                (offered,) = json.loads(session.get(f"{running.url}/cds-services", timeout=10).text)["services"]
            made.templates = offered["prefetch"]
            yield made
        finally:
            running.stop()
