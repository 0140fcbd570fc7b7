"""Which of our concepts an unknown code is probably about. A suggestion for a person to review, never a reading."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cds_service.mapping.codes import LOCAL_ROUTES, Meaning
from cds_service.mapping.terminology import Factor, Terminology

Named = Callable[[str], str]
"""A name to the concept it sounds like, or to nothing."""

KINDS: Mapping[str, frozenset[str]] = {
    "Observation": frozenset({"measure", "finding"}),
    "Condition": frozenset({"condition"}),
    "Procedure": frozenset({"procedure", "condition"}),
}
DRUG_RECORDS = frozenset(
    {
        "Medication",
        "MedicationRequest",
        "MedicationStatement",
        "MedicationAdministration",
        "MedicationDispense",
        "AllergyIntolerance",
    }
)
_WORD = re.compile(r"[0-9a-z]+")
_SAYS_NOTHING = frozenset(_WORD.findall("a and by disorder finding for in no nos of on or other procedure the to with"))
# Words of other laboratories' languages, without accents, for the few that would hide a measure.
_IN_ENGLISH = {
    "kreatinin": "creatinine",
    "creatinina": "creatinine",
    "eiweiss": "protein",
    "proteine": "protein",
    "proteina": "protein",
    "albumine": "albumin",
    "albumina": "albumin",
    "urin": "urine",
    "urina": "urine",
    "orina": "urine",
    "sammelurin": "24 hour urine",
    "quotient": "ratio",
    "cociente": "ratio",
    "rapport": "ratio",
    "leukozyten": "leukocytes",
    "leucocitos": "leukocytes",
    "neutrophile": "neutrophils",
    "immunglobulin": "immunoglobulin",
    "antikorper": "antibody",
    "anticuerpos": "antibody",
    "schwangerschaftstest": "pregnancy test",
}
_ANY_WORD = re.compile(r"[^\W\d_]+")
_END_OF_SUBJECT = re.compile(r"\[|\bin\b|\bby\b", re.IGNORECASE)
_ENOUGH = 0.6
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Guess:
    """The concept, the role such a code would probably have, and why one may think so."""

    concept: str
    role: str
    because: str


class Likely:
    """Suggestions from names: the words of the shipped displays, drug names, and what sounds like a measure."""

    def __init__(self, terminology: Terminology, looks_like: Named, disease_named: Named) -> None:
        self._terminology = terminology
        self._sounds: Mapping[str, Named] = {"Observation": looks_like, "Condition": disease_named}
        self._by_word: dict[str, dict[str, list[tuple[Meaning, frozenset[str]]]]] = {}
        self._weight: dict[str, float] = {}
        self._index()

    def guess(self, kind: str, name: str, units: Iterable[str] = ()) -> Guess | None:
        """What a name in a resource of this kind is probably about; `units` seen with it may rule that out."""
        if not name:
            return None
        if kind in DRUG_RECORDS:
            return self._drug(name)
        spelled = _in_english(name)
        guess = self._alike(kind, spelled) or self._sounding(kind, spelled)
        if guess is not None and guess.role == "include" and self._is_measured_otherwise(guess.concept, units):
            return Guess(guess.concept, "distractor", f"{guess.because}, but has units of another measure")
        return guess

    def _drug(self, name: str) -> Guess | None:
        found = self._terminology.drug_by_name(name)
        if found is None or not found[0]:  # several drugs, or none
            return None
        agent, route = found
        if route in LOCAL_ROUTES:
            return Guess(agent, "distractor", f"the name says {agent}, and {route}")
        return Guess(agent, "include", f"the name says {agent}")

    def _sounding(self, kind: str, name: str) -> Guess | None:
        sounds = self._sounds.get(kind)
        concept = sounds(name) if sounds is not None else ""
        if concept not in self._terminology.concepts:
            return None
        return Guess(concept, "include", "the name sounds like it")

    def _is_measured_otherwise(self, concept: str, units: Iterable[str]) -> bool:
        """True when every unit seen is one of other measures only. A unit that nothing knows rules out nothing."""
        convert, concepts = self._terminology.convert, self._terminology.concepts
        seen = [unit for unit in units if unit]
        if not seen or not concepts[concept].unit or any(convert(concept, unit) is not None for unit in seen):
            return False
        measures = [key for key, other in concepts.items() if other.unit]
        return all(any(isinstance(convert(key, unit), Factor) for key in measures) for unit in seen)

    def _alike(self, kind: str, name: str) -> Guess | None:
        """The shipped row whose display has most telling words in common with the name, of its subject at least one.

        Glucose [Mass/volume] in Urine has most of its words in common with Protein [Mass/volume] in Urine.
        """
        asked, index = _words(name), self._by_word.get(kind, {})
        rows = {id(row): row for word in _subject(name) for row in index.get(word, ()) if word in _subject_of(row[0])}
        scored = [(self._likeness(asked, words), meaning) for meaning, words in rows.values()]
        score, best = max(scored, key=lambda one: (one[0], one[1].role == "include", one[1].row), default=(0.0, None))
        if best is None or score < _ENOUGH:
            return None
        return Guess(best.concept, best.role, f"named almost like {best.row}")

    def _likeness(self, asked: frozenset[str], words: frozenset[str]) -> float:
        most = max(self._weight.values(), default=1.0)
        weight = {word: self._weight.get(word, most) for word in asked | words}
        return sum(weight[word] for word in asked & words) / (sum(weight.values()) or 1.0)

    def _index(self) -> None:
        frequency: Counter[str] = Counter()
        for meaning in self._terminology.known.values():
            words = _words(meaning.display)
            kinds = [kind for kind, wanted in KINDS.items() if meaning.kind in wanted]
            if not words or not kinds:
                continue
            frequency.update(words)
            for kind in kinds:
                rows = self._by_word.setdefault(kind, {})
                for word in words:
                    rows.setdefault(word, []).append((meaning, words))
        rows_in_all = sum(frequency.values()) or 1
        self._weight = {word: math.log(1 + rows_in_all / count) for word, count in frequency.items()}


def _in_english(name: str) -> str:
    bare = unicodedata.normalize("NFKD", name[:_LONGEST].replace("\u00df", "ss"))
    plain = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return _ANY_WORD.sub(lambda word: _IN_ENGLISH.get(word[0].casefold(), word[0]), plain)


def _subject(name: str) -> frozenset[str]:
    """What is measured: the words before the bracket of a LOINC name, or before `in`."""
    return _words(_END_OF_SUBJECT.split(name, maxsplit=1)[0])


def _subject_of(row: Meaning) -> frozenset[str]:
    return _subject(row.display)


def _words(name: Any) -> frozenset[str]:
    return frozenset(_WORD.findall(name[:_LONGEST].casefold())) - _SAYS_NOTHING
