"""Words of a table, found in a text: whole words, longest phrase first; a phrase ending in `*` is a beginning."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cds_service.mapping.damage import Fault

_NOT_WORD = re.compile(r"[^0-9a-z]+")
_LONGEST = 300

_Phrase = tuple[tuple[str, ...], str]


def spelled(text: str) -> str:
    """Small letters and digits, everything else a single blank."""
    return _NOT_WORD.sub(" ", text[:_LONGEST].casefold()).strip()


def fault_of_phrase(phrase: str) -> Fault | None:
    """Why words of a table could never be found in a text."""
    if phrase.removesuffix("*") == spelled(phrase.removesuffix("*")) != "":
        return None
    return Fault(f"{phrase!r} is not in the normal spelling", "small letters and digits, single blanks, * at the end")


@dataclass(frozen=True, slots=True, eq=False)
class Phrases:
    """Phrases by their first word, and beginnings of single words by their letters; each with what it says."""

    by_first_word: Mapping[str, tuple[_Phrase, ...]]
    beginnings: Mapping[str, str]
    lengths: tuple[int, ...]

    def found_in(self, text: str) -> Iterator[str]:
        """What the phrases in a text say, in their order. A word belongs to one phrase only, the longest."""
        words, position = spelled(text).split(), 0
        while position < len(words):
            length, said = self._at(words, position)
            if said:
                yield said
            position += length

    def _at(self, words: list[str], position: int) -> tuple[int, str]:
        word = words[position]
        for phrase, said in self.by_first_word.get(word, ()):
            if _begins(words, position, phrase):
                return len(phrase), said
        return 1, next((self.beginnings[word[:n]] for n in self.lengths if word[:n] in self.beginnings), "")


def phrases_of(table: Mapping[str, str]) -> Phrases:
    """Ready to be found: phrase to what it says."""
    by_first: dict[str, list[_Phrase]] = {}
    beginnings: dict[str, str] = {}
    for text in sorted(table, key=lambda text: (-len(text.split()), text.endswith("*"), -len(text))):
        words = tuple(text.split())
        if len(words) == 1 and text.endswith("*"):
            beginnings[text[:-1]] = table[text]
        else:
            by_first.setdefault(words[0], []).append((words, table[text]))
    lengths = tuple(sorted({len(beginning) for beginning in beginnings}, reverse=True))
    return Phrases({word: tuple(found) for word, found in by_first.items()}, beginnings, lengths)


def _begins(words: list[str], position: int, phrase: tuple[str, ...]) -> bool:
    there, last = words[position : position + len(phrase)], phrase[-1]
    if len(there) < len(phrase) or tuple(there[:-1]) != phrase[:-1]:
        return False
    return there[-1].startswith(last[:-1]) if last.endswith("*") else there[-1] == last
