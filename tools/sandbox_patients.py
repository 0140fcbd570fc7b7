"""Who is in the sandbox's records: the patients of the stories as they would be today, and clinicians."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from cds_service.stories.catalogue import Story
from cds_service.stories.vignette import INDEX_DATE
from tests.ehr.charts import chart_of

PRACTITIONERS = ("COREPRACTITIONER1", "prac-1")
"""Who calls from the CDS Hooks Sandbox, and who signs in. A launcher lists them, to be signed in as."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def practitioners() -> Iterator[dict[str, Any]]:
    """The clinicians, the same in R4 and R5."""
    for name in PRACTITIONERS:
        called = [{"use": "official", "prefix": ["Dr."], "given": ["Robin"], "family": f"Example ({name})"}]
        yield {"resourceType": "Practitioner", "id": name, "active": True, "name": called}


def encounter_of(patient: str, day: date, *, r5: bool) -> dict[str, Any]:
    """A visit today. A launcher opens a patient's latest one with the app, and refuses where there is none."""
    kind = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB", "display": "ambulatory"}
    told = {"resourceType": "Encounter", "id": f"{patient}-today", "subject": {"reference": f"Patient/{patient}"}}
    period = {"start": day.isoformat()}
    if r5:
        return told | {"status": "in-progress", "class": [{"coding": [kind]}], "actualPeriod": period}
    return told | {"status": "in-progress", "class": kind, "period": period}


def patients_of(stories: Iterable[Story], today: date) -> Iterator[dict[str, Any]]:
    """The resources of all stories, as they would be today. The Sandbox needs a given name and a family name."""
    days = (today - INDEX_DATE).days
    for story in stories:
        chart = chart_of(story.request)
        for resource in chart.resources:
            moved: dict[str, Any] = _moved(resource, days)
            if moved["resourceType"] == "Patient":
                moved["name"] = [{"use": "official", "given": ["Story"], "family": story.vignette_id}]
            yield moved


def _moved(value: Any, days: int) -> Any:
    if isinstance(value, dict):
        return {name: _moved(member, days) for name, member in value.items()}
    if isinstance(value, list):
        return [_moved(member, days) for member in value]
    if days and isinstance(value, str) and _DAY.match(value):
        return (date.fromisoformat(value[:10]) + timedelta(days=days)).isoformat() + value[10:]
    return value
