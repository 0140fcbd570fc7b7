"""Summary and leading sentences: what is suggested and why, before anything else."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from cds_service.cards.escape import plain_text
from cds_service.cards.figures import Figures, repeats_rituximab
from cds_service.cards.filling import fill
from cds_service.cards.wording import RULES
from cds_service.cards.wording_classes import CLASSES
from cds_service.cards.wording_notes import NOTES, PREGNANCY_NOTE, TERATOGEN_ADDED, TERATOGEN_CONTINUE
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
# "Consider rituximab", but "Consider CNI added to ...".
_CONSIDER = {
    code: fill(ACTIONS["START_CLASS"].heading, {"next": name if name[1:2].isupper() else name[:1].lower() + name[1:]})
    for code, name in ((code, wording.name) for code, wording in CLASSES.items())
}
_HOLDS = {note: wording.first for note, wording in NOTES.items() if wording.first}
# What would change with a pregnancy is no news where there is one.
_AHEAD_OF_PREGNANCY = frozenset({"LN_PREGNANT"})
_HOLDING = {"INFECTION_ACTIVE": "SAFE-01", "MALIGNANCY_ACTIVE": "SAFE-02"}


class Headline(NamedTuple):
    """`summary` is plain text for the card's first line; `lead` is the Markdown that opens the detail.

    `change` names the entries of WOULD_CHANGE that go with it; `holds` are the holds that stop a dose.
    """

    summary: str
    lead: str
    change: tuple[str, ...]
    holds: str


def headline(assessment: Assessment) -> Headline:
    """The first lines of the card, filled with the assessment's figures."""
    figures = Figures(assessment)
    action = ACTIONS.get(assessment.action, _UNKNOWN_ACTION)
    heading = _heading(assessment, action, figures)
    wording = _naming_what_failed(assessment, wording_of(assessment, heading))
    reasons = (fill(wording.why, figures), _preference(assessment, wording), action.todo)
    lead = f"**{heading}.** {' '.join([reason for reason in reasons if reason])}"
    holds = "; ".join([_HOLDS[note] for note in assessment.notes if note in _HOLDS])
    # Holds stand right under the headline, not only in the list further down.
    if holds and assessment.action != "DEFER":
        lead = f"{lead}\n\n**First:** {holds}."
    summary, change = fill(wording.summary, figures), wording.change
    if PREGNANCY_NOTE in assessment.notes:
        change = tuple([key for key in change if key not in _AHEAD_OF_PREGNANCY])
        if _goes_on(assessment) and len(summary) + len(TERATOGEN_ADDED) <= SUMMARY_LIMIT:
            summary += TERATOGEN_ADDED
    return Headline(plain_text(summary, SUMMARY_LIMIT), lead, change, holds)


def _goes_on(assessment: Assessment) -> bool:
    """Whether the answer is to go on, while a drug of the present treatment must not."""
    return assessment.action == "CONTINUE" and PREGNANCY_NOTE in assessment.notes


def _heading(assessment: Assessment, action: ActionWording, figures: Figures) -> str:
    chosen = assessment.next_class
    if _goes_on(assessment):
        return TERATOGEN_CONTINUE
    if assessment.action == "START_CLASS" and chosen in _CONSIDER and not repeats_rituximab(assessment):
        return _CONSIDER[chosen]
    return fill(action.heading, figures)


def _naming_what_failed(assessment: Assessment, wording: RuleWording) -> RuleWording:
    """Rules about a failed class name its usual agent; a chart with another agent of that class must not read so."""
    if assessment.rule not in _AGENTS_OF_RULE:
        return wording
    usual, other = _AGENTS_OF_RULE[assessment.rule]
    agents = {agent for line in assessment.lines for agent in line.agents}
    if not agents or usual.lower() in agents:
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
    if not assessment.next_class and "{next}" in wording.summary:
        return RuleWording(NOTHING_LEFT_SUMMARY, f"{wording.why} {NOTHING_LEFT_WHY}", change=wording.change)
    return wording


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
