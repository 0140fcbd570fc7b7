"""The command line: what it is called, its version, and how it ends. The commands are in `commands/`.

Exit status: 0 done, 1 something failed, 2 wrong usage, 3 the chart cannot be read, 4 the configuration is wrong.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from cds_service.commands import (
    cards,
    clients,
    configuration,
    database,
    decisions,
    export,
    feedback,
    mappings,
    replaying,
    screening,
    serving,
    synthesize,
)
from cds_service.commands.options import BAD_CONFIGURATION, BAD_INPUT, FAILED
from cds_service.errors import ConfigurationFault, NextlineError, RequestFault

app = typer.Typer(
    name="cds-service",
    help="Nextline CDS: the next class of therapy in membranous nephropathy and lupus nephritis, with its reasons.",
    epilog="Start with: cds-service demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for room in (serving, cards, configuration, replaying, export, screening, synthesize):
    app.add_typer(room.app)
for named in (mappings, clients, database, decisions, feedback):
    app.add_typer(named.app)


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


def _fail(status: int, *sentences: str) -> None:
    for sentence in sentences:
        typer.echo(f"cds-service: {sentence}", err=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
