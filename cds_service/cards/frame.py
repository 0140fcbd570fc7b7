"""The parts of a card that do not depend on its reasoning: indicator, source, links, override reasons."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cds_service.cards.approval import in_source_line
from cds_service.cards.stamp import Stamp
from cds_service.cards.wording_measures import DISEASES
from cds_service.guideline.assessment import Assessment, Severity
from cds_service.guideline.evidence import EVIDENCE

OVERRIDE_SYSTEM = "https://nextline-cds.org/CodeSystem/override-reason"
RULE_SYSTEM = "https://nextline-cds.org/CodeSystem/rule"
_LEVELS: tuple[Severity, ...] = ("info", "warning", "critical")
_SHOWN = {(severity, cap): min(severity, cap, key=_LEVELS.index) for severity in _LEVELS for cap in _LEVELS}
_TOPICS = 512

SOURCES = {
    "MN": "Nextline CDS (KDIGO 2021 glomerular diseases)",
    "LN": "Nextline CDS (KDIGO 2024, ACR 2024, EULAR 2025 lupus nephritis)",
}
_GUIDELINES = {
    "MN": (("EV-06", "KDIGO 2021 guideline, glomerular diseases"),),
    "LN": (("EV-07", "KDIGO 2024 guideline, lupus nephritis"), ("EV-10", "EULAR 2025 recommendations, kidney in SLE")),
}
OVERRIDE_REASONS = {
    "patient-declines": "The patient declines",
    "other-plan-agreed": "Another plan has been agreed with the patient",
    "contraindication-not-recorded": "Contraindication that is not in the record",
    "record-incomplete": "The record is incomplete or wrong",
    "treated-elsewhere": "Already done or treated elsewhere",
    "not-available": "Not available, not licensed or not covered",
    "disagree-with-evidence": "I read the evidence differently",
    "decide-later": "I will decide later",
}
_OVERRIDE = [{"code": code, "system": OVERRIDE_SYSTEM, "display": text} for code, text in OVERRIDE_REASONS.items()]


def shown_indicator(severity: Severity, stamp: Stamp) -> Severity:
    """The severity, capped: a client that pops up `critical` at every chart opening gets switched off."""
    return _SHOWN[severity, stamp.indicator_cap]


def source(assessment: Assessment, topic: str, stamp: Stamp, day: int) -> dict[str, Any]:
    """Guideline and year, who has signed it as of that day, the page about this service, and the rule as topic.

    Shared between cards: to be read only.
    """
    state = assessment.state if topic == assessment.rule else ""
    signed = in_source_line(stamp.approval, day)
    return _source(assessment.disease or "MN", topic, state, stamp.public_base_url, signed)


def links(assessment: Assessment, stamp: Stamp) -> list[dict[str, str]]:
    """The guideline (its address is the same for every patient), and the SMART app where it is switched on.

    The app is told the rule, so that it can name the card it was opened from. Shared between cards: to be read only.
    """
    app_context = assessment.rule if stamp.smart_app else ""
    return _links(assessment.disease or "MN", app_context, stamp.public_base_url)


def override_reasons() -> list[dict[str, str]]:
    """Why a clinician may put the card aside, coded. Shared between cards: to be read only."""
    return _OVERRIDE


@lru_cache(maxsize=_TOPICS)
def _source(disease: str, topic: str, state: str, public_base_url: str, signed: str) -> dict[str, Any]:
    base = public_base_url.rstrip("/")
    return {
        "label": f"{SOURCES[disease]}, {signed}",
        **({"url": f"{base}/about"} if base else {}),
        "topic": {"system": RULE_SYSTEM, "code": topic, "display": _topic_display(disease, topic, state)},
    }


def _topic_display(disease: str, topic: str, state: str) -> str:
    """Disease and state in words, for clients that list topics; a topic that is no rule in its own words."""
    if not state:
        return topic.replace("_", " ").capitalize()
    words = state.removeprefix("MN_").removeprefix("LN_").replace("_", " ").lower()
    return f"{DISEASES[disease]}, {words}"


@lru_cache(maxsize=_TOPICS)
def _links(disease: str, app_context: str, public_base_url: str) -> list[dict[str, str]]:
    found = [
        {"label": label, "url": EVIDENCE[code].url, "type": "absolute"}
        for code, label in _GUIDELINES[disease]
        if EVIDENCE[code].url
    ][:1]
    base = public_base_url.rstrip("/")
    if app_context and base:
        app = {"label": "Course of treatment and values", "url": f"{base}/launch", "type": "smart"}
        found.append({**app, "appContext": app_context})
    return found
