"""The app as in the field: the service in production behind a proxy's name, the record system at https://ehr.test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import Morsel, SimpleCookie
from pathlib import Path

import requests

from cds_service.store.schema import upgrade
from tests.attack.charts import PATIENT
from tests.attack.field import PUBLIC_BASE, settings_of
from tests.ehr.hospital import EHR, FHIR_BASE, Hospital, hospital
from tests.ehr.hosts import PUBLIC_EHR
from tests.ehr.service import Service
from tests.ehr.smart_server import App, SmartEhr
from tests.ehr.tls import Authority
from tests.smart.ward import CLIENT_ID, charts, parameters

SECRET = "canary-secret-of-the-app"
DESKTOP = "https://desktop.ehr.test"
"""Where clinicians look at the record, and at the app in a frame."""


@dataclass(slots=True)
class Browser:
    """Cookies and requests by hand: `Secure` ones do not travel over the plain http behind the proxy."""

    home: str
    cookies: dict[str, str] = field(default_factory=dict)
    set_cookies: list[Morsel[str]] = field(default_factory=list)
    """Every cookie that was set, with its attributes."""

    def get(self, address: str) -> requests.Response:
        return self._asked("GET", address)

    def post(self, address: str, **form: str) -> requests.Response:
        return self._asked("POST", address, form)

    def _asked(self, method: str, address: str, form: dict[str, str] | None = None) -> requests.Response:
        path = address.removeprefix(PUBLIC_BASE)
        headers = {"Host": "cds.test", "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(
                method, self.home + path, data=form, headers=headers, allow_redirects=False, timeout=20
            )
        for line in answer.raw.headers.getlist("Set-Cookie"):
            (morsel,) = _read(line).values()
            self.set_cookies.append(morsel)
            self.cookies.pop(morsel.key, None)
            if morsel["max-age"] != "0":
                self.cookies[morsel.key] = morsel.value
        return answer


@dataclass(slots=True)
class Clinic:
    """Everything that runs for these tests."""

    ehr: SmartEhr
    hospital: Hospital
    service: Service

    def forget(self) -> None:
        self.ehr.forget()
        self.hospital.forget()

    def browser(self) -> Browser:
        return Browser(self.service.url)

    def opened(self, browser: Browser, patient: str = PATIENT, app_context: str = "") -> str:
        """A launch from the record; the address of the page that it ends at."""
        launch = self.ehr.launch_of(patient, app_context)
        begun = browser.get(f"/launch?iss={FHIR_BASE}&launch={launch}")
        assert begun.status_code == 303, begun.text
        granted = self.ehr.authorize(parameters(begun.headers["Location"]))
        back = browser.get(granted.header("Location") or "")
        assert back.status_code == 303, back.text
        return back.headers["Location"]

    def strangers(self) -> list[object]:
        """Look-ups and connections of anything but the record system."""
        network = self.hospital.network
        return [*(one for one in network.lookups if one.host != EHR), *network.strangers((PUBLIC_EHR,))]


def _read(line: str) -> SimpleCookie:
    # This Python does not know the attribute yet.
    known = SimpleCookie(line.replace("; Partitioned", ""))
    for morsel in known.values():
        morsel["comment"] = "Partitioned" if "; Partitioned" in line else ""
    return known


@contextmanager
def clinic(directory: Path, authority: Authority) -> Iterator[Clinic]:
    """The record system and the service for the time of a block."""
    directory.mkdir(parents=True, exist_ok=True)
    ehr = SmartEhr(charts(), origin=f"https://{EHR}")
    ehr.apps[CLIENT_ID] = App(CLIENT_ID, (f"{PUBLIC_BASE}/callback",), SECRET)
    secret = directory / "app.secret"
    secret.write_text(f"{SECRET}\n")
    secret.chmod(0o600)
    with hospital(directory / "hospital", authority, ehr.answer) as around:
        lines = (
            "[[client]]",
            f'issuer = "{around.client.issuer}"',
            f'jku = "{around.client.jku}"',
            f"fhir_servers = {json.dumps([FHIR_BASE])}",
            "[client.smart]",
            f'client_id = "{CLIENT_ID}"',
            'client_secret_file = "app.secret"',
            f"frames = {json.dumps([DESKTOP])}",
        )
        settings = settings_of(directory, "\n".join([*lines, ""]))
        upgrade(settings["CDS_DATABASE_URL"])
        running = Service(directory, settings, around.network)
        running.start()
        try:
            yield Clinic(ehr, around, running)
        finally:
            running.stop()
