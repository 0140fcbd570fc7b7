"""The searches our own FHIR server understands: patient, code, category, status, date, _id, _sort."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tests.ehr.exchange import Json

_CONTROL = frozenset({"_count", "_sort", "_start", "_format", "_total", "_summary", "_include"})
_DATES = (
    *("effectiveDateTime", "effectivePeriod", "performedDateTime", "performedPeriod", "occurrenceDateTime"),
    *("occurrencePeriod", "occurenceDateTime", "occurencePeriod", "onsetDateTime", "recordedDate", "authoredOn"),
)
_PREFIXES = ("eq", "gt", "lt", "ge", "le")


def matches(resources: Iterable[Json], asked: Iterable[tuple[str, str]]) -> tuple[list[Json], list[tuple[str, str]]]:
    """The resources that meet all parameters, and the parameters nobody knows (a server ignores them)."""
    asked = [pair for pair in asked if pair[0] not in _CONTROL]
    known = [pair for pair in asked if pair[0] in _MEETS]
    chosen = [one for one in resources if all(_MEETS[name](one, value.split(",")) for name, value in known)]
    return chosen, [pair for pair in asked if pair[0] not in _MEETS]


def ordered(resources: list[Json], sort: str | None) -> list[Json]:
    """By date (`date`, `-date`); any other order is the one of loading."""
    if sort not in ("date", "-date"):
        return resources
    return sorted(resources, key=_date, reverse=sort.startswith("-"))


def _of_patient(resource: Json, values: list[str]) -> bool:
    said = resource.get("subject") or resource.get("patient") or {}
    reference = str(said.get("reference", "")).split("/_history/")[0]
    return any(f"/{reference}".endswith(f"/Patient/{value.removeprefix('Patient/')}") for value in values)


def _of_id(resource: Json, values: list[str]) -> bool:
    return resource["id"] in values


def _of_code(resource: Json, values: list[str]) -> bool:
    concepts = [resource.get("code"), resource.get("medicationCodeableConcept")]
    concepts.append((resource.get("medication") or {}).get("concept"))
    return any(
        _is(coding, value) for concept in concepts if concept for coding in _codings(concept) for value in values
    )


def _of_category(resource: Json, values: list[str]) -> bool:
    said = resource.get("category") or []
    concepts = said if isinstance(said, list) else [said]
    return any(_is(coding, value) for concept in concepts for coding in _codings(concept) for value in values)


def _of_status(resource: Json, values: list[str]) -> bool:
    return resource.get("status") in values


def _of_clinical_status(resource: Json, values: list[str]) -> bool:
    return any(_is(coding, value) for coding in _codings(resource.get("clinicalStatus") or {}) for value in values)


def _of_date(resource: Json, values: list[str]) -> bool:
    return any(_when(_date(resource), value) for value in values)


def _when(found: str, value: str) -> bool:
    prefix, wanted = (value[:2], value[2:]) if value[:2] in _PREFIXES else ("eq", value)
    day = found[: len(wanted)]
    if not day:
        return False
    return {"eq": day == wanted, "gt": day > wanted, "lt": day < wanted, "ge": day >= wanted, "le": day <= wanted}[
        prefix
    ]


def _is(coding: Json, value: str) -> bool:
    system, bar, code = value.rpartition("|")
    return (not code or coding.get("code") == code) and (not bar or coding.get("system", "") == system)


def _codings(concept: Json) -> Iterator[Json]:
    yield from concept.get("coding", ())


def _date(resource: Json) -> str:
    """The first date of the resource as text, or nothing. Texts of dates compare as dates do."""
    said: Any = next((resource[name] for name in _DATES if name in resource), "")
    return str(said.get("start") or said.get("end") or "") if isinstance(said, dict) else str(said)


_MEETS = {
    "patient": _of_patient,
    "subject": _of_patient,
    "code": _of_code,
    "category": _of_category,
    "status": _of_status,
    "clinical-status": _of_clinical_status,
    "date": _of_date,
    "_id": _of_id,
}
