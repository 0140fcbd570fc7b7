"""One sick server must not take the service with it: a bulkhead and a breaker for each origin (R6, UP-18, UP-19)."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from cds_service.outbound.deadline import Deadline
from cds_service.outbound.failure import FetchFailed

MOST_AT_ONCE = 16
FAILURES_TO_OPEN = 5
OPEN_SECONDS = 5.0
MOST_ORIGINS = 1_000


class Breaker:
    """Closed while calls succeed. After some failures in a row it is open for a while, then one call may try."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._failures = 0
        self._closed_again_at = 0.0
        self._trying = False

    @property
    def is_open(self) -> bool:
        """Is every call turned away?"""
        with self._lock:
            return self._failures >= FAILURES_TO_OPEN and time.monotonic() < self._closed_again_at

    @contextlib.contextmanager
    def entered(self, deadline: Deadline) -> Iterator[Breaker]:
        """A place among the calls to this origin. Errors: FetchFailed "busy" when it is open or full."""
        if not self._room.acquire(timeout=deadline.left):
            raise FetchFailed("busy")
        try:
            tries = self._admits()
            try:
                yield self
            finally:
                if tries:  # however it ended: a try that nobody took note of must not be the last
                    self._end_try()
        finally:
            self._room.release()

    def note(self, *, failed: bool) -> None:
        """How a call ended."""
        with self._lock:
            self._failures = self._failures + 1 if failed else 0
            if self._failures >= FAILURES_TO_OPEN:
                self._closed_again_at = time.monotonic() + OPEN_SECONDS

    def _admits(self) -> bool:
        """Is this the one call that tries whether the server is well again? Errors: FetchFailed "busy"."""
        with self._lock:
            if self._failures < FAILURES_TO_OPEN:
                return False
            if time.monotonic() < self._closed_again_at or self._trying:
                raise FetchFailed("busy")
            self._trying = True
            return True

    def _end_try(self) -> None:
        with self._lock:
            self._trying = False


class Breakers:
    """The breakers by origin. A client cannot fill the memory with origins: those that work are forgotten first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_origin: dict[str, Breaker] = {}

    def of(self, origin: str) -> Breaker:
        """The breaker of an origin."""
        with self._lock:
            if origin not in self._by_origin:
                if len(self._by_origin) >= MOST_ORIGINS:
                    self._by_origin = {name: known for name, known in self._by_origin.items() if known.is_open}
                self._by_origin[origin] = Breaker()
            return self._by_origin[origin]

    def open_origins(self) -> int:
        """How many origins are turned away at the moment."""
        with self._lock:
            known = list(self._by_origin.values())
        return sum(breaker.is_open for breaker in known)
