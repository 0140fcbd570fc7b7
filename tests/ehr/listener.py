"""A small HTTP server in threads: it tells its handler's truth unless its script says otherwise, and records all."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.ehr.exchange import Answer, Connection, Request, named, outcome_answer
from tests.ehr.script import Handler, Script

SECONDS_TO_SHAKE_HANDS = 10.0


@dataclass(slots=True)
class Listener:
    """A running server. `requests` holds what came in whole; `connections` counts who came at all."""

    handler: Handler
    host: str = "127.0.0.1"
    port: int = 0
    tls: ssl.SSLContext | None = None
    script: Script = field(default_factory=Script)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    failed_handshakes: int = 0
    octets_sent: int = 0
    _socket: socket.socket | None = None
    _closing: threading.Event = field(default_factory=threading.Event)
    _open: set[socket.socket] = field(default_factory=set)
    _names: dict[int, str | None] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The origin by address; servers with TLS are better named: `at`."""
        return self.at(self.host)

    def at(self, name: str) -> str:
        """The origin under a host name."""
        return f"{'https' if self.tls else 'http'}://{name}:{self.port}"

    def asked_for(self, segment: str) -> list[Request]:
        """The requests whose path has this segment, for example a resource type."""
        return named(list(self.requests), segment)

    def forget(self) -> None:
        """Empties script and records, and ends kept connections: the next test begins anew."""
        self.script.clear()
        self.requests.clear()
        self.connections = self.failed_handshakes = self.octets_sent = 0
        self._drop()

    def listen(self) -> None:
        """Opens the port; the same one again after `refuse`."""
        if self.tls:
            self.tls.sni_callback = self._note_name
        self._socket = socket.create_server((self.host, self.port), backlog=128)
        self.port = self._socket.getsockname()[1]
        self._closing = threading.Event()
        threading.Thread(target=self._accept, args=(self._socket, self._closing), daemon=True).start()

    def refuse(self) -> None:
        """Closes the port and every connection: who comes now is refused."""
        self._closing.set()
        if self._socket:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)  # wakes the accepting thread, which close alone does not
            self._socket.close()
        self._drop()

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Connections are refused for the time of a block."""
        self.refuse()
        try:
            yield
        finally:
            self.listen()

    def _drop(self) -> None:
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self, listening: socket.socket, closing: threading.Event) -> None:
        with suppress(OSError):
            while not closing.is_set():
                raw, _ = listening.accept()
                self.connections += 1
                arguments = (raw, self.connections, closing)
                threading.Thread(target=self._serve, args=arguments, daemon=True).start()

    def _serve(self, raw: socket.socket, number: int, closing: threading.Event) -> None:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open.add(raw)
        try:
            plain, name = self._shaken(raw)
        except OSError:  # ssl.SSLError is one
            self.failed_handshakes += 1
            self._open.discard(raw)
            raw.close()
            return
        self._open.discard(raw)
        self._open.add(plain)
        connection = Connection(plain, number, closing, "https" if self.tls else "http", name)
        self._answer_all(connection)
        connection.close()
        self._open.discard(plain)

    def _shaken(self, raw: socket.socket) -> tuple[socket.socket, str | None]:
        if self.tls is None:
            return raw, None
        raw.settimeout(SECONDS_TO_SHAKE_HANDS)
        self._names.pop(raw.fileno(), None)
        wrapped = self.tls.wrap_socket(raw, server_side=True)
        wrapped.settimeout(None)
        return wrapped, self._names.pop(wrapped.fileno(), None)

    def _note_name(self, asked: ssl.SSLObject | ssl.SSLSocket, name: str | None, _context: ssl.SSLContext) -> None:
        if isinstance(asked, ssl.SSLSocket):
            self._names[asked.fileno()] = name

    def _answer_all(self, connection: Connection) -> None:
        while not connection.closed and (request := connection.next_request()):
            self.requests.append(request)
            before = connection.sent
            self.script.due(request)(connection, request, lambda asked=request: self._truth(asked))  # type: ignore[misc]
            self.octets_sent += connection.sent - before

    def _truth(self, request: Request) -> Answer:
        try:
            return self.handler(request)
        except Exception as error:  # a bug of the harness must show in the test, not hang it
            return outcome_answer(500, f"the test server itself failed: {error!r}")


@contextmanager
def listening(
    handler: Handler, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[Listener]:
    """A server for the time of a block."""
    server = Listener(handler, host, port, tls)
    server.listen()
    try:
        yield server
    finally:
        server.refuse()
