"""The checks themselves: a check that lets everything through proves nothing."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.contract.calls import Json, problems_of, silences_of

CARD: Json = {
    "uuid": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    "summary": "Consider rituximab",
    "indicator": "warning",
    "source": {"label": "Guideline", "topic": {"code": "MN", "system": "https://example.org/topics"}},
    "suggestions": [
        {
            "label": "Rituximab",
            "uuid": "3e05e953-dfbe-44ad-ba6d-d1577c69b2ea",
            "actions": [{"type": "create", "description": "Draft", "resource": {"resourceType": "MedicationRequest"}}],
        }
    ],
    "selectionBehavior": "at-most-one",
    "links": [{"label": "Guideline", "url": "https://example.org", "type": "absolute"}],
}


def test_a_sound_card_passes() -> None:
    assert problems_of("response", {"cards": [CARD]}) == []


@pytest.mark.parametrize(
    "change",
    [
        {"summary": "x" * 140},
        {"summary": ""},
        {"indicator": "hard-stop"},
        {"source": {"label": "Guideline"}},
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
