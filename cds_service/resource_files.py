"""The FHIR resources of a file or a folder, one after another: Bundles, CDS Hooks requests, NDJSON, plain or packed.

Nothing is kept of what was read. What is broken is named by file and line, never by what is in it.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import orjson

_LINES = (".ndjson", ".jsonl")
_SUFFIXES = (".json", *_LINES)
_MEBIBYTE = 1 << 20
_LONGEST_LINE = 32 * _MEBIBYTE
_LARGEST_DOCUMENT = 256 * _MEBIBYTE
_MOST_NAMED = 20
_UNREADABLE = (OSError, EOFError, zlib.error)

Resource = dict[str, Any]


class Broken(NamedTuple):
    """A line (0: a whole file) that could not be read."""

    file: str
    line: int
    reason: str


class ResourceFiles:
    """Iterate over it once. `broken` names the first lines that could not be read, `broken_lines` counts them all.

    `advance` is told the bytes that were done. A line or a document of more bytes than these is not read.
    """

    def __init__(
        self,
        path: Path,
        advance: Callable[[int], None] = lambda _: None,
        *,
        longest_line: int = _LONGEST_LINE,
        largest_document: int = _LARGEST_DOCUMENT,
    ) -> None:
        self._longest_line, self._largest_document = longest_line, largest_document
        self._root = path if path.is_dir() else path.parent
        self.files = tuple(sorted(filter(_is_data, path.rglob("*")))) if path.is_dir() else (path,)
        self.size = sum(file.stat().st_size for file in self.files)
        self.broken: list[Broken] = []
        self.broken_lines = 0
        self._advance = advance

    def __iter__(self) -> Iterator[Resource]:
        for file in self.files:
            try:
                yield from self._in_file(file)
            except _UNREADABLE as error:
                self._refuse(file, 0, f"cannot be read to its end ({type(error).__name__})")

    def _in_file(self, file: Path) -> Iterator[Resource]:
        with file.open("rb") as raw:
            stream: Any = gzip.GzipFile(fileobj=raw) if file.suffix == ".gz" else raw
            if _bare_suffix(file) not in _LINES:
                content = stream.read(self._largest_document + 1)
                if len(content) > self._largest_document:
                    self._refuse(file, 0, "is larger than one document may be: split it, or write NDJSON")
                    return
                if not _is_lines(content):
                    yield from self._in_document(file, 0, content)
                    self._advance(file.stat().st_size)
                    return
                stream.seek(0)
            yield from self._in_lines(file, raw, stream)

    def _in_lines(self, file: Path, raw: BinaryIO, stream: Any) -> Iterator[Resource]:
        number, before = 0, 0
        while line := stream.readline(self._longest_line + 1):
            number += 1
            if len(line) > self._longest_line:
                self._refuse(file, number, "is longer than a line may be")
                while line and not line.endswith(b"\n"):
                    line = stream.readline(self._longest_line)
            elif line.strip():
                yield from self._in_document(file, number, line)
            self._advance(raw.tell() - before)
            before = raw.tell()

    def _in_document(self, file: Path, line: int, content: bytes) -> Iterator[Resource]:
        try:
            document = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
        except orjson.JSONDecodeError:
            self._refuse(file, line, "is not JSON")
            return
        found = 0
        for resource in resources_in(document):
            found += 1
            yield resource
        if not found and not _may_be_empty(document):
            self._refuse(file, line, "holds no FHIR resource")

    def _refuse(self, file: Path, line: int, reason: str) -> None:
        self.broken_lines += 1
        if len(self.broken) < _MOST_NAMED:
            self.broken.append(Broken(file.relative_to(self._root).as_posix(), line, reason))


def resources_in(document: Any) -> Iterator[Resource]:
    """The resources of a document in their order: out of Bundles, Parameters and requests, contained ones too."""
    waiting = [document]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting.extend(reversed(item))
        if not isinstance(item, dict):
            continue
        kind = item.get("resourceType")
        if kind in ("Bundle", "Parameters"):
            parts = item.get("entry" if kind == "Bundle" else "parameter")
            waiting.extend(part.get("resource") for part in _reversed(parts) if isinstance(part, dict))
        elif isinstance(kind, str):
            yield item
            waiting.extend(_reversed(item.get("contained")))
        else:
            waiting.extend(_of_request(item))


def _of_request(item: Resource) -> list[Any]:
    """A CDS Hooks request, a prefetch object, or neither."""
    inside = [item.get("prefetch"), item.get("context")] if "prefetch" in item or "hook" in item else [item]
    values = [value for part in inside if isinstance(part, dict) for value in part.values()]
    return [value for value in reversed(values) if isinstance(value, dict) and "resourceType" in value]


def _may_be_empty(document: Any) -> bool:
    return isinstance(document, dict) and ("resourceType" in document or "hook" in document or "prefetch" in document)


def _reversed(parts: Any) -> list[Any]:
    return parts[::-1] if isinstance(parts, list) else []


def _is_lines(content: bytes) -> bool:
    """NDJSON under another name: several lines, and the first is a whole object."""
    first, _, rest = content.partition(b"\n")
    if not rest.strip() or not first.strip().endswith(b"}"):
        return False
    try:
        return isinstance(orjson.loads(first), dict)
    except orjson.JSONDecodeError:
        return False


def _bare_suffix(file: Path) -> str:
    return Path(file.stem).suffix if file.suffix == ".gz" else file.suffix


def _is_data(file: Path) -> bool:
    return file.is_file() and _bare_suffix(file) in _SUFFIXES
