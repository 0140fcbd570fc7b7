"""Cards that were overridden with a reason: quiet for a while, until a fact that matters changes (contract, issue 4).

A critical card is never silenced: the reason somebody gave once does not make a teratogen safe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from cds_service.cards.shown_again import Change, ShownAgain
from cds_service.guideline.assessment import Assessment
from cds_service.store.records import Silence

DAYS = 30
_PARTS = ("state", "classes", "vetoed", "notes", "missing", "lines")


class Overrides(NamedTuple):
    """What earlier overrides mean for this answer, by rule."""

    silenced: tuple[str, ...] = ()
    shown_again: Mapping[str, ShownAgain] = {}


NONE = Overrides()
Overrule = Callable[[Sequence[Assessment]], Overrides]


def facts_of(assessment: Assessment) -> bytes:
    """What an advice rests on, as JSON that is equal when nothing that matters has changed."""
    facts = sorted([fact.day, fact.name, fact.role, _said(fact.value, fact.unit)] for fact in assessment.facts)
    return orjson.dumps(
        {
            "state": assessment.state,
            "classes": [assessment.next_class, *assessment.alternatives],
            "vetoed": [[veto.therapy_class, veto.reason] for veto in assessment.vetoed],
            "notes": sorted(assessment.notes),
            "missing": sorted(assessment.missing),
            "lines": [[line.classes, line.start, line.end, line.outcome] for line in assessment.lines],
            "facts": [fact[1:] for fact in facts],
        }
    )


def overruled(assessments: Sequence[Assessment], silences: Iterable[Silence]) -> Overrides:
    """Which rules are quiet, and which come back with what has changed. `silences` come newest first."""
    silenced: list[str] = []
    again: dict[str, ShownAgain] = {}
    newest: dict[tuple[str, str], Silence] = {}
    for silence in silences:
        newest.setdefault((silence.disease, silence.rule), silence)
    for assessment in assessments if newest else ():
        earlier = newest.get((assessment.disease or "", assessment.rule))
        if earlier is None or assessment.severity == "critical":
            continue
        changes = _changes(orjson.loads(earlier.facts), orjson.loads(facts_of(assessment)))
        if changes:
            again[assessment.rule] = ShownAgain(earlier.since.date().isoformat(), changes)
        else:
            silenced.append(assessment.rule)
    return Overrides(tuple(silenced), again)


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    """Facts by name and role, then the other parts of the advice. The same value of a later day is no change."""
    old, new = _by_role(before), _by_role(now)
    found = [
        Change(key[0], old.get(key, ""), new.get(key, ""))
        for key in dict.fromkeys([*new, *old])
        if old.get(key) != new.get(key)
    ]
    return found + [Change(part) for part in _PARTS if before.get(part) != now.get(part)]


def _by_role(facts: Mapping[str, Any]) -> dict[tuple[str, str, int], str]:
    """What facts say, by name, role, and their number among those of the same name and role."""
    found: dict[tuple[str, str, int], str] = {}
    for name, role, said in facts["facts"]:
        number = 0
        while (name, role, number) in found:
            number += 1
        found[name, role, number] = said
    return found


def _said(value: float | str, unit: str) -> str:
    return value if isinstance(value, str) else f"{value:.4g} {unit}".rstrip()
