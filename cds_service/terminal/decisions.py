"""Stored decisions: as a list, and one with its trace."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

Plain = Mapping[str, Any]


def show_decisions(console: Console, decisions: Sequence[Plain], total: int) -> None:
    """Print a row for each decision, newest first. `decisions` are plain members."""
    if not decisions:
        console.print(Text("No decision.", style="dim"))
        return
    table = _table("made", "as of", "rules", "client", "", "id")
    for one in decisions:
        rules = " ".join(one["rules"]) or one["quiet"] or "-"
        client = one["client"] + (f" / {one['tenant']}" if one["tenant"] else "")
        remark = "; ".join(_remarks(one))
        identifier = Text(one["id"], no_wrap=True)
        made = Text(one["madeAt"][:19].replace("T", " "), no_wrap=True)
        table.add_row(made, Text(one["asOf"], no_wrap=True), Text(rules), Text(client), Text(remark), identifier)
    console.print(table)
    if total > len(decisions):
        console.print(Text(f"and {total - len(decisions):,} older ones: --limit, --since, --until", style="dim"))


def show_refusals(console: Console, refusals: Sequence[Plain], total: int) -> None:
    """Print a row for each refused call, newest first. `refusals` are plain members."""
    if not refusals:
        console.print(Text("No refused call.", style="dim"))
        return
    table = _table("refused", "status", "why", "at", "client", "hookInstance")
    for one in refusals:
        when = Text(one["refusedAt"][:19].replace("T", " "), no_wrap=True)
        why = one["fault"] + "".join(f"; {name}: {_words(value)}" for name, value in one["told"].items())
        where = one["service"] + (" feedback" if one["kind"] == "feedback" else "") or "no service"
        client = one["client"] + (f" / {one['tenant']}" if one["tenant"] else "")
        told = (str(one["status"]), why, where, client, one["hookInstance"] or "-")
        table.add_row(when, *map(Text, told))
    console.print(table)
    if total > len(refusals):
        console.print(Text(f"and {total - len(refusals):,} older ones: --limit, --since, --until", style="dim"))


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {member}" for name, member in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def show_head(console: Console, told: Plain) -> None:
    """Print what is known of a decision besides its cards."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for name, value in _head(told):
        grid.add_row(Text(name, style="dim"), Text(value, overflow="fold"))
    console.print(grid)
    if told["erasedAt"]:
        console.print(Text(f"Erased by retention at {told['erasedAt']}: cards and chart are gone.", style="yellow"))
    elif not told["shown"]:
        console.print(Text("Shadow mode: nobody saw this.", style="yellow"))
    for rule in told.get("silenced", ()):
        console.print(Text(f"Rule {rule} was quiet: it had been overridden, and nothing had changed.", style="yellow"))
    console.print()


def show_trace(console: Console, traces: Mapping[str, Sequence[Sequence[Any]]]) -> None:
    """Print every row that was considered, for each rule that spoke."""
    for rule, steps in traces.items():
        console.print(Text(f"How {rule} came about", style="bold cyan"))
        table = _table("row", "asked", "saw", "applied")
        for row, asked, saw, applied in steps:
            table.add_row(Text(str(row)), Text(str(asked)), Text(str(saw)), "yes" if applied else "")
        console.print(table)
        console.print()


def _head(told: Plain) -> list[tuple[str, str]]:
    lines = [("decision", f"{told['id']}, number {told['number']:,} of the chain")]
    lines += [("made", f"{told['madeAt']}, as of {told['asOf']}")]
    lines += [("call", f"{told['service']} ({told['hook']}), hookInstance {told['hookInstance']}")]
    lines += [("client", told["client"] + (f", tenant {told['tenant']}" if told["tenant"] else ""))] * bool(
        told["client"]
    )
    if "patientId" in told:
        lines += [("patient", told["patientId"]), ("user", told["userId"])]
    lines += [("rules", " ".join(told["rules"]) or f"none: {told['quiet'] or 'nothing to say'}")]
    lines += [("delivered", f"{told['deliveries']:,} times")] * (told["deliveries"] > 1)
    return lines + [(name, str(version)) for name, version in told["versions"].items()]


def _remarks(one: Plain) -> list[str]:
    remarks = [] if one["shown"] else ["shadow"]
    remarks += [f"{one['deliveries']:,} times"] if one["deliveries"] > 1 else []
    return remarks + (["erased"] if one["erasedAt"] else [])


def _table(*columns: str) -> Table:
    return Table(*columns, box=SIMPLE_HEAD, show_edge=False, header_style="dim", pad_edge=False)
