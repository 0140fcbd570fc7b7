"""Reading codings from plain dictionaries, and what they mean to us, asked once and remembered."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Protocol

_MOST_REMEMBERED = 20_000
_LONGEST_REMEMBERED = 160


class Meaning(Protocol):
    """What a code means. The mappings say it; this room only sorts by it."""

    @property
    def concept(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def role(self) -> str: ...

    @property
    def display(self) -> str: ...

    @property
    def route(self) -> str: ...


LookUp = Callable[[str, str], Meaning | None]
Knows = LookUp | Mapping[tuple[str, str], Meaning]
FindName = Callable[[str], tuple[str, str] | None]
"""A text to the agent and the route that it names; the agent is empty where it names several."""


class Memory(dict[Hashable, Any]):
    """Answers about terminology, remembered over requests, bounded, forgotten all at once when full.

    Only codes and the displays written beside codes are asked: never a free text, which may be about a person.
    `derived` holds what somebody concluded from the answers.
    """

    def __init__(self, ask: Callable[..., Any]) -> None:
        super().__init__()
        self._ask = ask
        self.derived: Memory | None = None

    def __missing__(self, key: Hashable) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        answer = self._ask(*parts)
        if sum(len(part) for part in parts) <= _LONGEST_REMEMBERED:
            if len(self) >= _MOST_REMEMBERED:
                self.clear()
            self[key] = answer
        return answer


@lru_cache(maxsize=16)
def remembered(ask: Callable[..., Any]) -> Memory:
    """The memory of one way to ask. A site's mappings are another way, with its own memory."""
    return Memory(ask)


def meanings_by(knows: Knows) -> Memory:
    """`knows` as something to index by (system, code)."""
    if isinstance(knows, Mapping):
        return Memory(lambda system, code: knows.get((system, code)))
    return remembered(knows)


def known_of(concept: Any, known: Memory) -> tuple[list[Meaning], tuple[tuple[str, str], ...]]:
    """What the codings of a CodeableConcept mean, over all of them, in their order (terminology.md 3.1).

    With the (system, code) of those that mean something.
    """
    try:
        pairs = [(coding["system"], coding["code"]) for coding in concept["coding"]]
        found = [known[pair] for pair in pairs]
    except (KeyError, TypeError, AttributeError):
        pairs = list(pairs_of(concept))
        found = [known[pair] for pair in pairs]
    meant = [meaning for meaning in found if meaning is not None]
    if len(meant) == len(pairs):
        return meant, tuple(pairs)
    return meant, tuple([pair for pair, meaning in zip(pairs, found, strict=True) if meaning is not None])


def pairs_of(concept: Any) -> Iterator[tuple[str, str]]:
    """(system, code) of every coding that has both, whatever else is in there."""
    for coding in codings_of(concept):
        system, code = coding.get("system"), coding.get("code")
        if isinstance(system, str) and isinstance(code, str):
            yield system, code


def codings_of(concept: Any) -> list[dict[str, Any]]:
    """The codings that are objects."""
    listed = concept.get("coding") if isinstance(concept, dict) else None
    return [coding for coding in listed if isinstance(coding, dict)] if isinstance(listed, list) else []


def displays_of(concept: Any) -> Iterator[str]:
    """The names written beside codes: terminology, not free text."""
    for coding in codings_of(concept):
        display = coding.get("display")
        if isinstance(display, str) and display and isinstance(coding.get("code"), str):
            yield display


def text_of(concept: Any) -> str:
    """The free text of a CodeableConcept, or nothing."""
    text = concept.get("text") if isinstance(concept, dict) else None
    return text if isinstance(text, str) else ""
