"""What is written, as rows ready to be stored: the same form for the database and, when that fails, for the spool."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

from cds_service.store.chain import digest, payload_digest, row_mark
from cds_service.store.records import Decision, FeedbackEntry, Refusal
from cds_service.store.sealing import Sealing

Kind = Literal["decision", "feedback", "token", "refusal"]
# PostgreSQL keeps no text with a NUL, and no rule reads one.
_NUL, _INSTEAD = "\0", "\ufffd"
_REFUSAL = (
    *("id", "refused_at", "kind", "service", "hook_instance", "request_id", "issuer", "tenant", "status", "fault"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to write: its row, and the rows that hang on it (the cards of a decision)."""

    kind: Kind
    row: Mapping[str, Any]
    cards: tuple[Mapping[str, Any], ...] = ()


def decision_entry(decision: Decision, sealing: Sealing) -> Entry:
    """The rows of a decision, sealed."""
    sealed = sealing.seal(decision.payload, decision.id)
    shared = {"issuer": decision.issuer, "tenant": decision.tenant, "made_at": decision.made_at}
    row = {
        **shared,
        "id": decision.id,
        "as_of": decision.as_of.isoformat(),
        "service": decision.service,
        "hook": decision.hook,
        "hook_instance": decision.hook_instance,
        "patient_key": decision.patient_key,
        "chart_digest": decision.chart_digest,
        "request_digest": decision.request_digest,
        "rules": orjson.dumps(decision.rules).decode(),
        "shown": decision.shown,
        "quiet": decision.quiet,
        "versions": orjson.dumps(dict(decision.versions), option=orjson.OPT_SORT_KEYS).decode(),
        "payload": sealed,
        "payload_digest": payload_digest(decision.patient_key, sealed),
        "deliveries": 1,
        "erased_at": None,
        "mark": sealing.mark(*row_mark(decision.id, 1, None)),
    }
    cards = tuple(
        {
            **shared,
            "decision_id": decision.id,
            "uuid": card.uuid,
            "patient_key": decision.patient_key,
            "disease": card.disease,
            "rule": card.rule,
            "shown": decision.shown,
            "facts": sealing.seal(card.facts, card.uuid),
        }
        for card in decision.cards
    )
    return Entry("decision", row, cards)


def feedback_entry(entry: FeedbackEntry, sealing: Sealing) -> Entry:
    """The row of one feedback. What says the same again has the same key."""
    said = [entry.service, entry.issuer, entry.tenant, entry.card, entry.outcome, entry.outcome_at]
    said += [*entry.accepted, entry.reason_system, entry.reason_code, entry.comment]
    key = digest(orjson.dumps(said))
    row = {
        "key": key,
        "service": entry.service,
        "issuer": entry.issuer,
        "tenant": entry.tenant,
        "card": entry.card,
        "outcome": entry.outcome,
        "outcome_at": entry.outcome_at,
        "received_at": entry.received_at,
        "accepted": orjson.dumps(entry.accepted).decode(),
        "reason_system": entry.reason_system,
        "reason_code": entry.reason_code,
        "comment": sealing.seal(entry.comment.encode(), key) if entry.comment else None,
        "comment_cut": entry.comment_cut,
        "deliveries": 1,
    }
    return Entry("feedback", {name: _storable(value) for name, value in row.items()})


def refusal_entry(refusal: Refusal) -> Entry:
    """The row of a refused call."""
    row = {name: getattr(refusal, name) for name in _REFUSAL}
    told = orjson.dumps(dict(refusal.told), option=orjson.OPT_SORT_KEYS).decode()
    return Entry("refusal", {name: _storable(value) for name, value in row.items()} | {"told": told})


def token_entry(issuer: str, token_id: str, expires_at: int) -> Entry:
    """A used token, by its digest: the id itself is the client's business. `used_by` tells this use from any other."""
    token = digest(f"{issuer}\0{token_id}".encode())
    return Entry("token", {"token": token, "used_by": os.urandom(16).hex(), "expires_at": expires_at})


def line_of(entry: Entry) -> bytes:
    """One entry as a line of the spool: JSON, then its digest, so that half a line is seen to be half a line."""
    text = orjson.dumps({"kind": entry.kind, "row": _plain(entry.row), "cards": [_plain(card) for card in entry.cards]})
    return text + b"\t" + digest(text).encode() + b"\n"


def entry_of(line: bytes) -> Entry | None:
    """The entry of a line, or None for a line that was not written to its end."""
    text, _, seen = line.rstrip(b"\n").rpartition(b"\t")
    if not text or digest(text).encode() != seen:
        return None
    told = orjson.loads(text)
    return Entry(told["kind"], _typed(told["row"]), tuple(_typed(card) for card in told["cards"]))


def _storable(value: Any) -> Any:
    return value.replace(_NUL, _INSTEAD) if isinstance(value, str) else value


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _as_text(value) for name, value in row.items()}


def _as_text(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    return {"instant": value.isoformat()} if isinstance(value, datetime) else value


def _typed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _as_value(value) for name, value in row.items()}


def _as_value(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "bytes" in value:
        return bytes.fromhex(value["bytes"])
    return datetime.fromisoformat(value["instant"]).astimezone(UTC)
