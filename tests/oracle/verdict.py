"""What the oracle answers: the graded half of an Assessment."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Verdict:
    """`vetoed` holds (candidate, reason); `candidates` the table row before vetoes (empty = no table)."""

    state: str
    action: str
    rule: str
    next_class: str | None = None
    alternatives: tuple[str, ...] = ()
    vetoed: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()
    notes: set[str] = field(default_factory=set)
    severity: str = "info"
    candidates: tuple[str, ...] | None = None
    doubt: str = ""


def start(state: str, rule: str, candidates: list[str]) -> Verdict:
    """A table row: section 7 decides what is left of it."""
    return Verdict(state, "START_CLASS", rule, candidates=tuple(dict.fromkeys(candidates)))


def request(state: str, rule: str, *missing: str) -> Verdict:
    return Verdict(state, "DATA_REQUEST", rule, missing=missing)


def no_card(rule: str) -> Verdict:
    return Verdict("OUT_OF_SCOPE", "NO_CARD", rule)
