"""In development, without https: a launcher that shows the app in a frame, on a site of its own, in Chromium."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.browser.conftest import MISSING, chromium
from tests.ehr.exchange import Answer, Request
from tests.ehr.listener import Listener, listening
from tests.smart.ward import Ward, ward


def framing(request: Request) -> Answer:
    """A page with an empty frame, whatever is asked for."""
    return Answer(200, (("Content-Type", "text/html"),), b"<!doctype html><title>A launcher</title><iframe></iframe>")


@pytest.fixture(scope="module")
def launcher() -> Iterator[Listener]:
    with listening(framing) as listener:
        yield listener


@pytest.fixture(scope="module")
def framed_ward(launcher: Listener, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    # The service is at 127.0.0.1, so for a browser this is another site.
    with ward(tmp_path_factory.mktemp("framed"), f'frames = ["{launcher.at("localhost")}"]') as made:
        yield made


def test_the_course_opens_in_the_frame_of_another_site(
    request: pytest.FixtureRequest, framed_ward: Ward, launcher: Listener
) -> None:
    path = chromium()
    if path is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(MISSING)
    driver = request.getfixturevalue("playwright")
    browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
    try:
        page = browser.new_page()
        page.goto(launcher.at("localhost"))
        page.evaluate(
            "address => { document.querySelector('iframe').src = address }",
            framed_ward.launch_address(),
        )
        frame = page.frame_locator("iframe")
        frame.get_by_role("heading", name="Membranous nephropathy").wait_for()
        frame.get_by_role("button", name="Close this page").click()
        frame.get_by_role("heading", name="Closed").wait_for()
    finally:
        browser.close()


@pytest.mark.parametrize(("destination", "framed"), [("iframe", True), ("document", False), ("", False)])
def test_a_cookie_is_one_for_frames_only_where_it_is_set_in_one(
    framed_ward: Ward, destination: str, framed: bool
) -> None:
    person = framed_ward.person()
    person.session.headers["Sec-Fetch-Dest"] = destination
    cookie = person.get(framed_ward.launch_address()).headers["Set-Cookie"]
    assert cookie.startswith("nextline-launch-")
    for attribute in ("; Secure", "; SameSite=None", "; Partitioned"):
        assert (attribute in cookie) is framed
    assert "; HttpOnly" in cookie
