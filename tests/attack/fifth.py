"""A call and its answer in FHIR R5: the same chart of a client of the other release gets the same cards."""

from __future__ import annotations

import copy
from typing import Any

from tests.attack.charts import Json, resources
from tests.stories.fifth_release import as_r5

_STATUSES = frozenset(
    {"active", "completed", "stopped", "on-hold", "not-taken", "unknown", "entered-in-error", "intended"}
)


def in_r5(call: Json) -> Json:
    """The call with every record as R5 writes it."""
    moved = copy.deepcopy(call)
    for value in moved["prefetch"].values():
        if not isinstance(value, dict) or value.get("resourceType") != "Bundle":
            continue
        for entry in value.get("entry", ()):
            entry["resource"] = as_r5(entry["resource"])
    return moved


def can_be_r5(call: Json) -> bool:
    """Does every part of the call have a writing in R5? Some are bent into what no release has."""
    return all(
        one.get("resourceType") != "MedicationStatement" or one.get("status") in _STATUSES for one in resources(call)
    )


def with_drafts_in_r5(value: Any) -> Any:
    """An answer to a client of R4 with the drafts that a client of R5 gets."""
    if isinstance(value, list):
        return [with_drafts_in_r5(member) for member in value]
    if not isinstance(value, dict):
        return value
    if "resourceType" in value:
        return as_r5(value)
    return {name: with_drafts_in_r5(member) for name, member in value.items()}
