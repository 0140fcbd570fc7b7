"""Small counts are hidden: a committee's report must not point at a person (default: fewer than 10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

Key = TypeVar("Key")


def hidden(number: int, smallest: int) -> bool:
    """Whether a count is too small to be shown. None at all is no person, and is shown."""
    return 0 < number < smallest


def shown(number: int, smallest: int) -> str:
    """A count as the report writes it."""
    return f"<{smallest}" if hidden(number, smallest) else f"{number:,}"


def kept(counts: Mapping[Key, int], smallest: int) -> dict[Key, int | None]:
    """Counts that add up to a total that is shown; None for what is hidden.

    Where one alone is hidden, the next larger one is hidden with it: else it would follow from the total.
    """
    too_small = [key for key, number in counts.items() if hidden(number, smallest)]
    if len(too_small) == 1:
        others = [key for key in counts if key not in too_small and counts[key]]
        too_small += sorted(others, key=lambda key: counts[key])[:1]
    return {key: None if key in too_small else number for key, number in counts.items()}


def told(number: int | None, smallest: int) -> str:
    """A count that may be hidden."""
    return f"<{smallest}" if number is None else f"{number:,}"
