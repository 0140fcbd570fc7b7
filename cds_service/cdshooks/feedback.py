"""Feedback on the wire: what a clinician did with cards (conformance section 13).

All entries are read before any is kept: a client whose call is refused may send it again whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NoReturn

from cds_service.errors import BodyTooLarge, MalformedBody

MOST_BYTES = 256 * 1024
MOST_ENTRIES = 500
LONGEST_COMMENT = 8192
_LONGEST_ID = 64
_LONGEST_TEXT = 1024
_INSTANT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[Tt](?P<time>\d\d:\d\d):(?P<second>\d\d)(?:\.\d{1,9})?(?P<zone>[Zz]|[+-]\d\d:\d\d)",
    re.ASCII,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class CardFeedback:
    """One entry. `comment` is cut to its longest, and says so in `comment_cut`."""

    card: str
    outcome: Literal["accepted", "overridden"]
    outcome_at: str
    accepted: tuple[str, ...] = ()
    reason_system: str = ""
    reason_code: str = ""
    comment: str = field(default="", repr=False)
    comment_cut: bool = False


def read_feedback(body: Mapping[str, Any]) -> tuple[CardFeedback, ...]:
    """The entries of a feedback call.

    Errors: MalformedBody naming the index of the bad entry, never a value; BodyTooLarge for too many.
    """
    listed = body.get("feedback")
    if not isinstance(listed, list) or not listed:
        raise MalformedBody("feedback must be a list with at least one entry.", expression="feedback")
    if len(listed) > MOST_ENTRIES:
        raise BodyTooLarge(f"More than {MOST_ENTRIES} entries of feedback in one call.")
    return tuple(_entry(entry, f"feedback[{index}]") for index, entry in enumerate(listed))


def _entry(entry: Any, where: str) -> CardFeedback:
    if not isinstance(entry, dict):
        _refuse(where, "must be an object")
    card = _text(entry, "card", where, _LONGEST_ID)
    outcome = entry.get("outcome")
    if outcome not in ("accepted", "overridden"):
        _refuse(f"{where}.outcome", "must be accepted or overridden")
    moment = _text(entry, "outcomeTimestamp", where, _LONGEST_ID)
    if not _is_instant(moment):
        _refuse(f"{where}.outcomeTimestamp", "must be a time of RFC 3339 with its zone")
    accepted = _accepted(entry.get("acceptedSuggestions"), where, required=outcome == "accepted")
    system, code, comment = _override(entry.get("overrideReason"), f"{where}.overrideReason")
    return CardFeedback(
        card, outcome, moment, accepted, system, code, comment[:LONGEST_COMMENT], len(comment) > LONGEST_COMMENT
    )


def _accepted(listed: Any, where: str, *, required: bool) -> tuple[str, ...]:
    """The uuids of accepted suggestions (cds-fb-2)."""
    where = f"{where}.acceptedSuggestions"
    if listed is None and not required:
        return ()
    if not isinstance(listed, list) or (required and not listed):
        _refuse(where, "must be a list of the suggestions that were accepted")
    found = []
    for index, item in enumerate(listed):
        if not isinstance(item, dict):
            _refuse(f"{where}[{index}]", "must be an object")
        found.append(_text(item, "id", f"{where}[{index}]", _LONGEST_ID))
    return tuple(found)


def _override(reason: Any, where: str) -> tuple[str, str, str]:
    """System and code of a listed reason, and a comment; one of them at least (cds-fb-3)."""
    if reason is None:
        return "", "", ""
    if not isinstance(reason, dict):
        _refuse(where, "must be an object")
    coding, comment = reason.get("reason"), reason.get("userComment")
    if coding is None and comment is None:
        _refuse(where, "needs reason or userComment")
    if comment is not None and not isinstance(comment, str):
        _refuse(f"{where}.userComment", "must be a string")
    if coding is None:
        return "", "", comment or ""
    if not isinstance(coding, dict):
        _refuse(f"{where}.reason", "must be a Coding")
    code = _text(coding, "code", f"{where}.reason", _LONGEST_TEXT)
    system = coding.get("system", "")
    if not isinstance(system, str) or len(system) > _LONGEST_TEXT or _CONTROL.search(system):
        _refuse(f"{where}.reason.system", "must be a string")
    return system, code, comment or ""


def _text(members: Mapping[str, Any], name: str, where: str, longest: int) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > longest or _CONTROL.search(value):
        _refuse(f"{where}.{name}", f"must be a string of 1 to {longest} characters, none of them a control character")
    return value


def _is_instant(text: str) -> bool:
    """A time of RFC 3339 section 5.6. A leap second is one; a time without a zone is none."""
    parts = _INSTANT.fullmatch(text)
    if parts is None:
        return False
    second = "59" if parts["second"] == "60" else parts["second"]
    try:
        datetime.fromisoformat(f"{parts['day']}T{parts['time']}:{second}{parts['zone'].upper()}")
    except ValueError:
        return False
    return True


def _refuse(where: str, said: str) -> NoReturn:
    raise MalformedBody(f"{where} {said}.", expression=where)
