"""Discovery and prefetch templates (conformance sections 2 and 5)."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import pytest
from flask.testing import FlaskClient

from cds_service.cdshooks.prefetch import TEMPLATE_LIMIT, encoded_length, keys_of, templates
from cds_service.guideline.needs import NEEDS, Need
from tests.contract.calls import Json, discovery
from tests.contract.wire import problems_of, silences_of


def service_of(client: FlaskClient) -> Json:
    services = discovery(client)["services"]
    assert [service["id"] for service in services] == ["next-therapy"]
    service = services[0]
    assert isinstance(service, dict)
    return service


class TestDiscovery:
    def test_disc_1_it_answers_get_with_json(self, client: FlaskClient) -> None:
        answer = client.get("/cds-services")
        assert (answer.status_code, answer.content_type) == (200, "application/json")

    @pytest.mark.conformance("DISC-2", "DISC-4", "DISC-5", "DISC-7", "DISC-8", "DISC-9", "DISC-13")
    def test_it_keeps_to_the_strict_schema(self, client: FlaskClient) -> None:
        assert problems_of("discovery", discovery(client)) == []

    def test_gen_3_nothing_in_it_is_empty(self, client: FlaskClient) -> None:
        assert silences_of(discovery(client)) == []

    def test_disc_6_every_advertised_id_is_an_address(self, client: FlaskClient) -> None:
        for service in discovery(client)["services"]:
            assert client.post(f"/cds-services/{service['id']}", json={}).status_code == 400

    def test_disc_10_the_version_is_that_of_the_specification(self, client: FlaskClient) -> None:
        assert service_of(client)["version"] == "2.0.1"

    def test_disc_12_pairs_of_id_and_hook_are_unique_and_so_are_ids(self, client: FlaskClient) -> None:
        ids = [service["id"] for service in discovery(client)["services"]]
        assert len(ids) == len(set(ids))

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
    def test_disc_14_other_methods_are_a_405(self, client: FlaskClient, method: str) -> None:
        answer = client.open("/cds-services", method=method)
        assert answer.status_code == 405
        assert "GET" in answer.headers["Allow"]
        assert problems_of("operation-outcome", answer.get_json()) == []

    def test_it_takes_head_and_sends_no_body(self, client: FlaskClient) -> None:
        answer = client.head("/cds-services")
        assert (answer.status_code, answer.data) == (200, b"")

    @pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/png"])
    def test_it_stays_json_whatever_is_preferred(self, client: FlaskClient, accept: str) -> None:
        assert client.get("/cds-services", headers={"Accept": accept}).content_type == "application/json"


class TestTemplates:
    @pytest.mark.conformance("PFT-3", "PFT-6", "PFT-7")
    def test_pft_1_and_2_the_only_token_is_the_patient_id(self, client: FlaskClient) -> None:
        for template in service_of(client)["prefetch"].values():
            assert re.findall(r"\{\{(.*?)\}\}", template) == ["context.patientId"]
            assert template.count("{") == template.count("}") == 2

    def test_pft_4_each_is_a_read_or_a_search_of_the_restricted_subset(self, client: FlaskClient) -> None:
        for template in service_of(client)["prefetch"].values():
            path, _, query = template.partition("?")
            if not query:
                assert path == "Patient/{{context.patientId}}"
                continue
            assert re.fullmatch(r"[A-Z][A-Za-z]+", path)
            parameters = dict(parse_qsl(query, strict_parsing=True))
            assert set(parameters) <= {"patient", "code"}
            assert parameters["patient"] == "{{context.patientId}}"

    def test_pft_4_code_tokens_are_system_and_code(self, client: FlaskClient) -> None:
        for template in service_of(client)["prefetch"].values():
            tokens = template.partition("&code=")[2]
            for token in tokens.split(",") if tokens else ():
                assert re.fullmatch(r"(https?://|urn:)[^|,&#\s]+\|[A-Za-z0-9_.\-]+", token), token

    def test_pft_5_each_is_relative_without_fragment_and_each_parameter_occurs_once(self, client: FlaskClient) -> None:
        for template in service_of(client)["prefetch"].values():
            assert not template.startswith(("/", "http"))
            assert "#" not in template
            names = [name for name, _ in parse_qsl(template.partition("?")[2])]
            assert len(names) == len(set(names))

    def test_each_fits_a_request_line_once_encoded(self, client: FlaskClient) -> None:
        assert all(encoded_length(template) <= TEMPLATE_LIMIT for template in service_of(client)["prefetch"].values())

    def test_every_need_has_a_template_and_every_template_a_need(self, client: FlaskClient) -> None:
        advertised = service_of(client)["prefetch"]
        assert {key for need in NEEDS for key in keys_of(need.key, advertised)} == set(advertised)
        assert all(keys_of(need.key, advertised) for need in NEEDS)


class TestDerivation:
    WIDE = Need("labs", "Observation", ("wide",), True, None, "many codes")
    WHOLE = Need("conditions", "Condition", (), True, None, "all")

    @staticmethod
    def many(concept: str) -> list[tuple[str, str]]:
        return [("http://loinc.org", f"{number}-1") for number in range(200)]

    def test_a_need_without_concepts_is_the_whole_type(self) -> None:
        assert templates([self.WHOLE], self.many) == {"conditions": "Condition?patient={{context.patientId}}"}

    def test_a_template_too_long_is_split_and_loses_no_code(self) -> None:
        split = templates([self.WIDE], self.many)
        assert list(split)[:3] == ["labs", "labs-2", "labs-3"]
        codes = [code for template in split.values() for code in template.partition("&code=")[2].split(",")]
        assert codes == [f"{system}|{code}" for system, code in self.many("wide")]
        assert all(encoded_length(template) <= TEMPLATE_LIMIT for template in split.values())
        assert keys_of(self.WIDE.key, split) == tuple(split)

    def test_a_code_of_two_concepts_is_asked_for_once(self) -> None:
        need = Need("labs", "Observation", ("a", "b"), True, None, "")
        assert templates([need], lambda _: [("http://loinc.org", "1-8")])["labs"].count("1-8") == 1

    def test_concepts_without_a_code_are_refused_rather_than_read_as_everything(self) -> None:
        with pytest.raises(ValueError, match="labs"):
            templates([self.WIDE], lambda _: [])

    def test_a_key_that_only_looks_like_a_part_belongs_to_nobody(self) -> None:
        assert keys_of(self.WIDE.key, ["labs", "labs-2", "labs-old", "labs-2-2", "other"]) == ("labs", "labs-2")
