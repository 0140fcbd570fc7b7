"""A chart that is opened again: what it came to the last time, as long as not one byte of it has changed.

Charts are opened many times a day, and most of what an EHR sends was sent before. Nothing is remembered of the
answer: cards are written anew for each call, earlier overrides are asked for anew, and each decision is kept anew.
Remembered is what follows from the bytes alone: that they are strict JSON of this patient, what was read from them,
the case, and the assessments with their traces. It stays in the memory of the process, for a quarter of an hour at
most, and is found only by the digest of the same bytes for the same patient, day, server and knowledge.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

import msgspec

from cds_service.fhir import strict_json
from cds_service.fhir.chart import ChartData
from cds_service.hooks.decision import Parts
from cds_service.hooks.evaluation import Assessed
from cds_service.hooks.prefetch_states import NeedStates

SECONDS = 900.0
MOST_CHARTS = 128
_NAME = b'"prefetch"'
_BLANK = b" \t\r\n"


class _Envelope(msgspec.Struct):
    """A call of which only the prefetch is looked for, and that not opened."""

    prefetch: msgspec.Raw = msgspec.Raw()


_ENVELOPE = msgspec.json.Decoder(_Envelope)


class Question(NamedTuple):
    """What an earlier evaluation has to have in common with this call, besides the bytes of its prefetch."""

    digest: bytes
    patient_id: str
    on: date
    fhir_server: str | None
    knowledge: int


class Remembered(NamedTuple):
    """An evaluation without its cards; `chart` without its resources, of which `parts` has those that were used."""

    states: NeedStates
    chart: ChartData
    assessed: Assessed
    parts: Parts | None


class OpenedAgain:
    """The memory of one process. Safe for threads; a forked process starts with what its parent remembered."""

    def __init__(self, seconds: float = SECONDS, most: int = MOST_CHARTS, clock: Callable[[], float] = time.monotonic):
        self._seconds, self._most, self._clock = seconds, most, clock
        self._lock = threading.Lock()
        self._remembered: OrderedDict[Question, tuple[float, Remembered]] = OrderedDict()
        self._keys: dict[bytes, tuple[str, ...]] = {}

    def recognise(self, body: bytes) -> tuple[bytes, dict[str, Any] | None]:
        """The digest of a body's prefetch, and for one that is known the rest of the body, strictly read.

        In that rest `prefetch` holds the names of its keys only. Empty for a body without a prefetch, or of which
        the strict reader should say what is wrong with it. Errors: MalformedBody.
        """
        try:
            prefetch = memoryview(_ENVELOPE.decode(body).prefetch)
        except (msgspec.MsgspecError, RecursionError):
            return b"", None
        if not prefetch:
            return b"", None
        digest = hashlib.sha256(prefetch).digest()
        keys = self._keys.get(digest)
        cut = None if keys is None else _without(body, prefetch)
        if keys is None or cut is None:
            return digest, None
        return digest, strict_json.read(cut) | {"prefetch": dict.fromkeys(keys)}

    def recall(self, question: Question) -> Remembered | None:
        """What this question came to, when it was asked lately."""
        with self._lock:
            known = self._remembered.get(question)
            if known is None or self._clock() - known[0] > self._seconds:
                self._forget(question)
                return None
            self._remembered.move_to_end(question)
            return known[1]

    def remember(self, question: Question, keys: tuple[str, ...], found: Remembered) -> None:
        """Keep what a question came to; the ones asked longest ago are forgotten."""
        with self._lock:
            now = self._clock()
            self._remembered[question] = now, found
            self._remembered.move_to_end(question)
            self._keys[question.digest] = keys
            while self._remembered:
                oldest = next(iter(self._remembered))
                if len(self._remembered) <= self._most and now - self._remembered[oldest][0] <= self._seconds:
                    break
                self._forget(oldest)

    def _forget(self, question: Question) -> None:
        if self._remembered.pop(question, None) is not None:
            self._keys.pop(question.digest, None)


def _without(body: bytes, prefetch: memoryview) -> bytes | None:
    """The body with null for its prefetch. None where it is not found at the first place that looks like it."""
    start = body.find(_NAME) + len(_NAME)
    while start < len(body) and body[start] in _BLANK:
        start += 1
    if body[start : start + 1] != b":":
        return None
    start += 1
    while start < len(body) and body[start] in _BLANK:
        start += 1
    end = start + len(prefetch)
    if not body.startswith(bytes(prefetch), start):  # comparing the view would go octet by octet
        return None
    return b"%bnull%b" % (body[:start], body[end:])
