"""A walk through the months gives what asking for each month by itself gives."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cds_service.guideline.assessment import Assessment
from cds_service.population.charts import PatientChart
from cds_service.population.gathering import knowledge_for
from cds_service.population.months import look, look_by_months
from cds_service.population.over_time import months
from cds_service.synthetic.fifth import in_fifth
from cds_service.synthetic.registry import patient
from tests.population.exports import ON, POLICY, STORIES, story

KNOWLEDGE = knowledge_for(POLICY)


def chart_of(name: str, resources: Iterable[Any]) -> PatientChart:
    return PatientChart(name, tuple(resources), (), ())


def both(chart: PatientChart, days: Iterable[date]) -> tuple[list[Assessment | None], list[Assessment | None]]:
    """The answers of the walk, and those of a call for each day."""
    days = list(days)
    walked = look_by_months(chart, KNOWLEDGE)
    return [walked(day) for day in days], [look(chart, day, KNOWLEDGE) for day in days]


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_a_hundred_patients_of_the_registry_month_by_month(release: str) -> None:
    answers = Counter[str]()
    for index in range(100):
        resources = patient(index, 77 if release == "R4" else 78, ON).resources
        if release == "R5":
            resources = [in_fifth(one) for one in resources]
        name = next(one["id"] for one in resources if one["resourceType"] == "Patient")
        walked, asked = both(chart_of(name, resources), months(date(2024, 9, 1), ON))
        assert walked == asked, name
        answers.update(one.state for one in walked if one is not None)
    assert len(answers) > 12, "many states are met on the way"


@pytest.mark.parametrize("place", STORIES, ids=lambda place: place.name)
def test_the_stories_day_by_day_around_everything_that_is_dated(place: Path) -> None:
    name, resources, _ = story(place)
    dice = Random(name)
    days = sorted({ON - timedelta(days=dice.randrange(900)) for _ in range(25)} | set(near(resources)))
    walked, asked = both(chart_of(name, resources), days)
    assert walked == asked


def near(resources: Iterable[Any]) -> Iterable[date]:
    """The day before, the day, and the day after each of the newest results."""
    taken = {str(one.get("effectiveDateTime", ""))[:10] for one in resources}
    for told in sorted(day for day in taken if len(day) == 10)[-6:]:
        yield from (date.fromisoformat(told) + timedelta(days=shift) for shift in (-1, 0, 1))
