"""A launch from beginning to end over real sockets: what is asked for, what is shown, what is never shown."""

from __future__ import annotations

import re

import pytest

from tests.attack.charts import BORN, NAME, OTHER, PATIENT
from tests.ehr.smart_server import WELL_KNOWN
from tests.smart.ward import OTHER_NAME, Person, Ward, heading, parameters

PAGE = "text/html; charset=utf-8"


class TestALaunchThatGoesWell:
    def test_from_the_record_it_ends_with_the_course_of_the_patient(self, here: Ward, person: Person) -> None:
        shown = person.opened(here.launch_address())
        assert (shown.status_code, shown.headers["Content-Type"]) == (200, PAGE)
        assert NAME in shown.text
        assert f"born {BORN}" in shown.text
        assert "Membranous nephropathy: " in shown.text
        assert "rule MN-07" in shown.text

    def test_standalone_the_record_system_lets_the_user_pick_the_patient(self, here: Ward, person: Person) -> None:
        here.ehr.chosen = OTHER
        begun = person.get(f"/launch?iss={here.ehr.base}")
        asked = parameters(begun.headers["Location"])
        assert asked["scope"].split()[0] == "launch/patient"
        assert "launch" not in asked
        shown = person.get(person.signed_in(f"/launch?iss={here.ehr.base}").headers["Location"])
        assert OTHER_NAME in shown.text
        assert "Lupus nephritis: " in shown.text

    def test_what_is_asked_for_is_the_context_and_to_read_what_the_templates_name(
        self, here: Ward, person: Person
    ) -> None:
        begun = person.get(here.launch_address())
        asked = parameters(begun.headers["Location"])
        assert asked["aud"] == here.ehr.base
        assert asked["response_type"] == "code"
        scopes = asked["scope"].split()
        assert scopes[:3] == ["launch", "openid", "fhirUser"]
        templates = person.get("/cds-services").json()["services"][0]["prefetch"].values()
        kinds = {template.partition("?")[0].partition("/")[0] for template in templates} | {"Medication"}
        assert set(scopes[3:]) == {f"patient/{kind}.rs" for kind in kinds}

    def test_the_page_reads_what_the_card_reads_and_says_what_the_card_says(self, here: Ward, person: Person) -> None:
        shown = person.opened(here.launch_address())
        call = {
            "hook": "patient-view",
            "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            "context": {"userId": "Practitioner/prac-1", "patientId": PATIENT},
            "prefetch": _prefetched(here, person),
        }
        answer = person.session.post(f"{here.service.url}/cds-services/next-therapy", json=call, timeout=20)
        (card,) = answer.json()["cards"]
        assert f'<p class="summary">{card["summary"]}</p>' in shown.text

    def test_without_app_context_it_does_not_say_where_it_was_opened(self, here: Ward, person: Person) -> None:
        assert "Opened from" not in person.opened(here.launch_address()).text

    @pytest.mark.parametrize(
        ("told", "said"),
        [
            ("MN-07", "Opened from the card of rule MN-07.</p>"),
            ("MN-03", "Opened from the card of rule MN-03. What the record holds now leads to rule MN-07.</p>"),
        ],
    )
    def test_with_app_context_it_names_the_card_and_whether_the_record_moved_on(
        self, here: Ward, person: Person, told: str, said: str
    ) -> None:
        assert said in person.opened(here.launch_address(app_context=told)).text

    @pytest.mark.parametrize("told", ["<b>x</b>", '{"rule": "MN-07"}', "MN-07 and more", "x" * 5000])
    def test_an_app_context_that_is_none_of_ours_is_left_alone(self, here: Ward, person: Person, told: str) -> None:
        shown = person.opened(here.launch_address(app_context=told))
        assert shown.status_code == 200
        assert "Opened from" not in shown.text
        assert told not in shown.text.replace("MN-07", "")

    def test_the_name_stays_away_where_the_record_system_shows_it_itself(self, here: Ward, person: Person) -> None:
        here.ehr.faults.lies = {"need_patient_banner": False}
        shown = person.opened(here.launch_address())
        assert shown.status_code == 200
        assert NAME not in shown.text

    def test_a_patient_who_signs_in_gets_no_advice(self, here: Ward, person: Person) -> None:
        here.ehr.user = f"Patient/{PATIENT}"
        shown = person.opened(here.launch_address())
        assert shown.status_code == 200
        assert "Advice is for health professionals only." in shown.text
        assert "MN-07" not in shown.text


class TestTheSignIn:
    def test_smart_04_pkce_is_s256_with_a_new_verifier_of_43_to_128_characters_each_time(
        self, here: Ward, person: Person
    ) -> None:
        challenges, states = set(), set()
        for _ in range(3):
            asked = parameters(person.sent_to(here.launch_address()))
            assert asked["code_challenge_method"] == "S256"
            assert re.fullmatch(r"[A-Za-z0-9_-]{43}", asked["code_challenge"])
            challenges.add(asked["code_challenge"])
            states.add(asked["state"])
            person.session.cookies.clear()
        assert len(challenges) == len(states) == 3
        for _ in range(2):
            person.opened(here.launch_address())
        verifiers = [form["code_verifier"] for form in here.ehr.exchanges]
        assert len({*verifiers}) == 2
        assert all(re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier) for verifier in verifiers)

    @pytest.mark.parametrize("state", ["x", "", None, "a" * 43])
    def test_smart_02_a_callback_with_a_foreign_or_missing_state_exchanges_nothing(
        self, here: Ward, person: Person, state: str | None
    ) -> None:
        back = parameters(person.sent_back(here.launch_address()))
        told = f"code={back['code']}" + ("" if state is None else f"&state={state}")
        answer = person.get(f"/callback?{told}")
        assert answer.status_code == 400
        assert heading(answer) == "This sign-in was not begun here"
        assert here.ehr.exchanges == []

    def test_smart_02_the_state_of_another_browser_exchanges_nothing(self, here: Ward, person: Person) -> None:
        address = here.person().sent_back(here.launch_address())
        assert person.get(address).status_code == 400
        assert here.ehr.exchanges == []

    def test_smart_02_a_cookie_that_was_changed_is_no_sign_in(self, here: Ward, person: Person) -> None:
        address = person.sent_back(here.launch_address())
        (cookie,) = person.session.cookies
        person.session.cookies.set(cookie.name, f"A{cookie.value[1:]}", domain=cookie.domain, path="/")
        assert person.get(address).status_code == 400
        assert here.ehr.exchanges == []

    def test_a_state_is_good_once(self, here: Ward, person: Person) -> None:
        address = person.sent_back(here.launch_address())
        kept = dict(person.session.cookies)
        assert person.get(address).status_code == 303
        person.session.cookies.update(kept)
        again = person.get(address)
        assert (again.status_code, len(here.ehr.exchanges)) == (400, 1)

    def test_a_code_that_was_used_elsewhere_opens_nothing(self, here: Ward, person: Person) -> None:
        address = person.sent_back(here.launch_address())
        here.ehr.codes[parameters(address)["code"]].used = True
        answer = person.get(address)
        assert answer.status_code == 403
        assert heading(answer) == "The sign-in was not accepted"
        assert "visit" not in answer.headers.get("Set-Cookie", "")

    def test_two_tabs_sign_in_at_the_same_time_and_each_has_its_own_patient(self, here: Ward, person: Person) -> None:
        first, second = (person.sent_back(here.launch_address(one)) for one in (PATIENT, OTHER))
        shown = [person.get(back).headers["Location"] for back in (second, first)]
        for address, name in zip((*shown, *shown), (OTHER_NAME, NAME, OTHER_NAME, NAME), strict=True):
            page = person.get(address)
            assert name in page.text
            assert ({NAME, OTHER_NAME} - {name}).pop() not in page.text
        asked = person.get("/app")
        assert asked.status_code == 403
        assert heading(asked) == "This page is closed"

    def test_sign_ins_that_were_never_finished_do_not_fill_the_cookies(self, here: Ward, person: Person) -> None:
        for _ in range(12):
            assert person.get(here.launch_address()).status_code == 303
        assert len(person.session.cookies) <= 6
        assert person.opened(here.launch_address()).status_code == 200

    def test_an_answer_of_another_authorization_server_is_not_followed(self, here: Ward, person: Person) -> None:
        here.ehr.faults.answers_as = "https://evil.test"
        answer = person.signed_in(here.launch_address())
        assert (answer.status_code, here.ehr.exchanges) == (400, [])
        assert heading(answer) == "The sign-in was answered by another system"

    def test_its_own_name_in_the_answer_is_right(self, here: Ward, person: Person) -> None:
        here.ehr.faults.answers_as = here.ehr.base
        assert person.opened(here.launch_address()).status_code == 200

    def test_who_is_not_let_in_is_told_so(self, here: Ward, person: Person) -> None:
        here.ehr.faults.denies = True
        answer = person.signed_in(here.launch_address())
        assert (answer.status_code, heading(answer)) == (403, "The sign-in was not granted")

    def test_a_record_system_that_knows_another_redirect_sends_nobody_back(self, here: Ward, person: Person) -> None:
        begun = person.sent_to(here.launch_address())
        elsewhere = begun.replace("%2Fcallback", "%2Felsewhere")
        assert elsewhere != begun
        assert person.get(elsewhere).status_code == 400


class TestWhoMayLaunch:
    @pytest.mark.parametrize(
        "iss",
        [
            "https://evil.test",
            "https://evil.test/fhir",
            "http://169.254.169.254/latest",
            "file:///etc/passwd",
            "//evil.test/fhir",
            "javascript:alert(1)",
        ],
    )
    def test_smart_01_an_iss_off_the_list_is_refused_and_never_asked(
        self, here: Ward, person: Person, iss: str
    ) -> None:
        answer = person.session.get(f"{here.service.url}/launch", params={"iss": iss, "launch": "x"}, timeout=20)
        assert answer.status_code == 400
        assert heading(answer) == "This record system is not registered here"
        assert iss not in answer.text
        assert here.listener.requests == []

    @pytest.mark.parametrize("end", ["/", "/r4", "?x=1", "#a", "/../evil", "%2e%2e"])
    def test_smart_01_an_address_beside_the_listed_one_is_another(self, here: Ward, person: Person, end: str) -> None:
        told = {"iss": here.ehr.base + end, "launch": "x"}
        answer = person.session.get(f"{here.service.url}/launch", params=told, allow_redirects=False, timeout=20)
        # A slash at the end is the same address, and is sent on as the clients file spells it.
        if end == "/":
            assert parameters(answer.headers["Location"])["aud"] == here.ehr.base
        else:
            assert answer.status_code == 400

    @pytest.mark.parametrize(
        "query", ["", "?launch=x", "?iss=", "?iss={iss}&iss={iss}", "?iss={iss}&launch=a&launch=b"]
    )
    def test_a_launch_that_lacks_a_part_or_has_it_twice_is_refused(
        self, here: Ward, person: Person, query: str
    ) -> None:
        answer = person.get("/launch" + query.format(iss=here.ehr.base))
        assert (answer.status_code, heading(answer)) == (400, "This launch cannot be read")

    def test_nothing_that_was_sent_comes_back_in_a_page(self, here: Ward, person: Person) -> None:
        for address in (
            "/launch?iss=canary-4711",
            "/callback?state=canary-4711&code=canary-4711&error=canary-4711",
            "/app?visit=canary-4711",
        ):
            answer = person.get(address)
            assert 400 <= answer.status_code < 500
            assert answer.headers["Content-Type"] == PAGE
            assert "canary" not in answer.text + str(answer.headers)


class TestWhatIsBelieved:
    @pytest.mark.parametrize(
        ("lies", "status"),
        [
            ({"patient": None}, 403),
            ({"patient": ""}, 403),
            ({"patient": "../pat-b"}, 403),
            ({"patient": 7}, 403),
            ({"access_token": None}, 502),
            ({"access_token": "a b"}, 502),
            ({"access_token": "a\r\nX-Header: 1"}, 502),
            ({"token_type": "mac"}, 502),
            ({"expires_in": -1}, 502),
            ({"expires_in": "soon"}, 502),
            ({"expires_in": True}, 502),
            ({"scope": None}, 502),
            ({"scope": "launch openid"}, 403),
            ({"scope": "launch patient/Patient.rs"}, 403),
            ({"scope": "launch patient/*.cud"}, 403),
            ({"scope": "launch patient/*.rs"}, 303),
            ({"expires_in": None}, 303),
            ({"expires_in": "300"}, 303),
            ({"token_type": "bearer"}, 303),
            ({"id_token": None}, 303),
            ({"id_token": "no.t.oken"}, 303),
            ({"id_token": 5}, 303),
        ],
    )
    def test_of_the_token_response(self, here: Ward, person: Person, lies: dict[str, object], status: int) -> None:
        here.ehr.faults.lies = lies
        answer = person.signed_in(here.launch_address())
        assert answer.status_code == status
        if status != 303:
            assert answer.headers["Content-Type"] == PAGE
            assert person.get("/app").status_code == 403

    def test_a_patient_in_the_token_response_whom_the_token_is_not_for_is_not_shown(
        self, here: Ward, person: Person
    ) -> None:
        here.ehr.faults.lies = {"patient": OTHER}
        shown = person.opened(here.launch_address(PATIENT))
        assert shown.status_code == 502
        assert heading(shown) == "The record cannot be read in full"
        assert NAME not in shown.text
        assert OTHER_NAME not in shown.text

    def test_a_server_that_answers_about_somebody_else_shows_nobody(self, here: Ward, person: Person) -> None:
        here.ehr.faults.reads_another = OTHER
        shown = person.opened(here.launch_address(PATIENT))
        assert shown.status_code == 502
        assert heading(shown) == "The record system answered about somebody else"
        assert NAME not in shown.text
        assert OTHER_NAME not in shown.text

    def test_a_token_that_was_revoked_shows_nothing(self, here: Ward, person: Person) -> None:
        address = person.signed_in(here.launch_address()).headers["Location"]
        assert person.get(address).status_code == 200
        here.ehr.tokens.clear()
        shown = person.get(address)
        assert shown.status_code == 502
        assert NAME not in shown.text

    def test_the_metadata_are_asked_for_once_by_a_process_and_not_by_every_launch(self, here: Ward) -> None:
        for _ in range(8):
            assert here.person().get(here.launch_address()).status_code == 303
        assert len([one for one in here.listener.requests if one.path == WELL_KNOWN]) <= 2


def _prefetched(here: Ward, person: Person) -> dict[str, object]:
    """The templates filled in by the record system itself."""
    templates = person.get("/cds-services").json()["services"][0]["prefetch"]
    launch = here.ehr.launch_of(PATIENT)
    token = f"prefetching-{launch}"
    here.ehr.tokens[token] = here.ehr.launches[launch]
    headers = {"Authorization": f"Bearer {token}"}
    filled = {key: template.replace("{{context.patientId}}", PATIENT) for key, template in templates.items()}
    return {
        key: person.session.get(f"{here.ehr.base}/{one}", headers=headers, timeout=20).json()
        for key, one in filled.items()
    }
