"""`/openapi.json`: it is sound, tells what is routed and nothing else, and its schemas agree with the readers."""

from __future__ import annotations

import copy
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from cds_service.app import create_app
from cds_service.cdshooks.feedback import read_feedback
from cds_service.cdshooks.openapi import describe
from cds_service.errors import MalformedBody
from cds_service.settings import Settings
from tests.contract.calls import AS_OF, NEXT_THERAPY, Json, complete_call
from tests.contract.wire import STATUSES, problems_of, validator

PAGES = {"/", "/stories/<name>", "/stories/<name>/course", "/assets/<name>", "/documents", "/documents/<path:name>"}
NOT_DESCRIBED = {"/launch", "/callback", "/app", "/logout"} | PAGES
"""Pages for people."""
CONTRACT_STATUSES = {"200", "400", "401", "404", "405", "412", "413", "415", "421", "422", "429", "500", "503"}


class Plain:
    id = "next-therapy"
    hook = "patient-view"
    title = "Next therapy"
    description = "Which class is next"


def document_of(*, authenticated: bool = False, base_url: str = "") -> Json:
    return describe(
        [Plain()], lambda path, method: True, version="1.0.0", base_url=base_url, authenticated=authenticated
    )


@pytest.fixture(scope="module")
def document(client: FlaskClient) -> Json:
    body = client.get("/openapi.json").get_json()
    assert isinstance(body, dict)
    return body


def test_every_route_is_described_and_every_description_is_routed(client: FlaskClient, document: Json) -> None:
    rules = [rule for rule in client.application.url_map.iter_rules() if rule.rule not in NOT_DESCRIBED]
    routed = {(method.lower(), rule.rule) for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    assert {(method, path) for path, methods in document["paths"].items() for method in methods} == routed


@pytest.mark.parametrize("authenticated", [True, False])
def test_it_is_sound(authenticated: bool) -> None:
    from schemathesis import openapi

    operations = [
        found.ok() for found in openapi.from_dict(document_of(authenticated=authenticated)).get_all_operations()
    ]
    assert len(operations) == 8
    ids = [operation.definition.raw["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))


def test_every_reference_leads_somewhere() -> None:
    document = document_of()

    def references(value: Any) -> list[str]:
        if isinstance(value, list):
            return [one for member in value for one in references(member)]
        if not isinstance(value, dict):
            return []
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [one for member in value.values() for one in references(member)]

    found = set(references(document))
    assert len(found) > 40
    for reference in found:
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
        assert place


def test_a_call_may_be_answered_with_any_status_of_the_contract() -> None:
    assert set(document_of()["paths"][NEXT_THERAPY]["post"]["responses"]) == CONTRACT_STATUSES
    assert {str(status) for status in STATUSES} - {"204"} == CONTRACT_STATUSES


def test_where_tokens_are_asked_for_it_says_so_and_only_for_cds_hooks() -> None:
    document = document_of(authenticated=True)
    guarded = {path for path, methods in document["paths"].items() for told in methods.values() if "security" in told}
    assert guarded == {"/cds-services", NEXT_THERAPY, f"{NEXT_THERAPY}/feedback"}
    assert document["components"]["securitySchemes"]["clientToken"]["scheme"] == "bearer"
    assert "securitySchemes" not in document_of()["components"]


@pytest.mark.parametrize(
    ("base_url", "told"), [("https://cds.example.org/base", "https://cds.example.org/base"), ("", "/")]
)
def test_it_names_the_public_address(base_url: str, told: str) -> None:
    assert document_of(base_url=base_url)["servers"] == [{"url": told}]


def test_it_is_served_behind_a_base_path() -> None:
    client = create_app(Settings(public_base_url="https://cds.example.org/base")).test_client()
    answer = client.get("https://cds.example.org/base/openapi.json")
    assert answer.get_json()["servers"] == [{"url": "https://cds.example.org/base"}]


ENTRY: Json = {
    "card": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    "outcome": "overridden",
    "outcomeTimestamp": "2026-11-22T10:00:00Z",
}


class TestSchemasAndReaders:
    """Where the two disagree, a client that keeps to the document is refused, or a broken one is not."""

    def test_the_days_of_the_schema_are_the_days_of_the_calendar(self) -> None:
        said = validator("parts")
        as_of = said.schema["components"]["schemas"]["parts"]["$defs"]["request-extension"]["properties"][AS_OF]
        fits = Draft202012Validator({"pattern": as_of["pattern"]}).is_valid
        day = date(1950, 1, 1)
        while day <= date(2150, 1, 1):
            assert fits(day.isoformat()), day
            day += timedelta(days=1)
        for wrong in ("1949-12-31", "2150-01-02", "2100-02-29", "2025-02-29", "2026-04-31", "2026-00-10", "2026-1-01"):
            assert not fits(wrong), wrong

    @pytest.mark.parametrize(
        ("change", "sound"),
        [
            ({}, True),
            ({"hook": "order-sign"}, False),
            ({"hookInstance": "URN:UUID:D1577C69-DFBE-44AD-BA6D-3E05E953B2EA"}, True),
            ({"hookInstance": "{d1577c69-dfbe-44ad-ba6d-3e05e953b2ea}"}, False),
            ({"context": {"userId": "Practitioner/1", "patientId": ".."}}, False),
            ({"context": {"userId": "Practitioner/1", "patientId": "a..b", "encounterId": None, "more": 1}}, True),
            ({"context": {"userId": "Device/1", "patientId": "a"}}, False),
            ({"context": {"userId": "RelatedPerson/1", "patientId": "a"}}, True),
            ({"fhirServer": "https://ehr.test:8443/fhir/R4"}, True),
            ({"fhirServer": "https://ehr.test:99999/fhir"}, False),
            ({"fhirServer": "https://u:p@ehr.test/fhir"}, False),
            ({"fhirServer": "ftp://ehr.test"}, False),
            ({"fhirServer": None, "fhirAuthorization": None, "prefetch": None, "extension": None}, True),
            ({"fhirAuthorization": {}}, False),
            ({"fhirServer": "https://ehr.test", "fhirAuthorization": {"expires_in": 300, "more": []}}, True),
            ({"fhirServer": "https://ehr.test", "fhirAuthorization": {"expires_in": "300"}}, False),
            ({"prefetch": []}, False),
            ({"extension": {AS_OF: "2026-02-30"}}, False),
            ({"extension": {AS_OF: "2024-02-29"}}, True),
        ],
    )
    def test_calls(self, client: FlaskClient, change: Json, sound: bool) -> None:
        call = complete_call(client) | change
        assert (problems_of("request-patient-view", call) == []) is sound
        assert (client.post(NEXT_THERAPY, json=call).status_code == 400) is not sound

    @pytest.mark.parametrize(
        ("change", "sound"),
        [
            ({}, True),
            ({"outcome": "ignored"}, False),
            ({"outcome": "accepted"}, False),
            ({"outcome": "accepted", "acceptedSuggestions": []}, False),
            ({"outcome": "accepted", "acceptedSuggestions": [{"id": "a"}], "more": {}}, True),
            ({"acceptedSuggestions": [{}]}, False),
            ({"card": " "}, False),
            ({"card": "c" * 65}, False),
            ({"outcomeTimestamp": "2026-11-22T10:00:00"}, False),
            ({"outcomeTimestamp": "2026-02-29T10:00:00Z"}, False),
            ({"outcomeTimestamp": "0000-01-01T10:00:00Z"}, False),
            ({"outcomeTimestamp": "2024-02-29t23:59:60.123456789+14:00"}, True),
            ({"outcomeTimestamp": "2026-11-22T10:00:00+24:00"}, False),
            ({"overrideReason": {}}, False),
            ({"overrideReason": None}, True),
            ({"overrideReason": {"userComment": ""}}, True),
            ({"overrideReason": {"reason": {"code": "a", "system": "https://example.org"}}}, True),
            ({"overrideReason": {"reason": {"display": "a"}}}, False),
            ({"overrideReason": {"reason": None, "userComment": None}}, False),
        ],
    )
    def test_feedback(self, change: Json, sound: bool) -> None:
        body = {"feedback": [copy.deepcopy(ENTRY) | change]}
        assert (problems_of("feedback", body) == []) is sound
        if sound:
            assert len(read_feedback(body)) == 1
            return
        with pytest.raises(MalformedBody):
            read_feedback(body)

    @pytest.mark.parametrize("hook", ["order-select", "order-sign"])
    def test_draft_orders_may_lack_almost_everything(self, hook: str) -> None:
        context: Json = {
            "userId": "Practitioner/1",
            "patientId": "a",
            "selections": ["MedicationRequest/1"],
            "draftOrders": {
                "resourceType": "Bundle",
                "entry": [{"resource": {"resourceType": "MedicationRequest", "id": "1"}}],
            },
        }
        call = {"hook": hook, "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", "context": context}
        assert problems_of(f"request-{hook}", call) == []
        for broken in ({"draftOrders": None}, {"userId": "Patient/1"}, {"draftOrders": {"resourceType": "List"}}):
            assert problems_of(f"request-{hook}", call | {"context": context | broken}), broken
