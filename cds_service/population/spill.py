"""Lines put into heaps by their patient: written in runs, so that memory does not grow with the export.

One file for each task. A run holds, one after another, what came for each heap; the index says how many bytes each
part has. A heap is read back by picking its part out of every run of every task.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from struct import Struct
from typing import BinaryIO, NamedTuple

from cds_service.population import storage

RUN = 16 << 20
_HEAD = Struct("<HIII")
_OVERHEAD = 100


class Spilled(NamedTuple):
    """One line: whose it is (or, of Medications, which), its slice, its number there, and its bytes."""

    key: str
    piece: int
    number: int
    content: bytes


class Spill:
    """Collects lines for the heaps and writes them away in runs of at most about RUN bytes."""

    def __init__(self, stream: BinaryIO, heaps: int) -> None:
        self._stream = stream
        self._parts: list[list[bytes]] = [[] for _ in range(heaps)]
        self._held = 0
        self.runs: list[list[int]] = []

    def add(self, heap: int, key: str, piece: int, number: int, content: bytes) -> None:
        """One line for a heap."""
        name = key.encode()
        self._parts[heap] += (_HEAD.pack(len(name), piece, number, len(content)), name, content)
        self._held += len(content) + _OVERHEAD
        if self._held > RUN:
            self.flush()

    def add_bytes(self, heap: int, content: bytes) -> None:
        """Bytes as they are, for a heap that holds no lines."""
        self._parts[heap].append(content)
        self._held += _OVERHEAD

    def flush(self) -> None:
        """Write what is held as one run."""
        if not self._held:
            return
        sizes = []
        for part in self._parts:
            content = b"".join(part)
            self._stream.write(content)
            sizes.append(len(content))
            part.clear()
        self.runs.append(sizes)
        self._held = 0


def read_heap(path: str, runs: Sequence[Sequence[int]], heap: int) -> Iterator[bytes]:
    """The parts of a heap in one file, in the order in which they were written."""
    if not any(run[heap] for run in runs):
        return
    with storage.open_to_read(path) as stream:
        begin = 0
        for run in runs:
            if run[heap]:
                stream.seek(begin + sum(run[:heap]))
                yield stream.read(run[heap])
            begin += sum(run)


def lines_in(part: bytes) -> Iterator[Spilled]:
    """The lines of a part of a heap."""
    place, end = 0, len(part)
    while place < end:
        length, piece, number, size = _HEAD.unpack_from(part, place)
        place += _HEAD.size
        middle = place + length
        yield Spilled(part[place:middle].decode(), piece, number, part[middle : middle + size])
        place = middle + size
