"""Uuids that a repeated call repeats: the same question gets byte-identical cards, another one other ids."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from cds_service.cards.stamp import Stamp


def with_uuids(card: dict[str, Any], stamp: Stamp, index: int) -> dict[str, Any]:
    """The card with `uuid` on itself and on every suggestion, derived from call, patient, content and place.

    Cards are written with their members in a fixed order, so the same content has the same bytes.
    """
    asked = orjson.dumps((stamp.hook_instance, stamp.patient_id, index))
    seed = hashlib.sha256(asked + orjson.dumps(card))
    identified = {"uuid": _shaped(seed.hexdigest()), **card}
    if "suggestions" in card:
        identified["suggestions"] = [
            {"uuid": _of_suggestion(seed, place), **suggestion} for place, suggestion in enumerate(card["suggestions"])
        ]
    return identified


def _of_suggestion(seed: hashlib._Hash, place: int) -> str:
    own = seed.copy()
    own.update(b"\x1f%d" % place)
    return _shaped(own.hexdigest())


def _shaped(digits: str) -> str:
    """Version 4 in shape only (clients check the pattern); the digits come from a digest, not from chance."""
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"
