"""The one extra card: pregnancy with a drug harmful to the fetus still active (contract section 3)."""

from __future__ import annotations

from datetime import date
from typing import Any

from cds_service.cards.approval import in_detail
from cds_service.cards.escape import plain_text
from cds_service.cards.figures import joined
from cds_service.cards.filling import fill
from cds_service.cards.recommendation import versions, without_empty
from cds_service.cards.sections import listed
from cds_service.cards.stamp import Stamp
from cds_service.cards.wording_notes import PREGNANCY_NOTE, TERATOGEN_AGENTS, TERATOGEN_DETAIL, TERATOGEN_SUMMARY
from cds_service.case.model import Case, Exposure
from cds_service.cdshooks.card import SUMMARY_LIMIT
from cds_service.guideline.assessment import Assessment

SAFETY_NOTICE = "org.nextline-cds.safety-notice"


def is_needed(assessment: Assessment) -> bool:
    """Whatever the state, the action, or a silenced rule."""
    return PREGNANCY_NOTE in assessment.notes


def teratogen_parts(assessment: Assessment, case: Case, on: date, stamp: Stamp) -> dict[str, Any]:
    """Summary, detail and extension of the card.

    The extension is not a recommendation: programs find exactly one of those per disease.
    """
    active = _active(case, on)
    agents = joined(TERATOGEN_AGENTS[exposure.agent] for exposure in active)
    figures = {"agents": agents} if agents else {}
    sources = listed("On the active list", (f"{_name(e)}, since {date.fromordinal(e.start)}" for e in active))
    versioned = f"{PREGNANCY_NOTE} · as of {on.isoformat()} · knowledge {stamp.knowledge_version}"
    footer = f"---\n\n{versioned}\n\n{in_detail(stamp.approval, on.toordinal())}"
    notice = without_empty(
        {
            "note": PREGNANCY_NOTE,
            "severity": "critical",
            "disease": assessment.disease,
            "rule": assessment.rule,
            "sources": [exposure.source for exposure in active if exposure.source],
            "asOf": on.isoformat(),
            "versions": versions(stamp),
        }
    )
    return {
        "summary": plain_text(fill(TERATOGEN_SUMMARY, figures), SUMMARY_LIMIT),
        "detail": "\n\n".join(part for part in (fill(TERATOGEN_DETAIL, figures), sources, footer) if part),
        "extension": {SAFETY_NOTICE: notice},
    }


def _active(case: Case, on: date) -> list[Exposure]:
    today = on.toordinal()
    return [
        exposure
        for exposure in case.given
        if exposure.agent in TERATOGEN_AGENTS
        and exposure.start <= today
        and (exposure.end is None or exposure.end >= today)
    ]


def _name(exposure: Exposure) -> str:
    name = TERATOGEN_AGENTS[exposure.agent].removeprefix("an ")
    return name[:1].upper() + name[1:]
