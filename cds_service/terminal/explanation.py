"""Why the answer is what it is, as tables: what became of the data, the values, the lines, the rows considered."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

Plain = Mapping[str, Any]


def show_case(console: Console, case: Plain) -> None:
    """Print the bins, the values and the words of the chart, and what was set aside. `case` is plain members."""
    console.print(Text("What became of the data", style="bold"))
    console.print(_bins(case["bins"]))
    values = [value for series in (*case["quantities"].values(), *case["findings"].values()) for value in series]
    _table(console, "Values", ("measure", "date", "value", "as the chart wrote it", "source"), map(_value_row, values))
    _table(console, "Exposures", ("agent", "from", "to", "ended for", "source"), map(_exposure_row, case["exposures"]))
    asides = ((aside["resource"], aside["reason"], aside["concept"]) for aside in case["set_aside"])
    _table(console, "Set aside", ("resource", "reason", "about"), asides)


def show_assessment(console: Console, assessment: Plain) -> None:
    """Print the answer, the treatment lines it saw and every row of the specification in the order considered."""
    answer = f"{assessment['disease'] or 'no disease'}: {assessment['state']}, {assessment['action']}"
    chosen = f" {assessment['next_class']}" if assessment["next_class"] else ""
    console.print(Text(f"{answer}{chosen}, by rule {assessment['rule']}", style="bold cyan"))
    lines = map(_line_row, assessment["lines"])
    _table(console, "Treatment lines", ("classes", "from", "to", "outcome", "because"), lines)
    steps = (
        (step["row"], step["asked"], step["saw"], "yes" if step["applied"] else "") for step in assessment["trace"]
    )
    _table(console, "Rows considered, first hit wins", ("row", "asked", "saw", "applied"), steps)


def _bins(bins: Plain) -> Text:
    used, superseded = len(bins["used"]), len(bins["superseded"])
    told = (
        f"{used} used + {superseded} superseded + {bins['not_relevant']} not relevant + {bins['set_aside']} set aside"
    )
    binned = used + superseded + bins["not_relevant"] + bins["set_aside"]
    if binned == bins["total"]:
        return Text(f"{told} = {bins['total']} resources\n")
    return Text(f"{told} = {binned}, but {bins['total']} came in: please report this\n", style="bold red")


def _value_row(value: Plain) -> Sequence[str]:
    number = value["value"]
    shown = number if isinstance(number, str) else f"{value['bound']}{number:.4g} {value['unit']}"
    return value["measure"], day(value["day"]), shown, value.get("stated", ""), value["source"]


def _exposure_row(exposure: Plain) -> Sequence[str]:
    return exposure["agent"], day(exposure["start"]), day(exposure["end"]), exposure["reason"], exposure["source"]


def _line_row(line: Plain) -> Sequence[str]:
    return " + ".join(line["classes"]), day(line["start"]), day(line["end"]), line["outcome"], line["why"]


def day(ordinal: int | None) -> str:
    """An ordinal day as 2026-11-22; `ongoing` for None."""
    return "ongoing" if ordinal is None else date.fromordinal(ordinal).isoformat()


def _table(console: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    found = list(rows)
    if not found:
        return
    console.print(Text(title, style="bold"))
    table = Table(*columns, box=SIMPLE_HEAD, show_edge=False, header_style="dim")
    for row in found:
        table.add_row(*(escape(str(cell)) for cell in row))
    console.print(table)
    console.print()
