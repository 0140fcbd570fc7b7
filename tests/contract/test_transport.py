"""JSON and transport (conformance section 1): what holds for every answer, good or bad."""

from __future__ import annotations

import json
import re
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from cds_service.cdshooks.request import check_fhir_server
from cds_service.cdshooks.wire_schemas import wire_schemas
from cds_service.errors import ConfigurationFault, MalformedBody
from cds_service.hooks.registry import HOOK_VERSIONS
from cds_service.settings import load
from tests.conftest import Server
from tests.contract.calls import NEXT_THERAPY, complete_call, discovery
from tests.contract.wire import CheckedSession, check, schema_of, strictly_read

ROOT = Path(__file__).resolve().parents[2]
OURS = (
    "card",
    "discovery",
    "feedback-answer",
    "health",
    "operation-outcome",
    "recommendation",
    "response",
    "unauthorized",
)
GOOD = {"Content-Type": "application/json"}


@pytest.mark.conformance("GEN-1", "GEN-4", "RESP-5")
@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/cds-services", None, 200),
        ("POST", NEXT_THERAPY, "complete", 200),
        ("POST", NEXT_THERAPY, {}, 400),
        ("POST", "/cds-services/none", {}, 404),
        ("GET", NEXT_THERAPY, None, 405),
        ("POST", NEXT_THERAPY, "nothing", 412),
        ("GET", "/about", None, 200),
        ("GET", "/openapi.json", None, 200),
    ],
)
def test_every_answer_is_strict_json_and_says_so(
    client: FlaskClient, method: str, path: str, body: Any, status: int
) -> None:
    known = {"complete": complete_call(client), "nothing": complete_call(client) | {"prefetch": {}}}
    sent = known[body] if isinstance(body, str) else body
    answer = client.open(path, method=method, **({} if sent is None else {"json": sent}))
    assert (answer.status_code, answer.content_type) == (status, "application/json")
    said = strictly_read(answer.data)
    assert isinstance(said, dict)
    assert status == 200 or said["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": 1,}', '{"a": 1} // done', '{"a": 1, "a": 2}'])
def test_the_strict_reader_takes_nothing_else(text: str) -> None:
    with pytest.raises((ValueError, AssertionError)):
        strictly_read(text)


@pytest.mark.parametrize(
    ("path", "status", "headers", "body"),
    [
        ("/cds-services", 200, GOOD, {"services": [{}]}),
        ("/base/cds-services/", 200, GOOD, {"services": None}),
        ("/cds-services/next-therapy", 200, GOOD, {"cards": [{"summary": "x"}]}),
        ("/cds-services/next-therapy", 200, GOOD, {"cards": [], "extension": {}}),
        ("/cds-services/next-therapy", 200, {"Content-Type": "text/plain; charset=utf-8"}, {"cards": []}),
        ("/cds-services/next-therapy", 412, GOOD, {"cards": []}),
        ("/cds-services/next-therapy", 418, GOOD, {"resourceType": "OperationOutcome"}),
        ("/cds-services/next-therapy", 503, GOOD | {"Retry-After": "0"}, {"resourceType": "OperationOutcome"}),
        ("/cds-services/next-therapy", 401, GOOD | {"WWW-Authenticate": "Basic"}, {"message": "Unauthorized"}),
        ("/cds-services/next-therapy", 401, GOOD | {"WWW-Authenticate": "Bearer"}, {"message": "Token expired"}),
        ("/cds-services/next-therapy/feedback", 200, GOOD, {"extension": {"org.nextline-cds.feedback": {}}}),
        ("/health/live", 200, GOOD, {"status": "alive", "host": "a"}),
    ],
)
def test_the_check_of_every_answer_finds_what_is_wrong(
    path: str, status: int, headers: dict[str, str], body: Any
) -> None:
    with pytest.raises(AssertionError):
        check("POST", path, status, headers, json.dumps(body).encode())


def test_an_address_without_a_schema_is_noticed() -> None:
    with pytest.raises(StopIteration):
        schema_of("/somewhere/else", 200)


class TestHttpsOnly:
    @pytest.mark.conformance("GEN-2")
    def test_production_refuses_a_base_url_without_tls(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CDS_MODE", "production")
        monkeypatch.setenv("CDS_PUBLIC_BASE_URL", "http://cds.example.org")
        with pytest.raises(ConfigurationFault) as refused:
            load()
        assert any(fault.startswith("CDS_PUBLIC_BASE_URL") for fault in refused.value.faults)

    @pytest.mark.conformance("REQ-4", "GEN-2")
    @pytest.mark.parametrize(("address", "refused"), [("http://ehr.test/fhir", True), ("https://ehr.test/fhir", False)])
    def test_production_refuses_a_fhir_server_without_tls(self, address: str, refused: bool) -> None:
        with pytest.raises(MalformedBody) if refused else nullcontext():
            check_fhir_server(address, https_only=True)


@pytest.mark.conformance("GEN-6")
def test_gen_6_nineteen_of_twenty_complete_calls_take_less_than_half_a_second(
    server: Server, client: FlaskClient
) -> None:
    call, took = complete_call(client), []
    with CheckedSession() as session:
        for _ in range(20):
            started = time.perf_counter()
            session.post(server.url + NEXT_THERAPY, json=call, timeout=10)
            took.append(time.perf_counter() - started)
    assert sorted(took)[18] < 0.5


class TestDocumentation:
    def test_gen_7_the_documents_are_reached_from_the_readme_and_name_every_hook(self, client: FlaskClient) -> None:
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        integrating = (ROOT / "docs" / "integrating.md").read_text(encoding="utf-8")
        assert "(docs/integrating.md)" in readme
        for service in discovery(client)["services"]:
            assert service["usageRequirements"]
            assert service["hook"] in integrating
            assert f"/cds-services/{service['id']}" in integrating

    def test_disc_11_hook_versions_are_those_that_were_published(self, client: FlaskClient) -> None:
        published = {"patient-view": "1.0", "order-select": "1.0", "order-sign": "1.0"}
        assert published == HOOK_VERSIONS
        for service in discovery(client)["services"]:
            assert service["hookVersion"] == published[service["hook"]]


class TestSchemas:
    @staticmethod
    def objects(value: Any, where: str) -> list[str]:
        """Places of the schemas of objects with listed members that let others pass."""
        found = []
        if isinstance(value, dict):
            open_to_all = value.get("additionalProperties", True) is not False
            if value.get("type") == "object" and "properties" in value and open_to_all:
                found.append(where)
            for name, member in value.items():
                found += TestSchemas.objects(member, f"{where}/{name}")
        return found

    @pytest.mark.conformance("EXT-3")
    def test_what_we_send_has_no_member_that_is_not_listed(self) -> None:
        found = [place for name in OURS for place in self.objects(wire_schemas()[name], name)]
        assert found == ["card/$defs/action/properties/resource"]

    @pytest.mark.conformance("GEN-8")
    def test_what_we_take_may_have_more_members(self) -> None:
        for name in ("feedback", "request-patient-view", "request-order-select", "request-order-sign"):
            assert not re.search(r'"additionalProperties": ?false', json.dumps(wire_schemas()[name]))

    @pytest.mark.parametrize("name", sorted(wire_schemas()))
    def test_each_is_a_schema_and_knows_where_it_belongs(self, name: str) -> None:
        schema = dict(wire_schemas()[name])
        Draft202012Validator.check_schema(schema)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["$id"] == f"https://nextline-cds.org/schemas/{name}.json"
        assert schema["title"]
