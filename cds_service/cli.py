"""The command line: serve, demo, evaluate, explain, settings.

Exit status: 0 done, 1 something failed, 2 wrong usage, 3 the chart cannot be read, 4 the configuration is wrong.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.errors import ConfigurationFault, NextlineError, RequestFault

# Everything heavy is imported inside the command that needs it: --help must not load the FHIR models.
if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from cds_service.hooks.knowledge import Knowledge
    from cds_service.settings import Settings
    from cds_service.stories.catalogue import Story

FAILED, BAD_INPUT, BAD_CONFIGURATION = 1, 3, 4

app = typer.Typer(
    name="cds-service",
    help="Nextline CDS: the next class of therapy in membranous nephropathy and lupus nephritis, with its reasons.",
    epilog="Start with: cds-service demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ChartPath = Annotated[
    Path,
    typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A CDS Hooks request or a FHIR Bundle, as JSON."),
]
AsOf = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Answer as of this day instead of today.")
]
Site = Annotated[str | None, typer.Option(metavar="NAME", help="Name of the site overlay of the code mappings.")]
PlainText = Annotated[bool, typer.Option("--plain", help="Plain text: no boxes, no colours.")]


def main() -> None:
    """Run the command line; every fault of ours is one sentence and an exit status, not a traceback."""
    try:
        app()
    except ConfigurationFault as fault:
        _fail(BAD_CONFIGURATION, *fault.faults)
    except RequestFault as fault:
        _fail(BAD_INPUT, fault.message)
    except NextlineError as fault:
        _fail(FAILED, str(fault))


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"nextline-cds {version('nextline-cds')}")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """What applies to every command."""


@app.command(epilog="Example: CDS_PORT=9000 cds-service serve")
def serve() -> None:
    """Run the service on CDS_HOST:CDS_PORT with gunicorn until it is stopped."""
    from cds_service.demo import free_port, gunicorn_command, refuse_a_taken_port
    from cds_service.settings import load

    settings = load()
    port = settings.port or free_port()
    refuse_a_taken_port(settings.host, port)
    base = settings.public_base_url or f"http://{settings.host}:{port}"
    typer.echo(f"Nextline CDS, {settings.mode}: {base}/cds-services (stop with Ctrl-C)", err=True)
    os.environ["CDS_PORT"] = str(port)
    command = gunicorn_command()
    os.execv(command[0], command)  # noqa: S606 (gunicorn takes this process over, so signals reach it)


@app.command(epilog="Example: cds-service demo --story rituximab-failed-and-egfr-falls --plain")
def demo(
    story: Annotated[
        list[str] | None, typer.Option("--story", metavar="NAME", help="One example patient; may repeat.")
    ] = None,
    everyone: Annotated[bool, typer.Option("--all", help="All example patients instead of a selection.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Whole cards instead of their first sections.")] = False,
    plain: PlainText = False,
) -> None:
    """Start the real server on a free port, send it example patients over HTTP and show the cards.

    Fails when an answer differs from the one stored with the patient.
    """
    from cds_service.demo import DemonstrationFault, answer_over_http, first_difference, running_server
    from cds_service.stories.agreement import steady
    from cds_service.stories.catalogue import all_stories

    chosen = _chosen(all_stories(), story or (), everyone)
    console = _console(plain)
    differing = []
    with running_server() as base:
        console.print(f"Server on {base}; {len(chosen)} of {len(all_stories())} example patients.")
        for one in chosen:
            answered = answer_over_http(base, one.request)
            _show_story(console, one, plain)
            _show(console, answered["cards"], plain, short=not full)
            if difference := first_difference(steady(one.response), steady(answered)):
                differing.append(f"{one.name}: {difference}")
    if differing:
        raise DemonstrationFault("Answers differ from the stored ones:\n" + "\n".join(differing))
    console.print(f"\nAll {len(chosen)} answers equal the stored ones. Server stopped.")


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

    settings, knowledge = _prepared(site)
    chart = chart_file.read(file, knowledge)
    response = chart_file.answer(chart, clock(settings.timezone)(), as_of.date() if as_of else None, knowledge)
    if as_json:
        import orjson

        typer.echo(orjson.dumps(response, option=orjson.OPT_INDENT_2))
    else:
        _show(_console(plain), response["cards"], plain)


@app.command(epilog="Example: cds-service explain chart.json --as-of 2026-11-22")
def explain(file: ChartPath, as_of: AsOf = None, site: Site = None, plain: PlainText = False) -> None:
    """Show how the answer came about: the values read, the treatment lines, every row that was considered."""
    from dataclasses import asdict

    from cds_service import chart_file
    from cds_service.app import clock
    from cds_service.terminal.explanation import show_assessment, show_case

    settings, knowledge = _prepared(site)
    chart = chart_file.read(file, knowledge)
    found = chart_file.explain(chart, clock(settings.timezone)(), as_of.date() if as_of else None, knowledge)
    console = _console(plain)
    show_case(console, asdict(found.case))
    for assessment in found.assessments:
        told = asdict(assessment)
        told |= {name: [item._asdict() for item in told[name]] for name in ("facts", "trace")}
        show_assessment(console, told)


@app.command(name="settings", epilog="Example: CDS_MODE=production cds-service settings")
def show_settings(plain: PlainText = False) -> None:
    """Show every setting with its value and where it came from. Secrets are masked."""
    from dataclasses import asdict

    from pydantic import ValidationError

    from cds_service import settings
    from cds_service.terminal.settings import show_settings as show

    with suppress(ValidationError):  # then `load` says in our words what is wrong
        show(_console(plain), map(asdict, settings.Settings().sources()))
    settings.load()


def _prepared(site: str | None) -> tuple[Settings, Knowledge]:
    from cds_service.app import knowledge_of
    from cds_service.settings import load

    settings = load() if site is None else load(site=site)
    return settings, knowledge_of(settings)


def _chosen(stories: Sequence[Story], names: Sequence[str], everyone: bool) -> Sequence[Story]:
    from cds_service.demo import SELECTION

    known = {story.name: story for story in stories}
    wanted = names or (tuple(known) if everyone else SELECTION)
    if unknown := [name for name in wanted if name not in known]:
        raise typer.BadParameter(f"no example patient {', '.join(unknown)}; there are: {', '.join(known)}")
    return [known[name] for name in wanted]


def _console(plain: bool) -> Console:
    from rich.console import Console

    return Console(no_color=plain, highlight=False, width=120 if plain else None)


def _show_story(console: Console, story: Story, plain: bool) -> None:
    from rich.text import Text

    _heading, _facts, narrative, *_rest = story.text.split("\n\n")
    console.print()
    console.print(Text(f"== {story.title} ==" if plain else story.title, style="bold underline"))
    console.print(Text(f"{narrative} ({story.name})", style="dim"), width=min(console.width, 100))


def _show(console: Console, cards: Sequence[dict[str, object]], plain: bool, *, short: bool = False) -> None:
    if plain:
        from cds_service.terminal.plain import plain_cards

        sys.stdout.write(plain_cards(cards, short=short))
    else:
        from cds_service.terminal.cards import show_cards

        show_cards(console, cards, short=short)


def _fail(status: int, *sentences: str) -> None:
    for sentence in sentences:
        typer.echo(f"cds-service: {sentence}", err=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
