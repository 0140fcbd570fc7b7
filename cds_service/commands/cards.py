"""evaluate and explain: the answer for a chart in a file, and how it came about."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.commands.options import AsOf, ChartPath, PlainText, Site, console_for, prepared

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer()


@app.command(epilog="Example: cds-service evaluate chart.json --as-of 2026-11-22")
def evaluate(
    file: ChartPath,
    as_of: AsOf = None,
    site: Site = None,
    as_json: Annotated[bool, typer.Option("--json", help="The response object as a client gets it.")] = False,
    plain: PlainText = False,
) -> None:
    """Show the cards for one chart."""
    from cds_service import chart_file
    from cds_service.app import clock

    settings, knowledge = prepared(site)
    chart = chart_file.read(file, knowledge)
    response = chart_file.answer(chart, clock(settings.timezone)(), as_of.date() if as_of else None, knowledge)
    if as_json:
        import orjson

        typer.echo(orjson.dumps(response, option=orjson.OPT_INDENT_2))
    else:
        show_cards_of(console_for(plain), response["cards"], plain)


@app.command(epilog="Example: cds-service explain chart.json --as-of 2026-11-22")
def explain(file: ChartPath, as_of: AsOf = None, site: Site = None, plain: PlainText = False) -> None:
    """Show how the answer came about: the values read, the treatment lines, every row that was considered."""
    from dataclasses import asdict

    from cds_service import chart_file
    from cds_service.app import clock
    from cds_service.terminal.explanation import show_assessment, show_case

    settings, knowledge = prepared(site)
    chart = chart_file.read(file, knowledge)
    found = chart_file.explain(chart, clock(settings.timezone)(), as_of.date() if as_of else None, knowledge)
    console = console_for(plain)
    show_case(console, asdict(found.case))
    for assessment in found.assessments:
        told = asdict(assessment)
        told |= {name: [item._asdict() for item in told[name]] for name in ("facts", "trace")}
        show_assessment(console, told)


def show_cards_of(console: Console, cards: Sequence[dict[str, object]], plain: bool, *, short: bool = False) -> None:
    """Panels for a terminal, or plain text."""
    if plain:
        from cds_service.terminal.plain import plain_cards

        sys.stdout.write(plain_cards(cards, short=short))
    else:
        from cds_service.terminal.cards import show_cards

        show_cards(console, cards, short=short)
