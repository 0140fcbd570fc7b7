"""One request and its answer on a socket of ours: what was asked, what is said, and a connection that may misbehave."""

from __future__ import annotations

import json
import select
import socket
import struct
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Json = dict[str, Any]
FHIR_JSON = "application/fhir+json; charset=utf-8"
MOST_HEAD_OCTETS = 262_144

_REASONS = {
    200: "OK",
    201: "Created",
    204: "No Content",
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    410: "Gone",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked. `on_connection` counts from 1: above 1 the connection was kept alive and used again."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    connection: int
    on_connection: int
    scheme: str
    server_name: str | None
    """The host name the client asked for in the TLS handshake (SNI)."""
    at: float
    """Seconds of `time.monotonic` when the whole request had arrived."""

    @property
    def path(self) -> str:
        """The path as sent: still percent-encoded."""
        return urlsplit(self.target).path

    @property
    def query(self) -> list[tuple[str, str]]:
        """The parameters of the address and, of a form, those of the body."""
        form = self.body.decode() if "x-www-form-urlencoded" in (self.header("content-type") or "") else ""
        asked = "&".join(part for part in (urlsplit(self.target).query, form) if part)
        return parse_qsl(asked, keep_blank_values=True)

    def header(self, name: str) -> str | None:
        """The first header of that name, in any letter case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def headers_of(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass(frozen=True, slots=True)
class Answer:
    """A well-formed answer: the truth, before any fault."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def json(self) -> Json:
        read: Json = json.loads(self.body)
        return read

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def with_header(self, name: str, value: str | None) -> Answer:
        """The same answer with this header alone under its name; None removes it."""
        kept = tuple((key, old) for key, old in self.headers if key.lower() != name.lower())
        return replace(self, headers=kept if value is None else (*kept, (name, value)))

    def with_json(self, body: object) -> Answer:
        return replace(self, body=json.dumps(body).encode())

    def head(self, length: int | None = -1, keep_alive: bool = True) -> bytes:
        """Status line and headers. `length` is the Content-Length claimed: -1 the true one, None leaves it out."""
        said = [f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Status')}"]
        said += [
            f"{key}: {value}" for key, value in self.headers if key.lower() not in ("content-length", "connection")
        ]
        if length is not None:
            said.append(f"Content-Length: {len(self.body) if length == -1 else length}")
        said.append(f"Connection: {'keep-alive' if keep_alive else 'close'}")
        return "\r\n".join([*said, "", ""]).encode("latin-1")


def fhir_answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer of FHIR JSON."""
    return Answer(status, (("Content-Type", FHIR_JSON), *(headers or {}).items()), json.dumps(body).encode())


def outcome_answer(status: int, code: str, headers: Mapping[str, str] | None = None) -> Answer:
    """A refusal with an OperationOutcome."""
    issue = {"severity": "error", "code": code, "details": {"text": f"test EHR: {code}"}}
    return fhir_answer({"resourceType": "OperationOutcome", "issue": [issue]}, status, headers)


@dataclass(slots=True)
class Connection:
    """A client's connection, with the ways to treat it badly. Everything ends when `closing` is set."""

    socket: socket.socket
    number: int
    closing: threading.Event
    scheme: str = "http"
    server_name: str | None = None
    sent: int = 0
    closed: bool = False
    _unread: bytes = b""
    requests: int = field(default=0)

    def send(self, data: bytes) -> bool:
        """False when the client has left."""
        try:
            self.socket.sendall(data)
        except OSError:
            self.close()
            return False
        self.sent += len(data)
        return True

    def drip(self, data: bytes, octets: int, seconds: float) -> bool:
        """Sends so many octets at a time with a pause after each."""
        for start in range(0, len(data), octets):
            if not self.send(data[start : start + octets]) or not self.wait(seconds):
                return False
        return True

    def wait(self, seconds: float) -> bool:
        """Waits; False as soon as the client has left or the server closes."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.closing.wait(min(left, 0.05)):
                return False
            if select.select([self.socket], [], [], 0)[0]:  # data of a waiting client can only be its good-bye
                return False
        return True

    def reset(self) -> None:
        """Ends with RST: what is under way is lost."""
        with suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._end(polite=False)

    def half_close(self) -> None:
        """Ends our direction (FIN) and goes on listening."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._end(polite=True)

    def _end(self, polite: bool) -> None:
        self.closed = True
        with suppress(OSError):
            if polite:
                self.socket.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            self.socket.close()

    def next_request(self) -> Request | None:
        """The next whole request, or None when the client is done or speaks no HTTP."""
        with suppress(OSError, ValueError):
            return self._read()
        return None

    def _read(self) -> Request | None:
        while b"\r\n\r\n" not in self._unread and len(self._unread) < MOST_HEAD_OCTETS:
            if not self._more():
                return None
        head, _, rest = self._unread.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _version = first.split(" ", 2)
        headers = tuple(_header(line) for line in lines)
        length = int(next((value for key, value in headers if key.lower() == "content-length"), "0"))
        self._unread = rest
        while len(self._unread) < length:
            if not self._more():
                return None
        body, self._unread = self._unread[:length], self._unread[length:]
        self.requests += 1
        asked = (self.number, self.requests, self.scheme, self.server_name, time.monotonic())
        return Request(method, target, headers, body, *asked)

    def _more(self) -> bool:
        got = self.socket.recv(65_536)
        self._unread += got
        return bool(got)


def _header(line: str) -> tuple[str, str]:
    key, _, value = line.partition(":")
    return key.strip(), value.strip()


def named(requests: Iterable[Request], part: str) -> list[Request]:
    """Those whose path has this segment, for example a resource type."""
    return [one for one in requests if part in one.path.split("/")]
