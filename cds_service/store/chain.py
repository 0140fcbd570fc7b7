"""The chain: the hash of a decision holds the hash of the one before it, so no row can be altered or taken out unseen.

Hashed is what stays for ever. What retention erases (payload, patient key) is in it by its digest only, and the
number of deliveries, which grows, is not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

START = "0" * 64

_HASHED = (
    *("seq", "id", "as_of", "service", "hook", "hook_instance", "issuer", "tenant", "request_digest"),
    *("rules", "shown", "quiet", "versions", "payload_digest"),
)


def digest(content: bytes) -> str:
    """SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def link(previous: str, row: Mapping[str, Any]) -> str:
    """The hash of a row that follows the row with the hash `previous`."""
    header = [row[name] for name in _HASHED]
    return digest(previous.encode() + orjson.dumps([*header, instant(row["made_at"])]))


def instant(moment: datetime) -> str:
    """A moment as it is hashed: in UTC, to the microsecond. SQLite gives it back without its zone."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.isoformat(timespec="microseconds")
