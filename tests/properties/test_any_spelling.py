"""The same patient in any legal spelling gets the same card: 5,000 pairs of a chart and a respelling of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from random import Random
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class as r4_model
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.stories.catalogue import Story
from tests.properties.spellings import codes, drugs, order, times, units, values
from tests.properties.spellings.blemishes import BLEMISHES
from tests.properties.spellings.chart import STORIES, Chart, Spelling, Which
from tests.properties.spellings.sameness import advice_of, answer_to, cards_of, differences, tally_fault

KINDS: dict[str, dict[str, Spelling]] = {
    "order": order.SPELLINGS,
    "units": units.SPELLINGS,
    "codes": codes.SPELLINGS,
    "times": times.SPELLINGS,
    "drugs": drugs.SPELLINGS,
    "values": values.SPELLINGS,
}
ALL = {name: spelling for kind in KINDS.values() for name, spelling in kind.items()}
PAIRS = max(5_000, settings().max_examples)

Step = tuple[str, Which, int]
View = Callable[[list[Any]], list[Any]]
places: st.SearchStrategy[Which] = st.one_of(st.integers(0, 60), st.none())


def steps(names: list[str]) -> st.SearchStrategy[Step]:
    """What is done, to which resource (one, or most of them), and the seed of the details."""
    return st.tuples(st.sampled_from(names), places, st.integers(0, 1_000))


def first_of(kind: str) -> st.SearchStrategy[list[Step]]:
    """A respelling of the kind, and up to three of any."""
    rest = st.lists(steps(list(ALL)), max_size=3)
    return st.tuples(steps(list(KINDS[kind])), rest).map(lambda drawn: [drawn[0], *drawn[1]])


def as_it_is(cards: list[Any]) -> list[Any]:
    return cards


blemishes = st.lists(steps(list(BLEMISHES)), max_size=2).map(tuple)


def chart_of(story: Story, blemished: tuple[Step, ...], done: list[Step]) -> Chart:
    chart = Chart.of(story)
    for name, which, seed in (*blemished, *done):
        (BLEMISHES.get(name) or ALL[name])(chart, Random(seed), which)
    return chart


@lru_cache(maxsize=512)
def as_written(story: Story, blemished: tuple[Step, ...] = ()) -> list[Any]:
    return cards_of(answer_to(chart_of(story, blemished, [])))


def differing(story: Story, blemished: tuple[Step, ...], done: list[Step], view: View = as_it_is) -> list[str]:
    """Where the answers to the two charts differ, as far as the view goes."""
    after = answer_to(chart_of(story, blemished, done))
    fault = tally_fault(after)
    return [*differences(view(as_written(story, blemished)), view(cards_of(after))), *([fault] if fault else [])]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=PAIRS // len(KINDS))
@given(data=st.data())
def test_the_card_does_not_depend_on_the_spelling(kind: str, data: st.DataObject) -> None:
    """One respelling of the kind, then up to three of any kind."""
    story, done = data.draw(st.sampled_from(STORIES)), data.draw(first_of(kind))
    found = differing(story, (), done)
    assert not found, "\n".join([story.name, str(done), *found])


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=PAIRS // len(KINDS) // 4)
@given(data=st.data())
def test_the_advice_on_a_chart_with_blemishes_does_not_depend_on_it_either(kind: str, data: st.DataObject) -> None:
    story, blemished, done = data.draw(st.sampled_from(STORIES)), data.draw(blemishes), data.draw(first_of(kind))
    found = differing(story, blemished, done, advice_of)
    assert not found, "\n".join([story.name, str(blemished), str(done), *found])


# What the card says of records that were set aside once followed the order and the copies in which they came. Each
# row is the smallest chart that showed it.
SAID_OTHERWISE: dict[str, tuple[str, tuple[Step, ...], list[Step]]] = {
    "what was set aside, in another order": (
        "rituximab-infusions-without-a-recorded-dose",
        (("without its unit", None, 116),),
        [("shuffled", 0, 797)],
    ),
    "results of one day, in another order": (
        "a-refuted-allergy-does-not-count",
        (("measured twice", 3, 1), ("measured twice", 5, 2)),
        [("shuffled", 0, 1)],
    ),
    "a copy of a result with an unknown code": (
        "a-small-rise-after-partial-remission",
        (("with strangers", 0, 441),),
        [("copied", 18, 245)],
    ),
    "a copy with its time in another spelling": (
        "tacrolimus-failed-so-rituximab-is-next",
        (("with another status", 1, 854),),
        [("sent by another server", None, 6), ("at a time without a zone", 3, 441)],
    ),
    "a panel that cannot be dated, and its parts": (
        "blood-pressure-too-high-for-a-cni-in-lupus",
        (("without its day", 11, 817),),
        [("apart", 0, 563)],
    ),
}


@pytest.mark.parametrize("said", SAID_OTHERWISE)
def test_what_was_set_aside_is_told_in_one_way(said: str) -> None:
    name, blemished, done = SAID_OTHERWISE[said]
    story = next(story for story in STORIES if story.name == name)
    assert differing(story, blemished, done) == []


def test_one_result_told_in_two_ways_does_not_depend_on_the_order() -> None:
    """One id, two values, no version and no time of release to choose by (terminology.md 3.2, R-04)."""
    answers = []
    for place in (0, 99):
        chart = Chart.of(next(story for story in STORIES if story.name == "a-third-less-at-seven-months"))
        told = chart.keys["proteinuria"]
        newest = max((entry["resource"] for entry in told), key=lambda resource: resource["effectiveDateTime"])
        told.insert(place, {"resource": {**newest, "valueQuantity": {"value": 2.0, "unit": "g/d"}}})
        answers.append(cards_of(answer_to(chart)))
    assert list(differences(*answers)) == []


@pytest.mark.parametrize("name", ALL)
def test_every_spelling_changes_charts(name: str) -> None:
    """A respelling that changes nothing would prove nothing."""
    steps_taken = [[(name, None, seed)] for seed in range(3)]
    assert any(chart_of(s, (), step).prefetch() != Chart.of(s).prefetch() for s in STORIES for step in steps_taken)


# Mended when it is read: a dateTime without a zone is no FHIR, and EHRs send it.
MENDED = {"at a time without a zone"}


@pytest.mark.parametrize("name", sorted(ALL.keys() - MENDED))
def test_every_spelling_is_legal(name: str) -> None:
    for story in STORIES[::8]:
        for entry in chart_of(story, (), [(name, None, 5)]).entries():
            r4_model(entry["resource"]["resourceType"]).model_validate(entry["resource"])


@pytest.mark.parametrize("name", BLEMISHES)
def test_the_comparison_sees_every_blemish(name: str) -> None:
    """A comparison that sees no other fact would prove nothing either."""
    assert any(differences(as_written(s), as_written(s, ((name, None, 1),))) for s in STORIES)
