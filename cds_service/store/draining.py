"""From the spool into the database, some lines at a time, so that those who wait for the database are not kept."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Protocol

from cds_service.store.entries import Entry
from cds_service.store.faults import NotStorable
from cds_service.store.spool import Spool, Taken

AT_ONCE = 50

_log = logging.getLogger("cds_service.store")


class Write(Protocol):
    """Writes entries in one transaction. Errors: NotStorable, when one of them can never be written."""

    def __call__(self, entries: Sequence[Entry], *, late: bool) -> list[Any]: ...


class Drain:
    """Drains one file after the other."""

    def __init__(self, spool: Spool, write: Write) -> None:
        self._spool, self._write = spool, write
        self._taken: Taken | None = None
        self.begin()

    def begin(self) -> None:
        """For a process that was forked: what the parent drains is the parent's."""
        if self._taken is not None:
            self._taken.close()
        self._taken = None
        self._lines: Iterator[tuple[bytes, Entry]] = iter(())
        self._next: list[tuple[bytes, Entry]] = []

    @property
    def goes_on(self) -> bool:
        """Is a file half done?"""
        return self._taken is not None

    def some(self) -> None:
        """Write some lines. Whatever the database raises comes out, and the same lines come next time."""
        if self._taken is None:
            self._taken = self._spool.take()
            if self._taken is None:
                return
            self._lines = self._taken.lines()
        self._next = self._next or list(islice(self._lines, AT_ONCE))
        if self._next:
            self._write_next(self._taken)
            self._next = []
            return
        aside = self._taken.done()
        self.begin()
        if aside:
            _log.error("spool_lines_put_aside: %d", aside)

    def _write_next(self, taken: Taken) -> None:
        try:
            self._write([entry for _, entry in self._next], late=True)
        except NotStorable:
            self._write_each(taken)

    def _write_each(self, taken: Taken) -> None:
        while self._next:
            line, entry = self._next[0]
            try:
                self._write([entry], late=True)
            except NotStorable:
                taken.put_aside(line)
            self._next = self._next[1:]
