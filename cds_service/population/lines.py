"""Lines of NDJSON, looked at as briefly as can be: which type, whose, and is it JSON at all.

Most lines of a hospital are about nobody with either disease. They are walked over by msgspec, which checks that they
are JSON and builds no object but the few members named here.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator, Mapping
from io import BufferedReader
from typing import Any, cast

import msgspec
import orjson

from cds_service.fhir.shapes import SHAPES
from cds_service.population import storage
from cds_service.population.export import InputFile
from cds_service.population.plan import Slice

LONGEST_LINE = 32 << 20
_BLOCK = 256 << 10
UNREADABLE = (OSError, EOFError, zlib.error)
NOT_JSON, NOT_AN_OBJECT, NO_TYPE = "is not JSON", "is not an object", "holds no FHIR resource"
TOO_LONG, CUT_OFF = "is longer than a line may be", "the file cannot be read on from here"
SUBJECTS: Mapping[str, str] = {kind: shape.subject for kind, shape in SHAPES.items()}
"""Which element of the types that are read says whose they are."""

_REFERENCE = re.compile(
    r"(?:https?://[^\s?#]+/)?Patient/([A-Za-z0-9._-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?", re.A
)
_LONGEST_REFERENCE = 1024
_BOM = b"\xef\xbb\xbf"


class Pointer(msgspec.Struct, gc=False):
    """A FHIR Reference."""

    reference: str = ""


class Head(msgspec.Struct, gc=False):
    """What is looked at of a line."""

    resourceType: str = ""  # noqa: N815 - as FHIR spells it
    id: str = ""
    subject: Pointer | None = None
    patient: Pointer | None = None


Block = tuple[int, list[bytes], str]
"""Lines that follow one another: the number of the first in its slice, from 1; or none, and why that one is none."""

decode = msgspec.json.Decoder(Head).decode
UNCLEAR = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What `decode` raises for a line that has to be looked at with more patience: by `head_of`."""


def head_of(line: bytes) -> Head | str:
    """The head of a line, or the reason why it has none."""
    try:
        head = decode(line)
    except UNCLEAR:
        return _loosely(line)
    return head if head.resourceType else NO_TYPE


def reference_in(head: Head, subject: str) -> str:
    """Whom a line is about, as it is written; empty where it does not say. `subject` is the element that says it."""
    pointer = head.patient if subject == "patient" else head.subject
    return pointer.reference if pointer is not None else ""


def patient_in(reference: str) -> str:
    """The id in a reference to a Patient, relative or with an address before it; empty for any other."""
    found = _REFERENCE.fullmatch(reference) if len(reference) <= _LONGEST_REFERENCE else None
    return found[1] if found is not None else ""


def lines_of(file: InputFile, piece: Slice) -> Iterator[bytes]:
    """The lines of a slice that can be read and are not blank."""
    for _, lines, _ in blocks_of(file, piece):
        for number, line in enumerate(lines):
            if content := bare(line, is_first=not (number or piece.start)):
                yield content


def blocks_of(file: InputFile, piece: Slice) -> Iterator[Block]:
    """The lines of a slice, as they come, blank ones too."""
    with storage.open_to_read(file.path) as raw:
        stream = cast("BufferedReader", gzip.GzipFile(fileobj=raw) if file.packed else raw)
        if piece.start:
            stream.seek(piece.start - 1)
            _skip_line(stream)
        yield from _blocks(stream, piece.end)


def bare(line: bytes, *, is_first: bool) -> bytes:
    """A line without white space around it, and the first one of a file without a byte order mark."""
    content = line.strip()
    return content.removeprefix(_BOM) if is_first else content


def _blocks(stream: BufferedReader, end: int) -> Iterator[Block]:
    """All lines, of a plain file those that begin before `end`."""
    number, rest = 1, b""
    place = stream.tell() if end else 0
    try:
        while chunk := _next(stream, end - place if end else _BLOCK):
            place += len(chunk)
            whole = rest + chunk if rest else chunk
            lines = whole.split(b"\n")
            rest = lines.pop()
            yield from _measured(number, lines, len(whole))
            number += len(lines)
            if len(rest) > LONGEST_LINE:
                place += _skip_line(stream)
                yield number, [], TOO_LONG
                number, rest = number + 1, b""
        if rest:
            rest += stream.readline(LONGEST_LINE) if end else b""
            yield from _measured(number, [rest], len(rest))
    except UNREADABLE:
        yield number, [], CUT_OFF


def _next(stream: BufferedReader, left: int) -> bytes:
    # read1: what could be unpacked before the place where a packed file is broken is given, read would lose it.
    return stream.read1(min(left, _BLOCK)) if left > 0 else b""


def _measured(number: int, lines: list[bytes], size: int) -> Iterator[Block]:
    """The lines as one block; one that is too long is a fault between two of them."""
    if size > LONGEST_LINE:
        for place, line in enumerate(lines):
            if len(line) > LONGEST_LINE:
                yield number, lines[:place], ""
                yield number + place, [], TOO_LONG
                yield from _measured(number + place + 1, lines[place + 1 :], size)
                return
    if lines:
        yield number, lines, ""


def _skip_line(stream: BufferedReader) -> int:
    """To the beginning of the next line; how many bytes that was."""
    skipped = 0
    while line := stream.readline(LONGEST_LINE):
        skipped += len(line)
        if line.endswith(b"\n"):
            break
    return skipped


def _loosely(line: bytes) -> Head | str:
    """A line in which something is not of the type FHIR asks for: what can be told of it all the same."""
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError:
        return NOT_JSON
    if not isinstance(document, dict):
        return NOT_AN_OBJECT
    kind = document.get("resourceType")
    if not isinstance(kind, str) or not kind:
        return NO_TYPE
    identifier = document.get("id")
    return Head(
        kind,
        identifier if isinstance(identifier, str) else "",
        _pointer(document.get("subject")),
        _pointer(document.get("patient")),
    )


def _pointer(value: Any) -> Pointer | None:
    reference = value.get("reference") if isinstance(value, dict) else None
    return Pointer(reference) if isinstance(reference, str) else None
