"""One request as far as it has arrived, until it is whole: no socket, no waiting, no thread.

gunicorn's own parser reads the head, once. What the worker goes by (how long the body is, where the next request
begins) is therefore what the app is told, and the two cannot disagree about the end of a request.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

from gunicorn.http import errors as http_errors  # type: ignore[import-untyped]
from gunicorn.http.body import ChunkedReader  # type: ignore[import-untyped]
from gunicorn.http.message import Request  # type: ignore[import-untyped]
from gunicorn.http.unreader import IterUnreader  # type: ignore[import-untyped]

from cds_service.web.chunks import ChunkedBody

MOST_IN_A_HEAD = 64 * 1024
"""Octets of request line and headers together. Single lines have limits of their own, in gunicorn's settings."""

PIECE = 64 * 1024
_LARGE_PIECE = 1024 * 1024
_BARE_LF = re.compile(rb"(?<!\r)\n")
_ORIGIN = re.compile(rb"(?i)\r\norigin:[ \t]*([!-~]{1,512})[ \t]*\r\n")
_BEGINNING = re.compile(rb"[\r!-~]")

Parse = Callable[[bytes], Any]
"""From a whole head to gunicorn's Request. Errors: gunicorn's ParseException."""


def head_parser(cfg: Any, client: Any, number: int) -> Parse:
    """Parses the head of the `number`th request of a connection, counted from 1, from the address `client`."""
    return lambda head: Request(cfg, IterUnreader([head]), client, number)


class Gathering:
    """The octets of one request.

    `request` is there once the head is whole, `whole` is set when the body is, and then `rest` is what was sent
    behind it. A body that is announced or found to be larger than `most_body` is not gathered: the request is
    then `whole` without it, `too_large` is set, and the connection cannot be used again.
    """

    def __init__(self, parse: Parse, longest_line: int, most_body: int) -> None:
        self._parse = parse
        self._longest_line = longest_line
        self._most_body = most_body
        self._head = bytearray()
        self._missing = 0
        self._chunks: ChunkedBody | None = None
        self._body: bytes | bytearray = b""
        self.request: Any = None
        self.rest = b""
        self.whole = False
        self.too_large = False

    @property
    def octets(self) -> int:
        """How much memory the request takes so far."""
        return len(self._head) + len(self._body) + len(self.rest) + (self._chunks.octets if self._chunks else 0)

    @property
    def room(self) -> int:
        """How much to ask the socket for: of a body of known length not more than is missing."""
        return min(self._missing, _LARGE_PIECE) or PIECE

    @property
    def expects_go_ahead(self) -> bool:
        """Whether the client waits for 100 Continue (RFC 9110 section 10.1.1). One that sent too much gets none."""
        return self.request is not None and self.request._expected_100_continue and not self.too_large

    @property
    def origin(self) -> str:
        """Where a script in a browser sent it from; found also in a head that could not be read, or not to its end."""
        if self.request is not None:
            return next((value for name, value in self.request.headers if name == "ORIGIN"), "")
        found = _ORIGIN.search(self._head)
        return found.group(1).decode("ascii", "replace") if found else ""

    def take(self, piece: bytes) -> None:
        """More of the request. Errors: gunicorn's ParseException when it cannot be read."""
        if self.request is None:
            self._take_head(piece)
        else:
            self._take_body(piece)

    def finished(self) -> Any:
        """The whole request as gunicorn's, its body ready to be read; a chunked body looks like one of known length."""
        request, body = self.request, self._body
        if self._chunks is not None:
            body = b"" if self.too_large else self._chunks.body
            length = self._most_body + 1 if self.too_large else len(body)
            headers = [(name, value) for name, value in request.headers if name != "TRANSFER-ENCODING"]
            request.headers = [*headers, ("CONTENT-LENGTH", str(length))]
        request.body = io.BytesIO(body)
        request._expected_100_continue = False  # said already
        self._body, self._chunks = b"", None
        return request

    def _take_head(self, piece: bytes) -> None:
        head = self._head
        known = len(head)
        head += piece
        end = head.find(b"\r\n\r\n", max(0, known - 3))
        if end < 0 or end > MOST_IN_A_HEAD:
            self._check_unfinished_head(known)
            return
        self.request = self._parse(bytes(head[: end + 4]))
        behind = bytes(head[end + 4 :])
        self._head = bytearray()
        self._frame()
        self._take_body(behind)

    def _check_unfinished_head(self, known: int) -> None:
        """Refuse what can no longer become a head, instead of waiting for its end."""
        head = self._head
        if len(head) > MOST_IN_A_HEAD:
            raise http_errors.LimitRequestHeaders("head")
        if _BEGINNING.match(head) is None or _BARE_LF.search(head, known):
            raise http_errors.InvalidRequestLine("")
        if len(head) > self._longest_line + 4 and b"\r\n" not in head[2 : self._longest_line + 4]:
            raise http_errors.LimitRequestLine(len(head), self._longest_line)

    def _frame(self) -> None:
        reader = self.request.body.reader
        if isinstance(reader, ChunkedReader):
            check = lambda trailers: self.request.parse_headers(trailers, from_trailer=True)  # noqa: E731
            self._chunks = ChunkedBody(self._most_body, check)
            return
        self._missing = reader.length
        self.too_large = self._missing > self._most_body
        self.whole = self.too_large

    def _take_body(self, piece: bytes) -> None:
        if self.too_large:
            return
        if self._chunks is not None:
            self._take_chunks(self._chunks, piece)
            return
        part = piece[: self._missing]
        if not self._body:
            self._body = part
        else:
            self._body = bytearray(self._body) if isinstance(self._body, bytes) else self._body
            self._body += part
        self._missing -= len(part)
        self.whole = not self._missing
        self.rest = piece[len(part) :]

    def _take_chunks(self, chunks: ChunkedBody, piece: bytes) -> None:
        chunks.take(piece)
        self.too_large = chunks.too_large
        self.whole = chunks.whole or chunks.too_large
        self.rest = chunks.rest
