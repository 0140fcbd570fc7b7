"""What one screening is to do, cut into pieces that can be done in any order and once more after a kill."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from cds_service.hooks.knowledge import SitePolicy
from cds_service.population import storage
from cds_service.population.export import Export, InputFile

_MEBIBYTE = 1 << 20
_LARGEST_TASK = 128 * _MEBIBYTE
_PARTITION = 8 * _MEBIBYTE
_MOST_PARTITIONS = 4096
_TASKS = 8
_NAME = "plan.json"
LAYOUT = 2
"""Changes when what lies in the work folder is written otherwise: then nothing that was begun is gone on with."""


class Slice(NamedTuple):
    """The lines of a file that begin in these bytes; `end` 0 means to its end."""

    file: int
    start: int
    end: int
    weight: int


@dataclass(frozen=True, slots=True)
class Job:
    """What every worker is told. `key` is that of the pseudonyms, empty where identifiers are kept.

    `stamp` is the digest of the plan: a worker outlives a screening, and the next one may have the same work folder.
    """

    work: str
    stamp: str
    on: date
    policy: SitePolicy
    partitions: int
    over_time: bool = False
    key: bytes = b""

    def place(self, *names: str) -> str:
        """A path in the work folder."""
        return storage.join(self.work, *names)

    @property
    def plan(self) -> Plan:
        """The plan in the work folder; read once."""
        return _plan_in(self.work, self.stamp)


@dataclass(frozen=True, slots=True)
class Plan:
    """The pieces: slices of files, tasks of several slices, and in how many heaps the patients are put."""

    files: tuple[InputFile, ...]
    slices: tuple[Slice, ...]
    tasks: tuple[tuple[int, ...], ...]
    partitions: int


def plan_of(export: Export) -> Plan:
    """The pieces of an export. They depend on the export alone, so that any number of workers gives the same result."""
    size = min(_LARGEST_TASK, max(_MEBIBYTE, export.weight // _TASKS))
    slices = tuple(piece for number, file in enumerate(export.files) for piece in _slices(number, file, size))
    wanted = -(-export.weight // _PARTITION)
    return Plan(export.files, slices, tuple(_tasks(slices, size)), min(_MOST_PARTITIONS, max(_TASKS, wanted)))


def write_plan(plan: Plan, asked: Mapping[str, Any], work: str) -> None:
    """Keep the plan in the work folder, with what was asked."""
    slices = [list(piece) for piece in plan.slices]
    told = {"layout": LAYOUT, "asked": dict(asked), "plan": asdict(plan) | {"slices": slices}}
    storage.write(storage.join(work, _NAME), orjson.dumps(told, option=orjson.OPT_INDENT_2))


def stamp_in(work: str) -> str:
    """The digest of the plan in the work folder, with what was asked."""
    return blake2b(storage.read(storage.join(work, _NAME)), digest_size=16).hexdigest()


def asked_before(work: str) -> Mapping[str, Any] | None:
    """What the screening that was begun in this folder was asked; None when there is none."""
    path = storage.join(work, _NAME)
    if not storage.exists(path):
        return None
    told = orjson.loads(storage.read(path))
    return told["asked"] if told.get("layout") == LAYOUT else {}


@lru_cache(maxsize=2)
def _plan_in(work: str, stamp: str) -> Plan:
    told = orjson.loads(storage.read(storage.join(work, _NAME)))["plan"]
    return Plan(
        tuple(InputFile(**file) for file in told["files"]),
        tuple(Slice(*piece) for piece in told["slices"]),
        tuple(tuple(task) for task in told["tasks"]),
        told["partitions"],
    )


def _slices(number: int, file: InputFile, size: int) -> Iterable[Slice]:
    """Packed files cannot be entered in the middle: they stay whole."""
    if file.packed or file.size <= size + size // 4:
        yield Slice(number, 0, 0, file.weight)
        return
    for start in range(0, file.size, size):
        end = min(start + size, file.size)
        yield Slice(number, start, end, end - start)


def _tasks(slices: Iterable[Slice], size: int) -> Iterable[tuple[int, ...]]:
    """Small files are put together until they are about as large as a task."""
    together: list[int] = []
    weight = 0
    for position, piece in enumerate(slices):
        if together and weight + piece.weight > size:
            yield tuple(together)
            together, weight = [], 0
        together.append(position)
        weight += piece.weight
    if together:
        yield tuple(together)
