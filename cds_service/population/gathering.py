"""One task of reading: every line of its slices is looked at once, counted, and put on the heap of its patient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from cds_service.hooks.knowledge import Knowledge, SitePolicy, gather
from cds_service.population import storage
from cds_service.population.interest import Interest, hash_of, interesting_in, is_set
from cds_service.population.lines import (
    NO_TYPE,
    SUBJECTS,
    UNCLEAR,
    Head,
    bare,
    blocks_of,
    decode,
    head_of,
    patient_in,
    reference_in,
)
from cds_service.population.plan import Job, Plan
from cds_service.population.spill import Spill

MOST_NAMED = 10_000
"""Broken lines of one task that are named; all of them are counted."""
_MOST_REMEMBERED = 50_000
_PATIENT = 1
_PLAIN = frozenset(kind for kind, subject in SUBJECTS.items() if subject == "subject" and kind != "Condition")


class Whose(NamedTuple):
    """What is remembered of a reference: the patient's id, its hash, its heap, and whether the patient is looked at."""

    patient: bytes
    hashed: int
    heap: int
    wanted: bool


@lru_cache(maxsize=2)
def knowledge_for(policy: SitePolicy) -> Knowledge:
    """What a worker knows, loaded when it does its first piece."""
    return gather(policy)


def look_for_problems(job: Job, slices: tuple[int, ...]) -> list[int]:
    """The hashes of patients with a problem that may be about either disease, in these slices, each once."""
    plan, interest = job.plan, Interest(knowledge_for(job.policy))
    found: set[int] = set()
    for number in slices:
        piece = plan.slices[number]
        found.update(interesting_in(plan.files[piece.file], piece, interest))
    return sorted(found)


def gather_task(job: Job, task: int) -> dict[str, Any]:
    """Do one task: write its spill and its index, then what was counted; that file says that the task is done."""
    plan = job.plan
    with storage.writing(job.place(f"gather-{task:05d}.spill")) as stream:
        spill = Spill(stream, job.partitions + 1)
        gathering = Gathering(job, plan, spill)
        for number in plan.tasks[task]:
            gathering.read(number)
        spill.flush()
    storage.write(job.place(f"gather-{task:05d}.index"), spill.index())
    told = gathering.told()
    storage.write(job.place(f"gather-{task:05d}.json"), orjson.dumps(told | {"broken": gathering.broken}))
    return told


class Gathering:
    """Heaps 0 to partitions - 1 hold lines, and marks of all patients that were met; the last one holds Medications.

    A mark is 64 bits of the id: so patients can be counted without being kept.
    """

    def __init__(self, job: Job, plan: Plan, spill: Spill) -> None:
        self._plan, self._spill, self._partitions = plan, spill, job.partitions
        self._bits = storage.read(job.place("interest.bits"))
        looked_through = orjson.loads(storage.read(job.place("interest.json")))
        self._looked_through, self._deleted = set(looked_through["slices"]), set(looked_through["deleted"])
        self._interest: Callable[[bytes], str] = Interest(knowledge_for(job.policy)).patient_of
        self._remembered: dict[str, Whose] = {}
        self._strangers: set[str] = set()
        self._wanted: dict[str, tuple[int, bytes]] = {}
        self._counts: Counter[str] = Counter()
        self._other_types: Counter[str] = Counter()
        self._lines: list[tuple[int, int, int]] = []
        self._late: set[int] = set()
        self.broken: list[tuple[int, int, str]] = []

    def read(self, number: int) -> None:
        """All lines of a slice. Most are of patients with neither disease: they are done with here."""
        piece = self._plan.slices[number]
        last = read = blank = 0
        for first, lines, fault in blocks_of(self._plan.files[piece.file], piece):
            if fault:
                self._refuse(number, first, fault)
                last, read = first, read + 1
                continue
            last, read = first + len(lines) - 1, read + len(lines)
            for place, line, head in self._not_done_with(number, first, lines):
                content = bare(line, is_first=first + place == 1 and not piece.start)
                if not content:
                    blank += 1
                    continue
                self._put(number, first + place, content, head or head_of(content))
        self._lines.append((number, last, read - blank))
        self._counts["lines"] += read - blank

    def _not_done_with(self, number: int, first: int, lines: list[bytes]) -> Iterator[tuple[int, bytes, Head | None]]:
        """The lines that have to be looked at, with their heads; None where that takes more than one look.

        Those of patients that were met before, by far the most, are done with here.
        """
        strangers, wanted, counted = self._strangers, self._wanted, 0
        for place, line in enumerate(lines):
            try:
                head = decode(line)
            except UNCLEAR:
                yield place, line, None
                continue
            reference = head.subject.reference if head.subject is not None else ""
            if head.resourceType not in _PLAIN:
                yield place, line, head
            elif reference in strangers:
                counted += 1
            elif reference in wanted:
                heap, patient = wanted[reference]
                self._spill.add(heap, patient, number, first + place, line.strip())
            else:
                yield place, line, head
        self._counts["neither_disease"] += counted

    def told(self) -> dict[str, Any]:
        """What was counted; of each slice its number, its lines with the blank ones, and without them."""
        return {
            "counts": dict(self._counts),
            "other_types": dict(self._other_types),
            "lines": self._lines,
            "late": sorted(self._late),
        }

    def _put(self, piece: int, number: int, content: bytes, head: Head | str) -> None:
        if isinstance(head, str) or not head.resourceType:
            self._refuse(piece, number, head if isinstance(head, str) else NO_TYPE)
            return
        kind = head.resourceType
        if self._deleted and f"{kind}/{head.id}" in self._deleted:
            self._counts["deleted"] += 1
            return
        if kind in SUBJECTS:
            patient = reference_in(head, SUBJECTS[kind])
        elif kind == "Patient":
            patient = f"Patient/{head.id}"
        elif kind == "Medication":
            self._counts["medication"] += 1
            self._spill.add(self._partitions, head.id.encode(), piece, number, content)
            return
        else:
            self._counts["other_type"] += 1
            self._other_types[kind[:64]] += 1
            return
        self._put_by_patient(piece, number, content, kind, patient)

    def _put_by_patient(self, piece: int, number: int, content: bytes, kind: str, reference: str) -> None:
        whose = self._remembered.get(reference) or self._meet(reference)
        if not whose.patient:
            self._counts["without_patient"] += 1
            return
        if kind == "Patient":
            self._mark(whose, _PATIENT)
        if whose.wanted:
            self._spill.add(whose.heap, whose.patient, piece, number, content)
            return
        self._counts["neither_disease"] += 1
        if kind == "Condition" and piece not in self._looked_through and self._interest(content):
            self._late.add(whose.hashed)

    def _meet(self, reference: str) -> Whose:
        patient = patient_in(reference)
        hashed = hash_of(patient)
        wanted = bool(patient) and is_set(self._bits, hashed)
        whose = Whose(patient.encode(), hashed, hashed % self._partitions, wanted)
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
            self._strangers.clear()
            self._wanted.clear()
        self._remembered[reference] = whose
        if patient:
            self._mark(whose, 0)
            self._remember(reference, whose)
        return whose

    def _remember(self, reference: str, whose: Whose) -> None:
        """Nothing of the patient's has to be looked at, as long as no line can be one that was deleted."""
        if self._deleted:
            return
        if whose.wanted:
            self._wanted[reference] = whose.heap, whose.patient
        else:
            self._strangers.add(reference)

    def _mark(self, whose: Whose, flag: int) -> None:
        full = int.from_bytes(blake2b(whose.patient, digest_size=8).digest(), "little") & ~_PATIENT
        self._spill.mark(whose.heap, (full | flag).to_bytes(8, "little"))

    def _refuse(self, piece: int, number: int, reason: str) -> None:
        self._counts["broken"] += 1
        if len(self.broken) < MOST_NAMED:
            self.broken.append((piece, number, reason))
