"""What a server says wrong arrives as it was meant, and the script decides when."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.ehr import wrong_answers
from tests.ehr.exchange import Answer, Json, Request, fhir_answer
from tests.ehr.listener import Listener, listening
from tests.ehr.script import Fault

PAGE: Json = {
    "resourceType": "Bundle",
    "type": "searchset",
    "link": [{"relation": "next", "url": "http://ehr.test/fhir/Observation?page=2"}],
    "entry": [{"resource": {"resourceType": "Observation", "id": "o-1", "subject": {"reference": "Patient/pat-a"}}}],
}


def truth(request: Request) -> Answer:
    return fhir_answer(PAGE if "Observation" in request.path else {"resourceType": "Patient", "id": "pat-a"})


@pytest.fixture(scope="module")
def running() -> Iterator[Listener]:
    with listening(truth) as listener:
        yield listener


@pytest.fixture
def ehr(running: Listener) -> Listener:
    running.forget()
    return running


def get(ehr: Listener, path: str = "/fhir/Observation?patient=pat-a", **more: object) -> requests.Response:
    return requests.get(ehr.url + path, **({"timeout": 2} | more))  # type: ignore[arg-type]


class TestWhatIsSaid:
    @pytest.mark.parametrize("number", [500, 502, 503, 429])
    def test_status_with_retry_after(self, ehr: Listener, number: int) -> None:
        ehr.script.add(wrong_answers.status(number, retry_after="2"))
        answer = get(ehr)
        assert (answer.status_code, answer.headers["Retry-After"]) == (number, "2")
        assert answer.json()["resourceType"] == "OperationOutcome"

    def test_403_for_one_resource_type_only(self, ehr: Listener) -> None:
        ehr.script.add(wrong_answers.forbidden(), r"/Observation\b")
        assert get(ehr).status_code == 403
        assert get(ehr, "/fhir/Patient/pat-a").status_code == 200

    def test_401(self, ehr: Listener) -> None:
        ehr.script.add(wrong_answers.unauthorized())
        assert "Bearer" in (get(ehr).headers["WWW-Authenticate"])

    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            (wrong_answers.login_page(), "text/html; charset=utf-8"),
            (wrong_answers.xml(), "application/fhir+xml; charset=utf-8"),
            (wrong_answers.content_type("text/plain"), "text/plain"),
            (wrong_answers.content_type(None), None),
        ],
    )
    def test_another_content_type_with_200(self, ehr: Listener, fault: Fault, kind: str | None) -> None:
        ehr.script.add(fault)
        answer = get(ehr)
        assert (answer.status_code, answer.headers.get("Content-Type")) == (200, kind)

    def test_an_outcome_with_200(self, ehr: Listener) -> None:
        ehr.script.add(wrong_answers.outcome_with_200())
        assert (get(ehr).status_code, get(ehr).json()["resourceType"]) == (200, "OperationOutcome")

    def test_exactly_these_octets(self, ehr: Listener) -> None:
        ehr.script.add(wrong_answers.body(b"\xff\xfe{"))
        assert get(ehr).content == b"\xff\xfe{"

    @pytest.mark.parametrize("number", [301, 302, 303, 307, 308])
    def test_redirect(self, ehr: Listener, number: int) -> None:
        ehr.script.add(wrong_answers.redirect("https://evil.test/x", number))
        answer = get(ehr, allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (number, "https://evil.test/x")

    @pytest.mark.parametrize(
        ("fault", "links"),
        [
            (wrong_answers.next_link("https://evil.test/p2"), ["https://evil.test/p2"]),
            (wrong_answers.next_link_at("https://evil.test"), ["https://evil.test/fhir/Observation?page=2"]),
            (wrong_answers.next_link(None), []),
        ],
    )
    def test_next_link_elsewhere(self, ehr: Listener, fault: Fault, links: list[str]) -> None:
        ehr.script.add(fault)
        assert [link["url"] for link in get(ehr).json()["link"]] == links

    def test_another_patient(self, ehr: Listener) -> None:
        ehr.script.add(wrong_answers.of_patient("pat-b"))
        assert get(ehr).json()["entry"][0]["resource"]["subject"] == {"reference": "Patient/pat-b"}
        assert get(ehr, "/fhir/Patient/pat-a").json()["id"] == "pat-b"

    def test_every_entry_twice(self, ehr: Listener) -> None:
        ehr.script.add(wrong_answers.doubled())
        assert len(get(ehr).json()["entry"]) == 2

    def test_one_text_for_another(self, ehr: Listener) -> None:
        ehr.script.add(wrong_answers.replaced("o-1", "o-2"))
        assert get(ehr).json()["entry"][0]["resource"]["id"] == "o-2"


class TestTheScript:
    def statuses(self, ehr: Listener, count: int, path: str = "/fhir/Observation") -> list[int]:
        return [get(ehr, path).status_code for _ in range(count)]

    def test_nth_request_of_a_path_only(self, ehr: Listener) -> None:
        ehr.script.add(wrong_answers.status(500), "Observation", nth=2)
        assert self.statuses(ehr, 3) == [200, 500, 200]

    def test_other_paths_do_not_count(self, ehr: Listener) -> None:
        ehr.script.add(wrong_answers.status(500), "Observation", nth=1)
        assert self.statuses(ehr, 2, "/fhir/Patient/pat-a") == [200, 200]
        assert self.statuses(ehr, 1) == [500]

    def test_so_many_times(self, ehr: Listener) -> None:
        ehr.script.add(wrong_answers.status(503), times=2)
        assert self.statuses(ehr, 3) == [503, 503, 200]

    def test_from_the_nth_so_many_times(self, ehr: Listener) -> None:
        ehr.script.add(wrong_answers.status(503), nth=2, times=2)
        assert self.statuses(ehr, 4) == [200, 503, 503, 200]

    def test_a_sequence(self, ehr: Listener) -> None:
        ehr.script.sequence("Observation", wrong_answers.status(503), None, wrong_answers.status(500))
        assert self.statuses(ehr, 4) == [503, 200, 500, 200]

    def test_by_method(self, ehr: Listener) -> None:
        ehr.script.add(wrong_answers.status(405), method="POST")
        assert requests.post(f"{ehr.url}/fhir/Observation/_search", timeout=2).status_code == 405
        assert self.statuses(ehr, 1) == [200]

    def test_only_for_a_block(self, ehr: Listener) -> None:
        with ehr.script.only(wrong_answers.status(500), "Observation") as rule:
            assert self.statuses(ehr, 2) == [500, 500]
        assert rule.met == 2
        assert self.statuses(ehr, 1) == [200]

    def test_a_bug_of_a_handler_shows_as_500(self) -> None:
        def broken(_request: Request) -> Answer:
            raise KeyError("typo")

        with listening(broken) as listener:
            assert "typo" in requests.get(listener.url, timeout=2).text
