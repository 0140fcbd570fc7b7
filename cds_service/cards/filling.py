"""Templates and figures: a sentence filled with what is known, and still a sentence when little is known.

`{name}` is a figure. `[one|two|...]` shows the first choice whose figures are all known, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_NAME = re.compile(r"\{(\w+)\}")
_BLANKS = re.compile(r" {2,}")


def fill(template: str, figures: Mapping[str, str]) -> str:
    """The sentence with its figures, its first letter a capital where it can be.

    Never raises: an unknown figure shows nothing.
    """
    chosen = _CHOICE.sub(lambda match: _first_known(match[1].split("|"), figures), template)
    # A doubled blank is left where a choice showed nothing.
    filled = _BLANKS.sub(" ", _NAME.sub(lambda match: figures.get(match[1], ""), chosen)).strip()
    # "eGFR has fallen" keeps its small letter.
    return filled if filled[1:2].isupper() else filled[:1].upper() + filled[1:]


def names_in(template: str) -> frozenset[str]:
    """The figures a template can use."""
    return frozenset(_NAME.findall(template))


def always_needed(template: str) -> frozenset[str]:
    """The figures a template cannot do without: those outside every choice."""
    return names_in(_CHOICE.sub("", template))


def _first_known(choices: list[str], figures: Mapping[str, str]) -> str:
    return next((choice for choice in choices if names_in(choice) <= figures.keys()), "")
