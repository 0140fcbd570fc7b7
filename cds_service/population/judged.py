"""One chart and what the guidelines say of it, by the same functions that answer a patient-view call."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from cds_service.fhir.chart import ChartData
from cds_service.hooks.evaluation import Assessed, assessed, chart_of
from cds_service.hooks.knowledge import Knowledge
from cds_service.population.charts import PatientChart


class Judged(NamedTuple):
    """A chart, what could be read of it, and what the guidelines say."""

    chart: PatientChart
    data: ChartData
    found: Assessed


def judge(chart: PatientChart, on: date, knowledge: Knowledge) -> Judged:
    """The chart as of that day. Errors: RequestFault."""
    data = chart_of({"bundle": chart.bundle}, chart.patient, on, knowledge)
    return Judged(chart, data, assessed(data, on, knowledge))
