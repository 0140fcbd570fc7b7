"""What is wrong with the mapping tables, and what they say of a code or a concept."""

from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

Plain = Mapping[str, Any]
_MOST_WITH_UNITS = 2
_INDENTED = (0, 0, 0, 2)


def show_findings(console: Console, found: Plain) -> None:
    """Print every finding with its place and what to do, then the sum. `found` is plain members."""
    findings = found["findings"]
    above = ""
    for finding in findings:
        place = f"{finding['file']}:{finding['line']}" if finding["line"] else finding["file"]
        if place != above:
            console.print(Text(place, style="bold"), soft_wrap=True)
        above = place
        console.print(Padding(Text(finding["what"], style="red"), _INDENTED))
        console.print(Padding(Text(f"-> {finding['do']}", style="dim"), _INDENTED))
    sites = ", ".join(found["sites"]) or "none"
    looked = f"{found['rows']:,} rows in {found['files']} files; sites: {sites}"
    if not findings:
        console.print(Text(f"Nothing to mend: {looked}.", style="green"))
        return
    files = len({finding["file"] for finding in findings})
    told = f"{_many(len(findings), 'finding')} in {_many(files, 'file')} ({looked})."
    console.print(Text(f"\n{told} A service with these tables does not start.", style="bold"))


def show_lookup(console: Console, found: Plain) -> None:
    """Print the rows that were found, then each of their concepts with units and what reads it."""
    if found["codes"]:
        table = _table("code", "system", "means", "row")
        for row in found["codes"]:
            means = Text(row["concept"]).append("" if row["role"] == "include" else f" ({row['role']})", style="yellow")
            code = Text(row["code"], style="bold")
            display = Text(f"\n{row['display']}", style="dim") if row["display"] else Text()
            route = Text(f"\n{row['also']}", style="dim") if row["also"] else Text()
            table.add_row(code, row["system"], means.append_text(display).append_text(route), Text(row["row"]))
        console.print(table)
    if found["left_off"]:
        console.print(Text(f"and {found['left_off']:,} more: ask with --system, or with more words", style="dim"))
    for concept in found["concepts"]:
        _show_concept(console, concept, with_units=len(found["concepts"]) <= _MOST_WITH_UNITS)


def _show_concept(console: Console, concept: Plain, *, with_units: bool) -> None:
    console.print()
    console.print(Text(concept["key"], style="bold underline").append(f"  {concept['kind']}", style="not bold dim"))
    for sentence in concept["facts"]:
        console.print(Padding(Text(sentence), _INDENTED))
    if concept["units"] and not with_units:
        console.print(
            Padding(Text(f"{len(concept['units'])} units: ask for {concept['key']} alone", style="dim"), _INDENTED)
        )
    elif concept["units"]:
        table = _table("unit", "factor", "", "row")
        for unit in concept["units"]:
            style = "dim" if unit["factor"] == "refused" else ""
            table.add_row(
                Text(unit["unit"] or "(none sent)"), unit["factor"], Text(unit["note"]), unit["row"], style=style
            )
        console.print(Padding(table, _INDENTED))


def _table(*columns: str) -> Table:
    return Table(*columns, box=SIMPLE_HEAD, show_edge=False, header_style="dim", pad_edge=False)


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
