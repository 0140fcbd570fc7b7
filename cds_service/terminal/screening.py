"""What a screening found, in a few lines."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table


def show_counts(console: Console, counts: Mapping[str, Any], out: str) -> None:
    """Patients, lines, and where the rest is to be read."""
    table = Table("patients", "", title=f"as of {counts['asOf']}", title_justify="left")
    for name, number in counts["patients"].items():
        if number or name in ("found", "with_disease", "neither_disease"):
            table.add_row(name.replace("_", " "), f"{number:,}")
    console.print(table)
    lines = Table("lines", "")
    for name, number in counts["lines"].items():
        if number or name in ("read", "used", "broken"):
            lines.add_row(name.replace("_", " "), f"{number:,}")
    console.print(lines)
    if counts["lines"]["broken"]:
        console.print(f"Broken lines by file and number: {out}/broken.ndjson")
    console.print(f"The report: {out}/report.html")
