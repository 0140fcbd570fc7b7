"""The compose file without its containers: PostgreSQL, the upgrade, the service in production, nginx, a token."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.contract.calls import NEXT_THERAPY
from tests.deploy.proxy import NAME, Proxy, proxy
from tests.ehr.presented import bearer
from tests.ehr.service import Service
from tests.ehr.signing_keys import signing_key
from tests.ehr.tls import Authority
from tests.ehr.token_forge import TokenClient
from tests.store.databases import postgres_or_skip

COMPOSE = Path(__file__).resolve().parents[2] / "deploy" / "compose.yaml"
CLIENT = TokenClient("https://ehr.example.org", signing_key("compose-1"))


@dataclass(frozen=True, slots=True)
class Whole:
    """The running parts."""

    service: Service
    front: Proxy

    def headers(self, path: str) -> dict[str, str]:
        """A token for this address, never used before."""
        return dict(bearer(CLIENT.token(f"https://{NAME}{path}")).headers)


def files(folder: Path, url: str) -> dict[str, str]:
    """The files that the compose file mounts, by the place where it mounts them."""
    (folder / "client.jwks.json").write_text(json.dumps({"keys": CLIENT.jwk_set()}))
    (folder / "clients.toml").write_text(f'[[client]]\nissuer = "{CLIENT.issuer}"\nkeys = "client.jwks.json"\n')
    (folder / "store_keys").write_bytes(base64.b64encode(os.urandom(32)))
    (folder / "store_keys").chmod(0o400)
    (folder / "database_url").write_text(f"{url}\n")
    return {
        "/etc/nextline/clients.toml": str(folder / "clients.toml"),
        "/run/secrets/store_keys": str(folder / "store_keys"),
        "/run/secrets/database_url": str(folder / "database_url"),
        "/var/lib/nextline/spool": str(folder / "spool"),
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Whole]:
    folder = tmp_path_factory.mktemp("whole")
    postgres = postgres_or_skip(f"compose-{os.getpid()}")
    try:
        with postgres.database() as url:
            mounted = files(folder, url)
            told = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]["nextline-cds"]["environment"]
            settings = {name: mounted.get(value, value) for name, value in told.items()}
            service = Service(folder, settings, surroundings={"CDS_DATABASE_URL": None})
            upgraded = service.run("db", "upgrade")
            assert upgraded.returncode == 0, upgraded.stderr
            service.start()
            try:
                with proxy(folder / "nginx", authority, service.port) as front:
                    yield Whole(service, front)
            finally:
                service.stop()
    finally:
        postgres.close()


def test_a_call_with_a_token_gets_its_card(whole: Whole, call: bytes) -> None:
    today = json.loads(call)
    del today["extension"]  # production answers for today only
    said = whole.front.post(NEXT_THERAPY, json.dumps(today).encode(), **whole.headers(NEXT_THERAPY))
    assert said.status == 200, said.body
    assert json.loads(said.body)["cards"]


def test_its_decision_is_in_the_database(whole: Whole) -> None:
    told = json.loads(whole.service.run("db", "status", "--json").stdout)
    assert told["decisions"] >= 1
    assert whole.service.run("db", "verify").returncode == 0


def test_without_a_token_nobody_gets_in(whole: Whole, call: bytes) -> None:
    said = whole.front.post(NEXT_THERAPY, call)
    assert (said.status, said.body) == (401, b'{"message":"Unauthorized"}')


def test_the_password_of_the_database_is_in_no_environment_and_no_log(whole: Whole) -> None:
    process = whole.service.process
    assert process is not None
    environment = Path(f"/proc/{process.pid}/environ").read_bytes()
    assert b"CDS_DATABASE_URL_FILE=" in environment
    assert b"CDS_DATABASE_URL=" not in environment
    assert "postgresql" not in whole.service.log_text()
