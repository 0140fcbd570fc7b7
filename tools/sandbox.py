"""Everything the public CDS Hooks Sandbox and a SMART launcher need, on this machine: the service, and a record system.

The record system is the test EHR with the example patients: FHIR R4 and R5 (metadata, POST `_search`, CORS), sign-in
for SMART apps, and `_services/smart/Launch`. Their dates are moved so that today is the day their stories are told for.
Run it with `make sandbox`; it prints the address to open. Invented patients only: nothing here keeps anybody out.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests

from cds_service.demo import free_port
from cds_service.stories.catalogue import Story, all_stories
from cds_service.stories.vignette import INDEX_DATE
from tests.contract.fifth import in_r5
from tests.ehr.charts import chart_of
from tests.ehr.listener import listening
from tests.ehr.r5_twin import R4, R5, Twin
from tests.ehr.smart_server import App, SmartEhr

SANDBOX = "https://sandbox.cds-hooks.org"
CLIENT_ID = "nextline-cds"
FIRST_STORY = "tacrolimus-failed-so-rituximab-is-next"
SECONDS_TO_START = 60
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What runs: the service, the FHIR servers by release, and the patient to begin with."""

    service: str
    r4: str
    r5: str
    patient: str

    def hooks_address(self, sandbox: str = SANDBOX) -> str:
        """The CDS Hooks Sandbox with everything filled in."""
        told = {
            "fhirServiceUrl": self.r4,
            "patientId": self.patient,
            "serviceDiscoveryURL": f"{self.service}/cds-services",
            "hook": "patient-view",
            "screen": "patient-view",
        }
        return f"{sandbox}/?{urlencode(told)}"


def patients_of(stories: Iterable[Story], today: date) -> Iterator[dict[str, Any]]:
    """The resources of all stories, as they would be today. The Sandbox needs a given name and a family name."""
    days = (today - INDEX_DATE).days
    for story in stories:
        chart = chart_of(story.request)
        for resource in chart.resources:
            moved: dict[str, Any] = _moved(resource, days)
            if moved["resourceType"] == "Patient":
                moved["name"] = [{"use": "official", "given": ["Story"], "family": story.vignette_id}]
            yield moved


def _moved(value: Any, days: int) -> Any:
    if isinstance(value, dict):
        return {name: _moved(member, days) for name, member in value.items()}
    if isinstance(value, list):
        return [_moved(member, days) for member in value]
    if days and isinstance(value, str) and _DAY.match(value):
        return (date.fromisoformat(value[:10]) + timedelta(days=days)).isoformat() + value[10:]
    return value


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
            ehr.twin.load(charts)
            listener = stack.enter_context(listening(ehr.answer, port=fhir_port + number if fhir_port else 0))
            ehr.origin = listener.url
            servers.append(ehr)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nextline-sandbox-")))
        bases = [ehr.base for ehr in servers]
        service = stack.enter_context(_serving(folder, port, bases, launchers))
        for ehr in servers:
            ehr.apps[CLIENT_ID] = App(CLIENT_ID, (f"{service}/callback",))
        yield Sandbox(service, *bases, first.request["context"]["patientId"])


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

Service     {running.service}/cds-services
FHIR R4     {running.r4}
FHIR R5     {running.r5}

SMART launcher: launch URL {running.service}/launch
  client id {CLIENT_ID}, redirect {running.service}/callback, no secret
  Its FHIR server must be registered: make sandbox LAUNCHER=<the FHIR server URL it shows>
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
    parser.add_argument("--launcher", action="append", default=[], metavar="URL", help="FHIR server URL of a launcher")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with sandbox(
        datetime.now(UTC).date(), port=given.port, fhir_port=given.fhir_port, launchers=given.launcher
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
