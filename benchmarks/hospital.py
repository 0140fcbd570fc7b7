"""Exports to measure screenings with: a hospital's, in which few have either disease, or a registry's, in which all do.

A few hundred invented charts are written again and again under new names: inventing a million would take an hour. In a
hospital all but the share have another kidney disease. `sparse` leaves out three of four Observations, so that a
million patients fit on a disk.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import orjson

from cds_service.synthetic.registry import registry

AS_OF = date(2026, 11, 22)
TEMPLATES = 500
_SEED = 1
_SPARSE = 4
_OTHER = {"system": "http://snomed.info/sct", "code": "236407003", "display": "IgA nephropathy (disorder)"}
_DISEASES = frozenset({"722119002", "68815009", "N04.21", "M32.14"})
_BATCH = 200
Lines = dict[str, bytes]
"""By the type of resource, the lines of a patient."""


def write_hospital(out: Path, number: int, share: float, *, sparse: bool = False) -> None:
    """Write the export of so many patients into the folder: one file for each type."""
    out.mkdir(parents=True)
    ours = list(_templates(with_disease=True, sparse=sparse))
    others = list(_templates(with_disease=False, sparse=sparse)) if share < 1 else ours
    dice = Random(_SEED)
    with ExitStack() as stack:
        streams = {kind: stack.enter_context((out / f"{kind}.ndjson").open("wb")) for kind in _kinds(ours + others)}
        for begin in range(0, number, _BATCH):
            held: dict[str, list[bytes]] = {kind: [] for kind in streams}
            for index in range(begin, min(begin + _BATCH, number)):
                name, lines = (ours if dice.random() < share else others)[index % TEMPLATES]
                for kind, content in lines.items():
                    held[kind].append(content.replace(name, b"hospital-%08d" % index))
            for kind, stream in streams.items():
                stream.write(b"".join(held[kind]))


def _templates(*, with_disease: bool, sparse: bool) -> Iterator[tuple[bytes, Lines]]:
    for patient in registry(TEMPLATES, _SEED, AS_OF):
        resources = patient.resources if with_disease else [_healthier(one) for one in patient.resources]
        lines: Lines = {}
        for place, resource in enumerate(resources):
            kind = resource["resourceType"]
            if sparse and kind == "Observation" and place % _SPARSE:
                continue
            lines[kind] = lines.get(kind, b"") + orjson.dumps(resource, option=orjson.OPT_APPEND_NEWLINE)
        yield patient.label["patient"].encode(), lines


def _healthier(resource: dict[str, Any]) -> dict[str, Any]:
    if resource["resourceType"] != "Condition" or resource["code"]["coding"][0]["code"] not in _DISEASES:
        return resource
    return {**resource, "code": {"coding": [_OTHER]}}


def _kinds(templates: list[tuple[bytes, Lines]]) -> list[str]:
    return sorted({kind for _, lines in templates for kind in lines})


def loads_of(export: Path) -> tuple[int, float]:
    """How many lines there are, and the processor seconds that `orjson.loads` takes for all of them."""
    number, seconds = 0, 0.0
    for path in sorted(export.glob("*.ndjson")):
        with path.open("rb") as stream:
            while lines := stream.readlines(8 << 20):
                began = time.process_time()
                for line in lines:
                    orjson.loads(line)
                seconds += time.process_time() - began
                number += len(lines)
    return number, seconds
