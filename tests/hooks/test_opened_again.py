"""A chart whose bytes have not changed is not read twice, and nobody can tell from the answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pytest

from cds_service.errors import MalformedBody, PatientMismatch
from cds_service.hooks import patient_view
from cds_service.hooks.opened_again import OpenedAgain
from cds_service.stories.catalogue import all_stories
from tests.hooks.conftest import Surgery

STORIES = all_stories()
STORY = next(story for story in STORIES if len(story.request["prefetch"]) > 5)
SERVER = "https://fhir.example.org/r4"


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Watched:
    """A surgery that remembers, and how often it opened a prefetch."""

    surgery: Surgery
    clock: Clock
    opened: int = 0

    def call(self, request: dict[str, Any], write: Callable[[Any], bytes] = orjson.dumps) -> bytes:
        return orjson.dumps(self.surgery.call_with(write(request)).body())


@pytest.fixture
def watched(surgery: Surgery, monkeypatch: pytest.MonkeyPatch) -> Watched:
    clock = Clock()
    surgery.desk = replace(surgery.desk, opened_again=OpenedAgain(seconds=900, most=3, clock=clock))
    found = Watched(surgery, clock)
    reading = patient_view.chart_of

    def counted(*given: Any) -> Any:
        found.opened += 1
        return reading(*given)

    monkeypatch.setattr(patient_view, "chart_of", counted)
    return found


def request(**other: Any) -> dict[str, Any]:
    return {**STORY.request, **other}


def test_every_story_opened_again_gives_the_same_bytes(surgery: Surgery) -> None:
    memory = replace(surgery.desk, opened_again=OpenedAgain(most=len(STORIES)))
    for story in STORIES:
        body = orjson.dumps(story.request)
        plain = orjson.dumps(surgery.call_with(body).body())
        remembering = Surgery(memory, surgery.store)
        assert [orjson.dumps(remembering.call_with(body).body()) for _ in range(2)] == [plain, plain], story.name
    assert all(one.same for one in surgery.replayed())


def test_the_second_opening_is_not_read(watched: Watched) -> None:
    first, second = watched.call(request()), watched.call(request())
    assert (watched.opened, first) == (1, second)


def test_another_call_of_the_same_chart_has_cards_of_its_own(watched: Watched) -> None:
    first, second = (
        orjson.loads(watched.call(request(hookInstance=f"00000000-0000-4000-8000-00000000000{n}"))) for n in (1, 2)
    )
    assert watched.opened == 1
    assert first["cards"][0]["uuid"] != second["cards"][0]["uuid"]
    assert first["cards"][0]["summary"] == second["cards"][0]["summary"]
    stored = watched.surgery.replayed()
    assert len(stored) == 2
    assert all(one.same for one in stored)


def changed_value(asked: dict[str, Any]) -> dict[str, Any]:
    return orjson.loads(orjson.dumps(asked).replace(b"final", b"amended", 1))


@pytest.mark.parametrize(
    "change",
    [
        lambda asked: changed_value(asked),
        lambda asked: {**asked, "extension": {"org.nextline-cds.as-of": "2026-11-23"}},
        lambda asked: {**asked, "fhirServer": SERVER},
    ],
    ids=["one-result-differs", "another-day", "another-server"],
)
def test_what_differs_is_read(watched: Watched, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    watched.call(request())
    watched.call(change(request()))
    assert watched.opened == 2


def test_the_same_bytes_are_never_another_patients(watched: Watched) -> None:
    watched.call(request())
    with pytest.raises(PatientMismatch):
        watched.call(request(context={**STORY.request["context"], "patientId": "somebody-else"}))


def test_a_token_of_another_patient_is_refused_at_the_second_opening_too(watched: Watched) -> None:
    absent_server = request(fhirServer=SERVER)
    watched.call(absent_server)
    token = {"token_type": "Bearer", "expires_in": 300, "scope": "", "subject": "a", "patient": "somebody-else"}
    with pytest.raises(PatientMismatch):
        watched.call({**absent_server, "fhirAuthorization": {"access_token": "secret", **token}})


def test_a_relative_gets_no_card_at_the_second_opening_either(watched: Watched) -> None:
    watched.call(request())
    answer = watched.call(request(context={**STORY.request["context"], "userId": "RelatedPerson/1"}))
    assert orjson.loads(answer)["cards"] == []


def test_what_could_have_been_fetched_is_not_remembered(watched: Watched) -> None:
    prefetch = dict(STORY.request["prefetch"])
    prefetch.pop("allergies", None)
    for _ in range(2):
        watched.call(request(prefetch=prefetch, fhirServer=SERVER))
    assert watched.opened == 2


def twice(name: str) -> Callable[[Any], bytes]:
    """The body with a member of the envelope told twice."""

    def write(asked: dict[str, Any]) -> bytes:
        member = b'"%b":%b,' % (name.encode(), orjson.dumps(asked[name]))
        return b"{" + member + orjson.dumps(asked)[1:]

    return write


@pytest.mark.parametrize("name", ["hookInstance", "context", "prefetch"])
def test_a_member_told_twice_is_refused_at_the_second_opening_too(watched: Watched, name: str) -> None:
    watched.call(request())
    with pytest.raises(MalformedBody):
        watched.call(request(), twice(name))


@pytest.mark.parametrize("bad", [b"NaN", b"1e999", b"{,}"])
def test_an_envelope_that_is_no_json_is_refused_at_the_second_opening_too(watched: Watched, bad: bytes) -> None:
    watched.call(request())
    with pytest.raises(MalformedBody):
        watched.call(request(), lambda asked: b'{"stray":%b,' % bad + orjson.dumps(asked)[1:])


def test_a_member_of_the_envelope_that_looks_like_the_prefetch_is_not_taken_for_it(watched: Watched) -> None:
    watched.call(request())
    answer = watched.call({"stray": {"prefetch": 1}, **request()})
    assert (watched.opened, answer) == (2, watched.call(request()))


def indented(asked: Any) -> bytes:
    return json.dumps(asked, indent=2).encode()


def test_an_indented_body_is_known_again(watched: Watched) -> None:
    first = watched.call(request(), indented)
    assert (watched.call(request(), indented), watched.opened) == (first, 1)


def test_it_forgets_after_a_while_and_does_not_grow(watched: Watched) -> None:
    watched.call(request())
    watched.clock.now = 901
    watched.call(request())
    assert watched.opened == 2
    days = [f"2026-11-{day}" for day in range(10, 15)]
    for day in days:
        watched.call(request(extension={"org.nextline-cds.as-of": day}))
    memory = watched.surgery.desk.opened_again
    assert memory is not None
    assert len(memory._remembered) == 3
    assert len(memory._keys) <= 3


def test_a_known_prefetch_asked_about_for_a_forgotten_day_is_read_whole(watched: Watched) -> None:
    """Its keys are known, the answer is not: names of keys must not pass for empty answers."""
    first = watched.call(request())
    for day in range(10, 14):
        watched.call(request(extension={"org.nextline-cds.as-of": f"2026-11-{day}"}))
    before = watched.opened
    assert watched.call(request()) == first
    assert watched.opened == before + 1


def test_a_body_without_prefetch_is_not_recognised() -> None:
    memory = OpenedAgain()
    assert memory.recognise(b'{"hook":"patient-view"}') == (b"", None)
    assert memory.recognise(b"[]") == (b"", None)
    assert memory.recognise(b'{"prefetch"') == (b"", None)
