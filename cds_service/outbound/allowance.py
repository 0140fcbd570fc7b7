"""How many bytes may come in, counted after unpacking: for one fetch, or for all fetches of a call together (UP-15)."""

from __future__ import annotations

import threading

from cds_service.outbound.failure import FetchFailed


class Allowance:
    """A number of bytes that goes down. Several threads may share it."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._lock = threading.Lock()

    def take(self, number: int) -> None:
        """So many bytes came in. Errors: FetchFailed when they are too many."""
        with self._lock:
            self._left -= number
            if self._left < 0:
                raise FetchFailed("too-large")
