"""What one call came to, and what log and metrics may know of it: names, counts, ids of ours, no value of a chart."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from cds_service.cdshooks.request import PatientViewRequest
from cds_service.fhir.chart import ChartData
from cds_service.hooks.call_back import Fetching
from cds_service.hooks.decision import Parts
from cds_service.hooks.evaluation import Assessed, Evaluation
from cds_service.hooks.prefetch_states import NeedStates
from cds_service.store.records import Kept


class Judged(NamedTuple):
    """What one chart led to, with what was sent and fetched for it. `parts` are what a decision keeps of it."""

    states: NeedStates
    chart: ChartData
    evaluation: Evaluation
    fetching: Fetching
    not_provided: tuple[str, ...]
    found: Assessed | None = None
    parts: Parts | None = None


def event_of(request: PatientViewRequest, judged: Judged, kept: Kept | None, *, shadow: bool) -> dict[str, Any]:
    """What the log and the metrics may know: names, counts and ids of ours."""
    evaluation, fetching = judged.evaluation, judged.fetching
    counted, overrides = evaluation.bins, evaluation.overrides
    reasons = Counter([item.reason for item in evaluation.case.set_aside])
    event: dict[str, Any] = {
        "rules": [assessment.rule for assessment in evaluation.assessments],
        "quiet": evaluation.quiet,
        "as_of": "given" if request.as_of else "today",
        "needs": {state.need.key: state.state for state in judged.states if state.state != "given"},
        "resources": counted.total,
        "used": len(counted.used),
        "superseded": len(counted.superseded),
        "not_relevant": counted.not_relevant,
        "set_aside": counted.set_aside,
        "reasons": dict(reasons),
    }
    event |= told_of(fetching)
    if warnings := judged.chart.warnings:
        event["server_warnings"] = warnings
    if overrides.silenced:
        event["silenced"] = list(overrides.silenced)
    if kept is not None:
        event["decision"], event["repeated"], event["spooled"] = kept.id, kept.repeated, kept.spooled
    if shadow:
        event["shadow"] = True
    safety = [name for name, count in (("OTHER_PATIENT", reasons["OTHER_PATIENT"]),) if count]
    if kept is not None and kept.instance_reused:
        safety.append("HOOK_INSTANCE_REUSED")
    return {**event, "safety": safety} if safety else event


def told_of(fetching: Fetching) -> dict[str, Any]:
    """What calling back brought, or why nobody was called: a server off the list is a mistake, or worse."""
    if fetching.fetched or fetching.failed:
        return {"fetched": len(fetching.fetched), "fetch_failed": dict(fetching.failed)}
    return {"not_called": fetching.not_called} if fetching.not_called else {}
