"""Prefetched data: absent is not null, failed is not empty, and it is one patient's (conformance section 6, PAT-*)."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.guideline.needs import NEEDS
from tests.contract.calls import (
    PATIENT,
    Json,
    advertised_keys,
    answer_of,
    complete_call,
    outcome,
    resource,
    rules_of,
    searchset,
)
from tests.stories.fifth_release import as_r5

REQUIRED = [need.key for need in NEEDS if need.required]
OPTIONAL = [need.key for need in NEEDS if not need.required]


def with_value(client: FlaskClient, key: str, value: Any) -> Json:
    body = complete_call(client)
    body["prefetch"][key] = value
    return body


def without(client: FlaskClient, *keys: str) -> Json:
    body = complete_call(client)
    for key in keys:
        del body["prefetch"][key]
    return body


def said(answer: Json) -> str:
    return str(answer["cards"][0]["detail"])


class TestAbsent:
    @pytest.mark.conformance("PFD-1", "PFD-2", "RESP-7")
    @pytest.mark.parametrize("key", REQUIRED)
    def test_pfd_6_a_required_key_left_out_is_a_412_that_names_it(self, client: FlaskClient, key: str) -> None:
        issue = answer_of(client, without(client, key), 412)["issue"][0]
        assert issue["code"] == "required"
        assert issue["details"]["text"].endswith(f": {key}.")

    @pytest.mark.conformance("PFD-1", "PFD-2")
    @pytest.mark.parametrize("key", OPTIONAL)
    def test_pfd_7_an_optional_key_left_out_is_said_on_the_card(self, client: FlaskClient, key: str) -> None:
        answered = answer_of(client, without(client, key))
        assert rules_of(answered) == rules_of(answer_of(client, complete_call(client)))
        assert said(answered) != said(answer_of(client, complete_call(client)))

    @pytest.mark.conformance("REQ-6", "PFD-6")
    @pytest.mark.parametrize("prefetch", [None, {}])
    def test_no_prefetch_at_all_is_a_412_that_names_every_required_key(
        self, client: FlaskClient, prefetch: Any
    ) -> None:
        text = answer_of(client, complete_call(client) | {"prefetch": prefetch}, 412)["issue"][0]["details"]["text"]
        assert all(key in text for key in REQUIRED)

    @pytest.mark.conformance("REQ-6", "PFD-6")
    def test_a_call_without_the_member_prefetch_is_a_412_too(self, client: FlaskClient) -> None:
        body = complete_call(client)
        del body["prefetch"]
        answer_of(client, body, 412)

    def test_data_under_a_key_of_the_clients_own_count_as_given(self, client: FlaskClient) -> None:
        body = complete_call(client)
        body["prefetch"]["my-problem-list"] = body["prefetch"].pop("conditions")
        assert rules_of(answer_of(client, body)) == rules_of(answer_of(client, complete_call(client)))

    def test_a_fhir_server_without_authorization_does_not_stand_in_for_the_data(self, client: FlaskClient) -> None:
        answer_of(client, without(client, "conditions") | {"fhirServer": "https://ehr.test/fhir"}, 412)


class TestKnownEmpty:
    @pytest.mark.conformance("REQ-6")
    @pytest.mark.parametrize("empty", [None, searchset(), {"resourceType": "Bundle", "type": "searchset"}])
    def test_pfd_3_null_and_an_empty_searchset_are_an_answer(self, client: FlaskClient, empty: Any) -> None:
        body = complete_call(client)
        for key in advertised_keys(client):
            if key not in ("patient", "conditions"):
                body["prefetch"][key] = empty
        answer_of(client, body)

    def test_resp_3_a_chart_without_either_disease_gets_no_card(self, client: FlaskClient) -> None:
        assert answer_of(client, with_value(client, "conditions", None)) == {"cards": []}

    def test_an_empty_searchset_with_a_warning_is_still_an_answer(self, client: FlaskClient) -> None:
        warned = searchset() | {"entry": [{"resource": outcome("warning"), "search": {"mode": "outcome"}}]}
        answer_of(client, with_value(client, "administrations", warned))


class TestFailed:
    @pytest.mark.conformance("REQ-6")
    @pytest.mark.parametrize(
        "failure",
        [
            outcome("error"),
            outcome("fatal"),
            searchset(outcome("error")),
            "<html>502 Bad Gateway</html>",
            [],
            7,
            {},
            {"resourceType": "Bundle", "entry": "none"},
            {"resourceType": "Patient", "id": PATIENT},
            searchset({"resourceType": None}),
            searchset({"resourceType": 7}),
            searchset({"resourceType": {}}),
            searchset(searchset(searchset())),
        ],
    )
    def test_pfd_4_and_8_what_is_no_data_is_unknown_not_empty(self, client: FlaskClient, failure: Any) -> None:
        text = answer_of(client, with_value(client, "conditions", failure), 412)["issue"][0]["details"]["text"]
        assert text.endswith(": conditions.")

    def test_a_warning_beside_data_changes_nothing(self, client: FlaskClient) -> None:
        body = complete_call(client)
        body["prefetch"]["conditions"]["entry"].append({"resource": outcome("warning")})
        assert rules_of(answer_of(client, body)) == rules_of(answer_of(client, complete_call(client)))

    def test_pfd_5_a_further_page_is_said(self, client: FlaskClient) -> None:
        body = complete_call(client)
        body["prefetch"]["proteinuria"]["link"] = [{"relation": "next", "url": "https://ehr.test/fhir?page=2"}]
        assert "further pages of proteinuria" in said(answer_of(client, body))

    def test_pfd_5_a_total_larger_than_what_came_is_said(self, client: FlaskClient) -> None:
        body = complete_call(client)
        body["prefetch"]["proteinuria"]["total"] = 40
        assert "further pages of proteinuria" in said(answer_of(client, body))

    def test_a_total_without_any_entry_is_no_empty_answer(self, client: FlaskClient) -> None:
        answer_of(client, with_value(client, "conditions", searchset() | {"total": 3}), 412)

    @pytest.mark.conformance("PFD-8")
    @pytest.mark.parametrize("odd", [None, 7, "x", [], [None], [7], [{}], [{"resource": None}], [{"resource": []}]])
    def test_odd_entries_are_no_server_error(self, client: FlaskClient, odd: Any) -> None:
        body = with_value(client, "screening", {"resourceType": "Bundle", "entry": odd})
        answer_of(client, body)

    def test_json_30_more_entries_than_the_limit_are_a_413(self, client: FlaskClient) -> None:
        entry = {"resource": resource("Observation", "o")}
        body = with_value(client, "screening", {"resourceType": "Bundle", "entry": [entry] * 10_001})
        answer_of(client, body, 413)


class TestOnePatient:
    @pytest.mark.conformance("CTX-5")
    @pytest.mark.parametrize("other", ["pat-b", "PAT-A", "pat-a "])
    def test_pat_01_and_18_another_patient_is_a_422_without_ids(self, client: FlaskClient, other: str) -> None:
        body = complete_call(client)
        body["prefetch"]["patient"]["id"] = other
        issue = answer_of(client, body, 422)["issue"][0]
        assert issue["code"] == "conflict"
        assert "pat-b" not in str(issue)

    @pytest.mark.conformance("CTX-5")
    def test_pat_02_a_stray_resource_is_left_out_and_that_is_said(self, client: FlaskClient) -> None:
        body = complete_call(client)
        stray = copy.deepcopy(body["prefetch"]["proteinuria"]["entry"][-1])
        stray["resource"] |= {"id": "stray", "subject": {"reference": "Patient/pat-b"}}
        stray["resource"]["valueQuantity"]["value"] = 0.1
        body["prefetch"]["proteinuria"]["entry"].append(stray)
        answered = answer_of(client, body)
        assert rules_of(answered) == rules_of(answer_of(client, complete_call(client)))
        assert "pat-b" not in str(answered)
        recommendation = answered["cards"][0]["extension"]["org.nextline-cds.recommendation"]
        assert [aside["resource"] for aside in recommendation["setAside"]] == ["Observation/stray"]

    def test_pat_17_an_encounter_of_another_patient_is_a_422(self, client: FlaskClient) -> None:
        other = {"resourceType": "Encounter", "id": "e", "subject": {"reference": "Patient/pat-b"}}
        answer_of(client, with_value(client, "encounter", other), 422)

    def test_identity_is_looked_at_before_missing_data(self, client: FlaskClient) -> None:
        body = without(client, "conditions")
        body["prefetch"]["patient"]["id"] = "pat-b"
        answer_of(client, body, 422)

    @pytest.mark.parametrize(("token_patient", "status"), [("pat-b", 422), (PATIENT, 200), (None, 200)])
    def test_a_token_of_another_patient_is_a_422(self, client: FlaskClient, token_patient: Any, status: int) -> None:
        body = complete_call(client) | {"fhirServer": "https://ehr.test/fhir"}
        body["fhirAuthorization"] = {"access_token": "t", "patient": token_patient}
        answer_of(client, body, status)

    @pytest.mark.parametrize("user", ["Patient/pat-a", "RelatedPerson/mother"])
    def test_pat_20_who_is_no_health_professional_gets_no_card(self, client: FlaskClient, user: str) -> None:
        body = complete_call(client)
        body["context"]["userId"] = user
        assert answer_of(client, body) == {"cards": []}

    def test_a_dead_patient_gets_no_card(self, client: FlaskClient) -> None:
        body = complete_call(client)
        body["prefetch"]["patient"]["deceasedDateTime"] = "2026-11-01"
        assert answer_of(client, body) == {"cards": []}

    def test_pat_15_one_patient_after_another_leaves_no_trace(self, client: FlaskClient) -> None:
        first = answer_of(client, complete_call(client))
        answer_of(client, with_value(client, "conditions", None))
        assert answer_of(client, complete_call(client)) == first


class TestReleases:
    def test_drug_records_of_r5_are_read(self, client: FlaskClient) -> None:
        body = copy.deepcopy(complete_call(client))
        records = [entry["resource"] for entry in body["prefetch"]["statements"]["entry"]]
        before = answer_of(client, body)["cards"]
        body["prefetch"]["statements"] = searchset(*(as_r5(record) for record in records))
        after = answer_of(client, body)["cards"]
        assert records
        assert [card["summary"] for card in after] == [card["summary"] for card in before]

    def test_a_chart_of_dstu2_is_refused_and_never_read_as_no_treatment(self, client: FlaskClient) -> None:
        body = copy.deepcopy(complete_call(client))
        order = {"resourceType": "MedicationOrder", "id": "o1", "patient": {"reference": f"Patient/{PATIENT}"}}
        body["prefetch"]["requests"] = searchset(order)
        issue = answer_of(client, body, 412)["issue"][0]
        assert issue["code"] == "not-supported"
        assert "DSTU2" in issue["details"]["text"]
