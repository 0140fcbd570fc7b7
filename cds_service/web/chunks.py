"""A chunked body, taken from its frames piece by piece as it arrives (RFC 9112 section 7.1).

Stricter than the grammar where two readers could disagree about the end of a request: no bare LF, no blank before
the end of a size line, no control character in an extension.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gunicorn.http import errors as http_errors  # type: ignore[import-untyped]

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = rb'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
_EXTENSION = rb"[ \t]*;[ \t]*" + _TOKEN + rb"(?:[ \t]*=[ \t]*(?:" + _TOKEN + rb"|" + _QUOTED + rb"))?"
# 15 hexadecimal digits are beyond any limit and still a cheap number.
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:" + _EXTENSION + rb")*\r\n")
_END_AND_SIZE = re.compile(rb"\r\n" + _SIZE.pattern)
_MOST_IN_A_LINE = 1024
_MOST_IN_TRAILERS = 8192
_FRAMES_FOR_NOTHING = 64 * 1024
"""Octets of framing beyond as many as the body has: chunks of single octets cost more work than they are worth."""


class ChunkedBody:
    """What has arrived of a chunked body of at most `most` octets.

    `check_trailers` gets the trailer section without its final empty line and raises if it may not stand there.
    `too_large` is set, and nothing more is read, once the body is known to be larger than allowed.
    """

    def __init__(self, most: int, check_trailers: Callable[[bytes], object]) -> None:
        self._most = most
        self._check_trailers = check_trailers
        self._held = b""
        self._missing = 0
        self._frames = 0
        self._size = _SIZE
        self._last = False
        self.body = bytearray()
        self.rest = b""
        self.whole = False
        self.too_large = False

    @property
    def octets(self) -> int:
        """How much memory it takes."""
        return len(self.body) + len(self._held)

    def take(self, piece: bytes) -> None:
        """More of the body. Errors: a gunicorn ParseException when it is not framed as it must be."""
        held = self._held + piece
        at = 0
        while not self._last:
            end = min(at + self._missing, len(held))
            self.body += held[at:end]
            self._missing -= end - at
            at = end
            found = None if self._missing else self._size.match(held, at, at + _MOST_IN_A_LINE)
            if found is None:
                break
            at = found.end()
            self._begin_chunk(int(found[1], 16), at - found.start())
        self._held = held[at:]
        if self.too_large:
            self._held = b""
        elif self._last:
            self._end()
        elif not self._missing:
            self._check_unfinished_line()

    def _begin_chunk(self, size: int, framed: int) -> None:
        self._size = _END_AND_SIZE
        self._missing = size
        self._frames += framed
        known = len(self.body) + size
        self.too_large = known > self._most or self._frames > known + _FRAMES_FOR_NOTHING
        self._last = self.too_large or size == 0

    def _check_unfinished_line(self) -> None:
        """What is held is the beginning of a size line, or no size line at all."""
        held = self._held
        if self._size is _END_AND_SIZE:
            if not b"\r\n".startswith(held[:2]):
                raise http_errors.ChunkMissingTerminator(b"")
            held = held[2:]
        if b"\n" in held or len(held) > _MOST_IN_A_LINE:
            raise http_errors.InvalidChunkSize(b"")

    def _end(self) -> None:
        held = self._held
        if held.startswith(b"\r\n"):
            self.rest = held[2:]
            self.whole = True
        elif (end := held.find(b"\r\n\r\n")) >= 0:
            self._check_trailers(held[:end])
            self.rest = held[end + 4 :]
            self.whole = True
        elif len(held) > _MOST_IN_TRAILERS:
            raise http_errors.LimitRequestHeaders("trailers")
        if self.whole:
            self._held = b""
