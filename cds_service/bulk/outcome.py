"""What an OperationOutcome says, by its codes alone: its texts may quote a patient, so they are kept in files only."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

_code = re.compile(r"[a-z][a-z-]{0,39}", re.ASCII).fullmatch
_GRAVE = frozenset({"error", "fatal"})
LATER = frozenset({"transient", "throttled", "timeout", "lock-error", "no-store", "incomplete"})
"""Issue types that may pass (FHIR, IssueType: transient and what is below it)."""


def issues_of(body: bytes) -> tuple[tuple[str, str], ...]:
    """Severity and code of each issue; nothing when it is no OperationOutcome."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ()
    if not isinstance(told, dict) or told.get("resourceType") != "OperationOutcome":
        return ()
    issues = told.get("issue")
    return tuple(_issue(issue) for issue in issues if isinstance(issue, dict)) if isinstance(issues, list) else ()


def codes_in(body: bytes) -> str:
    """The codes of a refusal, for a sentence: ` (not-supported, invalid)`, or nothing."""
    codes = dict.fromkeys(code for _, code in issues_of(body))
    return f" ({', '.join(codes)})" if codes else ""


def counted(lines: Iterable[bytes]) -> Counter[str]:
    """How many issues of each severity and code, over the lines of error files."""
    return Counter(f"{severity} {code}" for line in lines for severity, code in _issues_or_none(line))


def is_grave(issue: str) -> bool:
    """Does an issue as `counted` names it say that something is missing?"""
    return issue.partition(" ")[0] in _GRAVE


def _issues_or_none(line: bytes) -> Iterator[tuple[str, str]]:
    found = issues_of(line)
    if found:
        yield from found
    elif line.strip():
        yield "error", "unreadable"


def _issue(issue: dict[str, Any]) -> tuple[str, str]:
    severity, code = (str(issue.get(name, "")) for name in ("severity", "code"))
    return severity if _code(severity) else "error", code if _code(code) else "unknown"
