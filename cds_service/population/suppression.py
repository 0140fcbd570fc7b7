"""Small counts are hidden: a committee's report must not point at a person (default: fewer than 10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

Key = TypeVar("Key")
HIDDEN = "hidden"


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


def kept_within(counts: Mapping[Key, int], group: Callable[[Key], object], smallest: int) -> dict[Key, int | None]:
    """The same for counts of which those of one group add up to a total that is shown."""
    groups: dict[object, dict[Key, int]] = {}
    for key, number in counts.items():
        groups.setdefault(group(key), {})[key] = number
    found = {key: number for some in groups.values() for key, number in kept(some, smallest).items()}
    return {key: found[key] for key in counts}


def told(number: int | None, smallest: int) -> str:
    """A count of `kept`. What is hidden may be small, or hidden because of a small one: it is not written as small."""
    return HIDDEN if number is None else shown(number, smallest)
