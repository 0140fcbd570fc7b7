"""What a screening leaves behind: rows as NDJSON and Parquet, counts that add up, broken lines by place, the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from heapq import nsmallest
from typing import Any

import orjson

from cds_service.population import storage
from cds_service.population.export import Export
from cds_service.population.faults import ScreeningFault
from cds_service.population.options import Options
from cds_service.population.parquet import SCREENING, TIMELINE, Kind, write_parquet
from cds_service.population.plan import Job, Plan
from cds_service.population.report import report
from cds_service.population.tally import merged

Told = Mapping[int, Mapping[str, Any]]
_INDENTED = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
MOST_NAMED = 100_000
"""Broken lines that are named, at most; all of them are counted."""
BINS = (
    "used",
    "superseded",
    "duplicate",
    "not_relevant",
    "set_aside",
    "medication",
    "other_type",
    "without_patient",
    "neither_disease",
    "refused",
    "deleted",
    "broken",
)
"""Every line that was read is in exactly one of these."""


def write(options: Options, job: Job, export: Export, plan: Plan, gathered: Told, judged: Told) -> dict[str, Any]:
    """Write everything and give back the counts. Errors: ScreeningFault when the lines do not add up."""
    out = options.out
    storage.make_folder(out)
    counts = _counts(options, job, export, plan, gathered, judged)
    _write_broken(job, out, plan, gathered, judged)
    _write_rows(job, judged, "rows", storage.join(out, "screening"), SCREENING)
    if options.over_time:
        _write_rows(job, judged, "steps", storage.join(out, "timeline"), TIMELINE)
    storage.write(storage.join(out, "counts.json"), orjson.dumps(counts, option=_INDENTED))
    tallies = (_kept(job, "rows", number)["tally"] for number in judged)
    page = report(counts, merged(tallies), options.smallest, options.over_time)
    storage.write(storage.join(out, "report.html"), page.encode())
    lines = counts["lines"]
    if lines["read"] != sum(lines[name] for name in BINS):
        raise ScreeningFault("The lines do not add up (counts.json): this is a fault of the program, please report it.")
    return counts


def _counts(options: Options, job: Job, export: Export, plan: Plan, gathered: Told, judged: Told) -> dict[str, Any]:
    reading: Counter[str] = Counter()
    other: Counter[str] = Counter()
    for told in gathered.values():
        reading.update(told["counts"])
        other.update(told["other_types"])
    bins, people, known = (Counter[str]() for _ in range(3))
    for told in judged.values():
        bins.update(told["bins"])
        people.update(told["judged"])
        known.update(told["patients"])
    copies = orjson.loads(storage.read(job.place("copies.json")))
    total = reading + bins
    lines = {"read": reading["lines"], **{name: total[name] for name in BINS}}
    lines["medication"] -= copies
    lines["duplicate"] += copies
    refused = {name.partition(":")[2]: count for name, count in people.items() if name.startswith("refused:")}
    apart = sum(people[name] for name in ("with_disease", "patient_deceased", "patient_record_merged"))
    patients = {
        "found": known["patients"],
        "with_disease": people["with_disease"],
        "deceased": people["patient_deceased"],
        "record_merged": people["patient_record_merged"],
        "refused": sum(refused.values()),
        "neither_disease": known["patients"] - apart - sum(refused.values()),
        "without_patient_resource": known["without_record"],
    }
    return {
        "asOf": str(options.on.year) if options.deidentified else options.on.isoformat(),
        "deidentified": options.deidentified,
        "lines": lines,
        "other_types": dict(sorted(other.items())),
        "patients": patients,
        "refused_for": refused,
        "files": _file_counts(export, plan, gathered),
        "versions": _versions(judged, options, job),
    }


def _versions(judged: Told, options: Options, job: Job) -> dict[str, Any]:
    from cds_service.population.gathering import knowledge_for

    stamp = knowledge_for(job.policy).stamp
    return {
        "service": stamp.service_version,
        "knowledge": stamp.knowledge_version,
        "mappings": stamp.mappings_version,
        "changedThresholds": list(stamp.changed_thresholds),
        "site": options.policy.site,
    }


def _file_counts(export: Export, plan: Plan, gathered: Told) -> dict[str, Any]:
    """How many lines each file has, and of which the manifest tells another number."""
    lines: Counter[int] = Counter()
    for told in gathered.values():
        for number, _, not_blank in told["lines"]:
            lines[plan.slices[number].file] += not_blank
    found: dict[str, Any] = {
        "number": len(export.files),
        "lines": {file.name: lines[number] for number, file in enumerate(export.files)},
    }
    other = [
        {"file": file.name, "told": file.told_count, "lines": lines[number]}
        for number, file in enumerate(export.files)
        if file.told_count is not None and file.told_count != lines[number]
    ]
    return (
        found
        | ({"not_as_many_as_told": other} if other else {})
        | ({"errors": export.errors_told} if export.errors_told else {})
    )


def _write_broken(job: Job, out: str, plan: Plan, gathered: Told, judged: Told) -> None:
    """Broken lines by file, number and reason, the first of them; never what is in them."""
    last = {number: last for told in gathered.values() for number, last, _ in told["lines"]}
    begin: dict[int, int] = {}
    before: dict[int, int] = {}
    for number, piece in enumerate(plan.slices):
        begin[number] = before.get(piece.file, 0)
        before[piece.file] = begin[number] + last.get(number, 0)
    pieces = (*(("gather", number) for number in gathered), *(("rows", number) for number in judged))
    named = (row for name, number in pieces for row in _kept(job, name, number)["broken"])
    rows = nsmallest(
        MOST_NAMED, ((plan.slices[piece].file, begin[piece] + line, reason) for piece, line, reason in named)
    )
    with storage.writing(storage.join(out, "broken.ndjson")) as stream:
        for file, line, reason in rows:
            told = {"file": plan.files[file].name, "line": line, "reason": reason}
            stream.write(orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE))


def _kept(job: Job, name: str, number: int) -> dict[str, Any]:
    """Everything that a piece told."""
    told: dict[str, Any] = orjson.loads(storage.read(job.place(f"{name}-{number:05d}.json")))
    return told


def _write_rows(job: Job, judged: Told, name: str, path: str, columns: Mapping[str, Kind]) -> None:
    with storage.writing(f"{path}.ndjson") as stream:
        for heap in judged:
            stream.write(storage.read(job.place(f"{name}-{heap:05d}.ndjson")))
    write_parquet(f"{path}.parquet", columns, _heaps_of_rows(job, judged, name))


def _heaps_of_rows(job: Job, judged: Sequence[int] | Told, name: str) -> Iterator[list[dict[str, Any]]]:
    for heap in judged:
        lines = storage.read(job.place(f"{name}-{heap:05d}.ndjson")).splitlines()
        yield [orjson.loads(line) for line in lines]
