"""docs/integrating.md: what it says to register is what the service needs, and its examples are taken (SEC-2)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from cds_service.cdshooks.scopes import scopes_of
from cds_service.trust.issuers import load
from cds_service.web.errors import STATUS

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "integrating.md").read_text(encoding="utf-8")
SCOPES = dict(re.findall(r"\| scopes, SMART (v\d) \| `([^`]+)` \|", PAGE))
CLIENTS = re.findall(r"(?m)^    \[\[client\]\]\n(?:    .*\n)+", PAGE)


def needed(client: FlaskClient) -> set[tuple[str, bool]]:
    """Every type that a template asks for, and whether it is searched; a drug may be a Medication to be read."""
    templates = [
        template
        for service in client.get("/cds-services").get_json()["services"]
        for template in service["prefetch"].values()
    ]
    return {(re.split(r"[/?]", template)[0], "?" in template) for template in templates} | {("Medication", False)}


@pytest.mark.conformance("SEC-2")
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_scopes_that_are_named_open_everything_that_is_asked_for_and_no_more(
    client: FlaskClient, version: str
) -> None:
    granted = scopes_of(SCOPES[version])
    wanted = needed(client)
    assert len(wanted) > 8
    assert all(granted.grants(kind, search=search) for kind, search in wanted)
    assert granted.read | granted.search == {kind for kind, _ in wanted}


@pytest.mark.conformance("SEC-2")
def test_no_scope_lets_us_write() -> None:
    for text in SCOPES.values():
        assert all(re.fullmatch(r"patient/[A-Za-z]+\.(rs|read)", scope) for scope in text.split())


@pytest.mark.conformance("SEC-2")
def test_it_says_what_a_client_id_is_for() -> None:
    assert re.search(r"\| client id \|.*`fhirAuthorization\.subject`", PAGE)


@pytest.mark.parametrize("number", range(len(CLIENTS)))
def test_the_entries_for_products_are_taken_as_they_stand(number: int, tmp_path: Path) -> None:
    file = tmp_path / "clients.toml"
    file.write_text(re.sub(r"(?m)^    ", "", CLIENTS[number]), encoding="utf-8")
    (client,) = load(file).values()
    assert client.mode == "shadow"
    assert client.fhir_servers


def test_there_is_an_entry_for_each_of_both_products() -> None:
    assert len(CLIENTS) == 2


def test_what_was_not_tried_says_so() -> None:
    for product in ("Epic", "Oracle Health"):
        section = PAGE.partition(f"### {product}\n")[2].partition("\n### ")[0]
        assert section.strip().startswith("Not tried against the real product.")
        assert "https://" in section


def test_every_status_of_a_refusal_is_in_the_table() -> None:
    table = PAGE.partition("## Errors")[2].partition("\n## ")[0]
    assert {int(status) for status in STATUS.values()} <= {int(found) for found in re.findall(r"\b([45]\d\d)\b", table)}
