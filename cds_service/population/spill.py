"""Lines put into heaps by their patient: written in runs, so that memory does not grow with the export.

Two files for each task. The one holds the runs: in each, one after another, what came for every heap, its lines and
then its marks. The index says for every heap where its parts begin and how many bytes they have; its head of one
number for each heap says where that is written. So a few heaps that follow one another are read back with two looks
into the index and one piece out of every run, however many heaps there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from struct import Struct
from typing import BinaryIO, NamedTuple

from cds_service.population import storage

RUN = 16 << 20
_HEAD = Struct("<HIII")
_OFFSET = Struct("<Q")
_ENTRY = Struct("<QQQ")
_OVERHEAD = 100
_MARK = 8


Spilled = tuple[bytes, int, int, bytes]
"""One line: whose it is (or, of Medications, which), its slice, its number there, and its bytes. There are millions."""


class Part(NamedTuple):
    """What one run holds for one heap."""

    lines: bytes
    marks: bytes


class _Entry(NamedTuple):
    """Where the part of a heap begins in the file, and how many bytes of lines and of marks it has."""

    begin: int
    lines: int
    marks: int


class Spill:
    """Collects lines and marks for the heaps and writes them away in runs of at most about RUN bytes."""

    def __init__(self, stream: BinaryIO, heaps: int) -> None:
        self._stream = stream
        self._lines: list[list[bytes]] = [[] for _ in range(heaps)]
        self._marks: list[list[bytes]] = [[] for _ in range(heaps)]
        self._entries: list[list[_Entry]] = [[] for _ in range(heaps)]
        self._held = self._written = 0

    def add(self, heap: int, key: bytes, piece: int, number: int, content: bytes) -> None:
        """One line for a heap."""
        self._lines[heap] += (_HEAD.pack(len(key), piece, number, len(content)), key, content)
        self._held += len(content) + _OVERHEAD
        if self._held > RUN:
            self.flush()

    def mark(self, heap: int, content: bytes) -> None:
        """Eight bytes for a heap."""
        self._marks[heap].append(content)
        self._held += _OVERHEAD

    def flush(self) -> None:
        """Write what is held as one run."""
        if not self._held:
            return
        for number, (lines, marks) in enumerate(zip(self._lines, self._marks, strict=True)):
            if lines or marks:
                part = b"".join(lines)
                self._stream.write(part)
                self._stream.write(b"".join(marks))
                entry = _Entry(self._written, len(part), _MARK * len(marks))
                self._entries[number].append(entry)
                self._written += entry.lines + entry.marks
                lines.clear()
                marks.clear()
        self._held = 0

    def index(self) -> bytes:
        """Where everything lies, for the second file."""
        head, body = [], []
        place = _OFFSET.size * (len(self._entries) + 1)
        for entries in self._entries:
            head.append(_OFFSET.pack(place))
            body += [_ENTRY.pack(*entry) for entry in entries]
            place += _ENTRY.size * len(entries)
        return b"".join((*head, _OFFSET.pack(place), *body))


def sizes_in(index: bytes, heaps: int) -> list[int]:
    """How many bytes each of the heaps has, by the whole index of a task."""
    offsets = [_OFFSET.unpack_from(index, _OFFSET.size * heap)[0] for heap in range(heaps + 1)]
    sizes = [0] * heaps
    for heap in range(heaps):
        for place in range(offsets[heap], offsets[heap + 1], _ENTRY.size):
            _, lines, marks = _ENTRY.unpack_from(index, place)
            sizes[heap] += lines + marks
    return sizes


def read_heaps(spill: str, index: str, first: int, last: int) -> Iterator[Part]:
    """The parts of the heaps from `first` to before `last` in the files of one task, run by run."""
    (head,) = storage.ranges(index, [(_OFFSET.size * first, _OFFSET.size * (last + 1))])
    begin, end = _OFFSET.unpack_from(head)[0], _OFFSET.unpack_from(head, len(head) - _OFFSET.size)[0]
    if begin == end:
        return
    (body,) = storage.ranges(index, [(begin, end)])
    entries = sorted(_Entry(*entry) for entry in _ENTRY.iter_unpack(body))
    together = list(_adjacent(entries))
    spans = [(run[0].begin, run[-1].begin + run[-1].lines + run[-1].marks) for run in together]
    for run, content in zip(together, storage.ranges(spill, spans), strict=True):
        for entry in run:
            start = entry.begin - run[0].begin
            middle = start + entry.lines
            yield Part(content[start:middle], content[middle : middle + entry.marks])


def _adjacent(entries: Iterable[_Entry]) -> Iterator[list[_Entry]]:
    """Entries that follow one another without a gap, together: one run's parts of heaps that follow one another."""
    end, number = -1, 0
    named = []
    for entry in entries:
        number += entry.begin != end
        end = entry.begin + entry.lines + entry.marks
        named.append((number, entry))
    for _, group in groupby(named, key=lambda pair: pair[0]):
        yield [entry for _, entry in group]


def lines_in(part: bytes) -> Iterator[Spilled]:
    """The lines of a part of a heap."""
    place, end, head, unpack = 0, len(part), _HEAD.size, _HEAD.unpack_from
    while place < end:
        length, piece, number, size = unpack(part, place)
        begin = place + head
        middle = begin + length
        place = middle + size
        yield part[begin:middle], piece, number, part[middle:place]
