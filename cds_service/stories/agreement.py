"""Does an answer agree with what the vignette expects? Every disagreement as one sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cds_service.stories.vignette import NO_CARD, Expected, Vignette

RECOMMENDATION = "org.nextline-cds.recommendation"
THERAPY_CLASS = "https://nextline-cds.org/CodeSystem/therapy-class"
CYC_PRIMARY = "CYC_GC_AS_PRIMARY"
STOP_CNI = "STOP_CNI"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PASSING = (
    (_UUID, "uuid"),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "http://service"),
    (re.compile(r"sha256:[0-9a-f]+"), "sha256"),
    (re.compile(r"\bservice \d[\w.+-]*"), "service"),
)

Json = Mapping[str, Any]


def disagreements(vignette: Vignette, response: Json) -> tuple[str, ...]:
    """Empty when state, action, class, rule, severity, missing, notes and forbidden classes are as expected."""
    return tuple(_disagreements(vignette, response))


def recommendation_of(response: Json, disease: str) -> Json | None:
    """The machine-readable half of the leading card of a disease; None when no card speaks about it."""
    halves = [card.get("extension", {}).get(RECOMMENDATION) for card in response.get("cards", ())]
    about = [half for half in halves if half and half.get("disease") == disease]
    return about[0] if about else None


def without_uuids(value: Any) -> Any:
    """The same JSON with every uuid replaced: they differ from call to call."""
    if isinstance(value, dict):
        return {key: without_uuids(member) for key, member in value.items()}
    if isinstance(value, list):
        return [without_uuids(member) for member in value]
    return _UUID.sub("uuid", value) if isinstance(value, str) else value


def steady(value: Any) -> Any:
    """The same JSON without what differs from call to call or release to release.

    That is: uuids, the loopback address and port of the server, the version stamps. A new mapping row
    makes no stored answer wrong.
    """
    if isinstance(value, dict):
        return {key: sorted(member) if key == "versions" else steady(member) for key, member in value.items()}
    if isinstance(value, list):
        return [steady(member) for member in value]
    if not isinstance(value, str):
        return value
    for pattern, word in _PASSING:
        value = pattern.sub(word, value)
    return value


def _disagreements(vignette: Vignette, response: Json) -> Iterator[str]:
    expected = vignette.expected
    cards = response.get("cards")
    if not isinstance(cards, list):
        yield "the answer has no list of cards"
        return
    if expected.action == NO_CARD:
        if cards:
            yield f"expected no card, got {len(cards)}"
        return
    half = recommendation_of(response, vignette.disease)
    if half is None:
        yield f"expected {expected.rule} {expected.state}, got no card about {vignette.disease}"
        return
    yield from _compare(expected, half)
    yield from _forbidden(expected, half, cards)


def _compare(expected: Expected, half: Json) -> Iterator[str]:
    pairs = {
        "rule": (expected.rule, half.get("rule")),
        "state": (expected.state, half.get("state")),
        "action": (expected.action, half.get("action")),
        "class": (expected.next_class, half.get("nextClass")),
        "severity": (expected.indicator, half.get("severity")),
        "missing": (set(expected.missing), set(half.get("missing", ()))),
    }
    for name, (wanted, got) in pairs.items():
        if wanted != got:
            yield f"{name}: expected {_shown(wanted)}, got {_shown(got)}"
    absent = sorted(set(expected.safety_notes) - set(half.get("notes", ())))
    if absent:
        yield f"notes: {', '.join(absent)} not there, got {_shown(set(half.get('notes', ())))}"
    if expected.alternatives is not None and list(expected.alternatives) != list(half.get("alternatives", ())):
        got = ", ".join(half.get("alternatives", ())) or "none"
        yield f"alternatives: expected {', '.join(expected.alternatives) or 'none'}, got {got}"


def _forbidden(expected: Expected, half: Json, cards: list[Json]) -> Iterator[str]:
    offered = set(half.get("alternatives", ())) | {half.get("nextClass")}
    offered |= {drafted for card in cards for drafted in _drafted(card)}
    for forbidden in expected.forbidden:
        if forbidden == CYC_PRIMARY:
            wrong = half.get("nextClass") == "CYC_GC"
        elif forbidden == STOP_CNI:
            wrong = half.get("action") == "TAPER_OFF_CNI"
        else:
            wrong = forbidden in offered
        if wrong:
            yield f"forbidden: {forbidden} is offered"


def _drafted(card: Json) -> Iterator[str]:
    """The therapy classes that the drafts of a card would put into the chart, in R4 or R5 shape."""
    for suggestion in card.get("suggestions", ()):
        for action in suggestion.get("actions", ()):
            draft = action.get("resource", {})
            concept = draft.get("medicationCodeableConcept") or draft.get("medication", {}).get("concept", {})
            yield from (coding["code"] for coding in concept.get("coding", ()) if coding.get("system") == THERAPY_CLASS)


def _shown(value: Any) -> str:
    if isinstance(value, set):
        return ", ".join(sorted(value)) or "none"
    return str(value)
