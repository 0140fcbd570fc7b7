"""What an EHR server may do wrong with a connection, each as a fault for a script. Seconds and octets.

What it may say wrong is in `wrong_answers`; refused connections are `Listener.refusing`.
"""

from __future__ import annotations

import zlib
from functools import cache

from tests.ehr.exchange import Answer, Connection, Request
from tests.ehr.script import Fault, Truth, honest

A_LONG_TIME = 120.0


# The connection.


def reset_at_once() -> Fault:
    """RST after the request arrived, before an octet of answer."""
    return lambda connection, _request, _truth: connection.reset()


def hang(seconds: float = A_LONG_TIME) -> Fault:
    """Takes the request and never answers; closes after so long, or when the client leaves."""

    def fault(connection: Connection, _request: Request, _truth: Truth) -> None:
        connection.wait(seconds)
        connection.close()

    return fault


def latency(seconds: float, then: Fault = honest) -> Fault:
    """Waits, then goes on with another fault or the truth."""

    def fault(connection: Connection, request: Request, truth: Truth) -> None:
        if connection.wait(seconds):
            then(connection, request, truth)
        else:
            connection.close()

    return fault


def drip_headers(octets: int = 1, every: float = 0.2) -> Fault:
    """The head a few octets at a time: no single read takes long, the whole takes minutes."""

    def fault(connection: Connection, _request: Request, truth: Truth) -> None:
        answer = truth()
        if connection.drip(answer.head(), octets, every):
            connection.send(answer.body)

    return fault


def drip_body(octets: int = 1, every: float = 0.2) -> Fault:
    """The head at once, the body a few octets at a time."""

    def fault(connection: Connection, _request: Request, truth: Truth) -> None:
        answer = truth()
        if connection.send(answer.head()):
            connection.drip(answer.body, octets, every)

    return fault


def reset_mid_body(share: float = 0.5) -> Fault:
    """RST after this share of the body."""

    def fault(connection: Connection, _request: Request, truth: Truth) -> None:
        answer = truth()
        connection.send(answer.head() + answer.body[: int(len(answer.body) * share)])
        connection.wait(0.05)  # lets the client read the beginning: an RST throws away what it has not taken yet
        connection.reset()

    return fault


def half_close() -> Fault:
    """A right head, then FIN in our direction; the socket stays open for reading."""

    def fault(connection: Connection, _request: Request, truth: Truth) -> None:
        connection.send(truth().head())
        connection.half_close()
        connection.wait(A_LONG_TIME)
        connection.close()

    return fault


def close_idle() -> Fault:
    """Answers a fresh connection; one that was kept alive is closed, without a word, when the next request comes."""

    def fault(connection: Connection, request: Request, truth: Truth) -> None:
        if request.on_connection > 1:
            connection.close()
        else:
            honest(connection, request, truth)

    return fault


# The body.


def truncated(share: float = 0.5, right_length: bool = True) -> Fault:
    """JSON that stops in the middle. With the right Content-Length only the JSON reader can tell."""

    def fault(connection: Connection, _request: Request, truth: Truth) -> None:
        answer = truth()
        part = answer.body[: int(len(answer.body) * share)]
        connection.send(answer.head(len(part) if right_length else -1, keep_alive=False) + part)
        connection.close()

    return fault


def without_length() -> Fault:
    """A right body that ends with the connection: no Content-Length, not chunked."""

    def fault(connection: Connection, _request: Request, truth: Truth) -> None:
        answer = truth()
        connection.send(answer.head(None, keep_alive=False) + answer.body)
        connection.close()

    return fault


def gzip_bomb(inflated: int = 200 * 1024 * 1024) -> Fault:
    """A small gzip body that inflates to so many octets of a JSON string."""
    bomb = _bomb(inflated)  # not in the answer: a dozen threads would make a dozen bombs, past the deadline of the call

    def fault(connection: Connection, _request: Request, truth: Truth) -> None:
        answer = Answer(200, (("Content-Encoding", "gzip"),), bomb)
        answer = answer.with_header("Content-Type", truth().header("content-type"))
        connection.send(answer.head() + answer.body)

    return fault


def endless(octets_at_once: int = 65_536) -> Fault:
    """A body without length that never ends (a JSON string), as fast as the client reads."""

    def fault(connection: Connection, _request: Request, truth: Truth) -> None:
        started = connection.send(truth().head(None, keep_alive=False) + b'{"resourceType":"')
        while started and not connection.closing.is_set() and connection.send(b"x" * octets_at_once):
            pass
        connection.close()

    return fault


@cache
def _bomb(inflated: int) -> bytes:
    opening, ending = b'{"resourceType":"Bundle","language":"', b'"}'
    octets, piece = inflated - len(opening) - len(ending), b"x" * (1024 * 1024)
    packing = zlib.compressobj(6, zlib.DEFLATED, 16 + zlib.MAX_WBITS)  # 16: with the frame of gzip
    whole = (packing.compress(piece) for _ in range(octets // len(piece)))
    return b"".join(
        (packing.compress(opening), *whole, packing.compress(piece[: octets % len(piece)] + ending), packing.flush())
    )
