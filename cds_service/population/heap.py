"""One heap of patients: each chart is read and judged by the functions that answer a call, and written as a row."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import orjson

from cds_service.errors import RequestFault
from cds_service.fhir.warming import warm
from cds_service.population import storage
from cds_service.population.charts import Heap, PatientChart, chart_of_lines
from cds_service.population.courses import compare_with_paper, walk
from cds_service.population.gathering import MOST_NAMED, knowledge_for
from cds_service.population.judged import Judged, judge
from cds_service.population.plan import Job, read_plan
from cds_service.population.pseudonyms import (
    first_day,
    site_pseudonym,
    steps_without_identifiers,
    without_identifiers,
)
from cds_service.population.rows import Row, row_of
from cds_service.population.spill import lines_in, read_heap
from cds_service.population.tally import Tally

_PATIENT = 1


def judge_heap(job: Job, heap: int) -> dict[str, Any]:
    """Do one heap: write its rows, then what was counted; that file says that the heap is done."""
    _settle()
    plan = read_plan(job.work)
    lines, marks = Heap(), Counter[bytes]()
    for task in range(len(plan.tasks)):
        spill, runs = job.place(f"gather-{task:05d}.spill"), read_runs(job.work, task)
        for part in read_heap(spill, runs, heap):
            lines.add(lines_in(part))
        for part in read_heap(spill, runs, job.partitions + heap):
            marks.update(_marks_in(part))
    judging = Judging(job, lines)
    _write(job.place(f"rows-{heap:05d}.ndjson"), judging.rows())
    if job.over_time:
        _write(job.place(f"steps-{heap:05d}.ndjson"), judging.steps)
    told = judging.told() | {"patients": _patients_among(marks)}
    storage.write(job.place(f"rows-{heap:05d}.json"), orjson.dumps(told))
    return told


class Judging:
    """The patients of a heap, one after another, and what is counted on the way."""

    def __init__(self, job: Job, lines: Heap) -> None:
        self._job, self._lines = job, lines
        self._knowledge = knowledge_for(job.policy)
        self._bins: Counter[str] = Counter({"duplicate": lines.duplicates})
        self._patients: Counter[str] = Counter()
        self._broken: list[tuple[int, int, str]] = []
        self._tally = Tally()
        self.steps: list[Row] = []

    def rows(self) -> Iterator[Row]:
        """The rows, by patient."""
        for patient in sorted(self._lines.lines):
            chart = chart_of_lines(patient, self._lines.lines.pop(patient), self._job)
            self._bins["broken"] += len(chart.broken)
            self._broken += chart.broken
            yield from self._rows_of(chart)

    def told(self) -> dict[str, Any]:
        """What was counted."""
        return {
            "bins": dict(self._bins),
            "judged": dict(self._patients),
            "broken": self._broken[:MOST_NAMED],
            "tally": self._tally.told(),
        }

    def _rows_of(self, chart: PatientChart) -> Iterator[Row]:
        job, knowledge = self._job, self._knowledge
        try:
            judged = judge(chart, job.on, knowledge)
        except RequestFault as fault:
            self._patients[f"refused:{type(fault).__name__}"] += 1
            self._bins["refused"] += len(chart.resources)
            return
        self._count(judged)
        spoken = [one for one in judged.found.assessments if one.disease is not None]
        if judged.found.quiet or not spoken:
            self._patients[judged.found.quiet or "neither_disease"] += 1
            return
        self._patients["with_disease"] += 1
        for assessment in spoken:
            row = row_of(chart, judged.found, assessment, job.on, knowledge)
            if job.key:
                row["site"] = site_pseudonym(row["site"], job.key)
            self._tally.add(row, judged)
            compare_with_paper(row, judged, job.on, knowledge, self._tally)
            if job.over_time:
                self._keep_steps(row, walk(row, judged, job.on, knowledge, self._tally))
            yield without_identifiers(row, job.key) if job.key else row

    def _keep_steps(self, row: Row, steps: Iterable[Row]) -> None:
        if self._job.key:
            steps = steps_without_identifiers(steps, first_day(row), self._job.key)
        self.steps += steps

    def _count(self, judged: Judged) -> None:
        """The bins of the chart, less the Medications that are no lines of the patient."""
        bins, drugs, pointed_at = judged.found.case.bins, len(judged.chart.medications), len(judged.data.supporting)
        contained_nowhere = drugs - pointed_at
        self._bins["used"] += len(bins.used) - pointed_at
        self._bins["superseded"] += len(bins.superseded)
        self._bins["not_relevant"] += bins.not_relevant - contained_nowhere
        self._bins["set_aside"] += bins.set_aside


def _write(path: str, rows: Iterable[Row]) -> None:
    with storage.writing(path) as stream:
        for row in rows:
            stream.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


@cache
def _settle() -> None:
    """Once in each worker: what was loaded stays, and a chart makes too few circles to look for them all the time."""
    warm()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def read_runs(work: str, task: int) -> list[list[int]]:
    """Where the parts of the heaps lie in the spill file of a task."""
    runs: list[list[int]] = orjson.loads(storage.read(storage.join(work, f"gather-{task:05d}.json")))["runs"]
    return runs


def _marks_in(part: bytes) -> Iterator[bytes]:
    for place in range(0, len(part), 8):
        yield part[place : place + 8]


def _patients_among(marks: Counter[bytes]) -> dict[str, int]:
    """How many patients there are, and of how many there is no Patient resource."""
    everybody = {int.from_bytes(mark, "little") & ~_PATIENT for mark in marks}
    recorded = {int.from_bytes(mark, "little") & ~_PATIENT for mark in marks if mark[0] & _PATIENT}
    return {"patients": len(everybody), "without_record": len(everybody - recorded)}
