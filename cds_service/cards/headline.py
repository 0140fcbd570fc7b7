"""Summary and leading sentences: what is suggested and why, before anything else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from cds_service.cards.escape import plain_text
from cds_service.cards.figures import repeats_rituximab, shown_figures
from cds_service.cards.filling import fill, names_in
from cds_service.cards.wording import RULES
from cds_service.cards.wording_classes import CLASSES
from cds_service.cards.wording_notes import NOTES
from cds_service.cards.wording_rules import (
    ACTIONS,
    NEXT_FOR_FERTILITY,
    NEXT_IN_LINE,
    NEXT_IN_LINE_UNEXPLAINED,
    NOTHING_LEFT_SUMMARY,
    NOTHING_LEFT_WHY,
    UNKNOWN_RULE_SUMMARY,
    ActionWording,
    RuleWording,
)
from cds_service.cards.wording_vetoes import veto_wording
from cds_service.cdshooks.card import SUMMARY_LIMIT
from cds_service.guideline.assessment import Assessment

_UNKNOWN_ACTION = ActionWording("See the reasons below", "")
_AGENTS_OF_RULE = {
    **dict.fromkeys(("MN-30", "MN-31", "MN-36", "MN-37"), ("Rituximab", "Anti-CD20 therapy")),
    **dict.fromkeys(("MN-32", "MN-33", "MN-34", "MN-35"), ("Cyclophosphamide", "The alkylating agent")),
}
_HOLDING = {"INFECTION_ACTIVE": "SAFE-01", "MALIGNANCY_ACTIVE": "SAFE-02"}


@dataclass(frozen=True, slots=True)
class Headline:
    """`summary` is plain text for the card's first line; `lead` is the Markdown that opens the detail.

    `change` names the entries of WOULD_CHANGE that go with it.
    """

    summary: str
    lead: str
    change: tuple[str, ...] = ()


def headline(assessment: Assessment) -> Headline:
    """The first lines of the card, filled with the assessment's figures."""
    action = ACTIONS.get(assessment.action, _UNKNOWN_ACTION)
    heading = fill(action.heading, _name_of_next(assessment) or shown_figures(assessment, names_in(action.heading)))
    wording = wording_of(assessment, heading)
    wording = _naming_what_failed(assessment, wording)
    figures = shown_figures(assessment, _names_of(wording.summary, wording.why))
    why = " ".join(filter(None, (fill(wording.why, figures), _preference(assessment, wording), action.todo)))
    lines = [f"**{heading}.** {why}", _first_line(assessment)]
    return Headline(
        plain_text(fill(wording.summary, figures), SUMMARY_LIMIT),
        "\n\n".join(line for line in lines if line),
        wording.change,
    )


def _naming_what_failed(assessment: Assessment, wording: RuleWording) -> RuleWording:
    """Rules about a failed class name its usual agent; a chart with another agent of that class must not read so."""
    usual, other = _AGENTS_OF_RULE.get(assessment.rule, ("", ""))
    agents = {agent for line in assessment.lines for agent in line.agents}
    if not usual or not agents or usual.lower() in agents:
        return wording
    return replace(wording, summary=_renamed(wording.summary, usual, other), why=_renamed(wording.why, usual, other))


def _renamed(text: str, usual: str, other: str) -> str:
    return text.replace(usual, other).replace(usual.lower(), other[:1].lower() + other[1:])


def wording_of(assessment: Assessment, heading: str = "") -> RuleWording:
    """The sentences for this answer; a rule that lost all its classes, or is on hold, says so instead."""
    if assessment.action == "DEFER":
        held = next((rule for note, rule in _HOLDING.items() if note in assessment.notes), assessment.rule)
        return RULES.get(held, RULES["SAFE-01"])
    wording = RULES.get(assessment.rule)
    if wording is None:
        return RuleWording(UNKNOWN_RULE_SUMMARY.replace("{heading}", heading), "")
    if "next" in names_in(wording.summary) and not assessment.next_class:
        return RuleWording(NOTHING_LEFT_SUMMARY, f"{wording.why} {NOTHING_LEFT_WHY}", change=wording.change)
    return wording


@lru_cache(maxsize=512)
def _names_of(summary: str, why: str) -> frozenset[str]:
    return names_in(summary) | names_in(why)


def _name_of_next(assessment: Assessment) -> dict[str, str]:
    wording = CLASSES.get(assessment.next_class)
    if wording is None or repeats_rituximab(assessment):
        return {}
    # "Consider rituximab", but "Consider CNI added to ...".
    return {"next": wording.name if wording.name[1:2].isupper() else wording.name[:1].lower() + wording.name[1:]}


def _preference(assessment: Assessment, wording: RuleWording) -> str:
    """Why this class leads; when safety removed the usual one, that is said instead of the usual reason."""
    if not assessment.next_class or not wording.leads:
        return ""
    if assessment.next_class == wording.leads:
        return wording.reason
    leading, chosen = CLASSES[wording.leads].name, CLASSES.get(assessment.next_class)
    figures = {"leading": leading, "next": chosen.name if chosen else assessment.next_class}
    for veto in assessment.vetoed:
        if veto.therapy_class == wording.leads:
            return fill(NEXT_IN_LINE, figures | {"reason": veto_wording(veto.reason).short})
    # Clinical-spec 5.5, MN-30: only the wish for children reverses that list.
    return fill(NEXT_FOR_FERTILITY if assessment.rule == "MN-30" else NEXT_IN_LINE_UNEXPLAINED, figures)


def first_things(assessment: Assessment) -> list[str]:
    """The holds that stop a dose."""
    return [NOTES[note].first for note in assessment.notes if note in NOTES and NOTES[note].first]


def _first_line(assessment: Assessment) -> str:
    """Holds stand right under the headline, not only in the list further down."""
    holds = first_things(assessment)
    return f"**First:** {'; '.join(holds)}." if holds and assessment.action != "DEFER" else ""
