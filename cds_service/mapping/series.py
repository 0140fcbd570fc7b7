"""One value per measure and day (clinical-spec 2.2, R-04)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from cds_service.case.model import Finding, Quantity

# Two values of one day that differ by more than this share of the smaller one are said on the card.
DISAGREEMENT = 0.20

Dated = TypeVar("Dated", Quantity, Finding)


def one_a_day(facts: Iterable[Dated]) -> tuple[dict[str, tuple[Dated, ...]], list[tuple[Dated, Dated]]]:
    """The series, ascending by day, and the pairs (kept, given up) of days with more than one value.

    The highest `issued` wins, then the highest source, compared as text: ids are opaque. The pairs are by measure, the
    newest first.
    """
    by_day: dict[tuple[str, int], Dated] = {}
    given_up: list[tuple[Dated, Dated]] = []
    losers: dict[tuple[str, int], list[Dated]] = {}
    for fact in facts:
        key = (fact.measure, fact.day)
        earlier = by_day.get(key)
        if earlier is None:
            by_day[key] = fact
            continue
        wins = (fact.issued, fact.source) > (earlier.issued, earlier.source)
        by_day[key], loser = (fact, earlier) if wins else (earlier, fact)
        losers.setdefault(key, []).append(loser)
    for key in sorted(losers, key=lambda key: (key[0], -key[1])):
        given_up.extend((by_day[key], loser) for loser in sorted(losers[key], key=_told))
    series: dict[str, list[Dated]] = {}
    for _, fact in sorted(by_day.items(), key=lambda item: item[0]):
        series.setdefault(fact.measure, []).append(fact)
    return {measure: tuple(values) for measure, values in series.items()}, given_up


def _told(fact: Quantity | Finding) -> tuple[str, str, str]:
    """An order of values of one day that does not depend on which came first."""
    return f"{fact.value:020.6f}" if isinstance(fact, Quantity) else fact.value, fact.issued, fact.source


def disagree(kept: Quantity, other: Quantity) -> bool:
    """More than 20 % of the smaller value apart."""
    smaller, larger = sorted((abs(kept.value), abs(other.value)))
    return larger - smaller > DISAGREEMENT * smaller
