"""REQ-8 and the parser cases: whatever is sent, the answer is a 4xx in JSON and repeats nothing."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.contract.calls import NEXT_THERAPY, answer_of, complete_call

CANARY = "canary-7f3a"
JSON = {"Content-Type": "application/json"}


def raw(client: FlaskClient, value: str) -> bytes:
    """The complete call with one laboratory value replaced by raw text."""
    return json.dumps(complete_call(client)).replace('"value": 7.6', f'"value": {value}').encode()


@pytest.mark.conformance("REQ-8", "GEN-1", "RESP-5")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", NEXT_THERAPY, 405),
        ("PUT", NEXT_THERAPY, 405),
        ("DELETE", NEXT_THERAPY, 405),
        ("PATCH", NEXT_THERAPY, 405),
        ("TRACE", NEXT_THERAPY, 405),
        ("OPTIONS", NEXT_THERAPY, 204),
        ("OPTIONS", "/cds-services", 204),
        ("POST", "/cds-services", 405),
        ("POST", "/cds-services/none", 404),
        ("GET", "/cds-services/none", 404),
        ("OPTIONS", "/cds-services/none", 404),
        ("POST", f"/cds-services/{CANARY}", 404),
        ("GET", f"{NEXT_THERAPY}/feedback", 405),
        ("POST", "/cds-services/nowhere/feedback", 404),
        ("GET", f"/{CANARY}%0d%0aX-Injected:%20yes", 404),
        ("GET", "/static/app.js", 404),
        ("POST", "/health/live", 405),
        ("POST", "/about", 405),
    ],
)
def test_methods_and_addresses(client: FlaskClient, method: str, path: str, status: int) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == status
    assert CANARY not in answer.text
    assert "X-Injected" not in answer.headers
    if status >= 400:
        assert answer.get_json()["resourceType"] == "OperationOutcome"
    if status in (204, 405):
        assert "OPTIONS" in answer.headers["Allow"]


def test_head_of_a_service_is_a_405_without_a_body(client: FlaskClient) -> None:
    answer = client.head(NEXT_THERAPY)
    assert (answer.status_code, answer.data) == (405, b"")


@pytest.mark.conformance("REQ-8", "GEN-1")
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json"}, 200),
        ({"Content-Type": "application/json; charset=utf-8"}, 200),  # JSON-23
        ({"Content-Type": "application/json;charset=UTF-8"}, 200),
        ({"Content-Type": "Application/JSON"}, 200),
        ({"Content-Type": "application/fhir+json"}, 200),
        ({"Content-Type": "application/json", "Accept": "text/html", "Range": "bytes=0-1"}, 200),
        ({}, 415),
        ({"Content-Type": "text/plain"}, 415),  # JSON-22
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 415),
        ({"Content-Type": "application/xml"}, 415),
        ({"Content-Type": "application/json; charset=utf-7"}, 415),  # JSON-24
        ({"Content-Type": "application/json; charset=latin-1"}, 415),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, 415),  # JSON-20
        ({"Content-Type": "application/json", "Content-Encoding": "br"}, 415),
        ({"Content-Type": "application/json", "Content-Encoding": ""}, 415),
    ],
)
def test_media_types_and_codings(client: FlaskClient, headers: dict[str, str], status: int) -> None:
    answer = client.post(NEXT_THERAPY, data=json.dumps(complete_call(client)), headers=headers)
    assert answer.status_code == status
    assert answer.content_type == "application/json"


def test_json_20_a_gzip_bomb_is_not_unpacked(client: FlaskClient) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    answer = client.post(NEXT_THERAPY, data=bomb, headers=JSON | {"Content-Encoding": "gzip"})
    assert answer.status_code == 415


@pytest.mark.conformance("REQ-8", "GEN-1", "RESP-5")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b'"x"',
        b"7",
        b"{",
        b"{}x",
        b"{'a': 1}",
        b'{"a": 1,}',
        b"/* c */ {}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 300 + b"]" * 300,
        b'{"a": "\xff\xfe"}',
        b'{"a": "\\ud800"}',
        b"\xef\xbb\xbf\xef\xbb\xbf{}",
        b"\xff\xfe{\x00}\x00",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"hook": "patient-view", "hook": "patient-view"}',
        b'{"context": {"patientId": "pat-a", "patientId": "pat-b"}}',
        b"{}",
        b'{"canary-7f3a": "canary-7f3a"}',
    ],
)
def test_a_body_that_is_no_call_is_a_400(client: FlaskClient, body: bytes) -> None:
    answer = client.post(NEXT_THERAPY, data=body, headers=JSON)
    assert answer.status_code == 400
    assert CANARY not in answer.text


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1E+1000000", "9" * 5000, '7.6, "value": 0.76'])
def test_a_number_that_means_nothing_or_two_things_is_a_400(client: FlaskClient, value: str) -> None:
    assert client.post(NEXT_THERAPY, data=raw(client, value), headers=JSON).status_code == 400


def test_json_10_a_byte_order_mark_is_tolerated(client: FlaskClient) -> None:
    plain = json.dumps(complete_call(client)).encode()
    with_mark = client.post(NEXT_THERAPY, data=b"\xef\xbb\xbf" + plain, headers=JSON)
    assert with_mark.data == client.post(NEXT_THERAPY, data=plain, headers=JSON).data
    assert with_mark.status_code == 200


class TestSize:
    def test_json_18_one_byte_too_many_is_a_413(self, client: FlaskClient) -> None:
        answer = client.post(NEXT_THERAPY, data=b" " * (8 * 1024 * 1024 + 1), headers=JSON)
        assert answer.status_code == 413

    def test_the_size_is_looked_at_before_the_address_and_the_media_type(self, client: FlaskClient) -> None:
        announced = {"CONTENT_LENGTH": str(9 * 1024 * 1024), "CONTENT_TYPE": "text/plain"}
        assert client.post("/cds-services/none", environ_overrides=announced).status_code == 413

    def test_the_largest_body_is_read(self, client: FlaskClient) -> None:
        body = json.dumps(complete_call(client)).encode()
        padded = body + b" " * (8 * 1024 * 1024 - len(body))
        assert client.post(NEXT_THERAPY, data=padded, headers=JSON).status_code == 200


@pytest.mark.parametrize(
    ("path", "sent"),
    [("/cds-services", None), (NEXT_THERAPY, {}), ("/none", None), ("/about", None), ("/health/ready", None)],
)
def test_every_answer_carries_the_security_headers(client: FlaskClient, path: str, sent: Any) -> None:
    answer = client.get(path) if sent is None else client.post(path, json=sent)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


class TestCrossOrigin:
    ORIGIN = "https://sandbox.cds-hooks.org"

    @pytest.mark.parametrize(("path", "method"), [("/cds-services", "GET"), (NEXT_THERAPY, "POST")])
    def test_cors_1_a_preflight_needs_no_authorization(self, client: FlaskClient, path: str, method: str) -> None:
        answer = client.options(
            path,
            headers={
                "Origin": self.ORIGIN,
                "Access-Control-Request-Method": method,
                "Access-Control-Request-Headers": "authorization,content-type",
            },
        )
        assert answer.status_code == 204
        assert answer.headers["Access-Control-Allow-Origin"] == self.ORIGIN
        assert {"GET", "POST", "OPTIONS"} == set(answer.headers["Access-Control-Allow-Methods"].split(", "))
        assert answer.headers["Access-Control-Allow-Headers"] == "authorization, content-type"
        assert "Access-Control-Allow-Credentials" not in answer.headers

    @pytest.mark.parametrize(
        ("path", "body", "status"),
        [(NEXT_THERAPY, {}, 400), ("/none", {}, 404), ("/cds-services", {}, 405), (NEXT_THERAPY, None, 415)],
    )
    def test_cors_2_errors_can_be_read_too(self, client: FlaskClient, path: str, body: Any, status: int) -> None:
        sent = {"data": b"x"} if body is None else {"json": body}
        answer = client.post(path, headers={"Origin": self.ORIGIN}, **sent)
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == self.ORIGIN
        assert "Origin" in answer.headers["Vary"]

    def test_cors_2_a_412_can_be_read_too(self, client: FlaskClient) -> None:
        body = complete_call(client) | {"prefetch": {}}
        answer = client.post(NEXT_THERAPY, json=body, headers={"Origin": self.ORIGIN})
        assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (412, self.ORIGIN)

    def test_without_an_origin_nothing_is_opened_but_caches_are_told(self, client: FlaskClient) -> None:
        answer = client.get("/cds-services")
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Origin" in answer.headers["Vary"]

    @pytest.mark.parametrize(
        ("origin", "allowed"),
        [
            ("https://ehr.example.org", True),
            ("https://EHR.example.org", True),
            ("https://ehr.example.org.evil.test", False),
            ("http://ehr.example.org", False),
            ("null", False),
        ],
    )
    def test_cors_2_listed_origins_only(self, client_of_one_origin: FlaskClient, origin: str, allowed: bool) -> None:
        answer = client_of_one_origin.get("/cds-services", headers={"Origin": origin})
        assert ("Access-Control-Allow-Origin" in answer.headers) is allowed


def test_a_good_call_is_answered_by_the_same_app(client: FlaskClient) -> None:
    assert answer_of(client, complete_call(client))["cards"]
