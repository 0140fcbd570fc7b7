"""A group of heaps: each chart is read and judged by the functions that answer a call, and written as a row."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from struct import Struct
from typing import Any

import orjson

from cds_service.errors import RequestFault
from cds_service.fhir.warming import warm
from cds_service.population import storage
from cds_service.population.charts import Heap, PatientChart, chart_of_lines
from cds_service.population.courses import compare_with_paper, walk
from cds_service.population.gathering import MOST_NAMED, knowledge_for
from cds_service.population.groups import groups_of
from cds_service.population.judged import Judged, judge
from cds_service.population.plan import Job
from cds_service.population.pseudonyms import (
    first_day,
    site_pseudonym,
    steps_without_identifiers,
    without_identifiers,
)
from cds_service.population.rows import Row, row_of
from cds_service.population.spill import read_heaps
from cds_service.population.tally import Tally

_PATIENT = 1
_MARK = Struct("<Q")


def judge_group(job: Job, number: int) -> dict[str, Any]:
    """Do one group of heaps: write its rows, then what was counted; that file says that the group is done."""
    settle()
    first, last = groups_of(job)[number]
    lines, marks = Heap(), set[int]()
    for task in range(len(job.plan.tasks)):
        spill, index = (job.place(f"gather-{task:05d}.{kind}") for kind in ("spill", "index"))
        for part in read_heaps(spill, index, first, last):
            lines.add(part.lines)
            marks.update(mark for (mark,) in _MARK.iter_unpack(part.marks))
    judging = Judging(job, lines)
    _write(job.place(f"rows-{number:05d}.ndjson"), judging.rows())
    if job.over_time:
        _write(job.place(f"steps-{number:05d}.ndjson"), judging.steps)
    told = judging.told() | {"patients": _patients_among(marks)}
    kept = told | {"broken": judging.broken[:MOST_NAMED], "tally": judging.tally.told()}
    storage.write(job.place(f"rows-{number:05d}.json"), orjson.dumps(kept))
    return told


class Judging:
    """The patients of a group, one after another, and what is counted on the way."""

    def __init__(self, job: Job, lines: Heap) -> None:
        self._job, self._lines = job, lines
        self._knowledge = knowledge_for(job.policy)
        self._bins: Counter[str] = Counter({"duplicate": lines.duplicates})
        self._patients: Counter[str] = Counter()
        self.broken: list[tuple[int, int, str]] = []
        self.tally = Tally()
        self.steps: list[Row] = []

    def rows(self) -> Iterator[Row]:
        """The rows, by patient."""
        for patient in sorted(self._lines.lines):
            chart = chart_of_lines(patient.decode(), self._lines.lines.pop(patient), self._job)
            self._bins["broken"] += len(chart.broken)
            self.broken += chart.broken
            yield from self._rows_of(chart)

    def told(self) -> dict[str, Any]:
        """What was counted."""
        return {"bins": dict(self._bins), "judged": dict(self._patients)}

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
            self.tally.add(row, judged)
            compare_with_paper(row, judged, job.on, knowledge, self.tally)
            if job.over_time:
                self._keep_steps(row, walk(row, judged, job.on, knowledge, self.tally))
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
def settle() -> None:
    """Once in each worker: what was loaded stays, and a chart makes too few circles to look for them all the time."""
    warm()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _patients_among(marks: set[int]) -> dict[str, int]:
    """How many patients there are, and of how many there is no Patient resource."""
    everybody = {mark & ~_PATIENT for mark in marks}
    recorded = {mark & ~_PATIENT for mark in marks if mark & _PATIENT}
    return {"patients": len(everybody), "without_record": len(everybody - recorded)}
