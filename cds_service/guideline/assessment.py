"""The one result of a guideline: state, action, class, rule, and everything that led there.

Facts and steps are named tuples: there are dozens of them in each call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal, NamedTuple

from cds_service.case.light import light_dataclass
from cds_service.case.model import Comparator, Day, Quantity, SetAside

# How a comparator is said before a value.
SAID: Mapping[Comparator, str] = {"": "", "<": "below ", "<=": "at most ", ">": "above ", ">=": "at least "}
Disease = Literal["MN", "LN"]
Severity = Literal["info", "warning", "critical"]


@light_dataclass(frozen=True, slots=True)
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


def fact_of(value: Quantity, role: str) -> Fact:
    """A number as the answer rests on it; made past the named tuple's own constructor, which takes twice as long."""
    return tuple.__new__(Fact, (value.measure, value.value, value.unit, value.day, role, value.source, value.stated))


@light_dataclass(frozen=True, slots=True)
class LineSummary:
    """One treatment line as the card shows it. `end` None means ongoing; `reduction` is a share (0.42) or None.

    `reduction_sign` is that of a reduction reckoned from a bound. Where no day is told, `start_stated` or `end_stated`
    is False: `start` is the last day it can be, `end` the first.
    """

    classes: tuple[str, ...]
    start: Day
    end: Day | None
    outcome: str
    sources: tuple[str, ...]
    agents: tuple[str, ...] = ()
    reduction: float | None = None
    why: str = ""
    reduction_sign: Comparator = ""
    start_stated: bool = True
    end_stated: bool = True


class Outdated(NamedTuple):
    """The last value of a measure that an entry of `missing` asks for, and why it does not count; a fact of the card.

    `why` completes a sentence: "older than 90 days".
    """

    code: str
    measure: str
    source: str
    role: str
    why: str


class Step(NamedTuple):
    """One row of the specification as it was considered: what it asked, what it saw, whether it applied."""

    row: str
    asked: str
    saw: str
    applied: bool


@light_dataclass(frozen=True, slots=True)
class Assessment:
    """Exactly one state, one action and one rule for one disease.

    `figures` fills the sentences of the card: numbers already computed, by name (red, days, fall, ...); `signs` has
    those of them that were reckoned from a bound: then the true number lies on that side.
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
    signs: Mapping[str, Comparator] = field(default_factory=dict)
    outdated: tuple[Outdated, ...] = ()
