"""The Medications of an export, by id: on the disk, because some servers make one for every order."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from shutil import copyfileobj
from tempfile import gettempdir
from typing import Any

from cds_service.errors import MalformedBody
from cds_service.fhir import strict_json
from cds_service.population import storage
from cds_service.population.plan import Job
from cds_service.population.spill import lines_in, read_heaps

RECORDS = frozenset({"MedicationStatement", "MedicationRequest", "MedicationAdministration"})
_NAME = "medications.sqlite"


def index_medications(job: Job) -> int:
    """Write the index; of several with one id the first stands. Gives back how many lines were such copies."""
    beside = Path(gettempdir() if storage.is_remote(job.work) else job.work) / f"{job.key.hex()[:8]}{_NAME}.part"
    beside.unlink(missing_ok=True)
    copies = 0
    connection = sqlite3.connect(beside)
    try:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("CREATE TABLE medication (id TEXT PRIMARY KEY, line BLOB) WITHOUT ROWID")
        for task in range(len(job.plan.tasks)):
            spill, index = (job.place(f"gather-{task:05d}.{kind}") for kind in ("spill", "index"))
            for part in read_heaps(spill, index, job.partitions, job.partitions + 1):
                rows = [(key.decode(), content) for key, _, _, content in lines_in(part.lines)]
                done = connection.executemany("INSERT OR IGNORE INTO medication VALUES (?, ?)", rows)
                copies += len(rows) - done.rowcount
        connection.commit()
    finally:
        connection.close()
    with storage.writing(job.place(_NAME)) as stream, beside.open("rb") as written:
        copyfileobj(written, stream)
    beside.unlink()
    return copies


def pointed_at(record: Mapping[str, Any]) -> str:
    """The reference to a Medication in a record, R4 or R5; empty for none and for a contained one."""
    pointer = record.get("medicationReference")
    if pointer is None:
        either = record.get("medication")
        pointer = either.get("reference") if isinstance(either, dict) else None
    reference = pointer.get("reference") if isinstance(pointer, dict) else None
    return reference if isinstance(reference, str) and not reference.startswith("#") else ""


def entries_for(references: Iterable[str], job: Job) -> Iterator[dict[str, Any]]:
    """Bundle entries of the Medications that these references lead to, each under the name it was called by."""
    names = sorted({reference.partition("/_history/")[0] for reference in references if "Medication/" in reference})
    connection = _opened(job.place(_NAME), job.stamp) if names else None
    for name in names if connection is not None else ():
        found = connection.execute("SELECT line FROM medication WHERE id = ?", (name.rpartition("/")[2],)).fetchone()  # type: ignore[union-attr]
        resource = _resource(found[0]) if found is not None else None
        if resource is not None:
            yield {"fullUrl": name, "resource": resource}


def _resource(line: bytes) -> dict[str, Any] | None:
    try:
        return strict_json.read(line)
    except MalformedBody:
        return None


@lru_cache(maxsize=1)
def _opened(path: str, stamp: str) -> sqlite3.Connection | None:
    """One connection for each worker; nobody writes any more. A copy has no name from the moment it is open."""
    if not storage.exists(path):
        return None
    with storage.as_local(path) as copy:
        connection = sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        connection.execute("SELECT id FROM medication LIMIT 1").fetchone()
    return connection
