"""What the codes of rows are called in the report: a committee reads words, with the code beside them in tables."""

from __future__ import annotations

from cds_service.cards.wording_classes import CLASSES, LINE_CLASSES, OUTCOMES
from cds_service.cards.wording_measures import SET_ASIDE
from cds_service.cards.wording_notes import NOTES
from cds_service.cards.wording_requests import MISSING
from cds_service.cards.wording_rules import ACTIONS
from cds_service.cards.wording_states import STATES

_START = "START_CLASS"


def state_name(state: str) -> str:
    """`MN complete remission`."""
    disease = state.partition("_")[0]
    return f"{disease} {STATES[state]}" if state in STATES and disease in ("MN", "LN") else STATES.get(state, state)


def action_name(action: str) -> str:
    """What a card would ask for."""
    if action == _START:
        return "Consider another class of treatment"
    return ACTIONS[action].heading if action in ACTIONS else action


def class_name(suggested: str) -> str:
    """A class that is suggested."""
    return CLASSES[suggested].short if suggested in CLASSES else suggested


def line_name(classes: str) -> str:
    """A line, `CNI + MPAA`, by its drugs."""
    return " + ".join(LINE_CLASSES.get(one, one) for one in classes.split(" + "))


def outcome_name(outcome: str) -> str:
    """What became of a line."""
    return OUTCOMES.get(outcome, outcome.replace("_", " ").lower())


def missing_name(missing: str) -> str:
    """A result that was asked for."""
    return MISSING[missing].short if missing in MISSING else missing


def note_sentence(note: str) -> str:
    """What a note says."""
    return NOTES[note].sentence if note in NOTES else note


def reason_name(reason: str) -> str:
    """Why a record was set aside."""
    return SET_ASIDE.get(reason, reason)
