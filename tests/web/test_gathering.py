"""Where a request ends is the same however it is cut into pieces, and the same that gunicorn's own readers find."""

from __future__ import annotations

import io
import itertools
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http import errors as http_errors
from gunicorn.http.body import ChunkedReader
from gunicorn.http.unreader import IterUnreader
from hypothesis import given
from hypothesis import strategies as st

from cds_service.web.chunks import ChunkedBody
from cds_service.web.gathering import MOST_IN_A_HEAD, PIECE, Gathering, head_parser

MOST = 100
LINE = 4094
HEAD = b"POST /echo HTTP/1.1\r\nHost: a\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

BODIES = st.lists(st.binary(min_size=1, max_size=30), max_size=5)
EXTENSIONS = st.sampled_from([b"", b";a", b";a=b", b' ; a="b c"'])
TRAILERS = st.sampled_from([b"", b"X-End: y\r\n", b"X-End: y\r\nX-Other: z\r\n"])


def gathering() -> Gathering:
    return Gathering(head_parser(Config(), ("127.0.0.1", 1), 1), LINE, MOST)


def chunks() -> ChunkedBody:
    return ChunkedBody(MOST, lambda _trailers: None)


def cut(octets: bytes, places: list[int]) -> list[bytes]:
    marks = sorted({place % (len(octets) + 1) for place in places} | {0, len(octets)})
    return [octets[begin:end] for begin, end in itertools.pairwise(marks)]


def framed(parts: list[bytes], extension: bytes, trailers: bytes) -> bytes:
    sent = b"".join(f"{len(part):x}".encode() + extension + b"\r\n" + part + b"\r\n" for part in parts)
    return sent + b"0" + extension + b"\r\n" + trailers + b"\r\n"


def outcome(pieces: list[bytes]) -> tuple[Any, ...]:
    """What became of a request: its fault, or whether it is whole, its body and what came behind it."""
    one, rest = gathering(), b""
    try:
        for piece in pieces:
            if one.whole:
                rest += piece  # the worker keeps it for the next request
            else:
                one.take(piece)
    except http_errors.ParseException as fault:
        return (type(fault).__name__,)
    whole, large, behind = one.whole, one.too_large, one.rest + rest
    return whole, large, one.finished().body.read() if whole else None, None if large else behind


@given(st.binary(max_size=60), st.binary(max_size=20), st.lists(st.integers(0, 400), max_size=8))
def test_a_body_of_known_length_is_the_same_in_any_pieces(body: bytes, behind: bytes, places: list[int]) -> None:
    sent = HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body + behind
    assert outcome(cut(sent, places)) == (True, False, body, behind)


@given(BODIES, EXTENSIONS, TRAILERS, st.binary(max_size=20), st.lists(st.integers(0, 400), max_size=8))
def test_a_chunked_body_is_the_same_in_any_pieces(
    parts: list[bytes], extension: bytes, trailers: bytes, behind: bytes, places: list[int]
) -> None:
    body = b"".join(parts)
    sent = CHUNKED + framed(parts, extension, trailers) + behind
    expected = (True, True, b"", None) if len(body) > MOST else (True, False, body, behind)
    assert outcome(cut(sent, places)) == expected


@given(
    st.lists(
        st.sampled_from(
            [b"0", b"1", b"a", b"\r\n", b"\r", b"\n", b" ", b";", b";x=y", b"0\r\n\r\n", b"3\r\nabc\r\n", b"X: y"]
        ),
        max_size=12,
    )
)
def test_no_chunked_body_is_read_in_another_way_than_gunicorn_reads_it(tokens: list[bytes]) -> None:
    """It may be stricter. What it accepts ends where gunicorn says it ends, and is the same body."""
    sent, request = b"".join(tokens), gathering_request()
    ours = ChunkedBody(1000, lambda trailers: request.parse_headers(trailers, from_trailer=True))
    try:
        ours.take(sent)
    except http_errors.ParseException:
        return
    if not ours.whole:
        return
    source = IterUnreader([sent])
    reader = ChunkedReader(request, source)
    body = io.BytesIO()
    while piece := reader.read(1000):
        body.write(piece)
    assert (bytes(ours.body), ours.rest) == (body.getvalue(), source.take_buffered())


def gathering_request() -> Any:
    one = gathering()
    one.take(CHUNKED)
    return one.request


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\n", b"\r\n", b"-1\r\n", b"+1\r\n", b"0x1\r\n", b"1 \r\n", b" 1\r\n", b"1\n", b"1\rX\r\n", b"g\r\n",
        b"1;\r\n", b"1;\x00\r\n", b"1;a=\r\n", b'1;a="b\r\n', b"1;a\nb\r\n", b"1;a\rb\r\n", b"1" * 16 + b"\r\n",
        b"1" + b";a" * 1000, b"1" + b";a" * 1000 + b"\r\n", b"1\r\nab\r\n", b"1\r\na\n", b"1\r\naX",
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_chunk_is_refused(body: bytes) -> None:
    with pytest.raises(http_errors.ParseException):
        chunks().take(body)


@pytest.mark.parametrize(
    "body", [f"{MOST + 1:x}\r\n".encode(), b"64\r\n" + b"x" * 100 + b"\r\n1\r\n", b"f" * 15 + b"\r\n"]
)
def test_a_chunked_body_too_large_is_known_by_its_announcement(body: bytes) -> None:
    one = chunks()
    one.take(body)
    assert one.too_large
    assert not one.whole


@pytest.mark.parametrize("length", [0, 1, MOST])
def test_a_body_up_to_the_limit_is_gathered(length: int) -> None:
    sent = HEAD + f"Content-Length: {length}\r\n\r\n".encode() + b"x" * length
    assert outcome([sent]) == (True, False, b"x" * length, b"")


def test_of_a_body_too_large_nothing_is_kept() -> None:
    one = gathering()
    one.take(HEAD + f"Content-Length: {MOST + 1}\r\n\r\n".encode() + b"x" * (MOST + 1))
    assert (one.whole, one.too_large, one.octets, one.rest) == (True, True, 0, b"")
    assert one.finished().body.read() == b""


@pytest.mark.parametrize("octets", [1, 7, 1000])
def test_a_head_that_grows_too_long_is_refused_however_it_comes(octets: int) -> None:
    one = gathering()
    one.take(HEAD)
    field = b"X: " + b"y" * (octets - 3) + b"\r\n" if octets > 5 else b"X: y\r\n"
    with pytest.raises(http_errors.LimitRequestHeaders):
        for _ in range(MOST_IN_A_HEAD):
            one.take(field)
    assert one.octets <= MOST_IN_A_HEAD + len(field)


@pytest.mark.parametrize("at", range(4))
def test_a_bare_line_feed_is_noticed_across_pieces(at: int) -> None:
    sent = b"GET / HTTP/1.1\r\nHost: a\nX"
    place = sent.index(b"\n", 20) - 1 + at
    one = gathering()
    with pytest.raises(http_errors.InvalidRequestLine):
        for piece in (sent[:place], sent[place:]):
            one.take(piece)


def test_a_carriage_return_and_its_line_feed_may_come_apart() -> None:
    assert outcome([b"GET / HTTP/1.1\r", b"\nHost: a\r\n\r", b"\n"]) == (True, False, b"", b"")


def test_only_what_is_missing_of_a_body_is_asked_for() -> None:
    one = gathering()
    assert one.room == PIECE
    one.take(HEAD + b"Content-Length: 50\r\n\r\nabc")
    assert one.room == 47


@pytest.mark.parametrize(("large", "expected"), [(False, True), (True, False)])
def test_only_who_may_send_a_body_is_told_to_go_ahead(large: bool, expected: bool) -> None:
    one = gathering()
    one.take(HEAD + f"Expect: 100-continue\r\nContent-Length: {MOST + large}\r\n\r\n".encode())
    assert one.expects_go_ahead == expected
