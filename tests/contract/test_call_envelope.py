"""Envelope and context of a call (conformance sections 3, 4, 7, 14; attack cases JSON-25 and JSON-27, OUT-13)."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.contract.calls import AS_OF, Json, answer_of, complete_call, rules_of

ABSENT = object()
AUTHORIZATION = {
    "access_token": "canary-token",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "patient/*.rs",
    "subject": "nextline",
}


def changed(body: Json, path: str, value: Any) -> Json:
    """The body with the member at a dotted path set, or taken out when the value is ABSENT."""
    *parents, name = path.split("/")
    inner = body
    for parent in parents:
        inner = inner[parent]
    if value is ABSENT:
        del inner[name]
    else:
        inner[name] = value
    return body


@pytest.mark.conformance("REQ-1", "REQ-2", "REQ-3", "REQ-4", "REQ-6", "CTX-1", "CTX-2", "EXT-1", "RESP-5")
@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("hook", ABSENT, "hook"),  # REQ-1
        ("hook", "order-sign", "hook"),
        ("hook", "PATIENT-VIEW", "hook"),
        ("hook", ["patient-view"], "hook"),
        ("hookInstance", ABSENT, "hookInstance"),  # REQ-2
        ("hookInstance", "not-a-uuid", "hookInstance"),
        ("hookInstance", "{d1577c69-dfbe-44ad-ba6d-3e05e953b2ea}", "hookInstance"),
        ("hookInstance", "d1577c69dfbe44adba6d3e05e953b2ea", "hookInstance"),
        ("hookInstance", "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea\n", "hookInstance"),
        ("hookInstance", 7, "hookInstance"),
        ("context", ABSENT, "context"),  # REQ-3
        ("context", None, "context"),
        ("context", "pat-a", "context"),
        ("context", ["pat-a"], "context"),
        ("fhirServer", 7, "fhirServer"),  # REQ-4
        ("fhirServer", "ehr.test/fhir", "fhirServer"),
        ("fhirServer", "file:///etc/passwd", "fhirServer"),
        ("fhirServer", "https://user:secret@ehr.test/fhir", "fhirServer"),
        ("fhirServer", "https://ehr.test/fhir?a=b", "fhirServer"),
        ("fhirServer", "https://ehr.test:99999/fhir", "fhirServer"),
        ("fhirServer", "https://[ehr.test/fhir", "fhirServer"),
        ("fhirServer", "https://ehr.test\\@evil.test/", "fhirServer"),
        ("fhirAuthorization", AUTHORIZATION, "fhirServer"),  # cds-r-1: without fhirServer
        ("prefetch", [], "prefetch"),  # REQ-6
        ("prefetch", "none", "prefetch"),
        ("extension", [{"url": "x"}], "extension"),  # EXT-1
        ("context/userId", ABSENT, "context.userId"),  # CTX-1
        ("context/userId", "prac-1", "context.userId"),
        ("context/userId", "Device/1", "context.userId"),
        ("context/userId", "Practitioner/", "context.userId"),
        ("context/userId", "Practitioner/a/b", "context.userId"),
        ("context/userId", 'Practitioner/1\n{"level":"INFO"}', "context.userId"),
        ("context/userId", "https://ehr.test/Practitioner/1", "context.userId"),
        ("context/patientId", ABSENT, "context.patientId"),  # CTX-2
        ("context/patientId", "", "context.patientId"),
        ("context/patientId", "Patient/pat-a", "context.patientId"),
        ("context/patientId", "../pat-b", "context.patientId"),
        ("context/patientId", "..", "context.patientId"),
        ("context/patientId", "1?x=", "context.patientId"),
        ("context/patientId", "pat_a", "context.patientId"),
        ("context/patientId", "pat-a ", "context.patientId"),
        ("context/patientId", "pät-a", "context.patientId"),
        ("context/patientId", "p" * 65, "context.patientId"),
        ("context/patientId", 5, "context.patientId"),
        ("context/encounterId", "Encounter/1", "context.encounterId"),
        ("context/encounterId", {"id": "1"}, "context.encounterId"),
    ],
)
def test_a_member_at_fault_is_a_400_that_names_it_and_repeats_nothing(
    client: FlaskClient, path: str, value: Any, named: str
) -> None:
    issue = answer_of(client, changed(complete_call(client), path, value), 400)["issue"][0]
    assert issue["code"] == "invalid"
    assert issue["expression"] == [named]
    if isinstance(value, str) and len(value) > 4 and value not in named:
        assert value not in issue["details"]["text"]


def test_ctx_2_a_prefixed_patient_id_is_told_what_to_leave_out(client: FlaskClient) -> None:
    refused = answer_of(client, changed(complete_call(client), "context/patientId", "Patient/pat-a"), 400)
    assert "leave the resource type" in refused["issue"][0]["details"]["text"]


@pytest.mark.parametrize(
    "member",
    ["access_token", "token_type", "expires_in", "scope", "subject", "patient"],
)
def test_req_5_a_wrong_type_in_the_authorization_is_a_400(client: FlaskClient, member: str) -> None:
    body = complete_call(client) | {"fhirServer": "https://ehr.test/fhir"}
    body["fhirAuthorization"] = AUTHORIZATION | {member: ["x"]}
    refused = answer_of(client, body, 400)
    assert refused["issue"][0]["expression"] == [f"fhirAuthorization.{member}"]
    assert "canary-token" not in str(refused)


@pytest.mark.parametrize("member", ["access_token", "token_type", "expires_in", "scope", "subject"])
def test_fha_3_an_incomplete_authorization_is_left_unused_and_the_prefetch_answers(
    client: FlaskClient, member: str
) -> None:
    body = complete_call(client) | {"fhirServer": "https://ehr.test/fhir"}
    body["fhirAuthorization"] = {name: value for name, value in AUTHORIZATION.items() if name != member}
    assert answer_of(client, body)["cards"]


@pytest.mark.conformance("GEN-8", "REQ-2", "REQ-4", "REQ-7", "CTX-1", "CTX-2")
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("hookInstance", "D1577C69-DFBE-44AD-BA6D-3E05E953B2EA"),
        ("hookInstance", "urn:uuid:d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"),
        ("fhirServer", "http://localhost:8081/fhir"),
        ("fhirServer", "https://ehr.test/fhir"),
        ("fhirServer", None),
        ("fhirAuthorization", None),
        ("context/userId", "PractitionerRole/role.1"),
        ("context/encounterId", "enc-1"),
        ("context/encounterId", None),
        ("unknownMember", {"a": [1, None]}),  # GEN-8
        ("context/unknownMember", "x"),
        ("prefetch/unknown-key", {"resourceType": "Basic", "id": "b"}),
        ("extension/org.example.other", {"a": 1}),  # REQ-7
    ],
)
def test_what_may_be_there_changes_nothing(client: FlaskClient, path: str, value: Any) -> None:
    plain = answer_of(client, complete_call(client))
    answered = answer_of(client, changed(complete_call(client), path, value))
    assert rules_of(answered) == rules_of(plain)
    assert len(plain["cards"]) == 1


def test_req_9_the_same_call_again_gives_the_same_cards(client: FlaskClient) -> None:
    assert answer_of(client, complete_call(client)) == answer_of(client, complete_call(client))


class TestAsOf:
    @pytest.mark.parametrize(
        "value",
        [
            "2026-11-31",
            "20261122",
            "2026-W47-7",
            "yesterday",
            "2026-11-22T00:00:00Z",
            "0001-01-01",
            "9999-12-31",
            20261122,
            {},
        ],
    )
    def test_a_malformed_day_is_a_400(self, client: FlaskClient, value: Any) -> None:
        body = changed(complete_call(client), f"extension/{AS_OF}", value)
        assert answer_of(client, body, 400)["issue"][0]["expression"] == ["extension"]

    @pytest.mark.parametrize("day", ["1950-01-01", "2150-01-01"])
    def test_the_first_and_the_last_possible_day_are_answered(self, client: FlaskClient, day: str) -> None:
        answer_of(client, changed(complete_call(client), f"extension/{AS_OF}", day))

    def test_the_answer_is_for_that_day(self, client: FlaskClient) -> None:
        told = [
            card["extension"]["org.nextline-cds.recommendation"]["asOf"]
            for card in answer_of(client, complete_call(client))["cards"]
        ]
        assert told == ["2026-11-22"]

    def test_where_it_is_not_allowed_it_is_ignored_and_that_is_said(self, client_for_today: FlaskClient) -> None:
        body = changed(complete_call(client_for_today), f"extension/{AS_OF}", "2025-06-01")
        answered = answer_of(client_for_today, body)
        assert "ignored" in answered["extension"][AS_OF]
        days = [card["extension"]["org.nextline-cds.recommendation"]["asOf"] for card in answered["cards"]]
        assert len(days) == 1
        assert days[0] > "2025-06-01"
