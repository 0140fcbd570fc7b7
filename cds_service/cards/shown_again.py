"""A card that had been overridden and comes back: since when, and what has changed since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from cds_service.cards.escape import chart_text
from cds_service.cards.wording_measures import MEASURES

MOST_CHANGES = 6
_OTHER: Mapping[str, str] = {
    "state": "the state of the disease",
    "classes": "the classes to consider",
    "vetoed": "what is ruled out",
    "notes": "the cautions",
    "missing": "what is missing",
    "lines": "the treatment lines",
}


class Change(NamedTuple):
    """One thing that changed. `what` is a measure or a part of the advice; empty texts mean it was not there."""

    what: str
    before: str = ""
    now: str = ""


class ShownAgain(NamedTuple):
    """Since when the card was quiet, as a day of the calendar (ISO), and what ended that."""

    since: str
    changes: Sequence[Change]


def shown_again(told: ShownAgain | None) -> str:
    """One sentence; empty for a card that was not overridden."""
    if told is None:
        return ""
    named = [_change(change) for change in told.changes[:MOST_CHANGES]]
    more = len(told.changes) - len(named)
    listed = "; ".join(named) + (f"; {more} more" if more > 0 else "")
    return f"**Shown again:** overridden on {date.fromisoformat(told.since).isoformat()}. Changed since: {listed}."


def _change(change: Change) -> str:
    if change.what in _OTHER:
        return _OTHER[change.what]
    name = MEASURES.get(change.what) or chart_text(change.what.replace("_", " "), 40)
    before, now = chart_text(change.before, 40), chart_text(change.now, 40)
    if before and now:
        return f"{name} {before} to {now}"
    return f"{name} {now} is new" if now else f"{name} {before} no longer counts"
