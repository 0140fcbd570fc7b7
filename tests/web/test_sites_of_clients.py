"""Each client is answered with the codes, units and thresholds of its own site (setting CDS_CLIENTS_FILE)."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.errors import ConfigurationFault
from cds_service.hooks.replay import site_of
from cds_service.mapping.location import mappings_root
from cds_service.store import reading
from cds_service.store.reading import Filter
from cds_service.trust.issuers import load
from tests.contract.calls import complete_call
from tests.ehr.token_forge import TokenClient
from tests.web.guarded import FIRST, NEXT_THERAPY, NORTH, SECOND, SOUTH, Guarded, guarded

LOCAL = {"coding": [{"system": "https://lab.example.org/codes", "code": "UPROT1"}]}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Guarded:
    members = {FIRST.issuer: 'site = "example"', NORTH.issuer: 'tenant_sites = { north = "example" }'}
    return guarded(tmp_path_factory.mktemp("sites"), members)


@pytest.fixture
def call(client: FlaskClient) -> dict[str, Any]:
    """The complete call with the proteinuria under a code that only the laboratory of the site knows."""
    call = copy.deepcopy(complete_call(client))
    for entry in call["prefetch"]["proteinuria"]["entry"]:
        entry["resource"]["code"] = LOCAL
    return call


def read_by(card: dict[str, Any]) -> bool:
    """Was the proteinuria understood?"""
    facts = card["extension"]["org.nextline-cds.recommendation"]["facts"]
    return any(fact["name"] == "proteinuria_24h" for fact in facts)


CLIENTS = {
    "a client of the site": (FIRST, True),
    "a client without one": (SECOND, False),
    "a tenant of the site": (NORTH, True),
    "another tenant of that vendor": (SOUTH, False),
}


@pytest.mark.parametrize(("caller", "understood"), CLIENTS.values(), ids=CLIENTS.keys())
def test_a_local_code_is_understood_for_its_own_site_only(
    service: Guarded, caller: TokenClient, understood: bool, call: dict[str, Any]
) -> None:
    answer = service.send(caller, NEXT_THERAPY, call)
    assert answer.status_code == 200, answer.text
    (card,) = answer.get_json()["cards"]
    assert read_by(card) is understood
    versions = card["extension"]["org.nextline-cds.recommendation"]["versions"]
    own = service.app.get("/about", headers={"Host": "cds.example.org"}).get_json()["versions"]
    assert (versions["mappings"] != own["mappings"]) is understood


def test_the_thresholds_of_the_site_are_said_to_its_own_clients_only(service: Guarded, call: dict[str, Any]) -> None:
    said = [
        "This site has changed thresholds" in service.send(caller, NEXT_THERAPY, call).get_json()["cards"][0]["detail"]
        for caller in (FIRST, SECOND, NORTH, SOUTH)
    ]
    changed = bool((mappings_root() / "sites" / "example" / "thresholds.toml").read_text().partition("=")[1])
    assert said == [changed, False, changed, False]


@pytest.mark.parametrize(("caller", "understood"), CLIENTS.values(), ids=CLIENTS.keys())
def test_discovery_asks_for_local_codes_where_they_are_used(
    service: Guarded, caller: TokenClient, understood: bool
) -> None:
    templates = service.discover(caller)["services"][0]["prefetch"]
    assert ("UPROT1" in json.dumps(templates)) is understood


def test_what_is_kept_names_the_site(service: Guarded, call: dict[str, Any]) -> None:
    for caller in (FIRST, SECOND, NORTH, SOUTH):
        assert service.send(caller, NEXT_THERAPY, call).status_code == 200
    store = service.store()
    kept = {(one.issuer, one.tenant): site_of(one) for one in reading.decisions(store, Filter(), with_payload=True)}
    store.close()
    assert kept == {
        (FIRST.issuer, ""): "example",
        (SECOND.issuer, ""): "",
        (NORTH.issuer, "north"): "example",
        (NORTH.issuer, "south"): "",
    }


@pytest.mark.parametrize(
    ("member", "said"),
    [
        ('tenant_sites = "example"', "tenant_sites must be a table of texts"),
        ("tenant_sites = { north = 1 }", "tenant_sites must be a table of texts"),
        ('tenants = ["south"]\ntenant_sites = { north = "x" }', "tenant_sites: north is not among the tenants"),
    ],
)
def test_sites_of_tenants_that_make_no_sense_are_refused(member: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text(json.dumps({"keys": FIRST.jwk_set()}))
    file = tmp_path / "clients.toml"
    file.write_text(f'[[client]]\nissuer = "https://a.example.org"\nkeys = "keys.json"\n{member}\n')
    with pytest.raises(ConfigurationFault, match=said):
        load(file)


def test_a_site_that_does_not_exist_keeps_the_service_from_starting(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationFault, match="nowhere"):
        guarded(tmp_path, {NORTH.issuer: 'tenant_sites = { north = "nowhere" }'})
