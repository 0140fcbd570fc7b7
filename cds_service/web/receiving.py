"""What the worker does for clients without a thread: receive requests, send what is read slowly, refuse, say goodbye.

All of it runs in the main thread of a worker process, and none of it ever waits for a single client.
"""

from __future__ import annotations

import errno
import socket
import time
from abc import abstractmethod
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from cds_service.errors import Overloaded
from cds_service.settings import load
from cds_service.web.connection import Connection, Phase, Waiting
from cds_service.web.gathering import Gathering, head_parser
from cds_service.web.refusals import Refusals, TooSlow, status_of_fault

BODIES_HELD = 8
"""Memory for what is gathered and what is not sent yet, in bodies of the largest size ..."""
LEAST_HELD = 16 * 1024 * 1024
"""... and at least as many octets."""
_SECONDS_BETWEEN_LOOKS = 0.5
_AT_A_TIME = 20
_GO_AHEAD = b"HTTP/1.1 100 Continue\r\n\r\n"


class ReceivingWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn is untyped
    """gunicorn's thread worker with another way to receive. A subclass does the work: `admit`, then `answered`.

    All durations are in seconds, and are kept to about one second: that often the loop looks round.
    """

    head_seconds: float = 5
    """For the head of a request, from its first octet."""
    body_seconds: float = 10
    """For its body, from the end of the head."""
    sending_seconds: float = 10
    """For a client to read an answer that it did not take at once."""
    leaving_seconds: float = 2
    """For a client to read the last answer and to close. Closing first could destroy the answer on its way."""
    worker_connections: int

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        settings = load()
        self.refusals = Refusals(settings)
        self._most_body = settings.max_body_bytes
        self._most_held = max(LEAST_HELD, BODIES_HELD * self._most_body)
        self._waiting = Waiting()
        self._held = 0
        self._next_look = 0.0

    @abstractmethod
    def admit(self, connection: Connection) -> None:
        """Take over a connection whose request is whole. Errors: Overloaded."""

    def accept(self, listener: socket.socket) -> None:
        """A new connection. When there are as many as allowed, another one has to go."""
        try:
            sock, client = listener.accept()
        except OSError as fault:
            if fault.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EINTR):
                self.log.error("accept_failed fault=%s", errno.errorcode.get(fault.errno or 0))
                time.sleep(0.05)  # out of descriptors: the listener stays readable, to try again at once would spin
            return
        if self.nr_conns >= self.worker_connections - 1 and (other := self._waiting.dispensable()):
            self.drop(other)
        self.nr_conns += 1
        sock.setblocking(False)
        connection = Connection(sock, client, listener.getsockname(), self._gathering(client, 1))
        self._waiting.add(connection)
        self._wait(connection, Phase.IDLE, self.cfg.keepalive)
        self._readable(connection)  # who connects has most often sent a request already

    def answered(self, connection: Connection) -> None:
        """A request is answered, and the answer sent but for `unsent`: wait for the client to read or to ask again."""
        self._waiting.add(connection)
        self._wait(connection, Phase.SENDING, self.sending_seconds)
        self._go_on(connection)

    def murder_pending(self) -> None:
        """gunicorn calls it in every turn of its loop: see whose time is up, and log what was refused."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + _SECONDS_BETWEEN_LOOKS
        overdue = self._waiting.overdue(now)
        if len(overdue) > _AT_A_TIME:
            self._next_look = now
            self.method_queue.defer(lambda: None)  # others are served first, but the loop must not fall asleep
        for connection in overdue[:_AT_A_TIME]:
            if connection.phase in (Phase.HEAD, Phase.BODY):
                self._refuse(connection, TooSlow())
            else:
                self.drop(connection)
        self.refusals.log(self.log)

    def murder_keepalived(self, force: bool = False) -> None:
        """Close what is left when the worker ends; before that, `murder_pending` sees to it."""
        for connection in self._waiting if force else ():
            self.drop(connection)

    def _cap_keepalive(self, deadline: float) -> None:
        """The worker is stopping: idle connections have until `deadline` to send what is on its way."""
        for connection in self._waiting:
            if connection.phase is Phase.IDLE:
                connection.deadline = min(connection.deadline, deadline)

    def _gathering(self, client: Any, number: int) -> Gathering:
        return Gathering(head_parser(self.cfg, client, number), self.cfg.limit_request_line, self._most_body)

    def _readable(self, connection: Connection, _sock: Any = None) -> None:
        if connection.phase is Phase.CLOSED:  # made room for another in the same turn of the loop
            return
        try:
            piece = connection.receive()
        except OSError:
            self.drop(connection)
            return
        if piece is None:
            self._watch(connection, EVENT_READ)
        elif connection.phase is Phase.LEAVING:
            self._discard(connection, piece)
        elif piece:
            self._take(connection, piece)
        elif connection.phase is Phase.IDLE:
            self.drop(connection)
        else:
            self._refuse(connection, ConnectionError())  # the client has finished, its request has not

    def _take(self, connection: Connection, piece: bytes) -> None:
        try:
            self._gather(connection, piece)
            if connection.gathering.whole and connection.phase is Phase.BODY:
                self.admit(connection)
        except Exception as fault:
            self._refuse(connection, fault)

    def _gather(self, connection: Connection, piece: bytes) -> None:
        gathering = connection.gathering
        gathering.take(piece)
        if connection.phase is Phase.IDLE:
            self._wait(connection, Phase.HEAD, self.head_seconds)
        if connection.phase is Phase.HEAD and gathering.request is not None:
            self._wait(connection, Phase.BODY, self.body_seconds)
            if gathering.expects_go_ahead:
                connection.sock.sendall(_GO_AHEAD)
        if not gathering.whole:
            self._watch(connection, EVENT_READ)
        self._hold(connection, gathering.octets)

    def _writable(self, connection: Connection, _sock: Any = None) -> None:
        if connection.phase is Phase.CLOSED:
            return
        try:
            connection.send(connection.unsent)
        except OSError:
            self.drop(connection)
        else:
            self._go_on(connection)

    def _go_on(self, connection: Connection) -> None:
        """After an answer or a piece of it: the rest of it, the end, or the next request."""
        if connection.unsent:
            self._watch(connection, EVENT_WRITE)
            self._hold(connection, len(connection.unsent))
        elif connection.last:
            self._leave(connection)
        elif connection.phase is Phase.SENDING:
            rest = connection.gathering.rest
            connection.answered += 1
            connection.gathering = self._gathering(connection.client, connection.answered + 1)
            self._hold(connection, 0)
            self._wait(connection, Phase.IDLE, self.cfg.keepalive)
            self._take(connection, rest) if rest else self._watch(connection, EVENT_READ)

    def _refuse(self, connection: Connection, fault: Exception) -> None:
        """Say why, and close. In the middle of an answer nothing more can be said."""
        if connection.phase not in (Phase.IDLE, Phase.HEAD, Phase.BODY):
            self.drop(connection)
            return
        status = status_of_fault(fault)
        self.refusals.count(status, fault)
        connection.last = not (isinstance(fault, Overloaded) and self._reusable(connection.gathering))
        try:
            connection.send(self.refusals.answer(status, connection.gathering.origin, keep=not connection.last))
        except OSError:
            self.drop(connection)
        else:
            self._leave(connection) if connection.last else self.answered(connection)

    def _reusable(self, gathering: Gathering) -> bool:
        """Can the connection be used again? If more was sent already, this would go on in a recursion without end."""
        whole = gathering.whole and not gathering.too_large and not gathering.rest
        return whole and self.alive and not gathering.request.should_close()

    def _leave(self, connection: Connection) -> None:
        connection.gathering = self._gathering(connection.client, 0)
        self._hold(connection, 0)
        self._wait(connection, Phase.LEAVING, self.leaving_seconds)
        try:
            connection.farewell()
        except OSError:
            self.drop(connection)
        else:
            self._readable(connection)

    def _discard(self, connection: Connection, piece: bytes) -> None:
        connection.discarded += len(piece)
        if not piece or connection.discarded > 2 * self._most_body:
            self.drop(connection)
        else:
            self._watch(connection, EVENT_READ)

    def drop(self, connection: Connection) -> None:
        """Close a connection without a word."""
        self._watch(connection, 0)
        self._waiting.remove(connection)
        self._hold(connection, 0)
        connection.close()
        self.nr_conns -= 1

    def _hold(self, connection: Connection, octets: int) -> None:
        """Count memory. When there is too much, the largest unfinished one goes: small requests pass a large attack."""
        self._held += octets - connection.held
        connection.held = octets
        while self._held > self._most_held and (largest := self._waiting.largest()):
            self._refuse(largest, Overloaded())

    def _wait(self, connection: Connection, phase: Phase, seconds: float) -> None:
        connection.phase = phase
        connection.deadline = time.monotonic() + seconds

    def _watch(self, connection: Connection, events: int) -> None:
        """Let the poller call `_readable` or `_writable`, or with 0 neither."""
        if events == connection.events:
            return
        if connection.events:
            self.poller.unregister(connection.sock)
        if events:
            call = self._writable if events == EVENT_WRITE else self._readable
            self.poller.register(connection.sock, events, partial(call, connection))
        connection.events = events
