"""decisions list, show and export: what was answered, when, to whom, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cds_service.commands.cards import show_cards_of
from cds_service.commands.options import FAILED, PlainText, console_for
from cds_service.commands.stored import (
    AsCsv,
    AsJson,
    ClientName,
    Rule,
    Since,
    Until,
    json_text,
    open_store,
    print_csv,
    print_json,
    wanted,
)

if TYPE_CHECKING:
    from cds_service.store.records import Refusal, StoredDecision
    from cds_service.store.store import Store

app = typer.Typer(
    name="decisions",
    help="Look at stored decisions. Only show and export --with-patient-data print what is about a person.",
    epilog="Start with: cds-service decisions list",
    no_args_is_help=True,
)

COLUMNS = (
    *("id", "number", "madeAt", "asOf", "service", "hook", "hookInstance", "client", "tenant", "rules", "shown"),
    *("quiet", "deliveries", "erasedAt", "service version", "knowledge", "mappings", "thresholds", "hash"),
)
REFUSAL_COLUMNS = (
    *("id", "refusedAt", "status", "fault", "kind", "service", "hookInstance", "requestId", "client", "tenant", "told"),
)


@app.command(name="list", epilog="Example: cds-service decisions list --since 2026-11-01 --rule MN-07")
def list_decisions(
    since: Since = None,
    until: Until = None,
    rule: Rule = "",
    client: ClientName = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the newest.")] = 50,
    as_json: AsJson = False,
    plain: PlainText = False,
) -> None:
    """Show the newest decisions: when, which rules, for which client. Nothing about patients."""
    from cds_service.store.reading import latest, number_of
    from cds_service.terminal.decisions import show_decisions

    with open_store() as (settings, store):
        asked = wanted(settings, since, until, rule, client)
        found = [_told(one) for one in latest(store, asked, limit)]
        total = number_of(store, asked)
    if as_json:
        print_json(found)
    else:
        show_decisions(console_for(plain), found, total)


@app.command(epilog="Example: cds-service decisions show 0199f2c4-... --plain")
def show(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="As `decisions list` and the log name it.")],
    as_json: AsJson = False,
    plain: PlainText = False,
) -> None:
    """Show one decision: the card as the clinician saw it, how it came about, and the versions. Holds patient data."""
    from cds_service.store.reading import decision

    with open_store() as (_, store):
        found = decision(store, identifier)
    if found is None:
        typer.echo("cds-service: no decision has this id", err=True)
        raise typer.Exit(FAILED)
    told = _told(found) | _payload(found)
    if as_json:
        print_json(told)
        return
    from cds_service.terminal.decisions import show_head, show_trace

    console = console_for(plain)
    show_head(console, told)
    if "cards" in told:
        show_cards_of(console, told["cards"], plain)
        show_trace(console, told["trace"])


@app.command(epilog="Example: cds-service decisions refused --since 2026-11-01")
def refused(
    since: Since = None,
    until: Until = None,
    client: ClientName = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many, the newest.")] = 50,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    plain: PlainText = False,
) -> None:
    """Show calls that were answered with an error after their client had proved itself. Nothing about patients."""
    from cds_service.store.refusals import latest, number_of
    from cds_service.terminal.decisions import show_refusals

    with open_store() as (settings, store):
        asked = wanted(settings, since, until, client=client)
        found = [_refusal(one) for one in latest(store, asked, limit)]
        total = number_of(store, asked)
    if as_json:
        print_json(found)
    elif as_csv:
        print_csv(REFUSAL_COLUMNS, ([*list(one.values())[:-1], json_text(one["told"])] for one in found))
    else:
        show_refusals(console_for(plain), found, total)


@app.command(epilog="Example: cds-service decisions export --since 2026-11-01 > decisions.ndjson")
def export(
    since: Since = None,
    until: Until = None,
    rule: Rule = "",
    client: ClientName = None,
    as_csv: AsCsv = False,
    with_patient_data: Annotated[
        bool, typer.Option("--with-patient-data", help="Also what came in, the case, the trace and the cards.")
    ] = False,
) -> None:
    """Write decisions as NDJSON, one a line, or as CSV. Without patient data unless it is asked for."""
    import orjson

    if as_csv and with_patient_data:
        raise typer.BadParameter("--with-patient-data goes with NDJSON only")
    with open_store() as (settings, store):
        asked = wanted(settings, since, until, rule, client)
        lines = _exported(store, asked, with_patient_data)
        if as_csv:
            print_csv(COLUMNS, (_row(line) for line in lines))
        else:
            for line in lines:
                typer.echo(orjson.dumps(line))


def _exported(store: Store, asked: Any, with_patient_data: bool) -> Iterator[dict[str, Any]]:
    from cds_service.store.reading import decisions

    for one in decisions(store, asked, with_payload=with_patient_data):
        yield _told(one) | (_payload(one) if with_patient_data else {})


def _told(one: StoredDecision) -> dict[str, Any]:
    return {
        "id": one.id,
        "number": one.seq,
        "madeAt": one.made_at.isoformat(timespec="milliseconds"),
        "asOf": one.as_of.isoformat(),
        "service": one.service,
        "hook": one.hook,
        "hookInstance": one.hook_instance,
        "client": one.issuer,
        "tenant": one.tenant,
        "rules": list(one.rules),
        "shown": one.shown,
        "quiet": one.quiet,
        "deliveries": one.deliveries,
        "erasedAt": one.erased_at.isoformat(timespec="seconds") if one.erased_at else None,
        "versions": dict(one.versions),
        "hash": one.hash,
    }


def _refusal(one: Refusal) -> dict[str, Any]:
    return {
        "id": one.id,
        "refusedAt": one.refused_at.isoformat(timespec="milliseconds"),
        "status": one.status,
        "fault": one.fault,
        "kind": one.kind,
        "service": one.service,
        "hookInstance": one.hook_instance,
        "requestId": one.request_id,
        "client": one.issuer,
        "tenant": one.tenant,
        "told": dict(one.told),
    }


def _payload(one: StoredDecision) -> dict[str, Any]:
    import orjson

    if one.payload is None:
        return {}
    names = ("patientId", "userId", "site", "notProvided", "silenced", "shownAgain", "policy", "prefetch")
    told: dict[str, Any] = orjson.loads(one.payload)
    return {name: told[name] for name in (*names, "case", "trace", "cards")}


def _row(line: dict[str, Any]) -> list[Any]:
    flat = line | {
        "rules": " ".join(line["rules"]),
        "shown": "yes" if line["shown"] else "no",
        "service version": line["versions"].get("service", ""),
        **{name: line["versions"].get(name, "") for name in ("knowledge", "mappings", "thresholds")},
    }
    return [flat[name] for name in COLUMNS]
