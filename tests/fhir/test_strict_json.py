"""What a strict reader refuses (attack cases JSON-01 to JSON-27) and what it forgives."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import MalformedBody
from cds_service.fhir import strict_json

REFUSED = {
    "an array nested 100,000 deep": b"[" * 100_000,
    "an object nested 300 deep": b'{"a":' * 300 + b"1" + b"}" * 300,
    "NaN as a value": b'{"value": NaN}',
    "Infinity as a value": b'{"value": -Infinity}',
    "a key twice at the root": b'{"patientId": "pat-a", "patientId": "pat-b"}',
    "a key twice deep inside": b'{"a": [{"b": {"value": 0.5, "value": 5}}]}',
    "a key twice, once escaped": b'{"value": 1, "\\u0076alue": 2}',
    "a key twice with equal values": b'{"a": 1, "a": 1}',
    "a key twice, hidden behind escaped quotes": b'{"a": "xx", "a": "\\u0022\\u0022\\u0022\\u0022"}',
    "a key twice, hidden in an object that is dropped": b'{"a": {"b": "\\""}, "a": 1}',
    "an invalid byte": b'{"a": "\xff\xfe"}',
    "an encoded surrogate": b'{"a": "\xed\xa0\x80"}',
    "a lone surrogate": b'{"a": "\\ud800"}',
    "an exponent no double can hold": b'{"value": 1E+1000000}',
    "an integer of 5,000 digits": b'{"count": ' + b"9" * 5000 + b"}",
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"x"',
    "a number": b"7",
    "something after the document": b'{"a": 1} x',
    "a comment": b'{"a": 1 /* no */}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_it_refuses_without_repeating_the_input(body: bytes) -> None:
    started = time.perf_counter()
    with pytest.raises(MalformedBody) as refusal:
        strict_json.read(body)
    assert time.perf_counter() - started < 0.3
    assert refusal.value.message.startswith(("The body", "An object"))
    assert "pat-" not in refusal.value.message


READ = {
    "a byte order mark before it": (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
    "an escaped quote": (b'{"a": "say \\"ah\\""}', {"a": 'say "ah"'}),
    "an escaped quote written as code point": (b'{"a": "say \\u0022ah\\u0022"}', {"a": 'say "ah"'}),
    "a backslash before what looks like that escape": (b'{"a": "\\\\u0022"}', {"a": "\\u0022"}),
    "U+0000 in a text": (b'{"a": "x\\u0000y"}', {"a": "x\x00y"}),
    "one key in two objects": (b'[{"a": 1}, {"a": 2}]'.join((b'{"x": ', b"}")), {"x": [{"a": 1}, {"a": 2}]}),
    "keys that differ in case": (b'{"a": 1, "A": 2}', {"a": 1, "A": 2}),
    "200 levels": (b'{"a":' * 200 + b"1" + b"}" * 200, None),
}


@pytest.mark.parametrize(("body", "expected"), READ.values(), ids=READ.keys())
def test_it_reads(body: bytes, expected: object) -> None:
    assert strict_json.read(body) == (expected if expected is not None else json.loads(body))


texts = st.text(max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(texts, values, max_size=5), st.booleans())
def test_every_object_written_once_is_read_back(document: dict[str, object], ascii_only: bool) -> None:
    assert strict_json.read(json.dumps(document, ensure_ascii=ascii_only).encode()) == document


@given(texts, values, values, st.booleans())
def test_every_repeated_key_is_refused(key: str, first: object, second: object, ascii_only: bool) -> None:
    name, before, after = (json.dumps(part, ensure_ascii=ascii_only) for part in (key, first, second))
    for body in (f"{{{name}: {before}, {name}: {after}}}", f'{{"list": [{{{name}: {before}, {name}: {after}}}]}}'):
        with pytest.raises(MalformedBody):
            strict_json.read(body.encode())
