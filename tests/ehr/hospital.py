"""A hospital's side of the wire in one piece: its FHIR server, its keys, an attacker, and the network they live in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ehr.exchange import Answer, Request, outcome_answer
from tests.ehr.forgeries import attacker_key
from tests.ehr.hosts import PUBLIC_EHR, PUBLIC_EVIL, PUBLIC_KEYS, Network
from tests.ehr.jwks_server import JwksServer, KeySets, jwks_server
from tests.ehr.listener import Listener, listening
from tests.ehr.script import Handler
from tests.ehr.signing_keys import signing_key
from tests.ehr.sink import Sink, sink
from tests.ehr.tls import Authority
from tests.ehr.token_forge import TokenClient

EHR, EVIL, KEYS = "ehr.test", "evil.test", "keys.ehr.test"
FHIR_BASE = f"https://{EHR}/fhir"
JKU = f"https://{KEYS}/.well-known/jwks.json"
EVIL_PATH = "/jwks.json"


@dataclass(frozen=True, slots=True)
class Hospital:
    """Everything a service may meet. Names and ports are as in the field: https://ehr.test/fhir without a port.

    A service must be started with `network` to see these names; `client` and `other` are two clients that sign.
    """

    network: Network
    authority: Authority
    ehr: Listener
    """The FHIR server behind https://ehr.test, with `script` and `requests`."""
    keys: JwksServer
    """The JSON Web Key Set of `client` behind https://keys.ehr.test."""
    evil: Listener
    """The attacker behind https://evil.test: good certificate, valid key set, answers 200 to all."""
    sink: Sink
    """Where evil.test is reached on any other port."""
    client: TokenClient
    other: TokenClient

    @property
    def quiet(self) -> bool:
        """Nobody looked up or reached the attacker."""
        return not (self.network.touched(EVIL, PUBLIC_EVIL) or self.evil.connections or self.sink.connections)

    def forget(self) -> None:
        """Scripts and records of all parts are empty again: the next test begins anew."""
        for listener in (self.ehr, self.keys.listener, self.evil):
            listener.forget()
        self.sink.forget()
        self.keys.publish(*self.client.jwk_set())
        place_all(self)
        self.network.forget()


def place_all(here: Hospital) -> None:
    """Every host at its address, its connections at its listener."""
    here.network.place(EHR, PUBLIC_EHR, here.ehr.port, 443)
    here.network.place(KEYS, PUBLIC_KEYS, here.keys.listener.port, 443)
    here.network.place(EVIL, PUBLIC_EVIL, here.evil.port, 443)
    here.network.route(PUBLIC_EVIL, here.sink.port_at("127.0.0.1"))


def clients() -> tuple[TokenClient, TokenClient]:
    """A client with a key for either algorithm and a published set, and one whose keys were handed over."""
    first = TokenClient(f"https://{EHR}", signing_key("ehr-1"), JKU, keys={"RS384": signing_key("ehr-2", "RS384")})
    return first, TokenClient("https://other-ehr.test", signing_key("other-1"), tenant="t-1")


def nothing(_request: Request) -> Answer:
    """The truth of an EHR that holds nothing."""
    return outcome_answer(404, "not-found")


@contextmanager
def hospital(directory: Path, authority: Authority, truth: Handler = nothing) -> Iterator[Hospital]:
    """The parts for the time of a block. `truth` is what the EHR says without faults: `forwarding(server.base)` for
    the real server, `Twin(...).answer` for our own; its base path must be /fhir.
    """
    directory.mkdir(parents=True, exist_ok=True)
    client, other = clients()
    with (
        listening(truth, tls=authority.context(EHR)) as ehr,
        jwks_server(*client.jwk_set(), tls=authority.context(KEYS)) as keys,
        listening(_evil, tls=authority.context(EVIL)) as evil,
        sink("127.0.0.1") as drain,
    ):
        network = Network(directory / "network.json", trust=authority.bundle)
        here = Hospital(network, authority, ehr, keys, evil, drain, client, other)
        place_all(here)
        yield here


def _evil(request: Request) -> Answer:
    """A valid key set of the attacker's at any path."""
    return KeySets({request.path: [attacker_key().public_jwk()]}).answer(request)
