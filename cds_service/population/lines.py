"""Lines of NDJSON, looked at as briefly as can be: which type, whose, and is it JSON at all.

Most lines of a hospital are about nobody with either disease. They are walked over by msgspec, which checks that they
are JSON and builds no object but the few members named here.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, cast

import msgspec
import orjson

from cds_service.fhir.shapes import SHAPES
from cds_service.population import storage
from cds_service.population.export import InputFile
from cds_service.population.plan import Slice

LONGEST_LINE = 32 << 20
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


Line = tuple[int, bytes, str]
"""A line: its number in its slice, from 1, its bytes, why it could not be read. A plain tuple: there are millions."""

_decode = msgspec.json.Decoder(Head).decode


def head_of(line: bytes) -> Head | str:
    """The head of a line, or the reason why it has none."""
    try:
        head = _decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
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


def lines_of(file: InputFile, piece: Slice) -> Iterator[Line]:
    """The lines of a slice that are not blank. Blank ones are numbered and not given."""
    with storage.open_to_read(file.path) as raw:
        stream = cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if file.packed else raw
        if piece.start:
            stream.seek(piece.start - 1)
            _skip_line(stream)
        yield from _lines(stream, piece.end)


def _lines(stream: BinaryIO, end: int) -> Iterator[Line]:
    """Lines with their numbers, of a plain file those that begin before `end`."""
    number = 0
    place = stream.tell() if end else 0
    try:
        while (not end or place < end) and (line := stream.readline(LONGEST_LINE + 1)):
            number += 1
            place += len(line)
            if len(line) > LONGEST_LINE:
                place += 0 if line.endswith(b"\n") else _skip_line(stream)
                yield number, b"", TOO_LONG
            elif bare := line.strip():
                yield number, bare.removeprefix(_BOM) if number == 1 else bare, ""
    except UNREADABLE:
        yield number + 1, b"", CUT_OFF


def _skip_line(stream: BinaryIO) -> int:
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
