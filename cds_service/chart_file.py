"""A chart in a file: a CDS Hooks request or a FHIR Bundle, evaluated without a server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from cds_service.cdshooks.request import PatientViewRequest
from cds_service.errors import MalformedBody
from cds_service.fhir import strict_json
from cds_service.hooks import patient_view
from cds_service.hooks.evaluation import Evaluation, evaluate
from cds_service.hooks.knowledge import Knowledge
from cds_service.hooks.registry import Answer


@dataclass(frozen=True, slots=True)
class ChartFile:
    """What the file holds: a checked request, or a Bundle with the id of its one Patient."""

    patient_id: str
    request: PatientViewRequest | None = None
    bundle: Mapping[str, Any] | None = None


def read(path: Path, knowledge: Knowledge) -> ChartFile:
    """Read and check the file. Errors: MalformedBody when it is neither a request nor a Bundle of one patient."""
    content = path.read_bytes()
    document = strict_json.read(content)
    if "hook" in document:
        request = patient_view.read(content, knowledge.policy)
        return ChartFile(request.context.patient_id, request=request)
    if document.get("resourceType") == "Bundle":
        return ChartFile(_patient_of(document), bundle=document)
    raise MalformedBody("The file is neither a CDS Hooks request (member hook) nor a FHIR Bundle.")


def answer(chart: ChartFile, today: date, as_of: date | None, knowledge: Knowledge) -> dict[str, Any]:
    """The response object, the same that the server sends. Errors: RequestFault."""
    if chart.request is None:
        return {"cards": list(explain(chart, today, as_of, knowledge).cards)}
    return Answer(explain(chart, today, as_of, knowledge).cards).body()


def explain(chart: ChartFile, today: date, as_of: date | None, knowledge: Knowledge) -> Evaluation:
    """The evaluation with its case and its trace. Errors: RequestFault."""
    if chart.request is None:
        return evaluate(chart.bundle or {}, chart.patient_id, as_of or today, knowledge)
    return patient_view.judge(chart.request, as_of or chart.request.as_of or today, knowledge).evaluation


def _patient_of(bundle: Mapping[str, Any]) -> str:
    entries = bundle.get("entry")
    resources = (
        [entry.get("resource") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    )
    patients = {
        resource.get("id")
        for resource in resources
        if isinstance(resource, dict) and resource.get("resourceType") == "Patient"
    }
    if len(patients) != 1 or not isinstance(identifier := next(iter(patients)), str):
        raise MalformedBody(f"The Bundle must hold one Patient with an id; it holds {len(patients)}.")
    return identifier
