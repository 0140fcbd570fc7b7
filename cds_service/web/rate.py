"""How often one client may call: so many calls a second, with a burst of two seconds' worth. For each worker."""

from __future__ import annotations

import math
import threading
import time

from cds_service.errors import TooManyCalls

MOST_CLIENTS = 10_000
BURST_SECONDS = 2.0


class Rate:
    """A bucket for each client that fills with time."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, client: str) -> None:
        """One call of this client. Errors: TooManyCalls with the seconds until the next is taken."""
        now, most = time.monotonic(), self._per_second * BURST_SECONDS
        with self._lock:
            if len(self._buckets) > MOST_CLIENTS:
                self._buckets.clear()
            left, since = self._buckets.get(client, (most, now))
            left = min(most, left + (now - since) * self._per_second)
            if left >= 1:
                self._buckets[client] = left - 1, now
                return
            self._buckets[client] = left, now
        raise TooManyCalls(retry_after=max(1, math.ceil((1 - left) / self._per_second)))
