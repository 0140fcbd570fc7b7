"""Where every resource of a request ends up while it is read: in exactly one bin (architecture, idea 5)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Resource = dict[str, Any]

_is_plain = re.compile(r"[A-Za-z]+/[A-Za-z0-9._-]{1,64}", re.ASCII).fullmatch
_is_safe_id = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII).fullmatch
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")
_SHOWN_LIMIT = 60


class Repairs(dict[str, int]):
    """How often something was mended, by the name of the repair."""

    def __missing__(self, name: str) -> int:
        return 0


@dataclass(frozen=True, slots=True)
class Unread:
    """A resource that was not used although it could have mattered, and why.

    `concept` is what it seems to be about, `day` its ordinal day when known, `shown` a short text for a card.
    """

    resource: str
    reason: str
    concept: str = ""
    day: int | None = None
    shown: str = ""


@dataclass(slots=True)
class Bins:
    """The tally of one chart. What is in none of these was handed on, and `mapping` bins it.

    `aside` counts the resources in `unread`: a panel is one, and named by each of its measures. `repairs` counts,
    by name, what had to be mended before a resource could be read.
    """

    total: int = 0
    not_relevant: int = 0
    aside: int = 0
    unread: list[Unread] = field(default_factory=list)
    told_twice: set[str] = field(default_factory=set)
    superseded: list[str] = field(default_factory=list)
    supporting: list[str] = field(default_factory=list)
    repairs: Repairs = field(default_factory=Repairs)

    def set_aside(self, resource: Resource, reason: str, *, concepts: Iterable[str] = ("",), shown: str = "") -> None:
        """Keep a resource as set aside, with its reason, once for each concept that it is about."""
        self.aside += 1
        reference, shown = reference_of(resource), shown_text(shown)
        self.unread += [Unread(reference, reason, concept, None, shown) for concept in concepts]


def reference_of(resource: Resource) -> str:
    """`Observation/123`. An id that FHIR would not allow is not repeated: it may be anything."""
    identifier, kind = resource.get("id"), resource.get("resourceType")
    if type(identifier) is str and _is_plain(written := f"{kind}/{identifier}"):
        return written
    if isinstance(identifier, int):
        identifier = str(identifier)
    named = kind if isinstance(kind, str) and kind.isalpha() else "Resource"
    safe = isinstance(identifier, str) and _is_safe_id(identifier)
    return f"{named}/{identifier}" if safe else f"{named}/(no-id)"


def shown_text(text: str) -> str:
    """A text of the chart cut to what a card can show, without control and bidirectional characters."""
    return _UNPRINTABLE.sub(" ", text[: 2 * _SHOWN_LIMIT]).strip()[:_SHOWN_LIMIT]
