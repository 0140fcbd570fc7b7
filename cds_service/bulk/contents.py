"""What lies in a file that was fetched: its lines, its digest, and whether it is whole NDJSON."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_CHUNK = 1 << 20
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Contents:
    """`lines` are those that are not blank, `size` and `digest` (SHA-256) are of the file as it lies there.

    `fault` says why it is no whole NDJSON; empty when it is.
    """

    lines: int
    size: int
    digest: str
    is_packed: bool
    fault: str = ""


def contents_of(path: Path, *, most: int) -> Contents:
    """Read a file once; a packed one may have at most so many bytes when it is unpacked. Errors: OSError."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        is_packed = stream.read(2) == _GZIP
        stream.seek(0)
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    lines, fault = _counted(path, is_packed, most)
    return Contents(lines, size, digest.hexdigest(), is_packed, fault)


def _counted(path: Path, is_packed: bool, most: int) -> tuple[int, str]:
    count = _Count()
    try:
        for chunk in _unpacked(path) if is_packed else _plain(path):
            count.add(chunk)
            if count.size > most:
                return count.lines, "is too large when it is unpacked"
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return count.lines, "is a broken gzip file"
    return count.end()


def _plain(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _unpacked(path: Path) -> Iterator[bytes]:
    with gzip.open(path) as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


class _Count:
    """Counts lines chunk by chunk: a line may be larger than memory."""

    def __init__(self) -> None:
        self.lines = self.size = 0
        self._in_line = False
        self._first, self._last = b"", b""

    def add(self, chunk: bytes) -> None:
        if not self.size:
            chunk = chunk.removeprefix(_BOM)
        self.size += len(chunk)
        first, *others = chunk.split(b"\n")
        self._in_line |= bool(first.strip())
        for piece in others:
            self.lines += self._in_line
            self._in_line = bool(piece.strip())
        bare = chunk.strip()
        if bare:
            self._first = self._first or bare[:1]
            self._last = bare[-1:]

    def end(self) -> tuple[int, str]:
        """The number of lines, and what is wrong with the whole."""
        lines = self.lines + self._in_line
        if self._first not in (b"", b"{"):
            return lines, "is not NDJSON"
        return lines, "stops in the middle of a line" if self._last not in (b"", b"}") else ""
