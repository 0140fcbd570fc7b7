"""What every call needs besides its own data: knowledge by site, the way back to the client, and the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from cds_service.hooks.call_back import CallBack
from cds_service.hooks.knowledge import Knowledge
from cds_service.hooks.opened_again import OpenedAgain
from cds_service.hooks.silence import DAYS
from cds_service.store.store import Store

Stage = Callable[[str], AbstractContextManager[Any]]
"""Goes around a stage of a call: whoever measures it is told its name."""
_NOTHING = nullcontext()


def _untold(_name: str) -> AbstractContextManager[Any]:
    return _NOTHING


@dataclass(frozen=True, slots=True)
class Desk:
    """Built once by the process. Without a store nothing is kept: the command line and the self-test work so.

    `sites` holds the knowledge of the sites of clients that have an overlay of their own; all others are answered
    with `knowledge`. `silence_days` is how long an override with a reason keeps a card quiet,
    `opened_again` the memory of charts that were opened lately; without one every call is read whole.
    """

    knowledge: Knowledge
    sites: Mapping[str, Knowledge] = field(default_factory=dict)
    call_back: CallBack | None = None
    store: Store | None = None
    silence_days: int = DAYS
    opened_again: OpenedAgain | None = None
    stage: Stage = _untold

    def knowledge_of(self, site: str) -> Knowledge:
        """The knowledge that a client of this site is answered with."""
        return self.sites[site] if site else self.knowledge
