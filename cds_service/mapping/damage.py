"""What spreadsheets do to a table: numbers for codes, lost zeros, dates, other separators, clever quotes.

Published code lists are full of it (terminology.md section 6). Every kind is named as what it is, so that
the person who saved the file knows what happened. Nothing is repaired: a repaired code may be another code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

BOM = "\ufeff"
_SEPARATORS = ("\t", ";")
_BLANKS = " \t\r\n\v\f\u00a0\u2007\u202f\u200b"
_CLEVER_QUOTES = re.compile("[\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\u00b4]")
_NUMBER = re.compile(r"\d+([.,]\d+)?E\+\d+", re.ASCII)
# As spreadsheets show days: 1-Mar, Mar-01, 1. Dez, 01.03.2026, 3/1/26. Only in this letter case: SEP-1 is a code.
_MONTH = r"(?:Jan|Feb|Mar|Mär|Apr|Mai|May|Jun|Jul|Aug|Sep|Okt|Oct|Nov|Dec|Dez)"
_DATE = re.compile(
    rf"\d{{1,2}}(?:-|\. ?){_MONTH}(?:[- ]\d{{2,4}})?|{_MONTH}-\d{{2}}|\d{{4}}-\d\d-\d\d(?: 00:00:00)?"
    r"|\d{1,2}([./])\d{1,2}\1\d{2,4}",
    re.ASCII,
)
_DAY_NUMBER = re.compile(r"\d{5}", re.ASCII)
_AS_TEXT = "write it as the code system publishes it; open the file in a text editor, or import the column as text"


class Fault(NamedTuple):
    """What is wrong, and what to do about it."""

    what: str
    do: str


def separator_of(first_line: str) -> str:
    """The separator of the columns: a comma, unless the first line has none and many of another."""
    if "," in first_line:
        return ","
    return next((mark for mark in _SEPARATORS if mark in first_line), ",")


def of_separator(separator: str) -> Fault | None:
    """Columns separated by something else than commas."""
    if separator == ",":
        return None
    name = "tabs" if separator == "\t" else "semicolons"
    return Fault(f"the columns are separated by {name}", "save it as CSV with commas, in UTF-8")


def of_start(text: str) -> Fault | None:
    """A byte order mark before the first column: the column would not be known by its name."""
    if not text.startswith(BOM):
        return None
    return Fault("the file begins with a byte order mark", "save it as UTF-8 without BOM")


def of_columns(found: Sequence[str], wanted: Sequence[str]) -> Iterator[Fault]:
    """Columns that are missing, unknown, twice or in another order, in one sentence."""
    if tuple(found) == tuple(wanted):
        return
    unknown = [name or "(no name)" for name in found if name not in wanted]
    missing = [name for name in wanted if name not in found]
    told = [f"unknown: {', '.join(unknown)}"] if unknown else []
    told += [f"missing: {', '.join(missing)}"] if missing else []
    told = told or ["another order, or one of them twice"]
    yield Fault(f"the columns must be {','.join(wanted)} ({'; '.join(told)})", "mend the first line of the file")


def is_clean(cells: list[str]) -> bool:
    """True for nearly every line of a sound table: `of_cells` has nothing to say. Every start reads thousands."""
    return cells == list(map(str.strip, cells)) and "".join(cells).isascii()


def of_cells(cells: Sequence[str], columns: Sequence[str]) -> Iterator[Fault]:
    """Blanks around a cell, and quotation marks that a word processor put in."""
    padded = [name for name, cell in zip(columns, cells, strict=False) if cell != cell.strip(_BLANKS)]
    if padded:
        yield Fault(f"blanks around {', '.join(padded)}", "remove the blanks before and after the value")
    quoted = [name for name, cell in zip(columns, cells, strict=False) if _CLEVER_QUOTES.search(cell)]
    if quoted:
        yield Fault(f"typographic quotation marks in {', '.join(quoted)}", "type straight ones: ' or \"")


def stripped(cell: str) -> str:
    """The cell without the blanks around it, for the checks that come after."""
    return cell.strip(_BLANKS)


def of_code(code: str) -> Fault | None:
    """A code that a spreadsheet took for a number, a date or a formula."""
    if _NUMBER.fullmatch(code):
        return Fault(f"{code!r} was turned into a number by a spreadsheet", _AS_TEXT)
    if _DATE.fullmatch(code):
        return Fault(f"{code!r} was turned into a date by a spreadsheet", _AS_TEXT)
    if code.startswith(("'", '"', "=")):
        return Fault(f"{code!r} carries the sign by which a spreadsheet was told that it is text", _AS_TEXT)
    return None


def of_day(column: str, text: str) -> Fault:
    """Why a text is not a day, for a text that is none."""
    advice = "write it as YYYY-MM-DD, such as 2026-01-31"
    if not text:
        return Fault(f"{column} is empty: it must be a date, YYYY-MM-DD", advice)
    if _DAY_NUMBER.fullmatch(text):
        return Fault(f"{column} must be a date, YYYY-MM-DD: {text} is how a spreadsheet counts days", advice)
    if _DATE.fullmatch(text):
        return Fault(f"{column} must be a date, YYYY-MM-DD: {text} is how a spreadsheet shows it", advice)
    return Fault(f"{column} must be a date, YYYY-MM-DD, not {text[:20]!r}", advice)
