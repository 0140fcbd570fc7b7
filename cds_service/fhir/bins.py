"""Where every resource of a request ends up while it is read: in exactly one bin (architecture, idea 5)."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

Resource = dict[str, Any]

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")
_SHOWN_LIMIT = 60


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

    `repairs` counts, by name, what had to be mended before a resource could be read.
    """

    total: int = 0
    not_relevant: int = 0
    unread: list[Unread] = field(default_factory=list)
    superseded: list[str] = field(default_factory=list)
    supporting: list[str] = field(default_factory=list)
    repairs: Counter[str] = field(default_factory=Counter)

    def set_aside(self, resource: Resource, reason: str, *, concept: str = "", shown: str = "") -> None:
        """Keep a resource as set aside, with its reason."""
        self.unread.append(Unread(reference_of(resource), reason, concept, None, shown_text(shown)))


def reference_of(resource: Resource) -> str:
    """`Observation/123`. An id that FHIR would not allow is not repeated: it may be anything."""
    identifier = resource.get("id")
    if isinstance(identifier, int):
        identifier = str(identifier)
    kind = resource.get("resourceType")
    named = kind if isinstance(kind, str) and kind.isalpha() else "Resource"
    safe = isinstance(identifier, str) and _SAFE_ID.fullmatch(identifier) is not None
    return f"{named}/{identifier}" if safe else f"{named}/(no-id)"


def shown_text(text: str) -> str:
    """A text of the chart cut to what a card can show, without control and bidirectional characters."""
    return _UNPRINTABLE.sub(" ", text[: 2 * _SHOWN_LIMIT]).strip()[:_SHOWN_LIMIT]
