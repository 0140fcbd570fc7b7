"""Every story judged once, with its page as text and as a tree."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from xml.etree import ElementTree

import pytest

from cds_service.app import knowledge_of
from cds_service.cdshooks.request import AS_OF, PatientViewRequest
from cds_service.course.page import page
from cds_service.hooks import patient_view
from cds_service.hooks.evaluation import Evaluation
from cds_service.hooks.knowledge import Knowledge
from cds_service.settings import Settings
from cds_service.stories.catalogue import all_stories


@dataclass(frozen=True)
class Told:
    """One story: what was judged, and its page."""

    name: str
    evaluation: Evaluation
    on: date
    knowledge: Knowledge
    request: PatientViewRequest

    @cached_property
    def html(self) -> str:
        return page(
            self.evaluation.case,
            self.evaluation.assessments,
            self.evaluation.cards,
            on=self.on,
            stamp=self.knowledge.stamp,
            thresholds=self.knowledge.thresholds,
            assets="/assets",
            quiet=self.evaluation.quiet,
        )

    @cached_property
    def tree(self) -> ElementTree.Element:
        return ElementTree.fromstring(self.html)

    def all(self, name: str) -> list[ElementTree.Element]:
        """The elements of a name, of HTML or SVG."""
        return [element for element in self.tree.iter() if plain(element) == name]

    def of_class(self, name: str) -> list[ElementTree.Element]:
        return [element for element in self.tree.iter() if name in element.get("class", "").split()]


def plain(element: ElementTree.Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def text_of(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return knowledge_of(Settings())


@pytest.fixture(scope="session")
def told(knowledge: Knowledge) -> Mapping[str, Told]:
    found = {}
    for story in all_stories():
        sent = story.request
        request = patient_view.read(json.dumps(sent).encode(), knowledge.policy)
        on = date.fromisoformat(sent["extension"][AS_OF])
        found[story.name] = Told(
            story.name, patient_view.judge(request, on, knowledge).evaluation, on, knowledge, request
        )
    return found
