"""The JSON Web Key Sets of the test clients, served and counted; slow, huge and broken by the faults of a script."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.ehr.exchange import Answer, Json, Request, outcome_answer
from tests.ehr.listener import Listener, listening

PATH = "/.well-known/jwks.json"
_JSON = (("Content-Type", "application/json"),)


@dataclass(slots=True)
class KeySets:
    """What stands at which path. Change `keys` or call `publish` at any time: the next fetch sees it."""

    at: dict[str, list[Json]] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()
    """Further headers of the answer, for example Cache-Control."""

    def publish(self, keys: Iterable[Json], path: str = PATH) -> None:
        """Replaces the set at this path: a rotation."""
        self.at[path] = list(keys)

    def answer(self, request: Request) -> Answer:
        if request.path not in self.at:
            return outcome_answer(404, "not-found")
        return Answer(200, (*_JSON, *self.headers), json.dumps({"keys": self.at[request.path]}).encode())


@dataclass(frozen=True, slots=True)
class JwksServer:
    """The running server. Faults: `server.listener.script.add(faults.hang(), PATH)`."""

    sets: KeySets
    listener: Listener

    def fetches(self, path: str = PATH) -> int:
        """How often the set was asked for."""
        return sum(one.path == path for one in list(self.listener.requests))

    def url(self, name: str | None = None, path: str = PATH) -> str:
        """The address of the set under a host name (a jku); without one by the listening address."""
        return (self.listener.at(name) if name else self.listener.url) + path

    def publish(self, *keys: Json, path: str = PATH) -> None:
        self.sets.publish(keys, path)


@contextmanager
def jwks_server(
    *keys: Json, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[JwksServer]:
    """A server with this set at PATH."""
    sets = KeySets({PATH: list(keys)})
    with listening(sets.answer, host=host, port=port, tls=tls) as listener:
        yield JwksServer(sets, listener)


def huge(octets: int) -> Json:
    """A key that is fine except for its size."""
    return {"kty": "oct", "kid": "huge", "k": "A" * octets}
