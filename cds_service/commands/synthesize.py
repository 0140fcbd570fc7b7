"""synthesize: invented patients as a Bulk Data export, for tests and for newcomers."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cds_service.commands.options import AsOf

app = typer.Typer()


class Release(StrEnum):
    """The FHIR releases an export can be written in."""

    R4 = "R4"
    R5 = "R5"


class Scenario(StrEnum):
    """What is invented."""

    REGISTRY = "registry"
    COHORT_002 = "cohort-002"


@app.command(epilog="Example: cds-service synthesize 500 --out registry")
def synthesize(
    number: Annotated[int, typer.Argument(metavar="N", min=1, help="How many patients; a cohort has its own number.")],
    out: Annotated[Path, typer.Option(metavar="DIR", file_okay=False, help="Where to write; made when missing.")],
    seed: Annotated[int, typer.Option(metavar="N", help="Another number, other patients.")] = 1,
    fhir: Annotated[Release, typer.Option(help="The FHIR release to write.")] = Release.R4,
    scenario: Annotated[Scenario, typer.Option(help="A registry of both diseases, or the cohort of document 002.")] = (
        Scenario.REGISTRY
    ),
    as_of: AsOf = None,
) -> None:
    """Invent patients with membranous nephropathy or lupus nephritis, labelled with the state they were built to show.

    The same number, seed, scenario, release and day give the same bytes. The day is today unless --as-of says another.
    """
    from cds_service.app import clock
    from cds_service.settings import load
    from cds_service.synthetic.cohort import cohort
    from cds_service.synthetic.export import write_export
    from cds_service.synthetic.registry import registry
    from cds_service.terminal.counting import counted

    on = as_of.date() if as_of else clock(load().timezone)()
    patients = registry(number, seed, on) if scenario is Scenario.REGISTRY else cohort(seed, on)
    with counted("inventing", number) as advance:
        states = write_export(patients, out, seed, on, fhir.value, advance)
    typer.echo(f"{states.total()} patients of FHIR {fhir} written to {out}, as of {on}")
    for state, count in sorted(states.items()):
        typer.echo(f"  {state:28}{count:6}")
    typer.echo(f"Now: cds-service screen {out} --out screened --as-of {on}")
