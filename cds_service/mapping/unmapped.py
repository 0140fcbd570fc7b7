"""Which codes and units of a heap of resources were not understood, how often, and what they may be.

For the person who keeps a site's overlay. Codes, systems, displays and unit strings come out of here, cut
to a length; ids, values, dates and free text do not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cds_service.mapping.likely import DRUG_RECORDS, KINDS, Likely
from cds_service.mapping.terminology import Meaning, Terminology
from cds_service.mapping.unit_findings import UnitFindings, UnmappedUnit, unit_strings

READ_FROM = frozenset({*KINDS, *DRUG_RECORDS})
MOST_CODES = 20_000
_MOST_EACH = 8
_LONGEST = {"system": 120, "code": 64, "display": 80}
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")
Resource = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UnmappedCode:
    """One code that nothing knows. `concept`, `role` and `because` are a suggestion, or empty.

    `system` is empty for a coding without one; then no overlay can map it.
    """

    system: str
    code: str
    display: str
    count: int
    resources: tuple[tuple[str, int], ...]
    units: tuple[str, ...]
    concept: str = ""
    role: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True)
class TextOnly:
    """Records with a name and no code: an overlay cannot map them. The names are not kept."""

    resource: str
    concept: str
    count: int


@dataclass(frozen=True, slots=True)
class Report:
    """`codes` may matter to a rule, `rest` has no resemblance with anything a rule reads. Most frequent first."""

    codes: tuple[UnmappedCode, ...]
    units: tuple[UnmappedUnit, ...]
    text_only: tuple[TextOnly, ...]
    rest: tuple[UnmappedCode, ...]
    resources: Mapping[str, int]
    understood: int
    not_read: int
    forgotten: int


@dataclass(slots=True)
class _Seen:
    resources: Counter[str] = field(default_factory=Counter)
    displays: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)


class Tally:
    """Add resources, one after another, then ask for the report. Memory is bounded by `most_codes` different codes."""

    def __init__(self, terminology: Terminology, likely: Likely, most_codes: int = MOST_CODES) -> None:
        self._terminology, self._likely, self._most_codes = terminology, likely, most_codes
        self._meanings: dict[tuple[str, str], Meaning | None] = {}
        self._codes: dict[tuple[str, str], _Seen] = {}
        self._units = UnitFindings(terminology)
        self._texts: dict[int, str] = {}
        self._text_only: Counter[tuple[str, str]] = Counter()
        self._resources: Counter[str] = Counter()
        self._understood = self._not_read = self._forgotten = 0

    def add(self, resource: Resource) -> None:
        """Look at one resource. Types that no rule reads are counted only."""
        kind = resource.get("resourceType")
        if not isinstance(kind, str) or kind not in READ_FROM:
            self._not_read += 1
            return
        self._resources[kind] += 1
        for concept, part in _concepts_of(kind, resource):
            self._look_at(kind, concept, part)

    def report(self) -> Report:
        """What was found so far."""
        codes = sorted(map(self._judged, self._codes.items()), key=lambda one: (-one.count, one.system, one.code))
        told = [TextOnly(kind, concept, count) for (kind, concept), count in self._text_only.items()]
        return Report(
            codes=tuple(one for one in codes if one.concept),
            units=self._units.report(),
            text_only=tuple(sorted(told, key=lambda one: (not one.concept, -one.count, one.resource, one.concept))),
            rest=tuple(one for one in codes if not one.concept),
            resources=dict(sorted(self._resources.items())),
            understood=self._understood,
            not_read=self._not_read,
            forgotten=self._forgotten,
        )

    def _look_at(self, kind: str, concept: Any, part: Resource) -> None:
        listed = concept.get("coding") if isinstance(concept, dict) else None
        codings = [coding for coding in listed if _is_coding(coding)] if isinstance(listed, list) else []
        if not codings:
            self._count_text(kind, concept)
            return
        found = [meaning for coding in codings if (meaning := self._meaning(coding)) is not None]
        if not found:
            self._count_code(kind, codings, part)
            return
        self._understood += 1
        included = next((meaning for meaning in found if meaning.role == "include"), None)
        if kind == "Observation" and included is not None:
            self._units.add(part, included, _key_of(self._best(codings)))

    def _meaning(self, coding: Resource) -> Meaning | None:
        system, code = coding.get("system"), coding["code"]
        if not isinstance(system, str):
            return None
        if (system, code) not in self._meanings:
            if len(self._meanings) >= self._most_codes:
                self._meanings.clear()
            self._meanings[system, code] = self._terminology.look_up(system, code)
        return self._meanings[system, code]

    def _count_code(self, kind: str, codings: list[dict[str, Any]], part: Resource) -> None:
        best = self._best(codings)
        key = _key_of(best)
        if key not in self._codes and len(self._codes) >= self._most_codes:
            self._forgotten += 1
            return
        seen = self._codes.setdefault(key, _Seen())
        seen.resources[kind] += 1
        names = (_cut("display", coding.get("display")) for coding in (best, *codings))
        _note(seen.displays, next((name for name in names if name), ""))
        for unit in unit_strings(part) if kind == "Observation" else ():
            _note(seen.units, unit)

    def _count_text(self, kind: str, concept: Any) -> None:
        text = concept.get("text") if isinstance(concept, dict) else None
        if isinstance(text, str) and text.strip():
            self._text_only[kind, self._concept_of_text(kind, text)] += 1

    def _concept_of_text(self, kind: str, text: str) -> str:
        """Remembered by its hash: a free text may be about a person, and is not kept."""
        key = hash((kind, text))
        if key not in self._texts:
            if len(self._texts) >= self._most_codes:
                self._texts.clear()
            guess = self._likely.guess(kind, text)
            self._texts[key] = guess.concept if guess is not None else ""
        return self._texts[key]

    def _best(self, codings: list[dict[str, Any]]) -> dict[str, Any]:
        """The coding to name: of a system that has a name here, else of any system, else the first."""
        known = (coding for coding in codings if coding.get("system") in self._terminology.systems)
        of_any = (coding for coding in codings if isinstance(coding.get("system"), str))
        return next(known, None) or next(of_any, codings[0])

    def _judged(self, item: tuple[tuple[str, str], _Seen]) -> UnmappedCode:
        (system, code), seen = item
        kinds, units = tuple(seen.resources.most_common()), tuple(unit for unit, _ in seen.units.most_common())
        display = next((name for name, _ in seen.displays.most_common() if name), "")
        name = display or ("" if code[:1].isdigit() else code)
        guess = self._likely.guess(kinds[0][0], name, units)
        told = (guess.concept, guess.role, guess.because) if guess is not None else ("", "", "")
        return UnmappedCode(system, code, display, seen.resources.total(), kinds, units, *told)


def _concepts_of(kind: str, resource: Resource) -> Iterator[tuple[Any, Resource]]:
    """The CodeableConcepts that say what a resource is about, each with the part that would hold its value."""
    if kind == "Observation":
        parts = resource.get("component")
        inside = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
        yield from ((part.get("code"), part) for part in (resource, *inside))
    elif kind in ("Medication", "Condition", "Procedure", "AllergyIntolerance"):
        yield resource.get("code"), resource
    else:
        stated = resource.get("medication")
        later = stated.get("concept") if isinstance(stated, dict) else None
        yield resource.get("medicationCodeableConcept") or later, resource


def _is_coding(coding: Any) -> bool:
    return isinstance(coding, dict) and isinstance(coding.get("code"), str) and bool(coding["code"].strip())


def _key_of(coding: Resource) -> tuple[str, str]:
    return _cut("system", coding.get("system")), _cut("code", coding.get("code"))


def _cut(what: str, text: Any) -> str:
    return _UNPRINTABLE.sub(" ", text[: _LONGEST[what]]).strip() if isinstance(text, str) else ""


def _note(counter: Counter[str], text: str) -> None:
    """Count a text unless there are many others already."""
    if text in counter or len(counter) < _MOST_EACH:
        counter[text] += 1
