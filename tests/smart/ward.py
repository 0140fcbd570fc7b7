"""A record system with sign-in, the service registered at it, and a browser that does what it is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from tests.attack.charts import OTHER, PATIENT, lupus, membranous
from tests.ehr.charts import chart_of
from tests.ehr.listener import Listener, listening
from tests.ehr.r5_twin import R4, Twin
from tests.ehr.service import Service, service
from tests.ehr.smart_server import App, SmartEhr

CLIENT_ID = "nextline-cds"
ISSUER = "https://ehr.test"
OTHER_NAME = "Other Person"


def charts() -> Twin:
    """The woman of the attack cases, and another patient with another disease."""
    twin = Twin(version=R4, page=1000)
    twin.load(chart_of(membranous(PATIENT)).resources)
    twin.load(chart_of(lupus(OTHER)).resources)
    other = twin.resources["Patient", OTHER]
    other["name"] = [{"use": "official", "text": OTHER_NAME}]
    return twin


def clients_file(directory: Path, ehr: SmartEhr, *further: str) -> Path:
    """The record system as a client of the service, with the app."""
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "clients.toml"
    lines = ["[[client]]", f'issuer = "{ISSUER}"', f"fhir_servers = {json.dumps([ehr.base])}"]
    file.write_text("\n".join([*lines, "[client.smart]", f'client_id = "{CLIENT_ID}"', *further, ""]))
    return file


@dataclass(slots=True)
class Ward:
    """Everything that runs for these tests."""

    ehr: SmartEhr
    listener: Listener
    service: Service

    def forget(self) -> None:
        self.ehr.forget()
        self.listener.forget()

    def person(self) -> Person:
        return Person(self.service.url)

    def launch_address(self, patient: str = PATIENT, app_context: str = "") -> str:
        told = {"iss": self.ehr.base, "launch": self.ehr.launch_of(patient, app_context)}
        return f"{self.service.url}/launch?{urlencode(told)}"


@dataclass(slots=True)
class Person:
    """Somebody at a browser of their own. No redirect is followed unless a test does it."""

    home: str
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.trust_env = False

    def get(self, address: str) -> requests.Response:
        whole = address if address.startswith("http") else self.home + address
        return self.session.get(whole, allow_redirects=False, timeout=20)

    def post(self, address: str, **form: str) -> requests.Response:
        return self.session.post(self.home + address, data=form, allow_redirects=False, timeout=20)

    def signed_in(self, launch: str) -> requests.Response:
        """The answer of the callback: the launch, the sign-in and the way back."""
        return self.get(self.sent_back(launch))

    def sent_to(self, launch: str) -> str:
        """Where a launch sends the browser to sign in."""
        begun = self.get(launch)
        assert begun.status_code == 303, begun.text
        return begun.headers["Location"]

    def sent_back(self, launch: str) -> str:
        """The address of the callback with code and state, not yet visited."""
        granted = self.get(self.sent_to(launch))
        assert granted.status_code == 302, granted.text
        return granted.headers["Location"]

    def opened(self, launch: str) -> requests.Response:
        """The page that the launch ends with."""
        back = self.signed_in(launch)
        assert back.status_code == 303, back.text
        return self.get(back.headers["Location"])


def parameters(address: str) -> dict[str, str]:
    """The parameters of an address, each of which stands there once."""
    found = parse_qs(urlsplit(address).query)
    assert all(len(values) == 1 for values in found.values())
    return {name: values[0] for name, values in found.items()}


def heading(page: requests.Response) -> str:
    """The heading of a note."""
    return page.text.partition("<h1")[2].partition(">")[2].partition("</h1>")[0]


@contextmanager
def ward(directory: Path, *further: str, **settings: str) -> Iterator[Ward]:
    """A record system on loopback by http, and the service in development."""
    ehr = SmartEhr(charts())
    with listening(ehr.answer) as listener:
        ehr.origin = listener.url
        file = clients_file(directory, ehr, *further)
        with service(directory, {"CDS_CLIENTS_FILE": str(file), "CDS_WORKERS": "2"} | settings) as running:
            ehr.apps[CLIENT_ID] = App(CLIENT_ID, (f"{running.url}/callback",))
            yield Ward(ehr, listener, running)
