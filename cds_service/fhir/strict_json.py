"""Strict JSON: what RFC 8259 leaves open and a parser usually forgives is refused here (cases JSON-01 to JSON-27).

orjson alone refuses NaN and Infinity, numbers that no double can hold, invalid UTF-8, lone surrogates, and
anything after the document. It keeps the last of two equal keys in silence, and that is the one that
would let `patientId` or a laboratory value mean two things: it is looked for here.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

from cds_service.errors import MalformedBody

_BOM = b"\xef\xbb\xbf"
_ESCAPED_QUOTE = b"\\u0022"
_NOT_JSON = "The body is not JSON in UTF-8."
_NOT_AN_OBJECT = "The body must be a JSON object."
_TOO_DEEP = "The body is nested deeper than this service reads."
_KEY_TWICE = "An object in the body names one key twice."


def read(body: bytes) -> dict[str, Any]:
    """The object in a request body. A byte order mark before it is tolerated (JSON-10).

    Errors: MalformedBody, which never repeats the input.
    """
    text = body[len(_BOM) :] if body.startswith(_BOM) else body
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise MalformedBody(_NOT_JSON) from None
    if not isinstance(document, dict):
        raise MalformedBody(_NOT_AN_OBJECT)
    _refuse_repeated_keys(text, document)
    return document


def _refuse_repeated_keys(text: bytes, document: dict[str, Any]) -> None:
    """Compare quotation marks: a key that was dropped took at least two of them along.

    Every string has the same marks in the body and when written again: two around it, and one for each
    `\\"` inside. Only `\\u0022` is a mark that the body does not show, so a body with that sequence goes
    the slow way. A body that comes back byte for byte has lost nothing either.
    Writing again also bounds the depth: orjson writes 254 levels, FHIR needs about 20.
    """
    try:
        written = orjson.dumps(document)
    except orjson.JSONEncodeError:
        raise MalformedBody(_TOO_DEEP) from None
    if written == text:
        return
    # Looking for one byte first is much cheaper than looking for six.
    if b"\\" in text and _ESCAPED_QUOTE in text:
        json.loads(text, object_pairs_hook=_without_repeats)
    elif text.count(b'"') != written.count(b'"'):
        raise MalformedBody(_KEY_TWICE)


def _without_repeats(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise MalformedBody(_KEY_TWICE)
