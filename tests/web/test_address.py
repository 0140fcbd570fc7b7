"""Which address a request is for: base path, slashes, host names."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.settings import Settings
from cds_service.web.assembly import assemble
from cds_service.web.event_log import event_log


def client_with(**settings: Any) -> FlaskClient:
    log = event_log("error", io.StringIO())
    about = {"name": "Nextline <CDS>", "intendedUse": {"notFor": ["emergencies"]}, "link": "https://example.org/a"}
    ready = {"status": "ready", "checks": {"units": "passed"}}
    today = lambda: date(2026, 1, 1)  # noqa: E731
    return assemble(Settings(**settings), [], lambda _: about, lambda _: ready, log, today).test_client()


@pytest.mark.conformance("DISC-1", "DISC-3")
@pytest.mark.parametrize(
    "path",
    [
        "/cds-services",
        "/cds-services/",
        "/cds-services//",
        "/base/path/cds-services",
        "/base/path/cds-services/",
        "/base/path//cds-services",
    ],
)
def test_discovery_answers_with_and_without_the_base_path_and_with_slashes_too_many(path: str) -> None:
    client = client_with(public_base_url="https://cds.example.org/base/path")
    answer = client.get("http://cds.example.org" + path)
    assert (answer.status_code, answer.get_json()) == (200, {"services": []})


@pytest.mark.parametrize("path", ["/", "/base", "/base/pathcds-services", "/other/cds-services", "/cds-services/none"])
def test_another_path_is_a_404_in_json(path: str) -> None:
    answer = client_with(public_base_url="https://cds.example.org/base/path").get(path)
    assert answer.status_code == 404
    assert answer.get_json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(
    ("settings", "headers", "status"),
    [
        ({}, {"Host": "localhost:8080"}, 200),
        ({}, {"Host": "127.0.0.1"}, 200),
        ({}, {"Host": "[::1]:8080"}, 200),
        ({}, {"Host": "evil.test"}, 421),
        ({}, {"Host": "localhost.evil.test"}, 421),
        ({}, {"Host": "[broken"}, 421),
        ({}, {"Host": ""}, 400),
        ({}, {"Host": "localhost", "X-Forwarded-Host": "evil.test"}, 421),
        ({}, {"Host": "localhost", "X-Forwarded-Host": "localhost, evil.test"}, 421),
        ({"public_base_url": "https://cds.example.org"}, {"Host": "cds.example.org"}, 200),
        ({"public_base_url": "https://cds.example.org"}, {"Host": "CDS.example.org:443"}, 200),
        ({"public_base_url": "https://cds.example.org"}, {"Host": "x", "X-Forwarded-Host": "cds.example.org"}, 421),
        ({"allowed_hosts": "inner, other"}, {"Host": "inner:80"}, 200),
        ({"allowed_hosts": "*"}, {"Host": "anything"}, 200),
        ({"host": "0.0.0.0"}, {"Host": "container"}, 200),
        ({"host": "0.0.0.0", "public_base_url": "https://cds.example.org"}, {"Host": "container"}, 421),
    ],
)
def test_only_our_own_host_names_are_answered(settings: dict[str, Any], headers: dict[str, str], status: int) -> None:
    assert client_with(**settings).get("/cds-services", headers=headers).status_code == status


def test_a_health_check_may_come_by_any_name() -> None:
    assert client_with().get("/health/live", headers={"Host": "10.1.2.3"}).status_code == 200


def test_strict_transport_security_goes_with_an_https_base_url_only() -> None:
    name = "Strict-Transport-Security"
    assert name not in client_with().get("/about").headers
    assert name in client_with(public_base_url="https://localhost").get("/about").headers


class TestAbout:
    @pytest.mark.parametrize(
        "accept", ["", "*/*", "application/json", "text/plain", "application/json, text/html;q=0.5"]
    )
    def test_it_is_json_unless_a_page_is_preferred(self, accept: str) -> None:
        answer = client_with().get("/about", headers={"Accept": accept})
        assert answer.content_type == "application/json"
        assert answer.get_json()["name"] == "Nextline <CDS>"

    def test_a_browser_gets_an_escaped_page_without_script(self) -> None:
        answer = client_with().get("/about", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
        assert answer.content_type == "text/html; charset=utf-8"
        assert "Nextline &lt;CDS&gt;" in answer.text
        assert "<script" not in answer.text
        assert '<a href="https://example.org/a" rel="noreferrer">' in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "Accept" in answer.headers["Vary"]
