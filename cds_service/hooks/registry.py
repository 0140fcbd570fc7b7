"""The services this process offers, keyed by service id, and what Discovery says about them (conformance section 2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from cds_service.trust.clients import Client

CDS_HOOKS_VERSION = "2.0.1"
HOOK_VERSIONS: Mapping[str, str] = {"patient-view": "1.0", "order-select": "1.0", "order-sign": "1.0"}
"""The published version of each hook this service speaks; hooks are versioned apart from the standard (DISC-11)."""


class Call(Protocol):
    """A checked request of any hook."""

    @property
    def hook_instance(self) -> str: ...


class Caller(NamedTuple):
    """Who calls, and when: `now` is the moment, `today` the day in the time zone of record."""

    client: Client
    now: datetime
    today: date


class Answer(NamedTuple):
    """What a service answers, and what the log may say about it: names, counts and our own ids only."""

    cards: Sequence[Mapping[str, Any]] = ()
    extension: Mapping[str, Any] = MappingProxyType({})
    event: Mapping[str, Any] = MappingProxyType({})

    def body(self) -> dict[str, Any]:
        """The response object. `cards` is there even when empty (RESP-1)."""
        body: dict[str, Any] = {"cards": list(self.cards)}
        if self.extension:
            body["extension"] = dict(self.extension)
        return body


@dataclass(frozen=True, slots=True)
class Service:
    """One advertised service. `read` checks the bytes of a call, `respond` answers it for a given caller.

    A client of a site with codes of its own is told other templates (`prefetch_of_site`): they name those codes, too.
    """

    id: str
    hook: str
    title: str
    description: str
    usage_requirements: str
    prefetch: Mapping[str, str]
    read: Callable[[bytes], Call]
    respond: Callable[[Any, Caller], Answer]
    prefetch_of_site: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def discovery(services: Sequence[Service], site: str = "") -> dict[str, Any]:
    """The body of `GET {base}/cds-services` for a client of this site."""
    return {"services": [_entry(service, site) for service in services]}


def _entry(service: Service, site: str) -> dict[str, Any]:
    entry = {
        "hook": service.hook,
        "title": service.title,
        "description": service.description,
        "id": service.id,
        "usageRequirements": service.usage_requirements,
        "version": CDS_HOOKS_VERSION,
        "hookVersion": HOOK_VERSIONS[service.hook],
    }
    prefetch = service.prefetch_of_site.get(site, service.prefetch)
    return entry | ({"prefetch": dict(prefetch)} if prefetch else {})
