"""One line of a table test: a patient, and the answer the specification gives."""

from __future__ import annotations

from dataclasses import dataclass

from cds_service.case.model import Case
from cds_service.guideline.assessment import Assessment
from cds_service.guideline.catalogue import assess_all
from tests.guideline.patients import ON
from tests.guideline.rulebook import RULEBOOK, severity_by_the_book


@dataclass(frozen=True)
class Expected:
    """`offered` is the preferred class and its alternatives in order; empty means that no class is offered.

    `state` is only given where the rule has more than one. `notes` must be on the card.
    """

    sentence: str
    case: Case
    rule: str
    offered: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    state: str = ""
    notes: tuple[str, ...] = ()


def row(sentence: str, case: Case, rule: str, *offered: str, missing: str = "", state: str = "") -> Expected:
    return Expected(sentence, case, rule, offered, tuple(missing.split()), state)


def sentence(expected: Expected) -> str:
    """The name of a test."""
    return expected.sentence


def answer_for(case: Case) -> Assessment:
    """The only assessment of the case on the standard day."""
    (assessment,) = assess_all(case, ON)
    return assessment


def offered_by(assessment: Assessment) -> tuple[str, ...]:
    return tuple(name for name in (assessment.next_class, *assessment.alternatives) if name)


def check(expected: Expected) -> Assessment:
    """The whole answer: rule, state, action, classes in order, what is asked for, urgency."""
    seen = answer_for(expected.case)
    rule = RULEBOOK[expected.rule]
    assert (seen.rule, offered_by(seen), seen.missing) == (expected.rule, expected.offered, expected.missing)
    assert seen.action in (rule.actions - {"START_CLASS"} if not expected.offered else {"START_CLASS"})
    states = {expected.state} if expected.state else rule.states
    assert not states or seen.state in states
    assert set(expected.notes) <= set(seen.notes)
    if expected.rule != "LN-27":  # keeps the urgency of the row it replaces
        assert seen.severity == severity_by_the_book(seen.rule, seen.action, seen.notes)
    return seen
