"""The start page's example patients: each story judged anew by this process, shown as a card and as a course."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any

from cds_service.cdshooks.request import AS_OF
from cds_service.course.documents import Documents, Picture, document_page, documents_of_checkout
from cds_service.course.page import page
from cds_service.course.start import CardShown, Entry, StoryShown, around, shown_card, start_page, story_page
from cds_service.hooks import patient_view
from cds_service.hooks.evaluation import Evaluation
from cds_service.hooks.knowledge import Knowledge
from cds_service.hooks.registry import Service
from cds_service.stories.catalogue import Story, all_stories

FEATURED = (
    "tacrolimus-failed-so-rituximab-is-next",
    "mycophenolate-then-cyclophosphamide-failed",
    "antibody-result-too-old-to-judge",
    "antibody-gone-while-proteinuria-lags",
    "relapse-two-years-after-tacrolimus",
    "in-remission-and-pregnant-on-mycophenolate",
)
"""A failure, a refractory lupus, a gap in the data, a false alarm, a relapse, and a warning beside the answer."""


class Showcase:
    """Pages about the example patients, and the documents. `base` is the path that the service is published under."""

    def __init__(self, knowledge: Knowledge, services: Sequence[Service], today: Callable[[], date], base: str) -> None:
        self._knowledge = knowledge
        self._services = services
        self._today = today
        self._base = base

    @cached_property
    def _stories(self) -> Mapping[str, Story]:
        return {story.name: story for story in all_stories()}

    @cached_property
    def _documents(self) -> Documents:
        return documents_of_checkout()

    def start(self) -> str:
        """The start page."""
        featured = [self._stories[name] for name in FEATURED if name in self._stories]
        return start_page(
            featured=[_entry(story, _paragraph(story)) for story in featured],
            others=_told_apart(self._stories.values()),
            services=[(service.title, service.id, service.hook, service.description) for service in self._services],
            approval=self._knowledge.stamp.approval,
            on=self._today(),
            base=self._base,
            documented=bool(self._documents.files),
        )

    def document(self, name: str) -> str | None:
        """The page of a document; None when there is no such document here."""
        found = self._documents.document(name)
        if found is None:
            return None
        return document_page(self._documents, found, around(self._knowledge.stamp.approval, self._today(), self._base))

    def picture(self, name: str) -> Picture | None:
        """A picture of a document; None when there is no such picture."""
        return self._documents.picture(name)

    def story(self, name: str, *, fired: bool) -> str | None:
        """The page of a story, with its card once the call was fired; None when there is no such story."""
        story = self._stories.get(name)
        if story is None:
            return None
        cards: list[CardShown] | None = None
        if fired:
            evaluation, _ = self._judged(story)
            cards = [shown_card(card, f"{self._base}/stories/{name}/course") for card in evaluation.cards]
        return story_page(
            StoryShown(_entry(story, _paragraph(story)), f"fixtures/patient-view/{name}/request.json"),
            cards,
            approval=self._knowledge.stamp.approval,
            on=self._today(),
            base=self._base,
        )

    def course(self, name: str) -> str | None:
        """The course page of a story; None when there is no such story."""
        story = self._stories.get(name)
        if story is None:
            return None
        evaluation, on = self._judged(story)
        return page(
            evaluation.case,
            evaluation.assessments,
            evaluation.cards,
            on=on,
            stamp=self._knowledge.stamp,
            thresholds=self._knowledge.thresholds,
            assets=f"{self._base}/assets",
            quiet=evaluation.quiet,
            home=f"{self._base}/",
        )

    def _judged(self, story: Story) -> tuple[Evaluation, date]:
        """The answer of this process, as of the day the story is told for: also where calls may not say the day."""
        sent: dict[str, Any] = story.request
        on = date.fromisoformat(sent["extension"][AS_OF])
        request = patient_view.read(json.dumps(sent).encode(), self._knowledge.policy)
        return patient_view.judge(request, on, self._knowledge).evaluation, on


def _entry(story: Story, text: str) -> Entry:
    return Entry(story.name, story.title, text)


def _told_apart(stories: Collection[Story]) -> list[Entry]:
    """Entries without a text. Two links with the same words and different targets are told apart by their names."""
    times = Counter(story.title for story in stories)
    return [
        Entry(story.name, story.title if times[story.title] == 1 else f"{story.title} ({story.name})", "")
        for story in stories
    ]


def _paragraph(story: Story) -> str:
    """The patient in words: the third paragraph of the story, behind its title and its number."""
    return story.text.split("\n\n")[2].strip()
