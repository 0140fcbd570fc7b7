"""A vignette: one invented patient in the field's own words, and the answer the guideline owes that patient.

Times are whole days from the index date (day 0); negative is the past. The files are
`fixtures/vignettes/*.yaml`; what a concept looks like in FHIR is `fixtures/codings.yaml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from cds_service.errors import NextlineError

INDEX_DATE = date(2026, 11, 22)
NO_CARD = "NO_CARD"


class StoryFault(NextlineError):  # noqa: N818 - the house word for what is refused is fault
    """A vignette, a coding or a story folder is not what it must be; says which and why."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing the chart says. `end` None means ongoing; `value` is a number in `unit`, or a word."""

    r: str
    concept: str
    day: int | None = None
    onset: int | None = None
    start: int | None = None
    end: int | None = None
    value: float | str | None = None
    unit: str = ""
    method: str = ""
    status: str = ""
    dose: float | None = None
    dose_unit: str = ""
    reason: str = ""
    intent: str = ""
    clinical: str = ""
    verification: str = ""
    criticality: str = ""

    @property
    def since(self) -> int:
        """The day the fact is sorted and shown under; 0 when the chart gives none."""
        known = [day for day in (self.day, self.start, self.onset) if day is not None]
        return known[0] if known else 0


@dataclass(frozen=True, slots=True)
class Expected:
    """The right answer. `safety_notes` is a required subset, `missing` and `alternatives` are exact when given."""

    state: str
    action: str
    rule: str
    indicator: str
    why: str
    next_class: str | None = None
    safety_notes: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    alternatives: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Vignette:
    """One patient. `name` is the slug of the story folder; `doubt` says what the specification leaves open."""

    id: str
    name: str
    title: str
    story: str
    disease: str
    sex: str
    age: int
    facts: tuple[Fact, ...]
    expected: Expected
    doubt: str = ""

    @property
    def born(self) -> date:
        """Index date minus the age in years minus 100 days, so that the age holds on the index date."""
        birthday = INDEX_DATE.replace(year=INDEX_DATE.year - self.age)
        return birthday - timedelta(days=100)


def load_vignettes(folder: Path) -> tuple[Vignette, ...]:
    """Every vignette of every file, in file order. Raises StoryFault on an unknown key or a name used twice."""
    vignettes = tuple(v for path in sorted(folder.glob("*.yaml")) for v in _read(path))
    _refuse_doubles("name", (v.name for v in vignettes))
    _refuse_doubles("id", (v.id for v in vignettes))
    return vignettes


def _read(path: Path) -> Iterable[Vignette]:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [_vignette(entry, path.name) for entry in document["vignettes"]]


def _vignette(entry: Mapping[str, Any], where: str) -> Vignette:
    place = f"{where}, {entry.get('id', 'an entry without id')}"
    plain = {key: value for key, value in entry.items() if key not in {"patient", "facts", "expected"}}
    try:
        return Vignette(
            **{key: str(value).strip() for key, value in plain.items()},  # type: ignore[arg-type]
            **_only(entry["patient"], {"sex", "age"}, place),
            facts=tuple(Fact(**_only(fact, _names(Fact), place)) for fact in entry["facts"]),
            expected=_expected(entry["expected"], place),
        )
    except (KeyError, TypeError) as fault:
        raise StoryFault(f"{place}: {fault}") from fault


def _expected(entry: Mapping[str, Any], place: str) -> Expected:
    known: dict[str, Any] = _only(entry, _names(Expected), place)
    known.update({key: tuple(value) for key, value in known.items() if isinstance(value, list)})
    return Expected(**known)


def _names(kind: type[Fact] | type[Expected]) -> set[str]:
    return {field.name for field in fields(kind)}


def _only(entry: Mapping[str, Any], allowed: set[str], place: str) -> dict[str, Any]:
    unknown = sorted(set(entry) - allowed)
    if unknown:
        raise StoryFault(f"{place}: unknown member {', '.join(unknown)}")
    return dict(entry)


def _refuse_doubles(what: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise StoryFault(f"two vignettes share the {what} {value}")
        seen.add(value)
