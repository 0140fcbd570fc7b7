"""Every story over HTTP against the real server: the right answer, and the stored one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cds_service.guideline.catalogue import all_rules
from cds_service.stories.agreement import disagreements, steady
from cds_service.stories.catalogue import Story, all_stories
from cds_service.stories.vignette import load_vignettes
from tests.contract.wire import CheckedSession

if TYPE_CHECKING:
    from tests.conftest import Server

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
VIGNETTES = {vignette.name: vignette for vignette in load_vignettes(FIXTURES / "vignettes")}
STORIES = all_stories()
each_story = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)


def answer(server: Server, request: dict[str, Any]) -> dict[str, Any]:
    reply = CheckedSession().post(f"{server.url}/cds-services/next-therapy", json=request, timeout=30)
    assert reply.status_code == 200, reply.text[:500]
    body: dict[str, Any] = reply.json()
    return body


@each_story
def test_the_answer_is_the_right_one_and_the_stored_one(story: Story, server: Server) -> None:
    answered = answer(server, story.request)
    assert disagreements(VIGNETTES[story.name], answered) == ()
    assert story.answered, "run `make stories`"
    assert steady(answered) == steady(story.response), "run `make stories` and review what changed"


def test_every_rule_of_the_guidelines_has_a_story() -> None:
    told = {vignette.expected.rule for vignette in VIGNETTES.values()}
    untold = sorted(set(all_rules()) - told)
    assert untold == []
