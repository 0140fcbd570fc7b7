"""From assessments to cards: one leading card per disease, ready for the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from cds_service.cards import provenance, sections, tables, teratogen
from cds_service.cards.drafts import draft_context
from cds_service.cards.frame import links, override_reasons, shown_indicator, source
from cds_service.cards.headline import Headline, headline
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
from cds_service.cards.stamp import Stamp
from cds_service.cards.suggestions import suggestions
from cds_service.cards.wording_notes import PREGNANCY_NOTE
from cds_service.case.model import Case
from cds_service.cdshooks.card import Card
from cds_service.guideline.assessment import Assessment


@dataclass(frozen=True, slots=True)
class _Gathered:
    """What several parts of one card need: the open classes with the tests before them, conflicts, written dates."""

    head: Headline
    first: Mapping[str, tuple[str, ...]]
    conflicts: tuple[str, ...]
    dates: Dates


def cards_for(assessments: Sequence[Assessment], case: Case, on: date, stamp: Stamp) -> list[Card]:
    """CDS Hooks 2.0.1 cards without empty members: one leading card per disease, then the pregnancy card if needed.

    `NO_CARD` and an assessment without a disease give none. A rule the site has silenced gives no leading card; its
    pregnancy warning stays. Same call and same content give the same bytes, uuids included. Cards are to be read
    only: what does not depend on the patient is shared between them.
    """
    spoken = [a for a in assessments if a.action != "NO_CARD" and a.disease is not None]
    cards = [_leading(a, case, on, stamp) for a in spoken if a.rule not in stamp.quiet_rules]
    endangered = next((a for a in spoken if teratogen.is_needed(a)), None)
    if endangered is not None:
        cards.append(_pregnancy(endangered, case, on, stamp))
    return [cast(Card, with_uuids(card, stamp, index)) for index, card in enumerate(cards)]


def _leading(assessment: Assessment, case: Case, on: date, stamp: Stamp) -> dict[str, Any]:
    head = headline(assessment)
    first = tests_by_class(open_classes(assessment), assessment, case, on)
    conflicts = shown_conflicts(assessment, first)
    dates = Dates()
    offered = suggestions(draft_context(assessment, on, stamp), first, case)
    return without_empty(
        {
            "summary": head.summary,
            "detail": _detail(_Gathered(head, first, conflicts, dates), assessment, case, on, stamp),
            "indicator": shown_indicator(assessment.severity, stamp),
            "source": source(assessment, assessment.rule, stamp),
            "suggestions": offered,
            "selectionBehavior": "at-most-one" if offered else None,
            "overrideReasons": override_reasons(),
            "links": links(assessment, stamp),
            "extension": {RECOMMENDATION: recommendation(assessment, conflicts, case, on, stamp, dates)},
        }
    )


def _detail(gathered: _Gathered, assessment: Assessment, case: Case, on: date, stamp: Stamp) -> str:
    """Ten seconds first: the answer and its reason; then everything needed to check it, in the contract's order."""
    parts = (
        gathered.head.lead,
        sections.missing_tests(assessment) if assessment.action == "DATA_REQUEST" else "",
        tables.values_table(assessment, gathered.dates),
        tables.lines_table(assessment, gathered.dates),
        sections.options(assessment, gathered.first),
        sections.cautions(assessment),
        sections.watch(assessment),
        sections.would_change(gathered.head.change),
        provenance.not_used(assessment, case),
        sections.evidence(assessment),
        sections.disagreements(gathered.conflicts),
        provenance.footer(assessment, case, on, stamp),
    )
    return "\n\n".join([part for part in parts if part])


def _pregnancy(assessment: Assessment, case: Case, on: date, stamp: Stamp) -> dict[str, Any]:
    return without_empty(
        {
            **teratogen.teratogen_parts(assessment, case, on, stamp),
            "indicator": shown_indicator("critical", stamp),
            "source": source(assessment, PREGNANCY_NOTE, stamp),
            "overrideReasons": override_reasons(),
            "links": links(assessment, stamp),
        }
    )
