"""Uuids that a repeated call repeats: the same question gets byte-identical cards, another one other ids."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

from cds_service.cards.stamp import Stamp


def with_uuids(card: dict[str, Any], stamp: Stamp, index: int) -> dict[str, Any]:
    """The card with `uuid` on itself and on every suggestion, derived from call, patient, content and place."""
    content = json.dumps(card, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    base = "\x1f".join((stamp.hook_instance, stamp.patient_id, content, str(index)))
    identified = {"uuid": _shaped(base), **card}
    if "suggestions" in card:
        identified["suggestions"] = [
            {"uuid": _shaped(f"{base}\x1f{place}"), **suggestion}
            for place, suggestion in enumerate(card["suggestions"])
        ]
    return identified


def _shaped(seed: str) -> str:
    """Version 4 in shape only (clients check the pattern); the digits come from a digest, not from chance."""
    return str(uuid.UUID(bytes=hashlib.sha256(seed.encode("utf-8")).digest()[:16], version=4))
