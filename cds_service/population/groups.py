"""Heaps that follow one another are judged together, as many as are worth a walk to the disk.

Into how many heaps patients are put is decided before anybody knows how many of them have a disease: of a hospital's
heaps most are nearly empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import orjson

from cds_service.population import storage
from cds_service.population.plan import Job
from cds_service.population.spill import sizes_in

Group = tuple[int, int]
"""The first heap, and the one after the last."""
_LARGEST, _SMALLEST = 8 << 20, 64 << 10
_AT_LEAST = 16
_NAME = "groups.json"


def groups_of(job: Job) -> list[Group]:
    """The groups; made when every task was gathered. They follow from what lies in the heaps alone."""
    if not storage.exists(job.place(_NAME)):
        sizes = [0] * job.partitions
        for task in range(len(job.plan.tasks)):
            index = storage.read(job.place(f"gather-{task:05d}.index"))
            sizes = [one + more for one, more in zip(sizes, sizes_in(index, job.partitions), strict=True)]
        storage.write(job.place(_NAME), orjson.dumps(list(_grouped(sizes))))
    return _groups_in(job.place(_NAME), job.stamp)


@lru_cache(maxsize=2)
def _groups_in(path: str, stamp: str) -> list[Group]:
    return [(first, last) for first, last in orjson.loads(storage.read(path))]


def _grouped(sizes: list[int]) -> Iterator[Group]:
    most = min(_LARGEST, max(_SMALLEST, sum(sizes) // _AT_LEAST))
    first = held = 0
    for heap, size in enumerate(sizes):
        if heap > first and held + size > most:
            yield first, heap
            first, held = heap, 0
        held += size
    yield first, len(sizes)
