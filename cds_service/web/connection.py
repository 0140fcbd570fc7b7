"""One connection of a client, and what the worker waits for on it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from cds_service.web.gathering import PIECE, Gathering


class Phase(Enum):
    """What a connection is doing. Only in `WORK` may it have a thread; otherwise it waits in the worker's poller."""

    IDLE = "nothing of a request has come"
    HEAD = "the head of a request is arriving"
    BODY = "its body is arriving"
    WORK = "it is whole, and waits for a thread or has one"
    SENDING = "the client is slow to read the answer"
    LEAVING = "the last answer is sent; what still comes is thrown away"
    CLOSED = "over"


_WORTH = {Phase.HEAD: 0, Phase.LEAVING: 1, Phase.IDLE: 2, Phase.BODY: 3, Phase.SENDING: 4}


@dataclass(slots=True, eq=False)
class Connection:
    """A client's connection. `deadline` is on the monotonic clock and counts for the phase it is in.

    `events` is what the poller watches, `held` how many octets it keeps in memory, `answered` how many requests
    were answered, `last` whether it is closed after the answer, `discarded` how many octets came after that.
    """

    sock: socket.socket
    client: Any
    server: Any
    gathering: Gathering
    phase: Phase = Phase.IDLE
    deadline: float = 0.0
    events: int = 0
    held: int = 0
    answered: int = 0
    last: bool = False
    discarded: int = 0
    unsent: bytes = b""

    def receive(self) -> bytes | None:
        """What has come: empty when the client has finished, None when nothing is there yet.

        Errors: OSError when the connection is broken.
        """
        try:
            return self.sock.recv(PIECE if self.phase is Phase.LEAVING else self.gathering.room)
        except (BlockingIOError, InterruptedError):
            return None

    def send(self, octets: bytes) -> None:
        """Send what the client takes now, and keep the rest in `unsent`. Errors: OSError when it is gone."""
        try:
            self.unsent = octets[self.sock.send(octets) :]
        except (BlockingIOError, InterruptedError):
            self.unsent = octets

    def farewell(self) -> None:
        """Say that nothing more will come. Errors: OSError when the client is gone."""
        self.sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close the socket."""
        self.phase = Phase.CLOSED
        self.unsent = b""
        self.sock.close()


class Waiting:
    """The connections in the poller, those that have been there longest first."""

    def __init__(self) -> None:
        self._connections: dict[Connection, None] = {}

    def __iter__(self) -> Iterator[Connection]:
        return iter(tuple(self._connections))

    def add(self, connection: Connection) -> None:
        """It waits in the poller again."""
        self._connections[connection] = None

    def remove(self, connection: Connection) -> None:
        """It is at work or closed."""
        self._connections.pop(connection, None)

    def overdue(self, now: float) -> list[Connection]:
        """Those whose deadline has passed."""
        return [one for one in self._connections if one.deadline <= now]

    def dispensable(self) -> Connection | None:
        """Which one is closed to make room: one that is slow to say what it wants, before any that was useful."""
        return min(self._connections, key=lambda one: _WORTH[one.phase], default=None)

    def largest(self) -> Connection | None:
        """The one that takes most memory, if any takes some."""
        largest = max(self._connections, key=lambda one: one.held, default=None)
        return largest if largest and largest.held else None


class Answer:
    """Stands in for the socket while the app answers: an answer leaves whole, and no thread waits for a reader."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def sendall(self, octets: bytes) -> None:
        """Keep what the app says."""
        self._pieces.append(octets)

    def octets(self) -> bytes:
        """All of it."""
        return b"".join(self._pieces)
