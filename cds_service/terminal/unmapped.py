"""What was not understood of a heap of data, for the person who keeps a site's tables."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

Plain = Mapping[str, Any]
_REST_SHOWN = 8


def show_unmapped(console: Console, report: Plain) -> None:
    """Print what may matter first, then the rest as counts, then what was read. `report` is plain members."""
    if report["codes"]:
        _title(console, "Codes that may matter")
        console.print(_codes(report["codes"]))
    if report["units"]:
        _title(console, "Units that refused a value of a known measure")
        console.print(_units(report["units"]))
    _show_texts(console, report["text_only"])
    _show_rest(console, report["rest"])
    if not report["codes"] and not report["units"]:
        console.print(Text("Nothing that a rule could use was left out.", style="green"))
    _show_sum(console, report)


def _codes(codes: Iterable[Plain]) -> Table:
    grid = _grid()
    for one in codes:
        role = "" if one["role"] == "include" else f" ({one['role']})"
        above = Text(one["code"], style="bold").append(f"  {one['display'] or '(no name)'}", style="not bold")
        above.append("  -> ", style="not bold dim").append(f"{one['concept']}{role}", style="not bold cyan")
        seen = ", ".join(f"{count:,} {kind}" for kind, count in one["resources"])
        units = f" in {', '.join(one['units'])}" if one["units"] else ""
        system = one["system"] or "no system, so no table can map it"
        grid.add_row(
            f"{one['count']:,}", above.append(f"\n{system}; {seen}{units}; {one['because']}", style="not bold dim")
        )
    return grid


def _units(units: Iterable[Plain]) -> Table:
    grid = _grid()
    for one in units:
        above = Text(one["unit"] or "(no unit)", style="bold").append("  of ", style="not bold dim")
        above.append(one["concept"], style="not bold cyan").append(f"  {one['reason']}", style="not bold")
        like = f"; looks like {one['nearest']}, factor {one['factor']}" if one["nearest"] else ""
        grid.add_row(
            f"{one['count']:,}", above.append(f"\nfor instance with code {one['code']}{like}", style="not bold dim")
        )
    return grid


def _show_texts(console: Console, texts: Sequence[Plain]) -> None:
    named = [one for one in texts if one["concept"]]
    if not texts:
        return
    _title(console, "Names without a code (no table can map these; the names are not shown)")
    for one in named:
        console.print(Text(f"  {one['count']:>6,}  {one['resource']}, like {one['concept']}"))
    others = sum(one["count"] for one in texts if not one["concept"])
    if others:
        console.print(Text(f"  {others:>6,}  like nothing a rule reads", style="dim"))


def _show_rest(console: Console, rest: Sequence[Plain]) -> None:
    if not rest:
        return
    total = sum(one["count"] for one in rest)
    _title(console, f"Like nothing a rule reads: {len(rest):,} codes, {total:,} times")
    for one in rest[:_REST_SHOWN]:
        text = f"  {one['count']:>6,}  {one['code']}  {one['display']}"
        console.print(Text(text, style="dim"), no_wrap=True, overflow="ellipsis")
    if len(rest) > _REST_SHOWN:
        console.print(Text(f"          and {len(rest) - _REST_SHOWN:,} more: --csv lists all", style="dim"))


def _show_sum(console: Console, report: Plain) -> None:
    read = ", ".join(f"{count:,} {kind}" for kind, count in report["resources"].items()) or "nothing"
    console.print()
    console.print(Text(f"Read {read}; {report['understood']:,} codes were understood."))
    if report["not_read"]:
        console.print(Text(f"{report['not_read']:,} resources are of types that no rule reads.", style="dim"))
    if report["forgotten"]:
        told = f"{report['forgotten']:,} further codes did not fit: there are too many different ones."
        console.print(Text(told, style="yellow"))
    if report["broken_lines"]:
        told = "1 line or file" if report["broken_lines"] == 1 else f"{report['broken_lines']:,} lines or files"
        console.print(Text(f"{told} could not be read:", style="yellow"))
    for one in report["broken"]:
        place = f"{one['file']}:{one['line']}" if one["line"] else one["file"]
        console.print(Padding(Text(f"{place} {one['reason']}"), (0, 0, 0, 2)))
    if report["broken_lines"] > len(report["broken"]):
        console.print(Text(f"  and {report['broken_lines'] - len(report['broken']):,} more"))


def _title(console: Console, words: str) -> None:
    console.print()
    console.print(Text(words, style="bold"))


def _grid() -> Table:
    """The count, and beside it two lines for each."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(justify="right", min_width=8)
    grid.add_column(overflow="fold")
    return grid
