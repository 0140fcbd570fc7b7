"""db upgrade, status, verify and erase: for the person who runs the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from cds_service.commands.options import FAILED, PlainText, console_for
from cds_service.commands.stored import AsJson, StoreFault, open_store, print_json

app = typer.Typer(
    name="db",
    help="Build, check and clear the database of decisions and feedback.",
    epilog="Start with: cds-service db status",
    no_args_is_help=True,
)


@app.command(epilog="Example: CDS_DATABASE_URL=postgresql://cds@db/cds cds-service db upgrade")
def upgrade() -> None:
    """Bring the database to the schema of this release; an empty one is built. Twice does no harm."""
    from cds_service.settings import load
    from cds_service.store import schema

    typer.echo(f"The database is at revision {schema.upgrade(load().database_url)}.")


@app.command(epilog="Example: cds-service db status --json")
def status(as_json: AsJson = False, plain: PlainText = False) -> None:
    """Show revision, number and age of decisions, what waits in the spool, and what was put aside.

    Exit status 1 when the schema is not the one of this release.
    """
    from cds_service.settings import load
    from cds_service.store import schema
    from cds_service.terminal.database import show_status

    settings = load()
    revision, needed = schema.found(settings.database_url), schema.newest()
    told: dict[str, Any] = {"revision": revision or "none", "needed": needed, "retentionDays": settings.retention_days}
    if revision == needed:
        told |= _contents()
    if as_json:
        print_json(told)
    else:
        show_status(console_for(plain), told)
    if revision != needed:
        raise typer.Exit(FAILED)


@app.command(epilog="Example: cds-service db verify --noted 1002:80ec54d2...")
def verify(
    noted: Annotated[
        str, typer.Option(metavar="NUMBER:HASH", help="An end of the chain that was noted before: is it still in it?")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Walk the chains of decisions and of refused calls: was a row altered, taken out or put in? Then exit status 1."""
    from dataclasses import asdict

    from cds_service.store import refusals
    from cds_service.store.reading import Filter, number_of
    from cds_service.store.verification import verify as walk
    from cds_service.terminal.counting import counted

    with open_store() as (_, store):
        with counted("verifying", number_of(store, Filter())) as advance:
            report = walk(store, noted_end=_noted(noted), advance=advance)
        refused = refusals.verify(store)
        fault = report.fault or refused.fault
        if as_json:
            print_json(asdict(report) | {"fault": fault, "refused": refused.rows, "whole": not fault})
        elif not fault:
            counted_rows = f"{report.rows:,} decisions, {report.erased:,} of them erased"
            typer.echo(f"Whole: {counted_rows}; {refused.rows:,} refused calls.")
            typer.echo(f"End of the chain, to be noted elsewhere: {report.end}")
    if fault:
        raise StoreFault(f"the chain is broken: {fault}")


@app.command(epilog="Example: cds-service db erase --dry-run")
def erase(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many decisions would be erased.")] = False,
) -> None:
    """Erase what is about a person and older than CDS_RETENTION_DAYS. The chain stays whole. To be run every day."""
    from cds_service.store import retention

    with open_store() as (settings, store):
        now = datetime.now(UTC)
        before = now - timedelta(days=settings.retention_days)
        if dry_run:
            typer.echo(f"{retention.due(store, before):,} decisions from before {before.date()} would be erased.")
            return
        typer.echo(f"{retention.erase(store, before, now):,} decisions from before {before.date()} were erased.")


def _contents() -> dict[str, Any]:
    from cds_service.store.reading import Filter, contents
    from cds_service.store.refusals import number_of

    with open_store() as (_, store):
        found = contents(store)
        refused = number_of(store, Filter())
        waiting, aside = store.spool.sizes()
    return {
        "decisions": found.decisions,
        "erased": found.erased,
        "oldest": found.oldest.isoformat(timespec="seconds") if found.oldest else None,
        "newest": found.newest.isoformat(timespec="seconds") if found.newest else None,
        "refused": refused,
        "feedback": found.feedback,
        "spoolBytes": waiting,
        "asideBytes": aside,
    }


def _noted(text: str) -> tuple[int, str] | None:
    number, _, end = text.partition(":")
    if not text:
        return None
    if not number.isdecimal() or len(end) != 64:
        raise typer.BadParameter("--noted is a number, a colon and 64 hexadecimal digits")
    return int(number), end
