"""Where calls need a token, every address below /cds-services does, Discovery too (DISC-15, JWT-1 to JWT-6)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.settings import Settings
from tests.contract.calls import NEXT_THERAPY, complete_call
from tests.ehr.presented import bearer
from tests.ehr.signing_keys import signing_key
from tests.ehr.token_forge import TokenClient

BASE = "https://cds.example.org/therapy"
DISCOVERY = "/cds-services"
CLIENT = TokenClient("https://ehr.example.org", signing_key("trusted-1"))
STRANGER = TokenClient("https://stranger.example.org", signing_key("stranger-1"))
FORGER = TokenClient(CLIENT.issuer, signing_key("trusted-2"))


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A service that lets one client in, whose keys were agreed beforehand."""
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "ehr.jwks.json").write_text(json.dumps({"keys": CLIENT.jwk_set()}), encoding="utf-8")
    (folder / "clients.toml").write_text(f'[[client]]\nissuer = "{CLIENT.issuer}"\nkeys = "ehr.jwks.json"\n')
    settings = Settings(
        auth="jwt",
        clients_file=Path(folder / "clients.toml"),
        public_base_url=BASE,
        database_url=f"sqlite:///{folder}/kept.sqlite3",
    )
    return create_app(settings).test_client()


def headers(client: TokenClient, path: str) -> dict[str, str]:
    return dict(bearer(client.token(BASE + path)).headers) | {"Host": "cds.example.org"}


def ask(guarded: FlaskClient, path: str, said: dict[str, str]) -> int:
    """The status of a call at this address; a 401 says nothing but itself."""
    sent = {"Host": "cds.example.org"} | said
    answer = guarded.get(path, headers=sent) if path == DISCOVERY else guarded.post(path, json={}, headers=sent)
    if answer.status_code == 401:
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.get_json() == {"message": "Unauthorized"}
    return answer.status_code


@pytest.mark.conformance("DISC-15", "JWT-2")
@pytest.mark.parametrize("path", [DISCOVERY, NEXT_THERAPY, f"{NEXT_THERAPY}/feedback", "/cds-services/unknown"])
def test_no_address_of_the_protocol_answers_without_a_token(guarded: FlaskClient, path: str) -> None:
    assert ask(guarded, path, {}) == 401


@pytest.mark.conformance("DISC-15", "JWT-5", "JWT-8")
def test_discovery_is_answered_with_a_token_for_discovery(guarded: FlaskClient) -> None:
    answer = guarded.get(DISCOVERY, headers=headers(CLIENT, DISCOVERY))
    assert answer.status_code == 200
    assert "next-therapy" in {service["id"] for service in answer.get_json()["services"]}


@pytest.mark.conformance("JWT-5")
@pytest.mark.parametrize(("meant", "used"), [(NEXT_THERAPY, DISCOVERY), (DISCOVERY, NEXT_THERAPY), ("", DISCOVERY)])
def test_a_token_for_another_address_is_none(guarded: FlaskClient, meant: str, used: str) -> None:
    assert ask(guarded, used, headers(CLIENT, meant)) == 401


@pytest.mark.conformance("JWT-1", "JWT-2")
@pytest.mark.parametrize("client", [STRANGER, FORGER], ids=["an issuer not listed", "a key not agreed"])
def test_a_token_of_somebody_else_is_none(guarded: FlaskClient, client: TokenClient) -> None:
    assert ask(guarded, DISCOVERY, headers(client, DISCOVERY)) == 401


@pytest.mark.conformance("DISC-15", "JWT-11")
def test_a_token_is_spent_by_discovery_too(guarded: FlaskClient) -> None:
    said = headers(CLIENT, DISCOVERY)
    assert [ask(guarded, DISCOVERY, said) for _ in range(2)] == [200, 401]


@pytest.mark.conformance("JWT-2")
def test_a_call_with_its_token_is_answered(guarded: FlaskClient, client: FlaskClient) -> None:
    call = complete_call(client)
    answer = guarded.post(NEXT_THERAPY, json=call, headers=headers(CLIENT, NEXT_THERAPY))
    assert answer.status_code == 200
    assert answer.get_json()["cards"]


@pytest.mark.conformance("CORS-1")
@pytest.mark.parametrize("path", [DISCOVERY, NEXT_THERAPY, f"{NEXT_THERAPY}/feedback"])
def test_a_preflight_needs_no_token(guarded: FlaskClient, path: str) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    answer = guarded.options(path, headers=asked | {"Origin": "https://ehr.example.org", "Host": "cds.example.org"})
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "https://ehr.example.org"


@pytest.mark.conformance("CORS-2")
def test_a_browser_can_read_a_401(guarded: FlaskClient) -> None:
    answer = guarded.get(DISCOVERY, headers={"Origin": "https://ehr.example.org", "Host": "cds.example.org"})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (401, "https://ehr.example.org")


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/about"])
def test_what_says_nothing_about_patients_needs_none(guarded: FlaskClient, path: str) -> None:
    assert guarded.get(path, headers={"Host": "cds.example.org"}).status_code == 200
