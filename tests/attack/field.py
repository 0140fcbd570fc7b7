"""The service as in the field: started as documented, in production, in a hospital's network, with its clients file."""

from __future__ import annotations

import base64
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from cds_service.store.schema import upgrade
from tests.attack.charts import FHIR_SERVER, TOKEN, Json
from tests.attack.fifth import in_r5
from tests.attack.target import Target
from tests.conftest import Server
from tests.contract.calls import NEXT_THERAPY
from tests.ehr.charts import chart_of
from tests.ehr.forgeries import Scene
from tests.ehr.hospital import EHR, KEYS, Hospital, hospital
from tests.ehr.hosts import PUBLIC_EHR, PUBLIC_KEYS
from tests.ehr.listener import Listener, listening
from tests.ehr.presented import Headers, bearer
from tests.ehr.r5_twin import R4, R5, Twin
from tests.ehr.service import Service
from tests.ehr.signing_keys import signing_key
from tests.ehr.sink import Sink
from tests.ehr.tls import Authority
from tests.ehr.token_forge import MINIMAL, TokenClient

PUBLIC_BASE = "https://cds.test"
AUDIENCE = PUBLIC_BASE + NEXT_THERAPY
FEEDBACK = f"{NEXT_THERAPY}/feedback"
TENANT = "main"
PUBLIC_WARDS = "192.88.99.30"
WARDS = tuple(f"ward-{number}.ehr.test" for number in range(150))
"""Further FHIR servers of the first client. One that was made sick rests for a while: each test takes a fresh one."""
FAR_HOST, FAR_SERVER, FAR_TOKEN = "far-ehr.test", "https://far-ehr.test/fhir", "token-T1-palisander"
PUBLIC_FAR = "192.88.99.40"


@dataclass(slots=True)
class Field:
    """The running service and all that is around it."""

    service: Service
    hospital: Hospital
    twin: Twin
    """What the FHIR servers hold."""
    wards: Listener
    """The servers of WARDS, all in one."""
    far: Listener
    """The FHIR server of the other client."""
    keyed: Mapping[str, TokenClient]
    """Clients whose key sets are at addresses of their own, by the last part of the address."""
    answered: int = 0
    """How many calls were answered so far."""
    _wards_left: Iterator[str] = field(default_factory=lambda: iter(WARDS))
    _ward: str = ""

    @property
    def target(self) -> Target:
        """The service as the attack cases see it."""
        return target_of(self.service, self.hospital.sink)

    @property
    def client(self) -> TokenClient:
        return self.hospital.client

    @property
    def scene(self) -> Scene:
        """The valid call that forgers begin with."""
        return Scene(self.client, AUDIENCE, self.hospital.other)

    def token(self, path: str = NEXT_THERAPY, client: TokenClient | None = None) -> Headers:
        """The header of a valid token for this address, never used before."""
        return bearer((client or self.client).token(PUBLIC_BASE + path, MINIMAL)).headers

    def hold(self, call: Json, version: str = R4) -> None:
        """The FHIR servers hold what this call prefetched, in this release, and nothing else."""
        self.twin.version = version
        self.twin.resources.clear()
        self.twin.load(chart_of(in_r5(call) if version == R5 else call).resources)

    def ward(self) -> str:
        """The base address of a FHIR server that no test has met."""
        self._ward = next(self._wards_left)
        self.place()
        return f"https://{self._ward}/fhir"

    def is_of_before(self, host: str) -> bool:
        """Is it a server that an earlier test made sick? A search that was given up may still be under way to it."""
        return host in WARDS and host != self._ward

    def forget(self) -> None:
        """Scripts and records are empty, every name is where it was."""
        self.place()
        self._ward = ""
        self.hospital.forget()
        for listener in (self.wards, self.far):
            listener.forget()

    def place(self) -> None:
        """The names that the hospital does not place itself at their addresses."""
        if self._ward:
            self.hospital.network.place(self._ward, PUBLIC_WARDS, self.wards.port, 443)
        self.hospital.network.place(FAR_HOST, PUBLIC_FAR, self.far.port, 443)

    @property
    def database(self) -> Path:
        return self.service.directory / "decisions.sqlite3"

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What the database says."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=5)) as connection:
            return connection.execute(query).fetchall()

    @property
    def deliveries(self) -> int:
        """How many answers the audit record counts."""
        ((number,),) = self.rows("SELECT COALESCE(SUM(deliveries), 0) FROM decisions")
        return int(str(number))

    def strangers(self) -> list[object]:
        """Look-ups and connections of anything but the servers of the clients."""
        network = self.hospital.network
        known = {EHR, KEYS, FAR_HOST, *WARDS}
        named = [one for one in network.lookups if one.host not in known]
        return [*named, *network.strangers((PUBLIC_EHR, PUBLIC_KEYS, PUBLIC_WARDS, PUBLIC_FAR))]


def target_of(instance: Service, sink: Sink) -> Target:
    """A running instance as the attack cases see it."""
    assert instance.process is not None
    return Target(Server(instance.host, instance.port, instance.process, instance.log), sink)


class PoorService(Service):
    """A service that may have 64 files open."""

    def command(self, *arguments: str) -> list[str]:
        return ["/bin/sh", "-c", 'ulimit -n 64; exec "$@"', "sh", *Service.command(self, *arguments)]


@contextmanager
def poor_instance(made: Field, directory: Path) -> Iterator[Service]:
    """Another instance on the same database, where the surroundings are bad.

    Few open files, no home, no zone, another language; a `.netrc`, proxies and authorities that are none of ours in
    the environment; and nothing can be written beside the database, because the spool would lie below a file.
    """
    (directory / "a-file").write_text("")
    (directory / "netrc").write_text("machine ehr.test login u password p\n")
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
    surroundings: dict[str, str | None] = {
        **dict.fromkeys(("HOME", "TZ"), None),
        **dict.fromkeys(("LANG", "LC_ALL"), "C"),
        **dict.fromkeys(proxies, made.hospital.sink.url),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), ""),
        "NETRC": str(directory / "netrc"),
        "REQUESTS_CA_BUNDLE": str(directory / "none.pem"),
    }
    spool = str(directory / "a-file" / "spool")
    settings = {**made.service.settings, "CDS_WORKERS": "1", "CDS_SPOOL_DIR": spool}
    running = PoorService(directory, settings, made.hospital.network, surroundings)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@cache
def at_noon() -> str:
    """A time zone in which it was about noon when it was first asked for: no run of the tests meets midnight there."""
    behind = datetime.now(UTC).hour - 12
    return f"Etc/GMT{'+' if behind >= 0 else '-'}{abs(behind)}"


def settings_of(directory: Path, clients: str, **further: str) -> dict[str, str]:
    """The settings of a service in production whose files are written into this directory."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "clients.toml").write_text(clients, encoding="utf-8")
    (directory / "store.key").write_text(base64.b64encode(os.urandom(32)).decode() + "\n")
    (directory / "store.key").chmod(0o600)
    return {
        "CDS_MODE": "production",
        "CDS_AUTH": "jwt",
        "CDS_CLIENTS_FILE": str(directory / "clients.toml"),
        "CDS_STORE_KEY_FILE": str(directory / "store.key"),
        "CDS_PUBLIC_BASE_URL": PUBLIC_BASE,
        "CDS_ALLOWED_HOSTS": "cds.test",
        "CDS_TIMEZONE": at_noon(),
        "CDS_WORKERS": "2",
        "CDS_DATABASE_URL": f"sqlite:///{directory / 'decisions.sqlite3'}",
    } | further


def clients_file(here: Hospital, keyed: Mapping[str, TokenClient], directory: Path) -> str:
    """Every client of the hospital; the other one's keys were handed over as a file."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "other.jwks.json").write_text(json.dumps({"keys": here.other.jwk_set()}), encoding="utf-8")
    first = {
        "issuer": here.client.issuer,
        "name": "Test EHR",
        "jku": here.client.jku,
        "tenants": [TENANT],
        "fhir_servers": [FHIR_SERVER, *(f"https://{name}/fhir" for name in WARDS)],
    }
    other = {
        "issuer": here.other.issuer,
        "keys": "other.jwks.json",
        "tenants": ["t-1"],
        "fhir_servers": [FAR_SERVER],
    }
    others = [{"issuer": one.issuer, "jku": one.jku} for one in keyed.values()]
    return "\n".join(_table(one) for one in (first, other, *others))


def _table(members: Mapping[str, object]) -> str:
    # What JSON writes of a text or a list of texts, TOML reads.
    return "\n".join(["[[client]]", *(f"{name} = {json.dumps(value)}" for name, value in members.items()), ""])


def keyed_clients(*names: str) -> dict[str, TokenClient]:
    """Clients that differ in nothing but issuer and address of their keys."""
    return {
        name: TokenClient(f"https://{name}.test", signing_key(f"{name}-1"), f"https://{KEYS}/{name}.json")
        for name in names
    }


@contextmanager
def field_of(directory: Path, authority: Authority, *keyed: str) -> Iterator[Field]:
    """A hospital and the service in it, for the time of a block."""
    twin = Twin(version=R4, tokens=(TOKEN, FAR_TOKEN), page=1000)
    with (
        hospital(directory / "hospital", authority, twin.answer) as here,
        listening(twin.answer, tls=authority.context("*.ehr.test")) as wards,
        listening(twin.answer, tls=authority.context(FAR_HOST)) as far,
    ):
        here = replace(here, client=replace(here.client, tenant=TENANT))
        clients = keyed_clients(*keyed)
        settings = settings_of(directory, clients_file(here, clients, directory))
        running = Service(directory, settings, here.network, {"NETRC": None})
        made = Field(running, here, twin, wards, far, clients)
        made.place()
        upgrade(settings["CDS_DATABASE_URL"])
        running.start()
        try:
            yield made
        finally:
            running.stop()
