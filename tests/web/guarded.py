"""A service that asks for tokens, and its clients: two that share nothing, and one with two tenants."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service.app import create_app, store_of
from cds_service.settings import Settings
from cds_service.store.store import Store
from tests.ehr.presented import bearer
from tests.ehr.signing_keys import signing_key
from tests.ehr.token_forge import TokenClient

BASE = "https://cds.example.org"
NEXT_THERAPY = "/cds-services/next-therapy"
FIRST = TokenClient("https://first.example.org", signing_key("guarded-1"))
SECOND = TokenClient("https://second.example.org", signing_key("guarded-2"))
NORTH = TokenClient("https://vendor.example.org", signing_key("guarded-3"), tenant="north")
SOUTH = TokenClient("https://vendor.example.org", signing_key("guarded-3"), tenant="south")
STRANGER = TokenClient("https://stranger.example.org", signing_key("guarded-4"))


@dataclass(frozen=True, slots=True)
class Guarded:
    """The app and what it was made from."""

    settings: Settings
    app: FlaskClient

    def send(self, client: TokenClient | None, path: str, body: Any, **headers: str) -> TestResponse:
        """One signed call; bytes are sent as they are. No client: no token."""
        signed = dict(bearer(client.token(BASE + path)).headers) if client else {}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        told = {"Host": "cds.example.org", "Content-Type": "application/json"} | signed | headers
        return self.app.post(path, data=data, headers=told)

    def discover(self, client: TokenClient) -> dict[str, Any]:
        told = dict(bearer(client.token(f"{BASE}/cds-services")).headers) | {"Host": "cds.example.org"}
        found: dict[str, Any] = self.app.get("/cds-services", headers=told).get_json()
        return found

    def store(self) -> Store:
        """A store of one's own on the same database."""
        return store_of(self.settings)


def guarded(folder: Path, members: Mapping[str, str], **settings: Any) -> Guarded:
    """A service with the clients above; `members` are further lines of TOML by issuer."""
    tables = []
    for client in (FIRST, SECOND, NORTH):
        file = f"{client.key.kid}.json"
        (folder / file).write_text(json.dumps({"keys": client.jwk_set()}), encoding="utf-8")
        further = members.get(client.issuer, "")
        tables.append(f'[[client]]\nissuer = "{client.issuer}"\nkeys = "{file}"\n{further}\n')
    (folder / "clients.toml").write_text("\n".join(tables), encoding="utf-8")
    given = Settings(
        auth="jwt",
        clients_file=folder / "clients.toml",
        public_base_url=BASE,
        database_url=f"sqlite:///{folder}/kept.sqlite3",
        **settings,
    )
    return Guarded(given, create_app(given).test_client())
