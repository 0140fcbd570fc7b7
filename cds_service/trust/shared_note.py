"""A note that a process shares with the processes it forks: octets in a file without a name, one writer at a time."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_PIECE = 1_048_576


class SharedNote:
    """Made before the fork. A lock ends with its process, so nobody waits for one that was killed.

    Locks of this kind do not keep threads of one process apart: whoever uses a note holds a lock of its own as well.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="nextline-keys-")  # noqa: SIM115 - lives as long as the process

    @contextmanager
    def held(self) -> Iterator[None]:
        """No other process holds the note for the time of a block."""
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)

    def read(self) -> bytes:
        """What was written last, by any of the processes; empty at first."""
        # The place in the file is shared as well, so nothing here moves it.
        number, pieces = self._file.fileno(), list[bytes]()
        while piece := os.pread(number, _PIECE, sum(map(len, pieces))):
            pieces.append(piece)
        return b"".join(pieces)

    def write(self, told: bytes) -> None:
        """Replace the note."""
        number = self._file.fileno()
        os.ftruncate(number, 0)
        at = 0
        while at < len(told):
            at += os.pwrite(number, told[at:], at)
