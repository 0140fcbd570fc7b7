"""The same patient in FHIR R5 gets the same card, with drafts in R5."""

from __future__ import annotations

import re
from random import Random
from typing import Any

import pytest
from fhir.resources import get_fhir_model_class as r5_model
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cds_service.cards.wording_remarks import REMARKS
from cds_service.stories.catalogue import Story
from tests.properties.spellings.chart import STORIES, Chart
from tests.properties.spellings.sameness import answer_to, cards_of, differences
from tests.properties.test_any_spelling import ALL, Step, as_written, chart_of, steps
from tests.stories.fifth_release import as_r5

SAID = re.compile(rf"\+ (- {re.escape(REMARKS['MIXED_RELEASES'])}|\*\*Missing, set aside or in doubt\*\*)$")
"""What a card of two releases says more: a sentence, and the heading above it where there was none."""


def in_r5(chart: Chart) -> Chart:
    for entry in chart.entries():
        entry["resource"] = as_r5(entry["resource"])
    return chart


def with_drafts_in_r5(value: Any) -> Any:
    """The cards of an R4 client with the drafts that an R5 client gets."""
    if isinstance(value, list):
        return [with_drafts_in_r5(member) for member in value]
    if not isinstance(value, dict):
        return value
    return as_r5(value) if "resourceType" in value else {n: with_drafts_in_r5(m) for n, m in value.items()}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_every_story_is_valid_r5(story: Story) -> None:
    for entry in in_r5(Chart.of(story)).entries():
        r5_model(entry["resource"]["resourceType"]).model_validate(entry["resource"])


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_every_story_gets_the_same_card_in_r5(story: Story) -> None:
    found = list(differences(with_drafts_in_r5(as_written(story)), cards_of(answer_to(in_r5(Chart.of(story))))))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_drafts_for_a_client_of_r5_are_valid_r5(story: Story) -> None:
    chart = Chart.of(story)
    before, after = answer_to(chart), answer_to(in_r5(chart))
    for card in after.cards:
        for suggestion in card.get("suggestions", ()):
            for action in suggestion["actions"]:
                draft = action["resource"]
                r5_model(draft["resourceType"]).model_validate(draft)
    assert len(after.cards) == len(before.cards)


@settings(max_examples=max(1_000, settings().max_examples), phases=[Phase.explicit, Phase.generate])
@given(story=st.sampled_from(STORIES), done=st.lists(steps(list(ALL)), max_size=3))
def test_the_card_does_not_depend_on_the_release(story: Story, done: list[Step]) -> None:
    after = cards_of(answer_to(in_r5(chart_of(story, (), done))))
    found = list(differences(with_drafts_in_r5(as_written(story)), after))
    assert not found, "\n".join([story.name, str(done), *found])


@settings(phases=[Phase.explicit, Phase.generate])
@given(story=st.sampled_from(STORIES), chance=st.randoms(use_true_random=False))
def test_every_record_is_read_by_its_own_shape(story: Story, chance: Random) -> None:
    """One client, two releases: the card says so, the drafts are of one of them, everything else is the same."""
    chart = Chart.of(story)
    for entry in chart.entries():
        if chance.random() < 0.5:
            entry["resource"] = as_r5(entry["resource"])
    before, after = as_written(story), cards_of(answer_to(chart))
    as_r4, in_fifth = (
        [difference for difference in differences(cards, after) if not SAID.search(difference)]
        for cards in (before, with_drafts_in_r5(before))
    )
    assert not as_r4 or not in_fifth, "\n".join([story.name, *as_r4])
