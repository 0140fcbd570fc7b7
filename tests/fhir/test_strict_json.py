"""What a strict reader refuses (attack cases JSON-01 to JSON-27) and what it forgives."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

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


# Marks, escapes and what looks like them: everything that could make a count of quotation marks come out even.
tricky = st.text(alphabet=st.sampled_from('"\\u02{}[]:, \n\u00e9'), max_size=6)
trees = st.recursive(
    st.none() | st.integers(-9, 9) | tricky,
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(tricky, inner), max_size=3).map(tuple),
    max_leaves=8,
)


def spelled(value: object, draw: Callable[[st.SearchStrategy[str]], str]) -> str:
    """JSON with blanks anywhere and any character escaped. A tuple is an object, whose keys may repeat."""
    blank = draw(st.sampled_from(("", " ", "\n\t")))
    if isinstance(value, str):
        every = draw(st.sampled_from(("", '"', '"\\', "u02")))
        marks = (f"\\u{ord(mark):04x}" if mark in every else json.dumps(mark)[1:-1] for mark in value)
        return f'{blank}"{"".join(marks)}"{blank}'
    if isinstance(value, list):
        return f"{blank}[{','.join(spelled(item, draw) for item in value) or blank}]"
    if isinstance(value, tuple):
        members = (f"{spelled(key, draw)}:{spelled(item, draw)}" for key, item in value)
        return f"{blank}{{{','.join(members) or blank}}}{blank}"
    return f"{blank}{json.dumps(value)}{blank}"


def repeats(value: object) -> bool:
    if isinstance(value, tuple):
        keys = [key for key, _ in value]
        return len(set(keys)) < len(keys) or any(repeats(item) for _, item in value)
    return isinstance(value, list) and any(repeats(item) for item in value)


@given(st.lists(st.tuples(tricky, trees), max_size=4).map(tuple), st.data())
def test_a_body_is_refused_when_it_names_a_key_twice_and_only_then(tree: object, data: st.DataObject) -> None:
    body = spelled(tree, data.draw)
    if repeats(tree):
        with pytest.raises(MalformedBody):
            strict_json.read(body.encode())
    else:
        assert strict_json.read(body.encode()) == json.loads(body)
