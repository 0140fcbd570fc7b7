"""What a replay found."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

Plain = Mapping[str, Any]
_MOST_SHOWN = 100


def show_replay(console: Console, summary: Plain) -> None:
    """Print what did not come out the same, then the sum. `summary` is plain members."""
    told = summary["decisions"]
    for one in told[:_MOST_SHOWN]:
        style = "yellow" if one["outcome"] == "other version" else "red"
        line = Text(one["id"]).append(f"  {one['fault']}", style=style)
        console.print(line, soft_wrap=True)
        for name, (then, now) in one["versions"].items():
            console.print(Text(f"    {name} was {then}, is {now}", style="dim"), soft_wrap=True)
    if len(told) > _MOST_SHOWN:
        console.print(Text(f"and {len(told) - _MOST_SHOWN:,} more: --json lists all", style="dim"))
    parts = [f"{summary['same']:,} byte-identical"]
    parts += [f"{summary[name]:,} {words}" for name, words in _WORDS.items() if summary[name]]
    good = not summary["differs"] and not summary["unreadable"]
    console.print(Text(f"{summary['replayed']:,} replayed: {', '.join(parts)}.", style="green" if good else "bold red"))


_WORDS = {
    "other version": "of another version",
    "differs": "differ although no version does",
    "erased": "erased by retention",
    "unreadable": "cannot be opened",
}
