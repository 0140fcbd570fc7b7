"""The pages for people: what is routed where, under which policy, and that production keeps its examples to itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

import pytest
from werkzeug.test import Client, TestResponse

from cds_service.app import create_app, knowledge_of, showcase_of
from cds_service.course.templates import POLICY, STATIC
from cds_service.hooks.knowledge import Knowledge
from cds_service.settings import Settings
from cds_service.showcase import FEATURED
from cds_service.stories.catalogue import all_stories

STORY = FEATURED[0]
HOST = {"Host": "127.0.0.1:8080"}


@pytest.fixture(scope="module")
def browser() -> Client:
    """A client that takes style sheets and scripts: the shared one of the tests lets JSON and pages through only."""
    return Client(create_app(Settings()))


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return knowledge_of(Settings())


def seen(client: Client, path: str, method: str = "GET", headers: Mapping[str, str] = HOST) -> TestResponse:
    return client.open(path, method=method, headers=dict(headers))


@pytest.mark.parametrize(
    ("method", "path", "says"),
    [
        ("GET", "/", "Which class of therapy next?"),
        ("GET", f"/stories/{STORY}", "Open the record"),
        ("POST", f"/stories/{STORY}", "Draft for review: Rituximab"),
        ("GET", f"/stories/{STORY}/course", "The decision path"),
        ("POST", "/stories/kidney-transplant-so-no-advice", "The service answers with no card"),
    ],
)
def test_a_page_is_under_the_strict_policy_and_is_kept_by_nobody(
    browser: Client, method: str, path: str, says: str
) -> None:
    answer = seen(browser, path, method)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["Cache-Control"] == "no-store"
    assert says in answer.get_data(as_text=True)
    assert "No clinician has signed this knowledge yet." in answer.get_data(as_text=True)


def test_the_policy_allows_no_inline_and_no_foreign_origin() -> None:
    told = dict(part.strip().split(" ", 1) for part in POLICY.split(";"))
    assert told["default-src"] == told["base-uri"] == told["frame-ancestors"] == "'none'"
    assert {told["style-src"], told["script-src"], told["img-src"], told["form-action"]} == {"'self'"}


@pytest.mark.parametrize("name", ["course.css", "course.js", "icon.svg"])
def test_the_files_of_a_page_are_served(browser: Client, name: str) -> None:
    answer = seen(browser, f"/assets/{name}")
    assert answer.status_code == 200
    assert answer.get_data() == (STATIC / name).read_bytes()
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/page.py",
        "/assets/..%2fpage.py",
        "/stories/nobody",
        "/stories/nobody/course",
        "/stories",
        "/documents/nobody.md",
        "/documents/../pyproject.toml",
        "/documents/index.md/",
    ],
)
def test_nothing_else_is_served(browser: Client, path: str) -> None:
    answer = seen(browser, path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/json"


def test_every_featured_story_is_there_and_on_the_start_page(browser: Client) -> None:
    names = {story.name for story in all_stories()}
    assert set(FEATURED) <= names
    start = seen(browser, "/").get_data(as_text=True)
    assert all(f'action="/stories/{name}"' in start for name in FEATURED)
    assert all(f'href="/stories/{name}"' in start for name in names)


def test_the_start_page_is_off_where_it_is_not_wanted_and_the_files_of_the_course_stay() -> None:
    client = Client(create_app(Settings(start_page=False)))
    assert seen(client, "/").status_code == 404
    assert seen(client, f"/stories/{STORY}/course").status_code == 404
    assert seen(client, "/assets/course.css").status_code == 200


@pytest.mark.parametrize(
    ("mode", "said", "wanted"),
    [
        ("development", None, True),
        ("development", False, False),
        ("production", None, False),
        ("production", True, True),
    ],
)
def test_production_shows_it_only_when_asked(
    knowledge: Knowledge, mode: Literal["development", "production"], said: bool | None, wanted: bool
) -> None:
    settings = Settings(mode=mode, start_page=said)
    assert (showcase_of(settings, knowledge, [], lambda: date(2026, 11, 22)) is not None) == wanted


def test_all_addresses_keep_the_path_of_the_public_base_url() -> None:
    client = Client(create_app(Settings(public_base_url="https://cds.example.org/base", allowed_hosts=("127.0.0.1",))))
    for path in ("/base/", f"/base/stories/{STORY}", f"/base/stories/{STORY}/course"):
        page = seen(client, path).get_data(as_text=True)
        for address in ('href="/base/assets/course.css"', 'href="/base/"'):
            assert address in page
        assert 'href="/stories' not in page
        assert 'href="/assets' not in page
        assert 'action="/stories' not in page
