"""Rows without identifiers: the patient by a keyed hash of this run, dates as days from the patient's own first day.

The key is made for the run and removed with the work folder: nobody can tell afterwards who is who, and two runs cannot
be joined. `asOf` keeps its year only, because days before a known day would be dates again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from hashlib import blake2b
from typing import Any

Row = dict[str, Any]
_OLDEST = 90
_MONTH = 30.44


def without_identifiers(row: Row, key: bytes) -> Row:
    """The row without names of records and without dates. Ages from 90 on are 90."""
    first = min(_dates_of(row), default=row["asOf"])
    age = row.get("age")
    hidden = {
        "patient": pseudonym(row["patient"], key),
        "asOf": row["asOf"][:4],
        "lines": [
            {**line, "start": _days(line["start"], first), "end": _days(line["end"], first), "sources": []}
            for line in row.get("lines", ())
        ],
        "facts": [{**fact, "date": _days(fact["date"], first), "source": ""} for fact in row.get("facts", ())],
    }
    if age is not None:
        hidden["age"] = min(age, _OLDEST)
    return {**row, **hidden}


def steps_without_identifiers(steps: Iterable[Row], first: str, key: bytes) -> Iterable[Row]:
    """The same for what was shown over time, in months: the last step is the day of the screening, which may be known.

    `first` is the day from which the patient's time is counted.
    """
    for step in steps:
        told: Row = {"patient": pseudonym(step["patient"], key)}
        told |= {name: _months(step[name], first) for name in ("firstShown", "lastShown")}
        yield {**step, **told}


def site_pseudonym(site: str, key: bytes) -> str:
    """A short name for a site that says nothing; empty where none is told."""
    return pseudonym(site, key)[:6] if site else ""


def first_day(row: Row) -> str:
    """The day from which the days of a row are counted."""
    return min(_dates_of(row), default=row["asOf"])


def pseudonym(name: str, key: bytes) -> str:
    """A name that says nothing."""
    return blake2b(name.encode(), key=key, digest_size=8).hexdigest()


def _dates_of(row: Row) -> list[str]:
    return [line["start"] for line in row.get("lines", ())] + [fact["date"] for fact in row.get("facts", ())]


def _months(day: str, first: str) -> str:
    """Months since the first day, as a word."""
    return str(round((date.fromisoformat(day).toordinal() - date.fromisoformat(first).toordinal()) / _MONTH))


def _days(day: str | None, first: str) -> str | None:
    """Days since the first day, as a word: the column is the same as that of dates."""
    if day is None:
        return None
    return str(date.fromisoformat(day).toordinal() - date.fromisoformat(first).toordinal())
