"""What the mapping data say of one code or one word, and in which line they say it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cds_service.mapping import systems
from cds_service.mapping.terminology import Concept, Factor, Meaning, Rejection, Terminology

MOST_ROWS = 40
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class FoundCode:
    """A row that gives a code its meaning. A code ending in `*` is a whole branch."""

    system: str
    code: str
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class FoundUnit:
    """One unit string of a concept."""

    unit: str
    entry: Factor | Rejection


@dataclass(frozen=True, slots=True)
class FoundConcept:
    """A concept with its units and the number of its codes by system."""

    concept: Concept
    units: tuple[FoundUnit, ...]
    codes: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """`codes` are cut at MOST_ROWS, `left_off` says how many more there are."""

    codes: tuple[FoundCode, ...]
    concepts: tuple[FoundConcept, ...]
    left_off: int = 0


def system_named(terminology: Terminology, name: str) -> str:
    """The canonical system of a short name (loinc), or of any spelling of its address; else the name as it is."""
    return systems.SHORT_NAMES.get(name.casefold()) or terminology.canonical_system(name)


def short_name(system: str) -> str:
    """loinc for http://loinc.org; a system without a short name is shown as it is."""
    return next((name for name, uri in systems.SHORT_NAMES.items() if uri == system), system)


def find(terminology: Terminology, asked: str, system: str | None = None) -> Found:
    """A code exactly, else a concept by its key, else every row and concept with all the words in its name."""
    wanted = system_named(terminology, system) if system else None
    codes = sorted(_by_code(terminology, asked, wanted), key=lambda one: (one.system, one.code))
    if not codes:
        named = _by_words(terminology, asked, wanted)
        codes = sorted(named, key=lambda one: (one.meaning.concept, one.system, one.code))
    keys = dict.fromkeys(found.meaning.concept for found in codes)
    if not codes or wanted is None:
        keys |= dict.fromkeys(_concepts_named(terminology, asked))
    shown = tuple(codes[:MOST_ROWS])
    return Found(shown, tuple(concept_of(terminology, key) for key in keys), len(codes) - len(shown))


def concept_of(terminology: Terminology, key: str) -> FoundConcept:
    """A concept with its units and the number of its codes."""
    counted: dict[str, int] = {}
    for (system, _), meaning in terminology.known.items():
        if (meaning.concept, meaning.role) == (key, "include"):
            counted[system] = counted.get(system, 0) + 1
    units = tuple(FoundUnit(unit, entry) for unit, entry in terminology.units_of(key).items())
    return FoundConcept(terminology.concepts[key], units, tuple(sorted(counted.items())))


def _by_code(terminology: Terminology, code: str, wanted: str | None) -> Iterator[FoundCode]:
    every = {system for system, _ in terminology.known}
    for system in every if wanted is None else {wanted}:
        meaning = terminology.look_up(system, code)
        if meaning is not None:
            yield FoundCode(system, code, meaning)


def _by_words(terminology: Terminology, text: str, wanted: str | None) -> Iterator[FoundCode]:
    words = _words(text)
    rows = [*terminology.known.items(), *(((key[0], f"{key[1]}*"), row) for key, row in terminology.prefixes.items())]
    for (system, code), meaning in rows:
        named = words and words <= _words(f"{meaning.display} {meaning.concept}")
        if named and wanted in (None, system):
            yield FoundCode(system, code, meaning)


def _concepts_named(terminology: Terminology, text: str) -> Iterator[str]:
    words = _words(text)
    named = terminology.drug_by_name(text)
    yield from (key for key in terminology.concepts if words and words <= _words(key) | {key})
    if named is not None and named[0]:
        yield named[0]
    yield from (key for key in terminology.concepts if text and text in terminology.units_of(key))


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold().replace("_", " ")))
