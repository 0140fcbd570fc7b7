"""One task of reading: every line of its slices is looked at once, counted, and put on the heap of its patient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from cds_service.hooks.knowledge import Knowledge, SitePolicy, gather
from cds_service.population import storage
from cds_service.population.interest import Interest, hash_of, interesting_in, is_set
from cds_service.population.lines import SUBJECTS, Head, head_of, lines_of, patient_in, reference_in
from cds_service.population.plan import Job, Plan, read_plan
from cds_service.population.spill import Spill

MOST_NAMED = 10_000
"""Broken lines of one task that are named; all of them are counted."""
_MOST_REMEMBERED = 50_000
_PATIENT = 1
_PLAIN = frozenset(kind for kind, subject in SUBJECTS.items() if subject == "subject" and kind != "Condition")


class Whose(NamedTuple):
    """What is remembered of a reference: the patient's id, its hash, and whether the patient is looked at."""

    patient: str
    hashed: int
    wanted: bool


@lru_cache(maxsize=2)
def knowledge_for(policy: SitePolicy) -> Knowledge:
    """What a worker knows, loaded when it does its first piece."""
    return gather(policy)


def look_for_problems(job: Job, slices: tuple[int, ...]) -> list[int]:
    """The hashes of patients with a problem that may be about either disease, in these slices, each once."""
    plan, interest = read_plan(job.work), Interest(knowledge_for(job.policy))
    found: set[int] = set()
    for number in slices:
        piece = plan.slices[number]
        found.update(interesting_in(plan.files[piece.file], piece, interest))
    return sorted(found)


def gather_task(job: Job, task: int) -> dict[str, Any]:
    """Do one task: write its spill file, then what was counted; that file says that the task is done."""
    plan = read_plan(job.work)
    with storage.writing(job.place(f"gather-{task:05d}.spill")) as stream:
        spill = Spill(stream, 2 * job.partitions + 1)
        gathering = Gathering(job, plan, spill)
        for number in plan.tasks[task]:
            gathering.read(number)
        spill.flush()
    told = gathering.told()
    storage.write(job.place(f"gather-{task:05d}.json"), orjson.dumps(told))
    return told


class Gathering:
    """Heaps 0 to partitions - 1 hold lines, the next as many hold hashes of patients, the last one Medications."""

    def __init__(self, job: Job, plan: Plan, spill: Spill) -> None:
        self._plan, self._spill, self._partitions = plan, spill, job.partitions
        self._bits = storage.read(job.place("interest.bits"))
        looked_through = orjson.loads(storage.read(job.place("interest.json")))
        self._looked_through, self._deleted = set(looked_through["slices"]), set(looked_through["deleted"])
        self._interest: Callable[[bytes], str] = Interest(knowledge_for(job.policy)).patient_of
        self._remembered: dict[str, Whose] = {}
        self._counts: Counter[str] = Counter()
        self._other_types: Counter[str] = Counter()
        self._lines: dict[int, int] = {}
        self._broken: list[tuple[int, int, str]] = []
        self._late: set[int] = set()

    def read(self, number: int) -> None:
        """All lines of a slice. Most are of patients with neither disease: they are done with here."""
        piece = self._plan.slices[number]
        remembered, may_be_gone = self._remembered, bool(self._deleted)
        counted = last = strangers = 0
        for last, content, fault in lines_of(self._plan.files[piece.file], piece):
            counted += 1
            head = fault or head_of(content)
            if isinstance(head, str):
                self._refuse(number, last, head)
                continue
            pointer = head.subject
            if pointer is not None and head.resourceType in _PLAIN and not may_be_gone:
                whose = remembered.get(pointer.reference)
                if whose is not None and whose.patient and not whose.wanted:
                    strangers += 1
                    continue
            self._put(number, last, content, head)
        self._lines[number] = last
        self._counts["lines"] += counted
        self._counts["neither_disease"] += strangers

    def told(self) -> dict[str, Any]:
        """What was counted, and where the parts of the heaps lie."""
        return {
            "counts": dict(self._counts),
            "other_types": dict(self._other_types),
            "last_lines": list(self._lines.items()),
            "broken": self._broken,
            "late": sorted(self._late),
            "runs": self._spill.runs,
        }

    def _put(self, piece: int, number: int, content: bytes, head: Head) -> None:
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
            self._spill.add(2 * self._partitions, head.id, piece, number, content)
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
            self._spill.add(whose.hashed % self._partitions, whose.patient, piece, number, content)
            return
        self._counts["neither_disease"] += 1
        if kind == "Condition" and piece not in self._looked_through and self._interest(content):
            self._late.add(whose.hashed)

    def _meet(self, reference: str) -> Whose:
        patient = patient_in(reference)
        hashed = hash_of(patient)
        whose = Whose(patient, hashed, bool(patient) and is_set(self._bits, hashed))
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[reference] = whose
        if patient:
            self._mark(whose, 0)
        return whose

    def _mark(self, whose: Whose, flag: int) -> None:
        """64 bits of the id, so that patients can be counted without being kept."""
        full = int.from_bytes(blake2b(whose.patient.encode(), digest_size=8).digest(), "little") & ~_PATIENT
        heap = self._partitions + whose.hashed % self._partitions
        self._spill.add_bytes(heap, (full | flag).to_bytes(8, "little"))

    def _refuse(self, piece: int, number: int, reason: str) -> None:
        self._counts["broken"] += 1
        if len(self._broken) < MOST_NAMED:
            self._broken.append((piece, number, reason))
