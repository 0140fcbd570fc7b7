"""How long to wait before the next try: as long as the server asks for, or longer each time; and giving up together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

from cds_service.bulk.fault import ExportFault, Stopped

LONGEST_ASKED = 3600.0
MOST_IN_A_ROW = 12
"""Tries that come to nothing, one after the other, before the export is given up (and can be gone on with)."""


class Patience:
    """Waits of one export, shared by its threads. `now` gives seconds since 1970: Retry-After may be a date.

    `shortest`, `first` and `longest` are seconds: whatever is asked for, without being asked, and at most without.
    """

    def __init__(
        self, now: Callable[[], float], *, shortest: float = 0.5, first: float = 1.0, longest: float = 60.0
    ) -> None:
        self._now, self._shortest, self._first, self._longest = now, shortest, first, longest
        self._over = threading.Event()

    def wait(self, attempt: int, headers: Mapping[str, str] | None = None, *, why: str = "") -> None:
        """Wait before the try after number `attempt`, counted from 1. With `why`, too many of them are a fault.

        Errors: Stopped; ExportFault.
        """
        if why and attempt > MOST_IN_A_ROW:
            raise ExportFault(f"{why}, {attempt} times in a row: given up for now")
        self._over.wait(self.seconds(attempt, (headers or {}).get("retry-after", "")))
        self.go_on()

    def seconds(self, attempt: int, asked: str = "") -> float:
        """How long that wait is."""
        told = self._asked(asked.strip())
        seconds = min(self._first * 2.0 ** min(attempt - 1, 16), self._longest) if told is None else told
        return max(self._shortest, min(seconds, LONGEST_ASKED))

    def give_up(self) -> None:
        """For all threads: no wait goes on."""
        self._over.set()

    def go_on(self) -> None:
        """Errors: Stopped when another thread has given up."""
        if self._over.is_set():
            raise Stopped("stopped")

    def _asked(self, header: str) -> float | None:
        """The seconds of a Retry-After header: a number or a date. What cannot be read asks for nothing."""
        if header.isascii() and header.isdecimal() and len(header) < 10:
            return float(header)
        try:
            return parsedate_to_datetime(header).timestamp() - self._now()
        except (ValueError, OverflowError):
            return None
