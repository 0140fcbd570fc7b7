"""Exports for the tests: the stories' charts as NDJSON, and screenings of them in this process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from cds_service.app import knowledge_of
from cds_service.population.crew import Alone
from cds_service.population.options import Options
from cds_service.population.screening import screen
from cds_service.settings import Settings
from cds_service.terminal.patients import patients_bar

ROOT = Path(__file__).resolve().parents[2]
STORIES = sorted((ROOT / "fixtures" / "patient-view").iterdir())
ON = date(2026, 11, 22)
RECOMMENDATION = "org.nextline-cds.recommendation"
Resource = dict[str, Any]
POLICY = knowledge_of(Settings()).policy


def screened(export: Path | str, out: Path | str, crew: Any = None, **options: Any) -> dict[str, Any]:
    """The counts; the rest lies in `out`."""
    asked = Options(str(export), str(out), options.pop("on", ON), POLICY, **options)
    return screen(asked, crew or Alone(), patients_bar, lambda said: None)


def rows(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def story(folder: Path) -> tuple[str, list[Resource], list[dict[str, Any]]]:
    """The patient, the resources of the request, and the machine-readable halves of the answer's cards."""
    request = orjson.loads((folder / "request.json").read_bytes())
    answer = orjson.loads((folder / "response.json").read_bytes())
    resources: list[Resource] = []
    for value in request["prefetch"].values():
        if value and value["resourceType"] == "Bundle":
            resources += [entry["resource"] for entry in value.get("entry", ())]
        elif value:
            resources.append(value)
    halves = [
        card["extension"][RECOMMENDATION] for card in answer["cards"] if RECOMMENDATION in card.get("extension", {})
    ]
    return request["context"]["patientId"], resources, halves


def write_lines(path: Path, resources: Iterable[Mapping[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in resources))


def stories_as_export(folder: Path) -> None:
    """Everything that the stories' requests bring, by type."""
    by_kind: dict[str, list[Resource]] = {}
    for place in STORIES:
        for resource in story(place)[1]:
            by_kind.setdefault(resource["resourceType"], []).append(resource)
    for kind, resources in by_kind.items():
        write_lines(folder / f"{kind}.ndjson", resources)
