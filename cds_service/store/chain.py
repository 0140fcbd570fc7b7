"""The chain: the hash of a decision holds the hash of the one before it, so no row can be altered or taken out unseen.

Hashed is what stays for ever. What retention erases (payload, patient key) is in it by one digest of both. What changes
later (the number of deliveries, the day of erasure) is not in it: that has a mark, which needs the key of the store.
The end of the chain has such a mark too, or whoever can write to the database could compute a new chain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

START = "0" * 64

_HASHED = (
    *("seq", "id", "as_of", "service", "hook", "hook_instance", "issuer", "tenant", "chart_digest", "request_digest"),
    *("rules", "quiet", "versions", "payload_digest"),
)
_MARKED = (
    *("seq", "id", "kind", "service", "hook_instance", "request_id", "issuer", "tenant", "status", "fault", "told"),
)


def digest(content: bytes) -> str:
    """SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def payload_digest(patient_key: str, sealed: bytes) -> str:
    """What stays of payload and patient key. The sealing is random, so it does not tell equal patients."""
    whole = hashlib.sha256(sealed)
    whole.update(patient_key.encode())
    return whole.hexdigest()


def link(previous: str, row: Mapping[str, Any]) -> str:
    """The hash of a row that follows the row with the hash `previous`."""
    header = [row[name] for name in _HASHED]
    header += [number(row["shown"]), instant(row["made_at"])]
    return digest(previous.encode() + orjson.dumps(header))


def instant(moment: datetime | str | None) -> str:
    """A moment as it is hashed, and as SQLite keeps it: in UTC, to the microsecond. A text is taken as it stands."""
    if moment is None or isinstance(moment, str):
        return moment or ""
    aware = moment if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.replace(tzinfo=None).isoformat(" ", "microseconds")


def moment(kept: datetime | str) -> datetime:
    """A moment as it was kept, in UTC. SQLite gives it back without its zone, PostgreSQL in its own."""
    read = datetime.fromisoformat(kept) if isinstance(kept, str) else kept
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def number(truth: Any) -> Any:
    """True and False as SQLite keeps them; anything else as it stands."""
    return int(truth) if isinstance(truth, bool) else truth


def row_mark(identifier: str, deliveries: int, erased_at: datetime | str | None) -> tuple[str, ...]:
    """What the mark of a row is made of."""
    return ("decision", identifier, str(deliveries), instant(erased_at))


def refusal_mark(previous: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    """What the mark of a refused call is made of. It is made over the mark before it, so it is hash and mark in one."""
    return ("refusal", previous, *[str(row[name]) for name in _MARKED], instant(row["refused_at"]))


def end_mark(seq: int, end: str) -> tuple[str, ...]:
    """What the mark of the end of the chain is made of."""
    return ("end", str(seq), end)


def refusals_end_mark(seq: int, end: str) -> tuple[str, ...]:
    """The same for the chain of refused calls."""
    return ("refusals end", str(seq), end)
