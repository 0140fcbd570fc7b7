"""serve and demo: the real server, for clients and for a look at it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.commands.cards import show_cards_of
from cds_service.commands.options import PlainText, console_for

if TYPE_CHECKING:
    from rich.console import Console

    from cds_service.stories.catalogue import Story

app = typer.Typer()


class Server(StrEnum):
    """The servers that the service is tested with."""

    GUNICORN = "gunicorn"
    GRANIAN = "granian"


@app.command(epilog="Example: CDS_PORT=9000 cds-service serve")
def serve(
    server: Annotated[
        Server, typer.Option("--server", help="granian needs the extra of that name.", show_default=True)
    ] = Server.GUNICORN,
) -> None:
    """Run the service on CDS_HOST:CDS_PORT until it is stopped."""
    from cds_service.demo import free_port, gunicorn_command, refuse_a_taken_port
    from cds_service.granian_command import granian_command
    from cds_service.settings import load

    settings = load()
    port = settings.port or free_port()
    refuse_a_taken_port(settings.host, port)
    base = settings.public_base_url or f"http://{settings.host}:{port}"
    typer.echo(f"Nextline CDS, {settings.mode}: {base}/cds-services (stop with Ctrl-C)", err=True)
    os.environ["CDS_PORT"] = str(port)
    command = gunicorn_command() if server is Server.GUNICORN else granian_command(settings, port)
    os.execv(command[0], command)  # noqa: S606 (the server takes this process over, so signals reach it)


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
    console = console_for(plain)
    differing = []
    with running_server() as base:
        console.print(f"Server on {base}; {len(chosen)} of {len(all_stories())} example patients.")
        for one in chosen:
            answered = answer_over_http(base, one.request)
            _show_story(console, one, plain)
            show_cards_of(console, answered["cards"], plain, short=not full)
            if difference := first_difference(steady(one.response), steady(answered)):
                differing.append(f"{one.name}: {difference}")
    if differing:
        raise DemonstrationFault("Answers differ from the stored ones:\n" + "\n".join(differing))
    console.print(f"\nAll {len(chosen)} answers equal the stored ones. Server stopped.")


def _chosen(stories: Sequence[Story], names: Sequence[str], everyone: bool) -> Sequence[Story]:
    from cds_service.demo import SELECTION

    known = {story.name: story for story in stories}
    wanted = names or (tuple(known) if everyone else SELECTION)
    if unknown := [name for name in wanted if name not in known]:
        raise typer.BadParameter(f"no example patient {', '.join(unknown)}; there are: {', '.join(known)}")
    return [known[name] for name in wanted]


def _show_story(console: Console, story: Story, plain: bool) -> None:
    from rich.text import Text

    _heading, _facts, narrative, *_rest = story.text.split("\n\n")
    console.print()
    console.print(Text(f"== {story.title} ==" if plain else story.title, style="bold underline"))
    console.print(Text(f"{narrative} ({story.name})", style="dim"), width=min(console.width, 100))
