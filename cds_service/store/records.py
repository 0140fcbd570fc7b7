"""What is kept: decisions with their cards, feedback, and what an override silences. Plain values, no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class KeptCard:
    """A card of a decision. `facts` is the JSON that says what the advice rested on, compared when it comes again."""

    uuid: str
    disease: str
    rule: str
    facts: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Decision:
    """One answered call. `payload` is the JSON of what came in, the case, the trace and the cards; it is sealed.

    `patient_key` stands for the patient without naming them (`Sealing.patient_key`). `chart_digest` is equal when the
    same came in, `request_digest` when the answer must be the same, too (same day, overrides, versions).
    `shown` is False when the client runs in shadow mode. `quiet` says why there is no card, where there is none.
    """

    id: str
    made_at: datetime
    as_of: date
    service: str
    hook: str
    hook_instance: str
    issuer: str
    tenant: str
    patient_key: str
    chart_digest: str
    request_digest: str
    rules: tuple[str, ...]
    shown: bool
    quiet: str
    cards: tuple[KeptCard, ...]
    versions: Mapping[str, str]
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a decision. `repeated`: it was kept before, and this was one more delivery.

    `instance_reused`: another chart came under the same hookInstance, which no client should send.
    """

    id: str
    repeated: bool = False
    instance_reused: bool = False
    spooled: bool = False


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A decision as it was read again. `payload` is None once retention has erased it, and where it was not asked for.

    `hash` is that of the row in the chain.
    """

    seq: int
    id: str
    made_at: datetime
    as_of: date
    service: str
    hook: str
    hook_instance: str
    issuer: str
    tenant: str
    rules: tuple[str, ...]
    shown: bool
    quiet: str
    versions: Mapping[str, str]
    deliveries: int
    hash: str
    erased_at: datetime | None = None
    payload: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One call that was answered with an error after its client had proved itself. Nothing about a patient is in it.

    `kind` is service or feedback, empty for an address that is none; `service` our own id; `fault` the name of the
    error; `told` names and counts of ours, such as prefetch keys that were missing. `request_id` finds it in the log.
    """

    id: str
    refused_at: datetime
    kind: str
    service: str
    hook_instance: str
    request_id: str
    issuer: str
    tenant: str
    status: int
    fault: str
    told: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FeedbackEntry:
    """What a clinician did with one card. `comment` is free text and may hold anything; it is sealed.

    `reason_*` is the coded reason of an override, `accepted` the uuids of accepted suggestions.
    """

    service: str
    issuer: str
    tenant: str
    card: str
    outcome: str
    outcome_at: str
    received_at: datetime
    accepted: tuple[str, ...] = ()
    reason_system: str = ""
    reason_code: str = ""
    comment: str = field(default="", repr=False)
    comment_cut: bool = False


@dataclass(frozen=True, slots=True)
class Silence:
    """An override with a reason: the same card is quiet until a fact that matters changes."""

    disease: str
    rule: str
    facts: bytes = field(repr=False)
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How often the cards of one rule were shown and what became of them."""

    rule: str
    shown: int
    accepted: int
    overridden: int
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ChainReport:
    """Whether the chain of decisions is whole. `fault` names the first row that is not as it was written.

    `end` is the end of the chain as sequence:hash. Noted elsewhere, it proves later that nobody put an older copy of
    the whole database in place of this one.
    """

    rows: int
    erased: int
    fault: str = ""
    end: str = ""

    @property
    def whole(self) -> bool:
        """Does every row follow from the one before it?"""
        return not self.fault
