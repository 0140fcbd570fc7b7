"""Listens where nobody should call, and remembers who did."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

SECONDS_TO_LISTEN = 1.0
_TLS_HANDSHAKE = b"\x16\x03"


@dataclass(frozen=True, slots=True)
class Caller:
    """A connection that should not have been: to which address and port, and how it began (4 KiB at most)."""

    address: str
    port: int
    began_with: bytes
    at: float

    @property
    def spoke_tls(self) -> bool:
        return self.began_with.startswith(_TLS_HANDSHAKE)


@dataclass(slots=True)
class Sink:
    """The listeners of a block. `connections` counts at once; `callers` knows a moment later what they said."""

    places: list[tuple[str, int]] = field(default_factory=list)
    callers: list[Caller] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        """The first listener as an origin by http."""
        address, port = self.places[0]
        return f"http://{f'[{address}]' if ':' in address else address}:{port}"

    def port_at(self, address: str) -> int:
        return next(port for held, port in self.places if held == address)

    def forget(self) -> None:
        self.callers.clear()
        self.connections = 0

    def said(self, canary: str) -> bool:
        """Whether any caller began with a text that has this in it."""
        return any(canary.encode() in caller.began_with for caller in self.callers)


@contextmanager
def sink(*addresses: str, ports: tuple[int, ...] = (0,)) -> Iterator[Sink]:
    """Listens on all these ports of all these loopback addresses (default 127.0.0.1; 0 is any free port)."""
    kept = Sink()
    with ExitStack() as opened:
        for address in addresses or ("127.0.0.1",):
            for port in ports:
                listener = opened.enter_context(_listener(address, port))
                place = listener.getsockname()[:2]
                kept.places.append(place)
                threading.Thread(target=_accept, args=(kept, listener, *place), daemon=True).start()
        yield kept


@contextmanager
def _listener(address: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, port), family=family)
    try:
        yield listener
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # wakes the accepting thread
        listener.close()


def _accept(kept: Sink, listener: socket.socket, address: str, port: int) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            kept.connections += 1
            threading.Thread(target=_note, args=(kept, connection, address, port), daemon=True).start()


def _note(kept: Sink, connection: socket.socket, address: str, port: int) -> None:
    began = b""
    with connection, suppress(OSError):
        connection.settimeout(SECONDS_TO_LISTEN)
        began = connection.recv(4096)
    kept.callers.append(Caller(address, port, began, time.monotonic()))
