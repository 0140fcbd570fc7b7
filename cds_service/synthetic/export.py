"""Invented patients as a Bulk Data export: NDJSON by type, several files of each, unsorted, a manifest, labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import date
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, BinaryIO

import orjson

from cds_service.synthetic.fifth import in_fifth
from cds_service.synthetic.registry import Invented, Resource

_BATCH = 200
_FILES = 2


class Writer:
    """Writes lines into files by type; lines of one batch of patients are shuffled."""

    def __init__(self, out: Path, stack: ExitStack) -> None:
        self._out, self._stack = out, stack
        self._streams: dict[str, BinaryIO] = {}
        self.lines: Counter[tuple[str, str]] = Counter()

    def write(self, resources: list[Resource], file: int, dice: Random) -> None:
        """The records of a batch."""
        dice.shuffle(resources)
        for resource in resources:
            kind = resource["resourceType"]
            name = f"{kind}.{file:03d}.ndjson"
            if name not in self._streams:
                self._streams[name] = self._stack.enter_context((self._out / name).open("wb"))
            self._streams[name].write(orjson.dumps(resource, option=orjson.OPT_APPEND_NEWLINE))
            self.lines[kind, name] += 1


def write_export(
    patients: Iterable[Invented], out: Path, seed: int, on: date, release: str, advance: Callable[[int], None]
) -> Counter[str]:
    """Write the export into the folder; gives back how many patients were built to show which state.

    The same patients, seed, day and release give the same bytes.
    """
    out.mkdir(parents=True, exist_ok=True)
    states: Counter[str] = Counter()
    with ExitStack() as stack:
        labels = stack.enter_context((out / "labels.ndjson").open("wb"))
        writer = Writer(out, stack)
        for number, batch in enumerate(_batches(patients)):
            resources = [in_fifth(one) if release == "R5" else one for patient in batch for one in patient.resources]
            # The order of test data.
            writer.write(resources, number % _FILES, Random(f"{seed}/order/{number}"))  # noqa: S311
            for patient in batch:
                labels.write(orjson.dumps(patient.label, option=orjson.OPT_APPEND_NEWLINE))
                states[patient.label["state"] or f"{patient.label['group']} {patient.label['paper']}"] += 1
            advance(len(batch))
    _write_manifest(out, writer.lines, on)
    return states


def _batches(patients: Iterable[Invented]) -> Iterator[list[Invented]]:
    coming = iter(patients)
    while batch := list(islice(coming, _BATCH)):
        yield batch


def _write_manifest(out: Path, lines: Counter[tuple[str, str]], on: date) -> None:
    output: list[dict[str, Any]] = [
        {"type": kind, "url": name, "count": count} for (kind, name), count in sorted(lines.items())
    ]
    manifest = {
        "transactionTime": f"{on.isoformat()}T00:00:00Z",
        "request": "https://fhir.example.org/$export",
        "requiresAccessToken": False,
        "output": output,
        "error": [],
    }
    (out / "manifest.json").write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
