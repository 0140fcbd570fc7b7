"""Templates and figures: a sentence filled with what is known, and still a sentence when little is known.

`{name}` is a figure. `[one|two|...]` shows the first choice whose figures are all known, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_NAME = re.compile(r"\{(\w+)\}")
_BLANKS = re.compile(r" {2,}")

# A choice: the figures it needs, then literal and figure name in turns. A slot: choices, the first possible one shows.
_Choice = tuple[frozenset[str], tuple[str, ...]]
_Slot = tuple[_Choice, ...]


def fill(template: str, figures: Mapping[str, str]) -> str:
    """The sentence with its figures, its first letter a capital where it can be.

    Never raises: an unknown figure shows nothing.
    """
    shown = "".join([_shown(slot, figures) for slot in _slots(template)])
    # A doubled blank is left where a choice showed nothing.
    filled = (_BLANKS.sub(" ", shown) if "  " in shown else shown).strip()
    # "eGFR has fallen" keeps its small letter.
    return filled if filled[1:2].isupper() else filled[:1].upper() + filled[1:]


@lru_cache(maxsize=1024)
def names_in(template: str) -> frozenset[str]:
    """The figures a template can use."""
    return frozenset(_NAME.findall(template))


def always_needed(template: str) -> frozenset[str]:
    """The figures a template cannot do without: those outside every choice."""
    return names_in(_CHOICE.sub("", template))


# Templates are the texts of the wording tables, never of a chart: what is remembered here says nothing of a patient.
@lru_cache(maxsize=1024)
def _slots(template: str) -> tuple[_Slot, ...]:
    """The template taken apart: text outside choices is a slot with one choice that needs nothing."""
    slots: list[_Slot] = []
    for place, part in enumerate(_CHOICE.split(template)):
        if place % 2 == 0:
            slots.append(((frozenset(), tuple(_NAME.split(part))),))
        else:
            slots.append(tuple((names_in(choice), tuple(_NAME.split(choice))) for choice in part.split("|")))
    return tuple(slots)


def _shown(slot: _Slot, figures: Mapping[str, str]) -> str:
    for needed, pieces in slot:
        if needed <= figures.keys():
            return pieces[0] if len(pieces) == 1 else _joined(pieces, figures)
    return ""


def _joined(pieces: tuple[str, ...], figures: Mapping[str, str]) -> str:
    return "".join([figures.get(piece, "") if place % 2 else piece for place, piece in enumerate(pieces)])
