"""Handing entries from many threads to one, and the outcome back: the cheapest locks there are, and few of them.

`concurrent.futures` and `threading.Condition` do the same with four locks for each entry, and cost more processor
time than the writing.
"""

from __future__ import annotations

import threading
from typing import Any

from cds_service.store.entries import Entry


class DatabaseAway(Exception):  # noqa: N818 - the house word
    """The database did not take the entry. It may still do so, when the wait was given up."""


class Ticket:
    """One entry on its way. Whoever handed it over waits on a lock, which is released with the outcome."""

    __slots__ = ("_lock", "_outcome", "entry")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self._outcome: Any = None
        self._lock = threading.Lock()
        self._lock.acquire()

    def give(self, outcome: Any) -> None:
        """Say what became of it; an exception is raised where somebody waits."""
        self._outcome = outcome
        self._lock.release()

    def wait(self, seconds: float) -> bool:
        """Is there an outcome within this time?"""
        return self._lock.acquire(timeout=max(0.0, seconds))

    def outcome(self) -> Any:
        """What became of it. Errors: DatabaseAway."""
        if isinstance(self._outcome, DatabaseAway):
            raise self._outcome
        return self._outcome


class Queue:
    """Tickets that wait for the one thread. It is woken only when it sleeps: while it writes, nobody disturbs it."""

    def __init__(self) -> None:
        self._lock, self._wake = threading.Lock(), threading.Lock()
        self._wake.acquire()
        self._sleeps = False
        self._tickets: list[Ticket] = []

    def put(self, ticket: Ticket) -> None:
        """Hand a ticket over."""
        with self._lock:
            self._tickets.append(ticket)
            self._rouse()

    def wake(self) -> None:
        """Let the thread look around, though there is nothing to take."""
        with self._lock:
            self._rouse()

    def withdraw(self, ticket: Ticket) -> None:
        """Take a ticket back, unless it has been taken."""
        with self._lock:
            if ticket in self._tickets:
                self._tickets.remove(ticket)

    def take(self, most: int, seconds: float) -> list[Ticket]:
        """Up to so many tickets; waits so long for the first one."""
        with self._lock:
            taken = self._cut(most)
            self._sleeps = not taken and seconds > 0
            if not self._sleeps:
                return taken
        self._wake.acquire(timeout=seconds)
        with self._lock:
            if self._sleeps:
                self._sleeps = False
            else:  # somebody has called; when that was after the time, the call is still to be taken
                self._wake.acquire(blocking=False)
            return self._cut(most)

    def _cut(self, most: int) -> list[Ticket]:
        taken, self._tickets = self._tickets[:most], self._tickets[most:]
        return taken

    def _rouse(self) -> None:
        if self._sleeps:
            self._sleeps = False
            self._wake.release()
