"""Spans go to a collector when one is named: stages and names of ours, and nothing of the call (promise P1)."""

from __future__ import annotations

import copy
import gzip
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from cds_service.web import tracing
from tests.conftest import running_server
from tests.contract.calls import NEXT_THERAPY, complete_call

CANARY = "Canary-Quill-77"


@dataclass
class Collector:
    """A local OTLP collector over HTTP: what it got, and where."""

    server: ThreadingHTTPServer
    bodies: list[bytes] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def spans(self) -> list[Any]:
        found = []
        for body in self.bodies:
            told = ExportTraceServiceRequest.FromString(body)
            found += [span for one in told.resource_spans for scope in one.scope_spans for span in scope.spans]
        return found

    def wait_for(self, number: int) -> list[Any]:
        deadline = time.monotonic() + 20
        while len(self.spans()) < number and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.spans()


@pytest.fixture
def collector() -> Iterator[Collector]:
    class Take(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            is_packed = self.headers.get("Content-Encoding") == "gzip"
            taken.heads.append(f"{self.path}\n{self.headers}")
            taken.bodies.append(gzip.decompress(body) if is_packed else body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
    taken = Collector(server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield taken
    server.shutdown()
    server.server_close()


def attributes(span: Any) -> Mapping[str, Any]:
    return {one.key: one.value for one in span.attributes}


def canary_call(client: FlaskClient) -> dict[str, Any]:
    """A complete call with a canary wherever a client may put one."""
    call = copy.deepcopy(complete_call(client))
    call["prefetch"]["patient"]["name"] = [{"family": CANARY}]
    call["context"]["userId"] = f"Practitioner/{CANARY}"
    call["context"]["patientId"] = call["prefetch"]["patient"]["id"] = f"pat-{CANARY}"
    body = json.dumps(call).replace("Patient/pat-a", f"Patient/pat-{CANARY}")
    told: dict[str, Any] = json.loads(body)
    return told


def test_every_stage_is_told_and_nothing_of_the_call(
    collector: Collector, client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
    headers = {
        "Authorization": f"Bearer {CANARY}",
        "traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01",
        "tracestate": f"v={CANARY}",
        "baggage": f"patient={CANARY}",
        "X-Canary": CANARY,
        "User-Agent": CANARY,
    }
    with running_server(tmp_path / "log.txt", CDS_WORKERS="2") as server:
        url = f"{server.url}{NEXT_THERAPY}?patient={CANARY}"
        call = canary_call(client)
        answer = requests.post(url, json=call, headers=headers, timeout=10)
        assert answer.status_code == 200
        rule = answer.json()["cards"][0]["extension"]["org.nextline-cds.recommendation"]["rule"]
        del call["prefetch"]["conditions"]
        assert requests.post(url, json=call, headers=headers, timeout=10).status_code == 412
        assert requests.post(url, data=CANARY, headers=headers, timeout=10).status_code == 415
        spans = collector.wait_for(8)
    names = [span.name for span in spans]
    assert sorted(set(names)) == ["judge", "keep", "next-therapy", "read"]
    assert names.count("next-therapy") == 3
    (answered,) = [span for span in spans if "nextline.rules" in attributes(span)]
    told = attributes(answered)
    assert told["nextline.rules"].array_value.values[0].string_value == rule
    assert told["nextline.cards"].int_value == 1
    faults = sorted(
        attributes(span)["nextline.fault"].string_value
        for span in spans
        if span.name == "next-therapy" and "nextline.fault" in attributes(span)
    )
    assert faults == ["DataUnobtainable", "UnsupportedMediaType"]
    below = {span.name for span in spans if span.parent_span_id == answered.span_id}
    assert below == {"read", "judge", "keep"}
    everything = b"".join(collector.bodies) + "".join(collector.heads).encode()
    for secret in (CANARY, "ab" * 16, call["hookInstance"], "pat-", "Practitioner", "tracestate"):
        assert secret.encode() not in everything, secret
    assert bytes.fromhex("ab" * 16) not in everything
    assert not any(span.events or span.links for span in spans)
    assert {name for span in spans for name in attributes(span)} <= {
        "nextline.fault",
        *(f"nextline.{name}" for name in tracing.TOLD),
    }


WANTED = {
    "nothing said": ({}, False),
    "a collector for all": ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, True),
    "a collector for traces": ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, True),
    "switched off": ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "TRUE"}, False),
    "another variable": ({"OTEL_SERVICE_NAME": "cds"}, False),
    "an empty one": ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
}


@pytest.mark.parametrize(("variables", "wanted"), WANTED.values(), ids=WANTED.keys())
def test_it_is_off_unless_a_collector_is_named(variables: dict[str, str], wanted: bool) -> None:
    assert tracing.is_wanted(variables) is wanted
    assert (type(tracing.tracing(variables)) is not tracing.Tracing) is wanted


def test_off_it_loads_nothing_and_costs_next_to_nothing() -> None:
    said = (
        "import sys, time; from cds_service.web.tracing import tracing; t = tracing({})\n"
        "n = 100_000; began = time.process_time()\n"
        "for _ in range(n):\n"
        "    with t.stage('judge') as span: span.tell({})\n"
        "print((time.process_time() - began) / n * 1e6, any('opentelemetry' in name for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True, env=os.environ)
    microseconds, loaded = done.stdout.split()
    assert loaded == "False"
    assert float(microseconds) < 20  # some tenths, on a machine with nothing else to do
