"""What happens to a page after it was opened: closing, idling, the second tab; what its cookies and headers are."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing

import pytest

from tests.attack.charts import BORN, CANARIES, MRN, NAME, OTHER, PATIENT, membranous
from tests.attack.field import PUBLIC_BASE
from tests.smart.clinic import DESKTOP, SECRET, Browser, Clinic
from tests.smart.ward import OTHER_NAME, Person, Ward, heading


def form_of(page: str) -> dict[str, str]:
    """The members of the form that closes the page."""
    return dict(re.findall(r'name="(visit|token)" value="([^"]*)"', page))


class TestTheCookie:
    def test_smart_07_it_is_for_this_host_alone_and_works_in_the_record_systems_frame(self, field: Clinic) -> None:
        browser = field.browser()
        field.opened(browser)
        assert {morsel.key.rpartition("-")[0] for morsel in browser.set_cookies} == {
            "__Host-nextline-launch",
            "__Host-nextline-visit",
        }
        for morsel in browser.set_cookies:
            assert morsel["secure"]
            assert morsel["httponly"]
            assert morsel["samesite"] == "None"
            assert morsel["comment"] == "Partitioned"
            assert (morsel["path"], morsel["domain"]) == ("/", "")
            assert 0 <= int(morsel["max-age"]) <= 1800
        assert [name.rpartition("-")[0] for name in browser.cookies] == ["__Host-nextline-visit"]

    @pytest.mark.parametrize("form", [{}, {"token": ""}, {"token": "0" * 64}, {"token": "é"}])
    def test_smart_07_a_post_without_the_pages_token_closes_nothing(self, field: Clinic, form: dict[str, str]) -> None:
        browser = field.browser()
        address = field.opened(browser)
        told = form_of(browser.get(address).text)
        refused = browser.post("/logout", **({"visit": told["visit"]} | form))
        assert refused.status_code == 403
        assert browser.get(address).status_code == 200

    def test_smart_07_the_token_of_one_visit_does_not_close_another(self, field: Clinic) -> None:
        browser = field.browser()
        first, second = field.opened(browser), field.opened(browser, OTHER)
        tokens = [form_of(browser.get(address).text) for address in (first, second)]
        assert browser.post("/logout", visit=tokens[0]["visit"], token=tokens[1]["token"]).status_code == 403
        assert browser.get(first).status_code == 200

    def test_in_development_it_is_a_plain_cookie_of_this_host_that_scripts_do_not_see(
        self, here: Ward, person: Person
    ) -> None:
        answer = person.signed_in(here.launch_address())
        said = answer.raw.headers.getlist("Set-Cookie")
        assert all("HttpOnly; Path=/; SameSite=Lax" in line and "Secure" not in line for line in said)


class TestTheEnd:
    def test_smart_10_after_closing_it_neither_back_nor_a_second_tab_shows_anybody(self, field: Clinic) -> None:
        browser = field.browser()
        address = field.opened(browser)
        shown = browser.get(address)
        kept = dict(browser.cookies)
        closed = browser.post("/logout", **form_of(shown.text))
        assert (closed.status_code, heading(closed)) == (200, "Closed")
        assert closed.headers["Clear-Site-Data"] == '"cache", "storage"'
        assert shown.headers["Cache-Control"] == "no-store"
        assert browser.cookies == {}
        for cookies in ({}, kept):
            again = Browser(browser.home, dict(cookies)).get(address)
            assert (again.status_code, heading(again)) == (403, "This page is closed")
            assert NAME not in again.text

    def test_smart_10_closing_one_tab_leaves_the_other_open(self, field: Clinic) -> None:
        browser = field.browser()
        first, second = field.opened(browser), field.opened(browser, OTHER)
        browser.post("/logout", **form_of(browser.get(first).text))
        assert browser.get(first).status_code == 403
        assert OTHER_NAME in browser.get(second).text

    @pytest.mark.parametrize("moment", ["idle_at", "ends_at"])
    def test_smart_10_after_a_quarter_of_an_hour_without_a_look_or_half_an_hour_it_shows_nobody(
        self, field: Clinic, moment: str
    ) -> None:
        browser = field.browser()
        address = field.opened(browser)
        assert browser.get(address).status_code == 200
        with closing(sqlite3.connect(field.service.directory / "decisions.sqlite3")) as database:
            ((idle, end),) = database.execute(
                "SELECT idle_at - strftime('%s'), ends_at - strftime('%s') FROM sessions ORDER BY ends_at DESC LIMIT 1"
            )
            assert (800 < idle <= 900, 200 < end <= 300) == (True, True)
            database.execute(f"UPDATE sessions SET {moment} = strftime('%s') - 1")
            database.commit()
        again = browser.get(address)
        assert again.status_code == 403
        assert NAME not in again.text

    def test_it_ends_with_the_token(self, here: Ward, person: Person) -> None:
        here.ehr.seconds = 1
        address = person.signed_in(here.launch_address()).headers["Location"]
        time.sleep(1.1)
        assert person.get(address).status_code == 403

    def test_the_visit_outlives_a_restart_and_is_known_to_every_worker(self, field: Clinic) -> None:
        browser = field.browser()
        address = field.opened(browser)
        field.service.restart()
        assert {browser.get(address).status_code for _ in range(6)} == {200}

    def test_somebody_else_with_the_address_alone_sees_nothing(self, field: Clinic) -> None:
        address = field.opened(field.browser())
        assert field.browser().get(address).status_code == 403


class TestWhatIsSentAndKept:
    def test_out_08_the_policy_of_the_page_and_who_may_frame_it(self, field: Clinic) -> None:
        browser = field.browser()
        shown = browser.get(field.opened(browser))
        policy = dict(part.strip().partition(" ")[::2] for part in shown.headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["frame-ancestors"] == DESKTOP
        assert "unsafe" not in str(policy)
        assert not re.search(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=|javascript:", shown.text)
        assert shown.headers["X-Content-Type-Options"] == "nosniff"
        assert shown.headers["Referrer-Policy"] == "no-referrer"
        assert shown.headers["Cache-Control"] == "no-store"
        assert shown.headers["Strict-Transport-Security"].startswith("max-age=")
        assert shown.headers["Cross-Origin-Resource-Policy"] == "same-origin"

    def test_smart_12_no_token_and_nobody_in_an_address_a_header_or_a_comment(self, field: Clinic) -> None:
        browser = field.browser()
        shown = browser.get(field.opened(browser))
        (token,) = field.ehr.tokens
        assert NAME in shown.text
        assert token not in shown.text + str(shown.headers) + str(browser.cookies)
        assert not any(canary in str(shown.headers) + str(browser.cookies) for canary in (*CANARIES, PATIENT))
        assert "<!--" not in shown.text
        addresses = re.findall(r'(?:href|src|action)="([^"]*)"', shown.text)
        assert addresses
        assert not any(canary in one for one in addresses for canary in (token, *CANARIES, PATIENT))

    def test_smart_12_the_log_and_the_store_hold_neither_token_nor_secret_nor_person(self, field: Clinic) -> None:
        mark = field.service.log_size()
        browser = field.browser()
        browser.get(field.opened(browser, app_context="MN-07"))
        browser.get("/callback?state=x&code=canary-code")
        (token,), (form,) = field.ehr.tokens, field.ehr.exchanges
        secrets = [token, SECRET, form["code"], form["code_verifier"], *browser.cookies.values(), NAME, BORN, MRN]
        log = field.service.log_text(mark)
        assert '"event": "smart_course"' in log
        assert [one for one in (*secrets, "canary-code", PATIENT) if one in log] == []
        kept = b"".join(file.read_bytes() for file in field.service.directory.glob("decisions.sqlite3*"))
        assert [one for one in secrets if one.encode() in kept] == []

    def test_the_secret_of_the_app_goes_to_the_token_endpoint_and_nobody_else_is_called(self, field: Clinic) -> None:
        browser = field.browser()
        browser.get(field.opened(browser))
        assert all("client_secret" not in form and "client_id" not in form for form in field.ehr.exchanges)
        assert field.strangers() == []

    def test_smart_01_an_iss_off_the_list_is_never_looked_up(self, field: Clinic) -> None:
        answer = field.browser().get("/launch?iss=https://evil.test&launch=x")
        assert answer.status_code == 400
        assert field.hospital.quiet
        assert field.strangers() == []

    def test_what_was_shown_is_a_decision_that_can_be_replayed(self, field: Clinic) -> None:
        browser = field.browser()
        browser.get(field.opened(browser))
        with closing(sqlite3.connect(field.service.directory / "decisions.sqlite3")) as database:
            rows = database.execute(
                "SELECT id, service, hook, rules FROM decisions ORDER BY seq DESC LIMIT 1"
            ).fetchall()
            cards = database.execute("SELECT count(*) FROM cards").fetchone()
        ((identifier, *told),) = rows
        assert told == ["course", "patient-view", '["MN-07"]']
        assert cards == (0,)
        replayed = field.service.run("replay", identifier)
        assert replayed.returncode == 0, replayed.stdout + replayed.stderr

    def test_cards_lead_to_the_app_with_the_rule_and_nothing_of_the_patient(self, here: Ward, person: Person) -> None:
        call = membranous()
        (card,) = person.session.post(f"{here.service.url}/cds-services/next-therapy", json=call, timeout=20).json()[
            "cards"
        ]
        (link,) = [link for link in card["links"] if link["type"] == "smart"]
        assert link["url"] == f"{here.service.url}/launch"
        assert link["appContext"] == "MN-07"

    def test_every_page_of_the_app_is_of_the_public_address(self, field: Clinic) -> None:
        browser = field.browser()
        begun = browser.get(f"/launch?iss={field.ehr.base}")
        assert (
            f"redirect_uri={PUBLIC_BASE.replace(':', '%3A').replace('/', '%2F')}%2Fcallback"
            in begun.headers["Location"]
        )
