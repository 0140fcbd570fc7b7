"""The resources of an example patient, out of a story's request, and the same under other ids."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.ehr.exchange import Json

STORIES = Path(__file__).resolve().parents[2] / "fixtures" / "patient-view"
TACROLIMUS_FAILED = "tacrolimus-failed-so-rituximab-is-next"
CYCLOPHOSPHAMIDE_FAILED = "mycophenolate-then-cyclophosphamide-failed"


@dataclass(frozen=True, slots=True)
class Chart:
    """All resources of one patient."""

    patient: str
    resources: tuple[Json, ...]

    def of_type(self, kind: str) -> list[Json]:
        return [one for one in self.resources if one["resourceType"] == kind]


def request_of(story: str) -> Json:
    """The stored request of a story, with its prefetch."""
    request: Json = json.loads(_text(story))
    return request


def chart_of(request: Json, patient: str | None = None) -> Chart:
    """What a request prefetched. With `patient` under that patient id; every other id changes with it.

    The ids of a story's resources begin with its patient's id, so one story can be loaded for several patients.
    """
    told = str(request["context"]["patientId"])
    chart = Chart(told, tuple(_each(request.get("prefetch") or {})))
    return renamed(chart, patient) if patient else chart


def renamed(chart: Chart, patient: str) -> Chart:
    """The chart of the same story for another patient id."""
    moved = tuple(_moved(one, chart.patient, patient) for one in chart.resources)
    return Chart(patient, moved)


def without_prefetch(request: Json, patient: str, server: str, token: str | None, scope: str = "patient/*.rs") -> Json:
    """The request as an EHR sends it that leaves the reading to the service. Without a token: an open server."""
    bare: Json = {key: value for key, value in request.items() if key != "prefetch"}
    bare["context"] = request["context"] | {"patientId": patient}
    bare["fhirServer"] = server
    if token:
        bare["fhirAuthorization"] = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": scope,
            "subject": "nextline",
            "patient": patient,
        }
    return bare


def batch(resources: Iterable[Json]) -> Json:
    """A batch that writes each resource under its own id."""
    entries = [
        {"request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}, "resource": one}
        for one in resources
    ]
    return {"resourceType": "Bundle", "type": "batch", "entry": entries}


@cache
def _text(story: str) -> str:
    return (STORIES / story / "request.json").read_text(encoding="utf-8")


def _each(prefetch: Json) -> Iterator[Json]:
    seen = set()
    for value in prefetch.values():
        is_bundle = bool(value) and value["resourceType"] == "Bundle"
        found = [entry["resource"] for entry in value.get("entry", ())] if is_bundle else [value] if value else []
        for one in found:
            name = (one["resourceType"], one["id"])
            if name not in seen:  # two prefetch keys may find the same record
                seen.add(name)
                yield one


def _moved(value: Any, old: str, new: str) -> Any:
    if isinstance(value, list):
        return [_moved(one, old, new) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: _moved_member(key, one, old, new) for key, one in value.items()}


def _moved_member(key: str, value: Any, old: str, new: str) -> Any:
    if isinstance(value, str) and key == "id":
        return new + value.removeprefix(old) if value.startswith(old) else value
    if isinstance(value, str) and key == "reference":
        kind, slash, name = value.rpartition("/")
        return f"{kind}{slash}{new}{name.removeprefix(old)}" if name.startswith(old) else value
    return _moved(value, old, new)
