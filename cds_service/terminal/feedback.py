"""What clinicians did with the cards, by rule."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

Plain = Mapping[str, Any]


def show_report(console: Console, rows: Sequence[Plain]) -> None:
    """Print a row for each rule, with the reasons of overrides below one another. `rows` are plain members."""
    if not rows:
        console.print(Text("No card was shown and no feedback came.", style="dim"))
        return
    table = Table("rule", box=SIMPLE_HEAD, show_edge=False, header_style="dim", pad_edge=False)
    for name in ("shown", "accepted", "overridden"):
        table.add_column(name, justify="right")
    table.add_column("reasons")
    for row in rows:
        numbers = (f"{row[name]:,}" for name in ("shown", "accepted", "overridden"))
        table.add_row(Text(row["rule"] or "card not known", style="bold"), *numbers, _reasons(row))
    console.print(table)
    told = " ".join(f"{name} {sum(row[name] for row in rows):,}" for name in ("shown", "accepted", "overridden"))
    console.print(Text(f"In all: {told}.", style="dim"))


def _reasons(row: Plain) -> Text:
    lines = [f"{number:,} {reason or 'without a code'}" for reason, number in row["reasons"].items()]
    return Text("\n".join(lines), overflow="fold")
