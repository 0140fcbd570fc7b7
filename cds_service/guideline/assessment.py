"""The one result of a guideline: state, action, class, rule, and everything that led there.

Facts and steps are named tuples: there are dozens of them in each call, and they cost a third of a frozen dataclass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from cds_service.case.model import Day, SetAside

Disease = Literal["MN", "LN"]
Severity = Literal["info", "warning", "critical"]


@dataclass(frozen=True, slots=True)
class Veto:
    """A candidate class that safety removed, and why (clinical-spec 7.2), for example CNI / EGFR."""

    therapy_class: str
    reason: str


class Fact(NamedTuple):
    """A value the answer rests on. `role` says as what: current, baseline, previous, nadir, ...

    `value` is a float in `unit`, or a word with an empty unit. `stated` is the chart's own writing.
    """

    name: str
    value: float | str
    unit: str
    day: Day
    role: str
    source: str
    stated: str = ""


@dataclass(frozen=True, slots=True)
class LineSummary:
    """One treatment line as the card shows it. `end` None means ongoing; `reduction` is a share (0.42) or None."""

    classes: tuple[str, ...]
    start: Day
    end: Day | None
    outcome: str
    sources: tuple[str, ...]
    agents: tuple[str, ...] = ()
    reduction: float | None = None
    why: str = ""


class Step(NamedTuple):
    """One row of the specification as it was considered: what it asked, what it saw, whether it applied."""

    row: str
    asked: str
    saw: str
    applied: bool


@dataclass(frozen=True, slots=True)
class Assessment:
    """Exactly one state, one action and one rule for one disease.

    `figures` fills the sentences of the card: numbers already computed, by name (red, days, fall, ...).
    `candidates` are the classes before safety, `alternatives` what is left after the primary.
    `undecided` names values that are bounds ("< 14") and could not decide alone.
    `menu` lists options that only an expert centre would weigh (REFER_EXPERT rows).
    """

    disease: Disease | None
    state: str
    action: str
    rule: str
    next_class: str = ""
    alternatives: tuple[str, ...] = ()
    vetoed: tuple[Veto, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    severity: Severity = "info"
    strength: str = ""
    evidence: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    lines: tuple[LineSummary, ...] = ()
    menu: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    figures: Mapping[str, float | str] = field(default_factory=dict)
    trace: tuple[Step, ...] = ()
    undecided: tuple[SetAside, ...] = ()
