"""Everything the public CDS Hooks Sandbox and a SMART launcher need, on this machine: the service, and a record system.

The record system is the test EHR with the example patients: FHIR R4 and R5 (metadata, POST `_search`, CORS), sign-in
for SMART apps, and `_services/smart/Launch`. Their dates are moved so that today is the day their stories are told for.
Run it with `make sandbox`; it prints the address to open. Invented patients only: nothing here keeps anybody out.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlencode

import requests

from cds_service.demo import free_port
from cds_service.stories.catalogue import Story, all_stories
from tests.contract.fifth import in_r5
from tests.ehr.listener import listening
from tests.ehr.r5_twin import R4, R5, Twin
from tests.ehr.smart_server import App, SmartEhr
from tools.sandbox_page import Link, page_of
from tools.sandbox_patients import encounter_of, patients_of, practitioners

SANDBOX = "https://sandbox.cds-hooks.org"
CLIENT_ID = "nextline-cds"
LAUNCHER = "https://launch.smarthealthit.org/v/r4/fhir"
"""The FHIR server of the public SMART launcher, in a launch from its record."""
FIRST_STORY = "tacrolimus-failed-so-rituximab-is-next"
SECONDS_TO_START = 60


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What runs: the service, the FHIR servers by release, and the patient to begin with.

    `launchers` are the FHIR servers of SMART launchers that the app opens from.
    """

    service: str
    r4: str
    r5: str
    patient: str
    launchers: tuple[str, ...] = ()

    def hooks_address(self, sandbox: str = SANDBOX, *, fhir: str = "", patient: str = "") -> str:
        """The CDS Hooks Sandbox with everything filled in, for the R4 server and the first patient unless told."""
        told = {
            "fhirServiceUrl": fhir or self.r4,
            "patientId": patient or self.patient,
            "serviceDiscoveryURL": f"{self.service}/cds-services",
            "hook": "patient-view",
            "screen": "patient-view",
        }
        return f"{sandbox}/?{urlencode(told)}"


@contextmanager
def sandbox(
    today: date, *, port: int = 8080, fhir_port: int = 8090, launchers: Sequence[str] = (), names: Sequence[str] = ()
) -> Iterator[Sandbox]:
    """Everything for the time of a block. A port of 0 takes a free one; `names` narrows the stories."""
    stories = [story for story in all_stories() if not names or story.name in names]
    patients = list(patients_of(stories, today))
    first = next((story for story in stories if story.name == FIRST_STORY), stories[0])
    with ExitStack() as stack:
        servers = []
        for number, (version, charts) in enumerate(((R4, patients), (R5, map(in_r5, patients)))):
            ehr = SmartEhr(Twin(version=version, page=1000), open=True, chosen=first.request["context"]["patientId"])
            ehr.twin.load([*practitioners(), *charts])
            known = [name for kind, name in ehr.twin.resources if kind == "Patient"]
            ehr.twin.load([encounter_of(name, today, r5=version == R5) for name in known])
            listener = stack.enter_context(listening(ehr.answer, port=fhir_port + number if fhir_port else 0))
            ehr.origin = listener.url
            servers.append(ehr)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nextline-sandbox-")))
        bases = [ehr.base for ehr in servers]
        service = stack.enter_context(_serving(folder, port, bases, launchers))
        running = Sandbox(service, bases[0], bases[1], first.request["context"]["patientId"], tuple(launchers))
        for ehr in servers:
            ehr.apps[CLIENT_ID] = App(CLIENT_ID, (f"{service}/callback",))
            ehr.welcome = _welcome(running, ehr, stories)
        yield running


def _welcome(running: Sandbox, ehr: SmartEhr, stories: Iterable[Story]) -> str:
    """The page of a FHIR server, with a launch for each of its patients."""
    links = []
    for story in stories:
        patient = story.request["context"]["patientId"]
        launch = urlencode({"iss": ehr.base, "launch": ehr.launch_of(patient)})
        hooks = running.hooks_address(fhir=ehr.base, patient=patient)
        links.append(Link(patient, story.title, hooks, f"{running.service}/launch?{launch}"))
    return page_of({R4: "R4", R5: "R5"}[ehr.twin.version], ehr.base, running.service, links)


def check_ports(port: int, fhir_port: int) -> None:
    """Is nobody there yet? Another sandbox would answer in place of this one. Errors: SystemExit."""
    wanted = {"--port": [port], "--fhir-port": [fhir_port, fhir_port + 1]}
    for option, ports in wanted.items():
        for one in ports:
            with socket.socket() as asking:
                if asking.connect_ex(("127.0.0.1", one)) == 0:
                    raise SystemExit(
                        f"Port {one} is taken, perhaps by a sandbox that still runs. "
                        f"Another one: .venv/bin/python -m tools.sandbox {option} PORT"
                    )


@contextmanager
def _serving(folder: Path, port: int, bases: Sequence[str], launchers: Sequence[str]) -> Iterator[str]:
    """The service in development, started as documented; its address."""
    clients = folder / "clients.toml"
    clients.write_text(_clients(bases, launchers), encoding="utf-8")
    port = port or free_port()
    settings = {
        "CDS_PORT": str(port),
        "CDS_WORKERS": "2",
        "CDS_CLIENTS_FILE": str(clients),
        "CDS_FHIR_SERVERS": ",".join(bases),
        "CDS_OPEN_FHIR_SERVERS": "true",
        "CDS_LOG_LEVEL": "warning",
        "CDS_DATABASE_URL": f"sqlite:///{folder / 'sandbox.sqlite3'}",
    }
    around = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    process = subprocess.Popen([sys.executable, "-m", "cds_service.cli", "serve"], env=around | settings)
    base = f"http://127.0.0.1:{port}"
    try:
        _wait(process, base)
        yield base
    finally:
        process.terminate()
        process.wait(timeout=30)


def _clients(bases: Sequence[str], launchers: Sequence[str]) -> str:
    """The record systems as clients, each with the app."""
    lines = []
    for number, servers in enumerate((bases, launchers)):
        if servers:
            lines += [
                "[[client]]",
                f'issuer = "https://sandbox-{number}.invalid"',
                f"fhir_servers = {json.dumps(list(servers))}",
                "[client.smart]",
                f'client_id = "{CLIENT_ID}"',
            ]
    return "\n".join([*lines, ""])


def _wait(process: subprocess.Popen[bytes], base: str) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(f"{base}/health/ready", timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    raise SystemExit("The service did not start; what it said stands above.")


def told_of(running: Sandbox) -> str:
    """What is printed when everything runs."""
    return f"""
CDS Hooks Sandbox, everything filled in; open:
  {running.hooks_address()}

Other patients, each with its addresses: open one of the FHIR servers in a browser
  {running.r4}  (R4)
  {running.r5}  (R5)
The service
  {running.service}/  {running.service}/cds-services

SMART launcher: launch URL {running.service}/launch
  client id {CLIENT_ID}, redirect {running.service}/callback, no secret
  registered FHIR servers: {" ".join(running.launchers)}
  another launcher, or a standalone launch: make sandbox LAUNCHER="<FHIR server URL> <FHIR server URL>"
Without a launcher, the app for the first patient:
  {running.service}/launch?{urlencode({"iss": running.r4})}

A card that was dismissed with a reason stays away from its patient until the sandbox is started anew.
Invented patients only. Stop with Ctrl-C.
"""


def main() -> int:
    """Run until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--port", type=int, default=8080, help="of the service")
    parser.add_argument("--fhir-port", type=int, default=8090, help="of the R4 server; R5 has the next one")
    parser.add_argument(
        "--launcher", action="extend", nargs="+", metavar="URL", help=f"FHIR server URLs of launchers ({LAUNCHER})"
    )
    given = parser.parse_args()
    check_ports(given.port, given.fhir_port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with sandbox(
        datetime.now(UTC).date(), port=given.port, fhir_port=given.fhir_port, launchers=given.launcher or [LAUNCHER]
    ) as running:
        sys.stdout.write(told_of(running))
        sys.stdout.flush()
        try:
            signal.pause()
        except KeyboardInterrupt:
            for again in (signal.SIGINT, signal.SIGTERM):  # once is enough: the service is being stopped
                signal.signal(again, signal.SIG_IGN)
            sys.stdout.write("Stopped.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
