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


def fill(template: str, figures: Mapping[str, str]) -> str:
    """The sentence with its figures, its first letter a capital where it can be.

    Never raises: an unknown figure shows nothing.
    """
    names = _names(template)
    if not names:
        return _chosen(template, ())
    try:
        known = tuple(map(bool, map(figures.__getitem__, names)))
    except KeyError:
        known = tuple([bool(figures.get(name)) for name in names])
    return _sentence(_chosen(template, known) % figures)


def names_in(template: str) -> frozenset[str]:
    """The figures a template can use."""
    return frozenset(_names(template))


def always_needed(template: str) -> frozenset[str]:
    """The figures a template cannot do without: those outside every choice."""
    return names_in(_CHOICE.sub("", template))


# Templates are the texts of the wording tables, never of a chart: what is remembered here says nothing of a patient.
@lru_cache(maxsize=1024)
def _names(template: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_NAME.findall(template)))


@lru_cache(maxsize=2048)
def _chosen(template: str, known: tuple[bool, ...]) -> str:
    """The template with its choices made, and `%(name)s` for its figures; the whole sentence when it has none.

    `known` says of each figure in `_names` whether it has a value.
    """
    at_hand = {name for name, is_known in zip(_names(template), known, strict=True) if is_known}
    parts = _CHOICE.split(template.replace("%", "%%") if known else template)
    parts[1::2] = [_first_possible(choices.split("|"), at_hand) for choices in parts[1::2]]
    text = _NAME.sub(lambda name: f"%({name[1]})s" if name[1] in at_hand else "", "".join(parts))
    return text if known else _sentence(text)


def _first_possible(choices: list[str], at_hand: set[str]) -> str:
    for choice in choices:
        if at_hand.issuperset(_NAME.findall(choice)):
            return choice
    return ""


def _sentence(text: str) -> str:
    # A doubled blank is left where a choice showed nothing.
    filled = (_BLANKS.sub(" ", text) if "  " in text else text).strip()
    # "eGFR has fallen" keeps its small letter.
    return filled[:1].upper() + filled[1:] if filled[:1].islower() and not filled[1:2].isupper() else filled
