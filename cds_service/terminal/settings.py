"""The settings as a table."""

from collections.abc import Iterable, Mapping

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text


def show_settings(console: Console, settings: Iterable[Mapping[str, str]]) -> None:
    """Print variable, value, origin and meaning; what differs from the default stands out."""
    table = Table("variable", "value", "from", "meaning", box=SIMPLE_HEAD, show_edge=False, header_style="dim")
    for setting in settings:
        style = "" if setting["origin"] == "default" else "bold"
        cells = (setting["variable"], setting["value"] or "(empty)", setting["origin"], setting["meaning"])
        table.add_row(*(Text(cell, style=style) for cell in cells))
    console.print(table)
