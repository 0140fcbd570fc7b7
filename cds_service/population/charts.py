"""The lines of one patient as the chart that a call of patient-view would have brought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cds_service.errors import MalformedBody
from cds_service.fhir import strict_json
from cds_service.fhir.instants import instant_of
from cds_service.population.medications import RECORDS, entries_for, pointed_at
from cds_service.population.plan import Job
from cds_service.population.spill import lines_in

Resource = dict[str, Any]
Place = tuple[int, int]
Parsed = tuple[list[Resource], list[tuple[int, int, str]]]
"""The resources, and the lines that could not be read by place and reason."""


@dataclass(slots=True)
class Heap:
    """The lines of some patients. A line that came before, byte for byte, is counted and not kept."""

    lines: dict[bytes, dict[bytes, Place]] = field(default_factory=dict)
    duplicates: int = 0

    def add(self, part: bytes) -> None:
        """Lines, in the order of the tasks."""
        lines = self.lines
        for key, piece, number, content in lines_in(part):
            mine = lines.get(key)
            if mine is None:
                mine = lines[key] = {}
            if content in mine:
                self.duplicates += 1
            else:
                mine[content] = (piece, number)


@dataclass(frozen=True, slots=True)
class PatientChart:
    """A patient's resources, the Medications they point at, and the lines that could not be read."""

    patient: str
    resources: tuple[Resource, ...]
    medications: tuple[Mapping[str, Any], ...]
    broken: tuple[tuple[int, int, str], ...]

    @property
    def bundle(self) -> Resource:
        """What is handed to the service."""
        entries: list[Mapping[str, Any]] = [{"resource": resource} for resource in self.resources]
        return {"resourceType": "Bundle", "type": "collection", "entry": [*entries, *self.medications]}

    @property
    def record(self) -> Resource:
        """The Patient resource, or nothing."""
        return next((resource for resource in self.resources if resource["resourceType"] == "Patient"), {})

    @property
    def kinds(self) -> Counter[str]:
        """How many resources of which type."""
        return Counter(str(resource["resourceType"]) for resource in self.resources)


def chart_of_lines(patient: str, lines: Mapping[bytes, Place], job: Job) -> PatientChart:
    """The chart. Its order follows from what the lines say, not from how they came; broken lines are named by place."""
    resources, broken = _together(sorted(lines)) or _one_by_one(lines)
    several = [resource for resource in resources if resource["resourceType"] == "Patient"]
    if len(several) > 1:
        others = [resource for resource in resources if resource["resourceType"] != "Patient"]
        resources = [*sorted(several, key=_age_of_version, reverse=True), *others]
    pointers = {pointed_at(resource) for resource in resources if resource["resourceType"] in RECORDS}
    return PatientChart(patient, tuple(resources), tuple(entries_for(pointers, job)), tuple(broken))


def _together(lines: list[bytes]) -> Parsed | None:
    """All lines read at once, which costs a third; None when something is wrong with one of them.

    Each is whole JSON already (`lines.decode`), so nothing can begin in one and end in another.
    """
    try:
        resources = strict_json.read(b'{"":[' + b",".join(lines) + b"]}")[""]
    except MalformedBody:
        return None
    return (resources, []) if len(resources) == len(lines) else None


def _one_by_one(lines: Mapping[bytes, Place]) -> Parsed:
    resources: list[Resource] = []
    broken = []
    for content in sorted(lines):
        try:
            resources.append(strict_json.read(content))
        except MalformedBody as fault:
            broken.append((*lines[content], _as_a_line(fault)))
    return resources, broken


def _as_a_line(fault: MalformedBody) -> str:
    return fault.message.replace("The body", "the line").replace("in the body", "in the line").rstrip(".")


def _age_of_version(resource: Resource) -> tuple[float, str]:
    """The newest Patient record stands; the others are its older versions."""
    meta = resource.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    return instant_of(meta.get("lastUpdated")) or 0.0, str(meta.get("versionId", "")).rjust(20)
