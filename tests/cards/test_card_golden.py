"""Five whole cards as a clinician reads them. After reading a changed card: UPDATE_GOLDEN=1 pytest tests/cards."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from card_samples import (
    ANTIBODY_GONE,
    ANTIBODY_UNKNOWN,
    CNI_FAILED,
    CNI_FAILED_CASE,
    LUPUS_REFRACTORY,
    MAN_OF_52,
    ON,
    RITUXIMAB_FAILED_FALLING,
    STAMP,
    WOMAN_OF_31,
    with_low_white_cells,
)

from cds_service.cards.write import cards_for
from cds_service.case.model import Case
from cds_service.guideline.assessment import Assessment

GOLDEN = Path(__file__).parent / "golden"
CARDS = {
    "mn-07-cni-failed": (CNI_FAILED, CNI_FAILED_CASE),
    "mn-31-rituximab-failed-egfr-falling": (RITUXIMAB_FAILED_FALLING, with_low_white_cells(MAN_OF_52)),
    "mn-17-antibody-gone": (ANTIBODY_GONE, MAN_OF_52),
    "mn-d2-antibody-unknown": (ANTIBODY_UNKNOWN, MAN_OF_52),
    "ln-24-refractory": (LUPUS_REFRACTORY, WOMAN_OF_31),
}


def as_read(card: dict[str, Any]) -> str:
    """Indicator, summary, detail, what can be accepted, links."""
    accepted = [
        f"[{'x' if s.get('isRecommended') else ' '}] {s['label']}\n"
        + "\n".join(f"      {action['description']}" for action in s["actions"])
        for s in card.get("suggestions", ())
    ]
    links = [f"{link['type']}: {link['label']} {link['url']}" for link in card["links"]]
    parts = (
        f"{card['indicator'].upper()} {card['summary']}",
        card["detail"],
        *accepted,
        card["source"]["label"],
        *links,
    )
    return "\n\n".join(parts) + "\n"


@pytest.mark.parametrize("name", CARDS)
def test_the_card_reads_as_it_was_approved(name: str) -> None:
    assessment, case = CARDS[name]
    text = as_read(whole_card(assessment, case))
    path = GOLDEN / f"{name}.md"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def whole_card(assessment: Assessment, case: Case) -> dict[str, Any]:
    return cards_for([assessment], case, ON, STAMP)[0]
