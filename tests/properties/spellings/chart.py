"""One story as a chart that can be written in another way: entries under prefetch keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

import orjson

from cds_service.stories.catalogue import Story, all_stories

Resource = dict[str, Any]
Entry = dict[str, Any]
Which = int | None
"""Which of the resources that can be respelled: the one at this place, or (None) most of them."""

Spelling = Callable[["Chart", Random, Which], None]
"""Writes a chart in another way, in place; what cannot be written so stays as it is."""

STORIES: tuple[Story, ...] = all_stories()
MOST = 0.7


@dataclass
class Chart:
    """A request of the stories in the making. `whole` sends everything as one Bundle, and not as a prefetch object."""

    patient_id: str
    keys: dict[str, list[Entry]]
    whole: bool = False

    @classmethod
    def of(cls, story: Story) -> Chart:
        request = orjson.loads(_written(story))
        keys = {}
        for key, value in request["prefetch"].items():
            keys[key] = value.get("entry", []) if value["resourceType"] == "Bundle" else [{"resource": value}]
        return cls(request["context"]["patientId"], keys)

    def entries(self) -> Iterator[Entry]:
        for entries in self.keys.values():
            yield from entries

    def facts(self) -> list[Entry]:
        """The entries that say something about the patient: not the Patient, not what is only pointed at."""
        return [e for e in self.entries() if e["resource"]["resourceType"] not in {"Patient", "Medication"}]

    def prefetch(self) -> Resource:
        """What evaluate takes."""
        if self.whole:
            return {"resourceType": "Bundle", "type": "collection", "entry": list(self.entries())}
        return {key: _searchset(entries) for key, entries in self.keys.items()}


@cache
def _written(story: Story) -> bytes:
    return orjson.dumps(story.request)


def _searchset(entries: list[Entry]) -> Resource:
    if len(entries) == 1 and entries[0]["resource"]["resourceType"] == "Patient":
        resource: Resource = entries[0]["resource"]
        return resource
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset"}
    return {**bundle, "entry": entries} if entries else {**bundle, "total": 0}


def chosen(able: list[Any], dice: Random, which: Which) -> list[Any]:
    """The one at the place, or most of them."""
    if which is not None:
        return [able[which % len(able)]] if able else []
    return [item for item in able if dice.random() < MOST]


def one_by_one(change: Callable[[Resource, Random], Resource | None], *kinds: str) -> Spelling:
    """A spelling that changes resources of these types, each by itself; None where a resource cannot be changed."""

    def spell(chart: Chart, dice: Random, which: Which) -> None:
        able = []
        for entry in chart.facts():
            if entry["resource"]["resourceType"] in kinds:
                changed = change(entry["resource"], dice)
                if changed is not None:
                    able.append((entry, changed))
        for entry, changed in chosen(able, dice, which):
            entry["resource"] = changed

    return spell


def without(resource: Resource, *members: str) -> Resource:
    return {name: value for name, value in resource.items() if name not in members}


def replaced(resource: Resource, member: str, **members: Any) -> Resource:
    """The resource with one member gone and others in its place."""
    return {**without(resource, member), **members}
