"""What EHRs really send and the models refuse, mended by name (hot-path section 3).

Each repair keeps the meaning, has a name, and is counted. What is not listed here is not mended.
"""

from __future__ import annotations

import re
from typing import Any

from cds_service.fhir.bins import Repairs, Resource

ZONE_ADDED = "zone-added"
SECONDS_ADDED = "seconds-added"
ZONE_SPELLED = "zone-spelled"
SEPARATOR_SPELLED = "separator-spelled"
TIME_ADDED = "time-added"
BLANKS_TRIMMED = "blanks-trimmed"
DOSE_MOVED = "dose-moved"
LIST_MADE = "list-made"

_DATE_TIME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)(?P<mark>[T ])(?P<time>\d\d:\d\d)(?P<seconds>:\d\d(?:\.\d+)?)?"
    r"(?: ?(?P<zone>Z|z|[+-]\d\d:?\d\d))?",
    re.ASCII,
)
_LONGEST = 40


def date_time(value: Any, repairs: Repairs) -> Any:
    """A dateTime as FHIR writes it. A time without a zone is read in the zone of record, UTC."""
    if not isinstance(value, str):
        return value
    size = len(value)
    if size <= 10:
        return value
    if size >= 20 and value[10] == "T" and value[16] == ":" and (value[-1] == "Z" or value[-3] == ":"):
        return value
    parts = _DATE_TIME.fullmatch(value.strip()) if size <= _LONGEST else None
    if parts is None:
        return value
    zone = parts["zone"] or ""
    spelled = zone.upper() if len(zone) != 5 else f"{zone[:3]}:{zone[3:]}"
    for name, needed in (
        (ZONE_ADDED, not zone),
        (ZONE_SPELLED, spelled != zone),
        (SECONDS_ADDED, not parts["seconds"]),
        (SEPARATOR_SPELLED, parts["mark"] == " "),
    ):
        if needed:
            repairs[name] += 1
    return f"{parts['day']}T{parts['time']}{parts['seconds'] or ':00'}{spelled or 'Z'}"


def instant(value: Any, repairs: Repairs) -> Any:
    """An instant; a plain date becomes the start of that day. Only the order of release rests on it."""
    if isinstance(value, str) and len(value) == 10:
        repairs[TIME_ADDED] += 1
        return f"{value}T00:00:00Z"
    return date_time(value, repairs)


def period(value: Any, repairs: Repairs) -> Any:
    """A Period with both ends mended."""
    if not isinstance(value, dict):
        return value
    return {name: date_time(part, repairs) if name in ("start", "end") else part for name, part in value.items()}


def code(value: Any, repairs: Repairs) -> Any:
    """A code without blanks around it or doubled inside; FHIR allows neither, and both are seen."""
    if not isinstance(value, str) or (value[:1] != " " and value[-1:] != " " and "  " not in value):
        return value
    repairs[BLANKS_TRIMMED] += 1
    return " ".join(value.split())


def quantity(value: Any, repairs: Repairs) -> Any:
    """A Quantity whose UCUM code has no blanks around it."""
    if isinstance(value, dict) and value.get("code") is not None:
        mended = code(value["code"], repairs)
        if mended is not value["code"]:
            return {**value, "code": mended}
    return value


def dosage(value: Resource, repairs: Repairs) -> Resource:
    """A Dosage with its dose where R4 has it: some servers still put it where STU3 did."""
    if "doseQuantity" not in value or "doseAndRate" in value:
        return value
    repairs[DOSE_MOVED] += 1
    rest = {name: part for name, part in value.items() if name != "doseQuantity"}
    return {**rest, "doseAndRate": [{"doseQuantity": value["doseQuantity"]}]}


def listed(value: Any, repairs: Repairs) -> Any:
    """A list, where an object stands in place of the list of one that R4 asks for."""
    if isinstance(value, dict):
        repairs[LIST_MADE] += 1
        return [value]
    return value
