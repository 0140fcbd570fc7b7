"""The state of the database, for the person who runs it."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

Plain = Mapping[str, Any]


def show_status(console: Console, told: Plain) -> None:
    """Print revision, contents and spool; what needs a hand stands out. `told` is plain members."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for name, value, alarming in _lines(told):
        grid.add_row(Text(name, style="dim"), Text(value, style="bold red" if alarming else ""))
    console.print(grid)


def _lines(told: Plain) -> Iterator[tuple[str, str, bool]]:
    fits = told["revision"] == told["needed"]
    yield "schema", told["revision"] if fits else f"{told['revision']}; this release needs {told['needed']}", not fits
    if not fits:
        return
    yield "decisions", f"{told['decisions']:,}, {told['erased']:,} of them erased", False
    if told["oldest"]:
        yield "made", f"{told['oldest']} to {told['newest']}", False
    yield "feedback", f"{told['feedback']:,}", False
    yield "refused calls", f"{told['refused']:,}", False
    yield "retention", f"{told['retentionDays']:,} days", False
    yield "in the spool", _size(told["spoolBytes"]), bool(told["spoolBytes"])
    if told["asideBytes"]:
        yield "put aside", f"{_size(told['asideBytes'])}: lines that the database does not take", True


def _size(octets: int) -> str:
    return f"{octets:,} bytes" if octets else "nothing"
