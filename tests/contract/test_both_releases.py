"""A case gets the same advice in R4 and in R5, and the drafts are written in the release it came in (CTX-3)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.stories.catalogue import Story, all_stories
from tests.contract.calls import NEXT_THERAPY
from tests.contract.fifth import prefetch_in_r5

# Every fourth: the others differ in values, not in how a release writes them.
STORIES = [story for number, story in enumerate(all_stories()) if number % 4 == 0]
IN_R5 = "5a0bd1a4-3e3b-4b6e-9d0f-2f3f7c1c9c55"


def answer_of(client: FlaskClient, request: Any) -> Any:
    answer = client.post(NEXT_THERAPY, json=request)
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()["cards"]


def in_both(client: FlaskClient, story: Story) -> tuple[Any, Any]:
    """The cards in R4 and in R5."""
    request = json.loads(json.dumps(story.request))
    fifth = request | {"hookInstance": IN_R5, "prefetch": prefetch_in_r5(request["prefetch"])}
    return answer_of(client, request), answer_of(client, fifth)


@pytest.mark.conformance("CTX-3")
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_case_written_in_r5_gets_the_same_advice(client: FlaskClient, story: Story) -> None:
    fourth, fifth = in_both(client, story)
    assert len(fourth) == len(fifth)
    for one, other in zip(fourth, fifth, strict=True):
        assert one["summary"] == other["summary"]
        assert one["detail"] == other["detail"]
        assert one.get("extension") == other.get("extension")


def drafts_of(cards: Any) -> list[dict[str, Any]]:
    return [
        action["resource"]
        for card in cards
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
        if action["resource"]["resourceType"] == "MedicationRequest"
    ]


@pytest.mark.conformance("CTX-3", "ACT-3")
def test_drafts_are_written_in_the_release_of_the_chart(client: FlaskClient) -> None:
    story = next(story for story in all_stories() if story.name == "tacrolimus-failed-so-rituximab-is-next")
    fourth, fifth = in_both(client, story)
    assert drafts_of(fourth)
    assert len(drafts_of(fourth)) == len(drafts_of(fifth))
    assert all("medicationCodeableConcept" in draft for draft in drafts_of(fourth))
    assert all("concept" in draft["medication"] for draft in drafts_of(fifth))
