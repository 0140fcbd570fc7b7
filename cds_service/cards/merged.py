"""The notice on a record that was merged into another: what is in it may be half of the story, so it gets no advice."""

from __future__ import annotations

from datetime import date
from typing import Any

from cds_service.cards.approval import in_detail
from cds_service.cards.frame import override_reasons, shown_indicator, source
from cds_service.cards.identity import with_uuids
from cds_service.cards.recommendation import versions
from cds_service.cards.stamp import Stamp
from cds_service.cards.teratogen import SAFETY_NOTICE
from cds_service.cards.wording_measures import DISEASES
from cds_service.cdshooks.card import Card
from cds_service.guideline.assessment import Assessment

MERGED_NOTE = "PATIENT_RECORD_MERGED"
SUMMARY = "This record was merged into another one: no advice is given here. Open the record that replaces it."
_DETAIL = (
    "The patient record says that another one replaces it. {disease} is on its problem list, but results and "
    "treatment may lie in the other record, so nothing here was judged. Open the record that replaces it."
)


def merged_notice(assessment: Assessment, on: date, stamp: Stamp) -> Card:
    """The one card of such a record. `assessment` is asked for its disease only. It is no recommendation."""
    disease = assessment.disease or "MN"
    named = DISEASES[disease]
    footer = f"---\n\n{MERGED_NOTE} · as of {on.isoformat()} · knowledge {stamp.knowledge_version}"
    told = (_DETAIL.format(disease=named[:1].upper() + named[1:]), footer, in_detail(stamp.approval, on.toordinal()))
    notice = {
        "note": MERGED_NOTE,
        "severity": "warning",
        "disease": disease,
        "asOf": on.isoformat(),
        "versions": versions(stamp),
    }
    card: dict[str, Any] = {
        "summary": SUMMARY,
        "detail": "\n\n".join(told),
        "indicator": shown_indicator("warning", stamp),
        "source": source(assessment, MERGED_NOTE, stamp, on.toordinal()),
        "overrideReasons": override_reasons(),
        "extension": {SAFETY_NOTICE: notice},
    }
    return with_uuids(card, stamp, 0)
