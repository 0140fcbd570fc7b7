"""A program in the test's network sees the names, addresses and certificates of the test, and nothing else."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.ehr import wrong_answers
from tests.ehr.hospital import EHR, EVIL, FHIR_BASE, JKU, Hospital
from tests.ehr.hosts import PUBLIC_EHR, PUBLIC_EVIL, Connect, Network, Step
from tests.ehr.listener import listening
from tests.ehr.r5_twin import Twin, fhir_twin
from tests.ehr.sink import sink
from tests.ehr.tls import Authority

CALLS = """
import json, socket, sys, time, requests
session = requests.Session()
session.trust_env = False
for address in sys.argv[1:]:
    began = time.monotonic()
    try:
        answer = session.get(address, timeout=3, stream=True, allow_redirects=False)
        peer = answer.raw._connection.sock.getpeername() if answer.raw._connection else None
        said = {"status": answer.status_code, "peer": peer, "text": answer.text[:300]}
    except requests.RequestException as error:
        said = {"error": repr(error)}
    print(json.dumps(said | {"seconds": time.monotonic() - began}), flush=True)
"""
LOOKS_UP = """
import json, socket, sys
for host in sys.argv[1:]:
    try:
        print(json.dumps(sorted({one[4][0] for one in socket.getaddrinfo(host, 443)})))
    except socket.gaierror as error:
        print(json.dumps(error.errno))
"""
REPLACES_ITSELF = """
import os, sys
if "again" in sys.argv:
    os.execv(sys.executable, [sys.executable, sys.argv[0], "ehr.test"])
import socket
print(__import__("json").dumps(socket.gethostbyname("ehr.test")))
"""


def run(network: Network, program: Path, *arguments: str) -> list[Any]:
    """The JSON lines a program writes."""
    environment = os.environ | network.environment()
    command = network.command(str(program), *arguments)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return Network(tmp_path / "network.json")


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    (tmp_path / "calls.py").write_text(CALLS)
    return tmp_path / "calls.py"


@pytest.fixture
def looks_up(tmp_path: Path) -> Path:
    (tmp_path / "looks_up.py").write_text(LOOKS_UP)
    return tmp_path / "looks_up.py"


class TestSink:
    def test_it_remembers_who_called_where_and_what_was_said(self) -> None:
        with sink("127.0.0.1", "127.0.0.2") as drain:
            port = drain.port_at("127.0.0.2")
            with socket.create_connection(("127.0.0.2", port)) as connection:
                connection.sendall(b"CONNECT ehr.test:443 canary")
                connection.recv(10)
            wait_for(lambda: bool(drain.callers))
            assert (drain.connections, drain.callers[0].address, drain.callers[0].port) == (1, "127.0.0.2", port)
            assert drain.said("canary")
            assert not drain.callers[0].spoke_tls

    def test_it_tells_tls(self) -> None:
        with sink() as drain:
            with pytest.raises(requests.ConnectionError):
                requests.get(drain.url.replace("http:", "https:"), timeout=2)
            wait_for(lambda: bool(drain.callers))
            assert drain.callers[0].spoke_tls

    def test_nobody_called(self) -> None:
        with sink("::1") as drain:
            assert drain.url.startswith("http://[::1]:")
            assert (drain.connections, drain.callers) == (0, [])


class TestNames:
    def test_one_answer_after_another_and_the_last_for_ever(self, network: Network, looks_up: Path) -> None:
        network.resolve(EHR, "203.0.113.5", "127.0.0.1")
        assert run(network, looks_up, EHR, EHR, EHR) == [["203.0.113.5"], ["127.0.0.1"], ["127.0.0.1"]]
        assert [one.addresses for one in network.lookups] == [("203.0.113.5",), ("127.0.0.1",), ("127.0.0.1",)]

    def test_the_steps_are_counted_over_processes_and_anew_after_forget(self, network: Network, looks_up: Path) -> None:
        network.resolve(EHR, "192.88.99.1", "192.88.99.2")
        assert [run(network, looks_up, EHR) for _ in range(2)] == [[["192.88.99.1"]], [["192.88.99.2"]]]
        network.resolve(EVIL, "192.88.99.3")
        assert run(network, looks_up, EHR) == [["192.88.99.2"]]
        network.forget()
        assert run(network, looks_up, EHR.upper()) == [["192.88.99.1"]]

    def test_failures(self, network: Network, looks_up: Path) -> None:
        network.resolve(EHR, Step(error="SERVFAIL"), Step(error="NXDOMAIN"))
        assert run(network, looks_up, EHR, EHR, "nobody.test") == [socket.EAI_AGAIN, *[socket.EAI_NONAME] * 2]

    def test_several_addresses_and_both_families(self, network: Network, looks_up: Path) -> None:
        network.resolve(EHR, Step(("192.88.99.1", "::1")))
        assert run(network, looks_up, EHR) == [["192.88.99.1", "::1"]]

    def test_a_slow_name_server(self, network: Network, looks_up: Path) -> None:
        network.resolve(EHR, Step(("192.88.99.1",), delay=0.5))
        began = time.monotonic()
        run(network, looks_up, EHR)
        assert time.monotonic() - began >= 0.5

    def test_spellings_of_addresses_stay_addresses(self, network: Network, looks_up: Path) -> None:
        answers = run(network, looks_up, "2130706433", "0x7f000001", "127.1", "localhost")
        assert [("127.0.0.1" in one) for one in answers] == [True] * 4
        assert network.lookups == []


class TestConnections:
    def test_an_address_that_looks_public_leads_to_our_listener(self, network: Network, calls: Path) -> None:
        with fhir_twin(Twin()) as ehr:
            network.place(EHR, PUBLIC_EHR, ehr.port, 80)
            (said,) = run(network, calls, f"http://{EHR}/fhir/metadata")
        assert (said["status"], said["peer"]) == (200, [PUBLIC_EHR, 80])
        assert network.connects == [Connect(PUBLIC_EHR, 80, "routed")]

    @pytest.mark.parametrize(
        "address",
        ["http://169.254.169.254/a", "http://192.88.99.200:8080/", "http://198.51.100.7/", "http://[2001:db8::1]/"],
    )
    def test_the_world_outside_is_unreachable_and_the_attempt_recorded(
        self, network: Network, calls: Path, address: str
    ) -> None:
        (said,) = run(network, calls, address)
        assert "unreachable" in said["error"]
        assert [one.outcome for one in network.connects] == ["unreachable"]
        assert network.strangers(["127.0.0.1"]) == network.connects

    def test_loopback_is_open_and_recorded(self, network: Network, calls: Path) -> None:
        with fhir_twin(Twin()) as ehr:
            addresses = (f"{ehr.url}/fhir/metadata", f"http://2130706433:{ehr.port}/fhir/metadata")
            assert [one["status"] for one in run(network, calls, *addresses)] == [200, 200]
        assert [(one.address, one.outcome) for one in network.connects] == [("127.0.0.1", "open")] * 2

    def test_a_program_that_replaces_itself_stays_inside(self, network: Network, tmp_path: Path) -> None:
        program = tmp_path / "replaces.py"
        program.write_text(REPLACES_ITSELF)
        network.resolve(EHR, "192.88.99.1")
        assert run(network, program, "again") == ["192.88.99.1"]
        assert [Path(command[0]).name for command in network.commands] == ["replaces.py", "replaces.py"]
        assert len(set(network.process_ids)) == 1

    def test_without_the_network_the_name_is_unknown(self, looks_up: Path) -> None:
        done = subprocess.run([sys.executable, str(looks_up), "ehr.test"], capture_output=True, text=True, check=True)
        assert json.loads(done.stdout) in (socket.EAI_NONAME, socket.EAI_AGAIN, -5)


class TestHospital:
    def test_every_host_has_its_certificate_and_the_ports_of_the_field(
        self, fresh_hospital: Hospital, calls: Path
    ) -> None:
        here = fresh_hospital
        said = run(here.network, calls, f"{FHIR_BASE}/metadata", JKU, f"https://{EVIL}/jwks.json")
        assert [one.get("status") for one in said] == [200, 200, 200]
        assert here.ehr.requests[0].server_name == EHR
        assert here.keys.fetches() == 1
        assert not here.quiet

    def test_the_world_is_quiet_when_nobody_called_the_attacker(self, fresh_hospital: Hospital, calls: Path) -> None:
        run(fresh_hospital.network, calls, f"{FHIR_BASE}/metadata")
        assert fresh_hospital.quiet

    @pytest.mark.parametrize("address", [f"http://{EVIL}:3128/", f"http://{PUBLIC_EVIL}/x"])
    def test_any_port_of_the_attacker_ends_in_the_sink(
        self, fresh_hospital: Hospital, calls: Path, address: str
    ) -> None:
        run(fresh_hospital.network, calls, address)
        assert fresh_hospital.sink.connections == 1
        assert not fresh_hospital.quiet

    def test_a_bad_certificate_is_refused_by_name(
        self, fresh_hospital: Hospital, authority: Authority, calls: Path
    ) -> None:
        with listening(Twin().answer, tls=authority.context(EHR, fault="wrong-name")) as wrong:
            fresh_hospital.network.place(EHR, PUBLIC_EHR, wrong.port, 443)
            (said,) = run(fresh_hospital.network, calls, f"{FHIR_BASE}/metadata")
            assert "mismatch" in said["error"]
            assert wrong.requests == []

    def test_rebinding(self, fresh_hospital: Hospital, calls: Path) -> None:
        here = fresh_hospital
        here.network.resolve(EHR, PUBLIC_EHR, "127.0.0.1")
        here.ehr.script.add(wrong_answers.status(503))
        first, second = run(here.network, calls, f"{FHIR_BASE}/metadata", f"http://{EHR}:1/metadata")
        assert (first["status"], "refused" in second["error"]) == (503, True)
        assert [one.address for one in here.network.connects] == [PUBLIC_EHR, "127.0.0.1"]

    def test_forget_puts_everything_back(self, fresh_hospital: Hospital, calls: Path) -> None:
        here = fresh_hospital
        here.network.resolve(EHR, Step(error="NXDOMAIN"))
        here.keys.publish()
        here.ehr.script.add(wrong_answers.status(500))
        here.forget()
        said, keys = run(here.network, calls, f"{FHIR_BASE}/metadata", JKU)
        assert said["status"] == 200
        assert '"kid": "ehr-1"' in keys["text"]
        assert len(here.ehr.requests) == 1


def wait_for(condition: Callable[[], bool], seconds: float = 2.0) -> None:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
