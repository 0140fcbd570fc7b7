"""The checks themselves: a check that lets everything through proves nothing."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.contract.calls import Json
from tests.contract.wire import problems_of, silences_of

SUGGESTION: Json = {"label": "Rituximab", "uuid": "3e05e953-dfbe-44ad-ba6d-d1577c69b2ea"}
CARD: Json = {
    "uuid": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    "summary": "Consider rituximab",
    "indicator": "warning",
    "source": {"label": "Guideline", "topic": {"code": "MN", "system": "https://example.org/topics"}},
    "suggestions": [
        SUGGESTION
        | {
            "actions": [{"type": "create", "description": "Draft", "resource": {"resourceType": "MedicationRequest"}}],
        }
    ],
    "selectionBehavior": "at-most-one",
    "links": [{"label": "Guideline", "url": "https://example.org", "type": "absolute"}],
}


def test_a_sound_card_passes() -> None:
    assert problems_of("response", {"cards": [CARD]}) == []


@pytest.mark.conformance("RESP-1")
@pytest.mark.parametrize("body", [{}, {"cards": None}, {"cards": {}}, {"cards": [], "systemActions": []}, []])
def test_an_unsound_answer_does_not(body: Any) -> None:
    assert problems_of("response", body)


SERVICE: Json = {
    "hook": "patient-view",
    "hookVersion": "1.0",
    "id": "next-therapy",
    "title": "Next therapy",
    "description": "Which class is next",
    "usageRequirements": "Send everything",
    "version": "2.0.1",
    "prefetch": {"patient": "Patient/{{context.patientId}}"},
    "extension": {"org.example.more": {"a": 1}},
}


def test_a_sound_service_passes() -> None:
    assert problems_of("discovery", {"services": [SERVICE]}) == []


@pytest.mark.conformance("DISC-4", "DISC-5", "DISC-6", "DISC-7", "DISC-8", "DISC-9", "DISC-10", "DISC-11", "DISC-13")
@pytest.mark.parametrize(
    "change",
    [
        {"hook": None},
        {"hook": "medication-prescribe"},
        {"hookVersion": "2.0"},
        {"description": ""},
        {"description": None},
        {"id": "next therapy"},
        {"id": None},
        {"title": None},
        {"prefetch": {"patient": None}},
        {"prefetch": {}},
        {"prefetch": {"patient": "/Patient/1"}},
        {"usageRequirements": ""},
        {"version": "2.0"},
        {"extension": [{"url": "x"}]},
        {"custom": 1},
    ],
)
def test_an_unsound_service_does_not(change: Json) -> None:
    service = {name: value for name, value in (SERVICE | change).items() if value is not None}
    assert problems_of("discovery", {"services": [service]})


@pytest.mark.conformance("DISC-2")
@pytest.mark.parametrize("body", [{}, [], {"services": {}}, {"services": ["a"]}, {"services": [], "more": 1}])
def test_an_unsound_discovery_does_not(body: Any) -> None:
    assert problems_of("discovery", body)


@pytest.mark.conformance("CARD-1", "CARD-2", "CARD-3", "CARD-4", "CARD-6", "CARD-7", "CARD-8", "CARD-9")
@pytest.mark.conformance("SRC-1", "SRC-4", "LINK-1", "LINK-3", "LINK-4", "SUG-1", "SUG-5", "EXT-1", "EXT-2", "EXT-3")
@pytest.mark.conformance("OVR-1", "OVR-2", "OVR-3")
@pytest.mark.parametrize(
    "change",
    [
        {"summary": "x" * 140},
        {"summary": ""},
        {"indicator": "hard-stop"},
        {"source": {"label": "Guideline"}},
        {"source": {"topic": {"code": "MN", "system": "https://example.org/topics"}}},
        {"source": {"label": "Guideline", "topic": {"code": "MN"}}},
        {"source": None},
        {"summary": "two\nlines"},
        {"links": []},
        {"links": [{"url": "https://example.org", "type": "absolute"}]},
        {"links": [{"label": "G", "url": "https://example.org", "type": "absolute", "autolaunchable": True}]},
        {"suggestions": [{"uuid": "3e05e953-dfbe-44ad-ba6d-d1577c69b2ea"}]},
        {"suggestions": [SUGGESTION | {"actionSelectionBehavior": "any"}]},
        {"overrideReasons": {"code": "a", "system": "https://example.org", "display": "A"}},
        {"overrideReasons": [{"code": "a", "display": "A"}]},
        {"overrideReasons": [{"code": "a", "system": "https://example.org", "display": "A", "version": "1"}]},
        {"uuid": "urn:uuid:d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"},
        {"selectionBehavior": None},
        {"selectionBehavior": "all"},
        {"suggestions": []},
        {"overrideReasons": [{"code": "a", "system": "https://example.org"}]},
        {"links": [{"label": "G", "url": "https://example.org", "type": "absolute", "appContext": "x"}]},
        {"links": [{"label": "G", "url": "javascript:alert(1)", "type": "absolute"}]},
        {"extension": [{"url": "x"}]},
        {"extension": {"trace": {"a": 1}}},
        {"custom": 1},
    ],
)
def test_an_unsound_card_does_not(change: Json) -> None:
    card = {name: value for name, value in (copy.deepcopy(CARD) | change).items() if value is not None}
    assert problems_of("response", {"cards": [card]})


@pytest.mark.conformance("ACT-1", "ACT-2", "ACT-3", "ACT-4", "ACT-5", "GEN-5")
@pytest.mark.parametrize(
    "action",
    [
        {"type": "CREATE", "description": "d", "resource": {"resourceType": "Task"}},
        {"type": "create", "description": "d", "resource": '{"resourceType": "Task"}'},
        {"type": "create", "description": "d"},
        {"type": "create", "resource": {"resourceType": "Task"}},
        {"type": "delete", "description": "d", "resource": {"resourceType": "Task", "id": "1"}},
        {"type": "update", "description": "d", "resource": {"resourceType": "Task"}},
    ],
)
def test_an_unsound_action_does_not(action: Json) -> None:
    card = copy.deepcopy(CARD)
    card["suggestions"][0]["actions"] = [action]
    assert problems_of("response", {"cards": [card]})


@pytest.mark.conformance("GEN-3")
@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({"cards": []}, []),
        ({"services": []}, []),
        ({"cards": [{"detail": ""}]}, ["$.cards[0].detail"]),
        ({"cards": [], "extension": {}}, ["$.extension"]),
        ({"cards": [{"cards": []}]}, ["$.cards[0].cards"]),
        ({"cards": [{"a": [0, None, False]}]}, ["$.cards[0].a[1]"]),
    ],
)
def test_the_walker_finds_every_member_that_says_nothing(body: Any, places: list[str]) -> None:
    assert silences_of(body) == places
