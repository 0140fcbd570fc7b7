"""What people and programs are told where there is nothing, and what every page carries."""

from __future__ import annotations

import json
from urllib.parse import urljoin

import pytest
from flask import Flask
from werkzeug.test import Client, TestResponse

from cds_service.app import create_app
from cds_service.course.documents import Picture
from cds_service.course.templates import POLICY
from cds_service.settings import Settings
from cds_service.showcase import FEATURED
from cds_service.web.pages import offer_start_page

STORY = FEATURED[0]
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
CANARY = "canary-of-the-address"
NOT_THERE = [
    f"/{CANARY}",
    f"/stories/{CANARY}",
    f"/stories/{CANARY}/course",
    f"/documents/{CANARY}.md",
    f"/documents/index.md/?{CANARY}",
    f"/assets/{CANARY}",
]


@pytest.fixture(scope="module")
def reader() -> Client:
    """A client that takes redirects and style sheets, too."""
    return Client(create_app(Settings()))


def asked(client: Client, path: str, accept: str = BROWSER, method: str = "GET") -> TestResponse:
    headers = {"Host": "127.0.0.1:8080"} | ({"Accept": accept} if accept else {})
    return client.open(path, method=method, headers=headers)


def assert_is_outcome(answer: TestResponse) -> None:
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/json"
    assert json.loads(answer.get_data())["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("path", NOT_THERE)
def test_a_person_is_told_in_a_page_that_repeats_nothing_of_the_address(reader: Client, path: str) -> None:
    answer = asked(reader, path)
    said = answer.get_data(as_text=True)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert "Accept" in answer.vary
    assert len(answer.headers["X-Request-ID"]) == 32
    assert "There is nothing at this address</h1>" in said
    assert '<a class="brand" href="/">' in said
    assert CANARY not in said + str(answer.headers)


@pytest.mark.parametrize("path", NOT_THERE)
@pytest.mark.parametrize(
    "accept", ["", "*/*", "application/json", "application/fhir+json, text/html;q=0.5", "application/json, text/html"]
)
def test_a_program_is_told_in_json(reader: Client, path: str, accept: str) -> None:
    answer = asked(reader, path, accept)
    assert_is_outcome(answer)
    assert "Accept" in answer.vary


@pytest.mark.parametrize("path", ["/cds-services/none", "/cds-services/none/feedback"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_below_the_services_everybody_is_told_in_json(reader: Client, path: str, method: str) -> None:
    assert_is_outcome(asked(reader, path, method=method))


def test_without_the_start_page_there_is_no_page_of_what_is_not_there() -> None:
    assert_is_outcome(asked(Client(create_app(Settings(start_page=False))), "/nothing-here"))


@pytest.mark.parametrize(
    ("asked_for", "shown"),
    [
        ("/documents", "/documents/index.md"),
        ("/documents/", "/documents/index.md"),
        ("/base/documents", "/base/documents/index.md"),
        ("/base/documents/", "/base/documents/index.md"),
    ],
)
def test_the_documents_begin_at_their_index(asked_for: str, shown: str) -> None:
    client = Client(create_app(Settings(public_base_url="https://cds.example.org/base", allowed_hosts=("127.0.0.1",))))
    answer = asked(client, asked_for)
    assert answer.status_code == 303
    assert urljoin(asked_for, answer.headers["Location"]) == shown
    assert asked(client, shown).status_code == 200


class NoDocuments:
    """Pages of an installation that came without the documents."""

    def start(self) -> str:
        return "<h1>Start</h1>"

    def story(self, name: str, *, fired: bool) -> str | None:
        return None

    def course(self, name: str) -> str | None:
        return None

    def document(self, name: str) -> str | None:
        return None

    def picture(self, name: str) -> Picture | None:
        return None


def test_where_there_are_no_documents_nobody_is_led_to_them() -> None:
    app = Flask("small")
    offer_start_page(app, NoDocuments())
    assert Client(app).get("/").status_code == 200
    assert Client(app).get("/documents").status_code >= 400


def test_the_page_keeps_the_path_that_the_service_is_published_under() -> None:
    app = Flask("small")
    offer_start_page(app, NoDocuments(), "/base")
    said = asked(Client(app), "/nothing-here").get_data(as_text=True)
    assert 'href="/base/assets/course.css"' in said
    assert 'class="brand" href="/base/"' in said


PAGES = [
    ("/", 200),
    (f"/stories/{STORY}", 200),
    (f"/stories/{STORY}/course", 200),
    ("/about", 200),
    ("/documents/index.md", 200),
    ("/documents/integrating.md", 200),
    ("/nothing-here", 404),
]


@pytest.mark.parametrize(("path", "status"), PAGES)
def test_every_page_can_be_asked_for_without_its_body_and_is_under_a_policy(
    reader: Client, path: str, status: int
) -> None:
    whole, head = asked(reader, path), asked(reader, path, method="HEAD")
    assert (whole.status_code, head.status_code) == (status, status)
    assert whole.get_data()
    assert head.get_data() == b""
    assert head.headers["Content-Length"] == str(len(whole.get_data()))
    for answer in (whole, head):
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        told = answer.headers["Content-Security-Policy"]
        assert told.startswith("default-src 'none'; ")
        assert "base-uri 'none'" in told
        assert "frame-ancestors 'none'" in told
        assert "unsafe" not in told


@pytest.mark.parametrize("path", ["/documents/pictures/start-page.png", "/assets/icon.svg", "/documents"])
def test_what_belongs_to_a_page_is_under_a_policy_of_its_own(reader: Client, path: str) -> None:
    answer = asked(reader, path)
    assert answer.status_code < 400
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
