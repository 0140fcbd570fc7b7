"""Answers that are words: text or code to the one word a guideline reads (clinical-spec R-20)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cds_service.mapping import systems
from cds_service.mapping.check_digits import snomed_digit_is_right
from cds_service.mapping.concepts import Concept
from cds_service.mapping.tables import Row, Tables

ANSWER_COLUMNS = ("concept", "system", "answer", "word", "source")
REASON_COLUMNS = ("system", "code", "reason", "source")
REASONS = ("ineffective", "intolerance", "non-adherence", "remission", "completed")
METHOD_OF = "albumin"
_LONGEST = 200
_BLANKS = re.compile(r"\s+")
_JOINED = re.compile(r"\s*([+/&])\s*")
_NOT_WORD = re.compile(r"[^0-9a-z]+")
# A biopsy report says yes where a laboratory says positive.
_SAME = {"yes": "positive", "no": "negative", "positive": "yes", "negative": "no"}


@dataclass(frozen=True, slots=True)
class Words:
    """Answers and line-end reasons. Keys: (concept or "", system or "", code or folded text)."""

    answers: Mapping[tuple[str, str, str], str]
    reasons: Mapping[tuple[str, str], str]
    methods: Mapping[str, str]
    noise: Mapping[str, re.Pattern[str]]

    def answer(self, concept: Concept, text: str, system: str) -> str | None:
        """The word, or None: what is not listed is set aside, never guessed."""
        if len(text) > _LONGEST:
            return None
        spoken = system in ("", systems.FINDING)
        spelled = folded(text, self.noise.get(concept.key)) if spoken else text.strip()
        where = "" if spoken else system
        word = self.answers.get((concept.key, where, spelled)) or self.answers.get(("", where, spelled))
        if word is None or word in concept.words:
            return word
        return _SAME[word] if _SAME.get(word) in concept.words else None

    def reason(self, system: str, code: str) -> str | None:
        """The line-end reason of a statusReason, or None."""
        if len(code) > _LONGEST:
            return None
        return self.reasons.get((system, code.strip() if system else folded(code)))

    def method(self, text: str) -> str | None:
        """The one albumin method whose name stands in the text; None for none, or for two."""
        padded = f" {_NOT_WORD.sub(' ', text[:_LONGEST].casefold()).strip()} "
        named = {word for phrase, word in self.methods.items() if f" {phrase} " in padded}
        return named.pop() if len(named) == 1 else None


def folded(text: str, noise: re.Pattern[str] | None = None) -> str:
    """Small letters, single blanks, none around + / &, no full stop at the end, noise words dropped."""
    small = text.casefold()
    if noise is not None:
        small = noise.sub(" ", small)
    return _JOINED.sub(r"\1", _BLANKS.sub(" ", small)).strip(" .;:")


def read_words(tables: Tables, concepts: Mapping[str, Concept], aliases: Mapping[str, str]) -> Words:
    """The tables of answers and of line-end reasons."""
    noise = {key: _pattern(concept.noise) for key, concept in concepts.items() if concept.noise}
    answers: dict[tuple[str, str, str], str] = {}
    for row in _sound(tables, "answers.csv", ANSWER_COLUMNS, "answer", aliases):
        spelled = row["answer"] if row["system"] else folded(row["answer"], noise.get(row["concept"]))
        key = (row["concept"], row["system"], spelled)
        fault = _fault_of_word(row, concepts) or _twice(answers.get(key), row["word"])
        if fault:
            tables.fault(row.path, row.line, fault, "take a word of that concept in concepts.toml, once")
        answers[key] = row["word"]
    reasons: dict[tuple[str, str], str] = {}
    for row in _sound(tables, "reasons.csv", REASON_COLUMNS, "code", aliases):
        end = (row["system"], row["code"] if row["system"] else folded(row["code"]))
        fault = "" if row["reason"] in REASONS else f"unknown reason {row['reason']!r}"
        fault = fault or _twice(reasons.get(end), row["reason"])
        if fault:
            tables.fault(row.path, row.line, fault, f"take one of {', '.join(REASONS)}, once")
        reasons[end] = row["reason"]
    methods = {text: word for (concept, _, text), word in answers.items() if concept == METHOD_OF}
    return Words(answers, reasons, methods, noise)


def _sound(
    tables: Tables, path: str, columns: tuple[str, ...], column: str, aliases: Mapping[str, str]
) -> Iterator[Row]:
    for row in tables.rows(path, columns):
        system, code = row["system"], row[column]
        if system and aliases.get(system) != system:
            told = f"{system} is not a canonical system of systems.csv"
            tables.fault(path, row.line, told, "write the first column of systems.csv")
        elif not code or (system == systems.SNOMED and not snomed_digit_is_right(code)):
            told = f"{code!r} is empty or fails its check digit"
            tables.fault(path, row.line, told, "look the code up in its source")
        else:
            yield row


def _fault_of_word(row: Row, concepts: Mapping[str, Concept]) -> str:
    if row["concept"] and row["concept"] not in concepts:
        return f"unknown concept {row['concept']!r}"
    allowed = concepts[row["concept"]].words if row["concept"] else tuple(_SAME)
    return "" if row["word"] in allowed else f"{row['word']!r} is not a word of {row['concept'] or 'all concepts'}"


def _twice(earlier: str | None, word: str) -> str:
    return "" if earlier is None else f"listed twice, as {earlier} and as {word}"


def _pattern(noise: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(rf"(?<![0-9a-z]){re.escape(word)}(?![0-9a-z])" for word in noise))
