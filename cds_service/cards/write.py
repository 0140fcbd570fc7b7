"""From assessments to cards: one leading card per disease, ready for the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any

from cds_service.cards import provenance, sections, tables, teratogen
from cds_service.cards.facts import written_facts
from cds_service.cards.frame import links, override_reasons, shown_indicator, source
from cds_service.cards.headline import headline
from cds_service.cards.identity import with_uuids
from cds_service.cards.numbers import Dates
from cds_service.cards.recommendation import (
    RECOMMENDATION,
    open_classes,
    recommendation,
    shown_conflicts,
    without_empty,
)
from cds_service.cards.screening import tests_by_class
from cds_service.cards.shown_again import ShownAgain, shown_again
from cds_service.cards.stamp import Stamp
from cds_service.cards.suggestions import suggestions
from cds_service.cards.wording_notes import PREGNANCY_NOTE
from cds_service.case.model import Case
from cds_service.cdshooks.card import Card
from cds_service.guideline.assessment import Assessment


def cards_for(
    assessments: Sequence[Assessment],
    case: Case,
    on: date,
    stamp: Stamp,
    again: Mapping[str, ShownAgain] = MappingProxyType({}),
) -> list[Card]:
    """CDS Hooks 2.0.1 cards without empty members: one leading card per disease, then the pregnancy card if needed.

    `NO_CARD` and an assessment without a disease give none. A rule the site has silenced gives no leading card; its
    pregnancy warning stays. `again` says, by rule, why a card that was overridden comes back. Same call and same
    content give the same bytes, uuids included. Cards are to be read only: what does not depend on the patient is
    shared between them.
    """
    spoken = [a for a in assessments if a.action != "NO_CARD" and a.disease is not None]
    dates = Dates(on)
    cards = [_leading(a, case, dates, stamp, again.get(a.rule)) for a in spoken if a.rule not in stamp.quiet_rules]
    for assessment in spoken:
        if teratogen.is_needed(assessment):
            cards.append(_pregnancy(assessment, case, on, stamp))
            break
    return [with_uuids(card, stamp, index) for index, card in enumerate(cards)]


def _leading(
    assessment: Assessment, case: Case, dates: Dates, stamp: Stamp, again: ShownAgain | None
) -> dict[str, Any]:
    head = headline(assessment)
    first = tests_by_class(open_classes(assessment), assessment, case, dates.today)
    conflicts = shown_conflicts(assessment, first)
    facts = written_facts(assessment.facts, dates)
    # Ten seconds first: the answer and its reason; then everything needed to check it, in the contract's order.
    parts = (
        head.lead,
        shown_again(again),
        sections.missing_tests(assessment, dates) if assessment.action == "DATA_REQUEST" else "",
        facts.table,
        tables.lines_table(assessment.lines, dates),
        sections.options(assessment, first),
        sections.cautions(assessment),
        sections.watch(assessment),
        sections.would_change(head.change),
        provenance.not_used(assessment, case, dates),
        sections.evidence(assessment),
        sections.disagreements(conflicts),
        provenance.footer(assessment, case, dates, stamp),
    )
    card: dict[str, Any] = {
        "summary": head.summary,
        "detail": "\n\n".join([part for part in parts if part]),
        "indicator": shown_indicator(assessment.severity, stamp),
        "source": source(assessment, assessment.rule, stamp, dates.today),
    }
    if offered := suggestions(assessment, head.holds, first, case, dates.as_of, stamp):
        card["suggestions"] = offered
        card["selectionBehavior"] = "at-most-one"
    card["overrideReasons"] = override_reasons()
    if shown := links(assessment, stamp):
        card["links"] = shown
    card["extension"] = {RECOMMENDATION: recommendation(assessment, conflicts, facts.members, case, stamp, dates)}
    return card


def _pregnancy(assessment: Assessment, case: Case, on: date, stamp: Stamp) -> dict[str, Any]:
    return without_empty(
        {
            **teratogen.teratogen_parts(assessment, case, on, stamp),
            "indicator": shown_indicator("critical", stamp),
            "source": source(assessment, PREGNANCY_NOTE, stamp, on.toordinal()),
            "overrideReasons": override_reasons(),
            "links": links(assessment, stamp),
        }
    )
