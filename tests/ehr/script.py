"""What a server of ours shall do wrong, and when: faults by path and by how often it was asked."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.ehr.exchange import Answer, Connection, Request

Truth = Callable[[], Answer]
"""Gives the right answer to the request at hand; a fault may never ask for it."""
Fault = Callable[[Connection, Request, Truth], None]
"""Answers a request in its own way. It closes the connection itself when no other request may follow."""
Handler = Callable[[Request], Answer]


def honest(connection: Connection, request: Request, truth: Truth) -> None:
    """The right answer, and the connection stays open unless the client asked otherwise."""
    told = truth()
    keep_alive = (request.header("connection") or "").lower() != "close"
    body = b"" if request.method == "HEAD" else told.body
    connection.send(told.head(keep_alive=keep_alive) + body)
    if not keep_alive:
        connection.close()


@dataclass(slots=True)
class Rule:
    """A fault for matching requests number `first` to `last` (both counted from 1 and included; None: for ever)."""

    path: re.Pattern[str]
    fault: Fault
    method: str | None = None
    first: int = 1
    last: int | None = None
    met: int = 0
    """How many requests matched so far, whether the fault was due or not."""

    def is_due(self, request: Request) -> bool:
        """Counts the request if it matches."""
        if not self.path.search(request.target) or self.method not in (None, request.method):
            return False
        self.met += 1
        return self.first <= self.met and (self.last is None or self.met <= self.last)


@dataclass(slots=True)
class Script:
    """The faults of one server. Every rule counts its own requests; the first rule that is due acts."""

    _rules: list[Rule] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(
        self,
        fault: Fault,
        path: str = "",
        *,
        method: str | None = None,
        nth: int | None = None,
        times: int | None = None,
    ) -> Rule:
        """`path` is a regular expression searched in the request target (path and query).

        `nth` is the first matching request that meets the fault; `times` for how many. With `nth` alone: that one
        only. With neither: always.
        """
        first = nth or 1
        last = first + times - 1 if times else (nth if nth else None)
        rule = Rule(re.compile(path), fault, method, first, last)
        with self._lock:
            self._rules.append(rule)
        return rule

    def sequence(self, path: str, *faults: Fault | None) -> None:
        """The first matching request meets the first fault, and so on; None stands for the truth, as does the end."""
        for number, fault in enumerate(faults, start=1):
            if fault:
                self.add(fault, path, nth=number)

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    @contextmanager
    def only(self, fault: Fault, path: str = "", **when: int | None) -> Iterator[Rule]:
        """This fault alone for the time of a block; afterwards none."""
        self.clear()
        try:
            yield self.add(fault, path, nth=when.get("nth"), times=when.get("times"))
        finally:
            self.clear()

    def due(self, request: Request) -> Fault:
        with self._lock:
            due = [rule.fault for rule in self._rules if rule.is_due(request)]
        return due[0] if due else honest
