"""Real launches in Chromium, by https under the names of the field: in a tab, and in the record system's own frame."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from tests.attack.charts import BORN, MRN, NAME, OTHER, PATIENT
from tests.attack.field import PUBLIC_BASE
from tests.browser.conftest import FAULTS_OF_A_PAGE, MISSING, chromium
from tests.browser.test_browser import violations_of
from tests.ehr.exchange import Answer, Request
from tests.ehr.hospital import EHR, FHIR_BASE
from tests.ehr.listener import listening
from tests.ehr.tls import Authority
from tests.smart.clinic import DESKTOP, Clinic
from tests.smart.ward import OTHER_NAME

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

MARKUP = "<img src=x onerror=\"window.__ran = 1; fetch('https://evil.test/')\">"
EVIL = "https://evil.test"
_FRAME = b"<!doctype html><title>A record</title><iframe width=900 height=700 src='%b'></iframe>"


@dataclass(slots=True)
class Street:
    """A browser that finds the service, the record system, its desktop and an attacker under their names."""

    browser: Browser
    clinic: Clinic

    def launch(self, patient: str = PATIENT) -> str:
        told = {"iss": FHIR_BASE, "launch": self.clinic.ehr.launch_of(patient)}
        return f"{PUBLIC_BASE}/launch?{urlencode(told)}"

    @contextmanager
    def page(self) -> Iterator[Page]:
        """A page; at the end nothing of it has broken its policy, and nobody but the hospital was asked."""
        around = self.browser.new_context(ignore_https_errors=True)
        around.add_init_script(FAULTS_OF_A_PAGE)
        page = around.new_page()
        asked: list[str] = []
        page.on("request", lambda sent: asked.append(urlsplit(sent.url).hostname or ""))
        yield page
        violations = page.evaluate("window.__violations")
        around.close()
        assert violations == []
        assert set(asked) <= {"cds.test", EHR, "desktop.ehr.test", "evil.test"}


@pytest.fixture(scope="module")
def street_of_the_run(
    request: pytest.FixtureRequest, clinic_of_the_run: Clinic, authority: Authority
) -> Iterator[Street]:
    path = chromium()
    if path is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(MISSING)
    driver: Playwright = request.getfixturevalue("playwright")
    with (
        listening(before(clinic_of_the_run.service.url), tls=authority.context("cds.test")) as front,
        listening(framing, tls=authority.context("desktop.ehr.test", "evil.test")) as desktop,
    ):
        places = {
            "cds.test": front.port,
            EHR: clinic_of_the_run.hospital.ehr.port,
            "desktop.ehr.test": desktop.port,
            "evil.test": desktop.port,
        }
        rules = ", ".join(f"MAP {name}:443 127.0.0.1:{port}" for name, port in places.items())
        # Cookies of other sites only work where they are kept to the site that frames them.
        options = ["--no-sandbox", "--disable-gpu", "--test-third-party-cookie-phaseout"]
        started = driver.chromium.launch(executable_path=path, args=[*options, f"--host-resolver-rules={rules}"])
        yield Street(started, clinic_of_the_run)
        started.close()


@pytest.fixture
def street(street_of_the_run: Street) -> Iterator[Street]:
    """The street with nothing wrong, and the patient under her own name afterwards."""
    clinic = street_of_the_run.clinic
    clinic.forget()
    record = clinic.ehr.twin.resources["Patient", PATIENT]
    kept = json.loads(json.dumps(record))
    yield street_of_the_run
    clinic.ehr.twin.resources["Patient", PATIENT] = kept


def before(address: str) -> Callable[[Request], Answer]:
    """The proxy before the service: every header and every cookie passes as it is."""
    session = requests.Session()
    session.trust_env = False

    def answer(request: Request) -> Answer:
        headers = {key: value for key, value in request.headers if key.lower() not in ("connection", "content-length")}
        headers["Accept-Encoding"] = "identity"
        session.cookies.clear()
        got = session.request(
            request.method,
            address + request.target,
            headers=headers,
            data=request.body,
            allow_redirects=False,
            timeout=30,
        )
        told = tuple(
            (key, value)
            for key, value in got.raw.headers.items()
            if key.lower() not in ("connection", "content-length", "transfer-encoding")
        )
        return Answer(got.status_code, told, got.content)

    return answer


def framing(request: Request) -> Answer:
    """A page with a frame around the address it is given."""
    address = dict(request.query).get("show", "about:blank")
    return Answer(200, (("Content-Type", "text/html"),), _FRAME % escape(address).encode())


def test_a_launch_ends_with_the_course_and_smart_12_leaves_token_and_person_nowhere_else(street: Street) -> None:
    with street.page() as page:
        page.goto(street.launch())
        page.get_by_role("heading", name="Membranous nephropathy").wait_for()
        assert NAME in page.get_by_role("region", name="Patient").inner_text()
        (token,) = street.clinic.ehr.tokens
        kept = page.evaluate(
            "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, history.length])"
        )
        assert json.loads(kept)[:3] == [{}, {}, ""]
        address = urlsplit(page.url)
        assert (address.path, address.query.partition("=")[0]) == ("/app", "visit")
        seen = page.url + page.content()
        assert token not in seen
        assert not any(canary in page.url for canary in (NAME, BORN, MRN, PATIENT))
        comments = "document.evaluate('count(//comment())', document, null, XPathResult.NUMBER_TYPE).numberValue"
        assert page.evaluate(comments) == 0


def test_out_06_markup_in_the_patients_name_is_text(street: Street) -> None:
    record = street.clinic.ehr.twin.resources["Patient", PATIENT]
    record["name"] = [{"use": "official", "text": MARKUP}]
    with street.page() as page:
        page.goto(street.launch())
        shown = page.get_by_role("region", name="Patient")
        assert "onerror" in shown.inner_text()
        assert page.locator("img").count() == 0
        assert page.evaluate("window.__ran") is None


def test_axe_finds_nothing_on_the_page_nor_on_a_note(street: Street) -> None:
    with street.page() as page:
        page.goto(street.launch())
        assert violations_of(page) == []
        page.get_by_role("button", name="Close this page").click()
        page.get_by_role("heading", name="Closed").wait_for()
        assert violations_of(page) == []


def test_smart_10_back_after_closing_and_the_second_tab_show_nobody(street: Street) -> None:
    with street.page() as page:
        page.goto(street.launch())
        second = page.context.new_page()
        second.goto(page.url)
        assert NAME in second.content()
        page.get_by_role("button", name="Close this page").click()
        page.get_by_role("heading", name="Closed").wait_for()
        page.go_back()
        second.reload()
        for shown in (page, second):
            shown.get_by_role("heading", name="This page is closed").wait_for()
            assert NAME not in shown.content()


def test_smart_07_it_works_in_the_frame_of_the_record_system_without_cookies_of_other_sites(street: Street) -> None:
    with street.page() as page:
        page.goto(f"{DESKTOP}/?{urlencode({'show': street.launch()})}")
        frame = page.frame_locator("iframe")
        frame.get_by_role("heading", name="Membranous nephropathy").wait_for()
        assert NAME in frame.get_by_role("region", name="Patient").inner_text()
        assert {cookie["sameSite"] for cookie in page.context.cookies()} == {"None"}
        frame.get_by_role("button", name="Close this page").click()
        frame.get_by_role("heading", name="Closed").wait_for()


def test_out_08_nobody_else_may_frame_it(street: Street) -> None:
    with street.page() as page:
        page.goto(f"{EVIL}/?{urlencode({'show': street.launch()})}")
        page.wait_for_timeout(1500)
        inside = page.frames[1]
        assert NAME not in inside.content()
        assert "Membranous" not in inside.content()


def test_two_records_in_two_tabs_stay_what_they_are(street: Street) -> None:
    with street.page() as page:
        page.goto(street.launch(PATIENT))
        second = page.context.new_page()
        second.goto(street.launch(OTHER))
        for _ in range(2):
            for shown, name, another in ((page, NAME, OTHER_NAME), (second, OTHER_NAME, NAME)):
                shown.reload()
                assert name in shown.get_by_role("region", name="Patient").inner_text()
                assert another not in shown.content()
