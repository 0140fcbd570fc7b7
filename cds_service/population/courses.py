"""What is looked at besides the answer of today: the history month by month, and remission as a paper counts it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from cds_service.hooks.knowledge import Knowledge
from cds_service.population import over_time, paper
from cds_service.population.judged import Judged
from cds_service.population.months import look, look_by_months
from cds_service.population.rows import Row
from cds_service.population.tally import Tally

_SWITCHED = ((30, "0-30 days"), (90, "31-90 days"), (180, "91-180 days"), (365, "181-365 days"))
_LATER, _NEVER = "more than a year", "not switched so far"
SWITCHED_AFTER = (*[name for _, name in _SWITCHED], _LATER, _NEVER)


def compare_with_paper(row: Row, judged: Judged, on: date, knowledge: Knowledge, tally: Tally) -> None:
    """Count a patient whom the paper would have counted, by both definitions."""
    treated = paper.treated_as_in_the_paper(row, on)
    if treated is None:
        return
    then = paper.twelfth_month(treated, judged.found.case, on)
    shown = look(judged.chart, then, knowledge) if then != on else None
    state = row["state"] if then == on else shown.state if shown is not None else ""
    found = paper.compared(treated, judged.found.case, state)
    if found is not None:
        tally.count("paper", *found)


def walk(row: Row, judged: Judged, on: date, knowledge: Knowledge, tally: Tally) -> Iterator[Row]:
    """The rows of what was shown over time, counted on the way."""
    first = over_time.first_told(judged.found.case)
    if first is None:
        return
    chart = judged.chart
    days = over_time.months(first, on)
    steps = list(over_time.walk(days, look_by_months(chart, knowledge)))
    tally.count("openings", row["disease"], times=len(days))
    for step in steps:
        tally.count("shown", row["disease"], step.shown.severity)
    followed = list(over_time.suggestions_followed(steps, row["lines"], on))
    for one in followed:
        tally.count("followed", row["disease"], one.suggested, one.how)
    _count_switch(row, steps, on, tally)
    for episode in over_time.episodes(chart.patient, steps):
        tally.count("first shown", row["disease"], episode["state"])
        yield episode


def _count_switch(row: Row, steps: list[over_time.Step], on: date, tally: Tally) -> None:
    """From the first day a patient was shown as resistant to the next line of treatment."""
    resistant = next((step.day for step in steps if step.shown.state in over_time.RESISTANT), None)
    if resistant is None:
        return
    later = [date.fromisoformat(line["start"]) for line in row["lines"]]
    days = min(((start - resistant).days for start in later if start > resistant), default=None)
    if days is None:
        tally.count("switch", row["disease"], _NEVER)
        return
    tally.count("switch", row["disease"], next((name for most, name in _SWITCHED if days <= most), _LATER))
