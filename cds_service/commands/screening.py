"""screen: the same evaluation over a whole Bulk Data export."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.commands.options import AsOf, PlainText, Site, console_for, prepared

if TYPE_CHECKING:
    from cds_service.population.crew import Crew

app = typer.Typer()


class Engine(StrEnum):
    """Who does the work."""

    LOCAL = "local"
    DASK = "dask"


class OverTime(StrEnum):
    """How often each patient's history is looked at."""

    MONTHLY = "MONTHLY"


By = Annotated[Engine, typer.Option(help="Processes of this machine, or a Dask cluster.")]
Scheduler = Annotated[str, typer.Option(metavar="ADDRESS", help="The Dask scheduler, tcp://host:8786.")]
Workers = Annotated[
    int, typer.Option(min=0, metavar="N", help="Processes; 0 means one for each core.", show_default=False)
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with what was begun, or refuse; never begin anew.")]


@app.command(epilog="Example: cds-service screen export/ --out screened --as-of 2026-11-22")
def screen(
    export: Annotated[
        str, typer.Argument(metavar="EXPORT", help="Folder or manifest of NDJSON, plain or .gz; or s3://...")
    ],
    out: Annotated[str, typer.Option(metavar="DIR", help="Where the results are written; made when it is missing.")],
    as_of: AsOf = None,
    over_time: Annotated[
        OverTime | None, typer.Option(help="Walk each patient through history: when was each state first shown?")
    ] = None,
    engine: By = Engine.LOCAL,
    scheduler: Scheduler = "",
    workers: Workers = 0,
    deidentified: Annotated[bool, typer.Option("--deidentified", help="Keep no identifiers and no dates.")] = False,
    smallest_count: Annotated[
        int, typer.Option(min=1, metavar="N", help="The report hides counts of patients below this.")
    ] = 10,
    resume: Resume = False,
    site: Site = None,
    plain: PlainText = False,
) -> None:
    """Screen a Bulk Data export: who would get which card, and a report a committee can read.

    What was killed is gone on with when the same command is given again.
    """
    from cds_service.app import clock
    from cds_service.population.options import Options
    from cds_service.population.screening import begun_as_of
    from cds_service.population.screening import screen as screened
    from cds_service.terminal.patients import patients_bar
    from cds_service.terminal.screening import show_counts

    settings, knowledge = prepared(site)
    on = as_of.date() if as_of else begun_as_of(out) or clock(settings.timezone)()
    walked = over_time is not None
    options = Options(export, out, on, knowledge.policy, walked, deidentified, smallest_count, resume)
    with _crew(engine, scheduler, workers) as crew:
        counts = screened(options, crew, patients_bar, lambda said: typer.echo(f"cds-service: {said}", err=True))
    show_counts(console_for(plain), counts, out)


def _crew(engine: Engine, scheduler: str, workers: int) -> Crew:
    from cds_service.population.crew import DaskCrew, LocalCrew

    if engine is Engine.DASK:
        if not scheduler:
            raise typer.BadParameter("--engine dask needs --scheduler ADDRESS")
        return DaskCrew(scheduler)
    return LocalCrew(workers or len(os.sched_getaffinity(0)))
