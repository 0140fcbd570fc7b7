"""The network a service process sees in a test: who has which address, where a connection ends, what was tried.

A name resolves to what the test says, step by step, so that rebinding, slow and broken name servers can be played. An
address that looks public leads to a listener of ours on loopback (`route`), so rules about private addresses and ports
can be tested as they are in the field. Any other address but loopback is unreachable. All is recorded.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.ehr.exchange import Json
from tests.ehr.network_seen import VARIABLE

WRAPPER = Path(__file__).with_name("network_seen.py")
LOOPBACK = ("127.0.0.0/8", "::1/128")
ANY_PORT = 0
PUBLIC_EHR, PUBLIC_EVIL, PUBLIC_KEYS = "192.88.99.10", "192.88.99.66", "192.88.99.20"
"""Addresses of a block that was given back: they count as public, and a network that is not ours leads nowhere."""


@dataclass(frozen=True, slots=True)
class Step:
    """One answer of the name server: addresses, or an error, after so many seconds."""

    addresses: tuple[str, ...] = ()
    error: Literal["NXDOMAIN", "SERVFAIL"] | None = None
    delay: float = 0.0

    def written(self) -> Json:
        said: Json = {"error": self.error} if self.error else {"addresses": list(self.addresses)}
        return said | ({"delay": self.delay} if self.delay else {})


@dataclass(frozen=True, slots=True)
class Lookup:
    host: str
    addresses: tuple[str, ...]
    error: str | None


@dataclass(frozen=True, slots=True)
class Connect:
    """An attempt to connect. `outcome`: routed (to a listener of ours), open (loopback) or unreachable."""

    address: str
    port: int
    outcome: str


@dataclass(slots=True)
class Network:
    """Write here, at any time; the program under test sees it at its next look-up or connection."""

    file: Path
    trust: Path | None = None
    """A PEM file of an authority that every TLS client of the program trusts as well."""
    open: tuple[str, ...] = LOOPBACK
    _hosts: dict[str, Json] = field(default_factory=dict)
    _routes: dict[str, tuple[str, int]] = field(default_factory=dict)
    _edition: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def resolve(self, host: str, *steps: str | Step) -> None:
        """The answers for a host, one for each look-up, the last one for ever. A text is a single address."""
        taken = [Step((one,)) if isinstance(one, str) else one for one in steps]
        with self._lock:
            self._edition += 1
            self._hosts[host.lower()] = {"edition": self._edition, "steps": [step.written() for step in taken]}
            self._write()

    def route(self, address: str, listener: int | tuple[str, int], port: int = ANY_PORT) -> None:
        """Connections to an address (and port) end at a listener of ours: its port on 127.0.0.1, or host and port."""
        target = ("127.0.0.1", listener) if isinstance(listener, int) else listener
        with self._lock:
            self._routes[f"{address} {port or '*'}"] = target
            self._write()

    def place(self, host: str, address: str, listener: int, port: int = ANY_PORT) -> None:
        """A host with one address whose connections end at a listener on 127.0.0.1."""
        self.route(address, listener, port)
        self.resolve(host, address)

    def environment(self) -> dict[str, str]:
        with self._lock:
            if not self.file.exists():
                self._write()
        return {VARIABLE: str(self.file)}

    def command(self, *arguments: str) -> list[str]:
        """A Python program in this network: `command("-m", "package.module", ...)`. Needs `environment` too."""
        return [sys.executable, str(WRAPPER), *arguments]

    def forget(self) -> None:
        """Empties the record and counts the steps of every host anew; hosts and routes stay."""
        with self._lock:
            for kind in ("seen", "counts"):
                Path(f"{self.file}.{kind}").unlink(missing_ok=True)

    @property
    def lookups(self) -> list[Lookup]:
        found = self._seen("lookup")
        return [Lookup(one["host"], tuple(one.get("addresses", ())), one.get("error")) for one in found]

    @property
    def connects(self) -> list[Connect]:
        return [Connect(one["address"], one["port"], one["outcome"]) for one in self._seen("connect")]

    @property
    def commands(self) -> list[list[str]]:
        """The programs that began in this network; one that replaced another by exec comes after it."""
        return [list(one["command"]) for one in self._seen("began")]

    @property
    def process_ids(self) -> list[int]:
        """The processes in which a program began."""
        return [int(one["pid"]) for one in self._seen("began")]

    def touched(self, *names: str) -> list[Lookup | Connect]:
        """What was looked up or connected to among these host names and addresses."""
        met: list[Lookup | Connect] = [one for one in self.lookups if one.host.lower() in names]
        return met + [one for one in self.connects if one.address in names]

    def strangers(self, allowed: Iterable[str]) -> list[Connect]:
        """Connections to any address but these."""
        known = set(allowed)
        return [one for one in self.connects if one.address not in known]

    def _seen(self, kind: str) -> list[Json]:
        file = Path(f"{self.file}.seen")
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        events: list[Json] = [json.loads(line) for line in lines]
        return [event for event in events if event["event"] == kind]

    def _write(self) -> None:
        said = {
            "hosts": self._hosts,
            "routes": self._routes,
            "open": list(self.open),
            "trust": str(self.trust) if self.trust else None,
        }
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps(said), encoding="utf-8")
        fresh.replace(self.file)  # a reader sees the old one or the new one, never half of it
