"""Options and preparations that several commands share."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

# Everything heavy is imported inside the command that needs it: --help must not load the FHIR models.
if TYPE_CHECKING:
    from rich.console import Console

    from cds_service.hooks.knowledge import Knowledge
    from cds_service.settings import Settings

FAILED, BAD_INPUT, BAD_CONFIGURATION = 1, 3, 4

ChartPath = Annotated[
    Path,
    typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A CDS Hooks request or a FHIR Bundle, as JSON."),
]
AsOf = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Answer as of this day instead of today.")
]
Site = Annotated[str | None, typer.Option(metavar="NAME", help="Name of the site overlay of the code mappings.")]
PlainText = Annotated[bool, typer.Option("--plain", help="Plain text: no boxes, no colours.")]


def prepared(site: str | None) -> tuple[Settings, Knowledge]:
    """The settings, with another site where one is named, and what a process knows with them."""
    from cds_service.app import knowledge_of
    from cds_service.settings import load

    settings = load() if site is None else load(site=site)
    return settings, knowledge_of(settings)


def console_for(plain: bool) -> Console:
    """The standard output, in colours and as wide as the terminal unless plain text is wanted."""
    from rich.console import Console

    return Console(no_color=plain, highlight=False, width=120 if plain else None)
