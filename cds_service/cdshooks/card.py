"""The answer on the wire: cards, suggestions, actions, links (CDS Hooks 2.0.1, sections card to link).

Members carry the wire's own names, so a card reads in Python as it reads in JSON. Members with nothing to
say are left out by whoever writes them (GEN-3).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Required, TypedDict

Indicator = Literal["info", "warning", "critical"]
SelectionBehavior = Literal["at-most-one", "any"]

SUMMARY_LIMIT = 139
"""Longest summary in characters; the specification says fewer than 140 (CARD-1)."""


class Coding(TypedDict, total=False):
    """A code with its system. `display` is required in override reasons (OVR-2)."""

    code: Required[str]
    system: Required[str]
    display: str


class Source(TypedDict, total=False):
    """Where the advice comes from. `url` names the data set, never a page about this patient (SRC-2)."""

    label: Required[str]
    url: str
    icon: str
    topic: Coding


class Action(TypedDict, total=False):
    """One change to the chart. `create` and `update` carry `resource`, `delete` a `resourceId` (ACT-3..5)."""

    type: Required[Literal["create", "update", "delete"]]
    description: Required[str]
    resource: Mapping[str, Any]
    resourceId: str


class Suggestion(TypedDict, total=False):
    """One thing the clinician can accept; all its actions belong together (SUG-4)."""

    label: Required[str]
    uuid: str
    isRecommended: bool
    actions: list[Action]


class Link(TypedDict, total=False):
    """A page or a SMART app. `appContext` goes with `smart` only, and is a string (LINK-3)."""

    label: Required[str]
    url: Required[str]
    type: Required[Literal["absolute", "smart"]]
    appContext: str


class Card(TypedDict, total=False):
    """One card. `selectionBehavior` is there exactly when `suggestions` is (CARD-6)."""

    uuid: str
    summary: Required[str]
    detail: str
    indicator: Required[Indicator]
    source: Required[Source]
    suggestions: list[Suggestion]
    selectionBehavior: SelectionBehavior
    overrideReasons: list[Coding]
    links: list[Link]
    extension: Mapping[str, Any]
