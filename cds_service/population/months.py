"""One chart looked at as of many days, at less cost than as many calls; the answers are those of the calls.

Two things do not depend on the day. What an Observation is about is in its code: one that is about nothing is no part
of any answer. And what is read of a chart (`fhir`) changes only with a day on which an Observation was taken, because
the day decides there about one thing, which values are the newest. Everything else is asked anew for each day.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from cds_service.errors import RequestFault
from cds_service.fhir.bins import Bins
from cds_service.fhir.chart import ChartData
from cds_service.fhir.codes import Memory, meanings_by
from cds_service.fhir.instants import DAY_SECONDS, instant_of
from cds_service.fhir.selection import select_observations
from cds_service.guideline.assessment import Assessment
from cds_service.hooks.evaluation import assessed, chart_of
from cds_service.hooks.knowledge import Knowledge
from cds_service.population.charts import PatientChart, Resource

_EPOCH = date(1970, 1, 1).toordinal()


def look(chart: PatientChart, on: date, knowledge: Knowledge) -> Assessment | None:
    """The answer as of another day; None where there is none."""
    data = _read(chart.bundle, chart.patient, on, knowledge)
    return _answer(data, on, knowledge)


def look_by_months(chart: PatientChart, knowledge: Knowledge) -> Callable[[date], Assessment | None]:
    """`look` for many days of one chart, asked from the first to the last."""
    bundle = _without_idle(chart, knowledge)
    taken = sorted({day for entry in bundle["entry"] for day in _days_of(entry["resource"])})
    read: dict[int, ChartData | None] = {}

    def look_on(day: date) -> Assessment | None:
        known = bisect_right(taken, day.toordinal() - _EPOCH)
        if known not in read:
            read.clear()
            read[known] = _read(bundle, chart.patient, day, knowledge)
        return _answer(read[known], day, knowledge)

    return look_on


def _without_idle(chart: PatientChart, knowledge: Knowledge) -> Resource:
    """The Bundle without the patient's own Observations about nothing.

    One of them stays, because a chart in which nothing is the patient's own is refused.
    """
    known = meanings_by(knowledge.terminology.look_up)
    plain = {"reference": f"Patient/{chart.patient}"}
    idle = [one for one in chart.resources if one.get("subject") == plain and _is_idle(one, known)]
    dropped = {id(one) for one in idle[1:]}
    bundle = chart.bundle
    return {**bundle, "entry": [entry for entry in bundle["entry"] if id(entry["resource"]) not in dropped]}


def _is_idle(resource: Resource, known: Memory) -> bool:
    if resource["resourceType"] != "Observation":
        return False
    bins = Bins()
    return not select_observations([resource], known, bins) and bins.not_relevant == 1


def _days_of(resource: Mapping[str, Any]) -> Iterator[int]:
    """Every day on which an Observation may count as taken, from the epoch on."""
    if resource.get("resourceType") != "Observation":
        return
    period = resource.get("effectivePeriod")
    told = [period.get(name) for name in ("start", "end")] if isinstance(period, dict) else []
    told += [resource.get(name) for name in ("effectiveDateTime", "effectiveInstant", "issued")]
    for moment in map(instant_of, told):
        if moment is not None:
            yield int(moment // DAY_SECONDS)


def _read(bundle: Resource, patient: str, on: date, knowledge: Knowledge) -> ChartData | None:
    try:
        return chart_of({"bundle": bundle}, patient, on, knowledge)
    except RequestFault:
        return None


def _answer(data: ChartData | None, on: date, knowledge: Knowledge) -> Assessment | None:
    return None if data is None else next(iter(assessed(data, on, knowledge).assessments), None)
