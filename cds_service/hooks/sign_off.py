"""The sign-off file: which version of the knowledge a clinician of the site has approved, and until when.

    [[sign_off]]
    knowledge = "1.0"                       # as /about names it; "1.0+site" with thresholds of the site's own
    mappings = "sha256:..."                 # optional: only with these code mappings
    thresholds = "..."                      # optional: only with these thresholds
    site = "example"                        # optional: only for this site
    who = "Head of nephrology, Example hospital"
    date = 2026-11-20
    review_by = 2027-11-20

The file may be written before an upgrade: of several entries the one that fits what runs is taken, the newest first.
A sign-off of something else is not one, and is said (`Approval.differs`). What is malformed keeps the service
from starting.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from cds_service.cards.approval import Approval
from cds_service.errors import ConfigurationFault

TABLE = "sign_off"
_TEXTS = ("knowledge", "who")
_DATES = ("date", "review_by")
_OPTIONAL = ("mappings", "thresholds", "site")
_LONGEST = 200


class Running(NamedTuple):
    """What answers: versions and digests as /about names them, and the site (empty: the service's own)."""

    knowledge: str
    mappings: str
    thresholds: str
    site: str = ""


def approval_of(path: Path | None, running: Running, review_by: date) -> Approval:
    """What the file says about what runs. `review_by` is the knowledge's own date, for knowledge nobody has signed.

    Errors: ConfigurationFault naming the file and every fault in it.
    """
    entries = [] if path is None else [entry for entry in _entries(path) if entry.get("site", "") in ("", running.site)]
    fitting = [entry for entry in entries if not _difference(entry, running)]
    if not entries:
        return Approval(review_by=review_by)
    newest = max(fitting or entries, key=lambda entry: entry["date"])
    differs = _difference(newest, running)
    until = review_by if differs else newest["review_by"]
    return Approval(newest["who"], newest["date"], newest["knowledge"], differs, until)


def _difference(entry: Mapping[str, Any], running: Running) -> str:
    if entry["knowledge"] != running.knowledge:
        return f"signed for version {entry['knowledge']}, running {running.knowledge}"
    if entry.get("mappings", running.mappings) != running.mappings:
        return "signed with other code mappings"
    if entry.get("thresholds", running.thresholds) != running.thresholds:
        return "signed with other thresholds"
    return ""


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationFault(f"CDS_SIGN_OFF_FILE: {path} cannot be read ({error.strerror})") from None
    except ValueError as error:  # not UTF-8, or not TOML
        raise ConfigurationFault(f"CDS_SIGN_OFF_FILE: {path}: {error}") from None
    faults = [f"{name} is not known; only [[{TABLE}]] is" for name in told if name != TABLE]
    entries: Any = told.get(TABLE, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        faults.append(f"sign-offs are written as [[{TABLE}]]")
    elif not entries and not faults:
        faults.append(f"there is no [[{TABLE}]] in it")
    else:
        faults += [f"sign-off {at}: {fault}" for at, entry in enumerate(entries, start=1) for fault in _faults(entry)]
    if faults:
        raise ConfigurationFault([f"CDS_SIGN_OFF_FILE: {path}: {fault}" for fault in faults])
    return list(entries)


def _faults(entry: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{name} is not known" for name in entry if name not in {*_TEXTS, *_DATES, *_OPTIONAL})
    yield from (f"{name} is missing" for name in (*_TEXTS, *_DATES) if name not in entry)
    for name in (*_TEXTS, *_OPTIONAL):
        if name in entry and not _is_text(entry[name]):
            yield f"{name} must be a text of one line in quotation marks"
    for name in _DATES:
        if name in entry and not _is_day(entry[name]):
            yield f"{name} must be a day such as 2026-11-20, without quotation marks"
    days = [entry.get(name) for name in _DATES]
    if all(map(_is_day, days)) and days[0] >= days[1]:  # type: ignore[operator]
        yield "review_by must be after date"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable() and len(value) <= _LONGEST


def _is_day(value: Any) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)
