"""Uuids that a repeated call repeats: the same question gets byte-identical cards, another one other ids."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from cds_service.cards.stamp import Stamp
from cds_service.cdshooks.card import Card

# Of the 16 digits a variant digit can come from, the two lowest bits count.
_VARIANTS = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


def with_uuids(card: dict[str, Any], stamp: Stamp, index: int) -> Card:
    """The card with `uuid` on itself and on every suggestion, derived from call, patient, content and place.

    Cards are written with their members in a fixed order, so the same content has the same bytes.
    """
    seed = hashlib.sha256(orjson.dumps((stamp.hook_instance, stamp.patient_id, index)))
    seed.update(orjson.dumps(card))
    identified: Any = {"uuid": _shaped(seed.hexdigest()), **card}
    if "suggestions" in card:
        identified["suggestions"] = suggestions = []
        for place, suggestion in enumerate(card["suggestions"]):
            own = seed.copy()
            own.update(b"\x1f%d" % place)
            suggestions.append({"uuid": _shaped(own.hexdigest()), **suggestion})
    return identified  # type: ignore[no-any-return]


def _shaped(digits: str) -> str:
    """Version 4 in shape only (clients check the pattern); the digits come from a digest, not from chance."""
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{_VARIANTS[digits[16]]}{digits[17:20]}-{digits[20:32]}"
