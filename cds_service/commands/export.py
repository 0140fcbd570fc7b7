"""export: fetches a FHIR Bulk Data export from a hospital's server, for `screen`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.commands.options import FAILED, PlainText, console_for

if TYPE_CHECKING:
    from cds_service.bulk.asked import Asked
    from cds_service.bulk.server import Server
    from cds_service.bulk.tokens import BackendClient
    from cds_service.outbound.address import Base
    from cds_service.outbound.client import Outbound
    from cds_service.settings import Settings

app = typer.Typer()
_GIBIBYTE = 1 << 30
_SINCE = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
Credentials = tuple[str, Path | None, str, str, str]


Whose = Annotated[str, typer.Option("--group", metavar="ID", help="Only the patients of this Group.")]
Since = Annotated[
    datetime | None, typer.Option(formats=_SINCE, metavar="DATE", help="Only what was changed from then on.")
]
KeyFile = Annotated[
    Path | None, typer.Option("--key", exists=True, dir_okay=False, metavar="FILE", help="Our private key: PEM or JWK.")
]
KeyId = Annotated[str, typer.Option(metavar="ID", help="The key's id, where its file does not say it.")]
TokenUrl = Annotated[str, typer.Option(metavar="URL", help="The token endpoint; else the server is asked.")]
Scope = Annotated[str, typer.Option(metavar="TEXT", help="Instead of system/TYPE.rs for every type.")]
Origins = Annotated[
    list[str] | None, typer.Option(metavar="URL", help="Another origin that files may come from; may repeat.")
]
AtOnce = Annotated[int, typer.Option(min=1, max=12, metavar="N", help="Files that are fetched together.")]
Most = Annotated[float, typer.Option(min=0, metavar="GIB", help="Most that may be written, in GiB.")]


@app.command(epilog="Example: cds-service export --fhir-server https://ehr.example.org/fhir --out export")
def export(
    fhir_server: Annotated[str, typer.Option(metavar="URL", help="Base address of the FHIR server (https).")],
    out: Annotated[Path, typer.Option(metavar="DIR", file_okay=False, help="Where the files go; made when missing.")],
    group: Whose = "",
    system: Annotated[
        bool, typer.Option("--system", help="The whole system, not only what hangs on patients.")
    ] = False,
    types: Annotated[str, typer.Option(metavar="A,B", help="Fewer types than the rules read.")] = "",
    since: Since = None,
    client_id: Annotated[str, typer.Option(metavar="ID", help="Our id as a SMART backend service there.")] = "",
    key: KeyFile = None,
    key_id: KeyId = "",
    token_url: TokenUrl = "",
    scope: Scope = "",
    file_server: Origins = None,
    at_once: AtOnce = 4,
    most: Most = 200,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what was begun; never begin anew.")] = False,
    plain: PlainText = False,
) -> None:
    """Fetch a Bulk Data export: kick-off, wait, download, and a manifest that `screen` reads.

    What was killed is gone on with when the same command is given again. Exit status 1: something is missing.
    """
    from dataclasses import asdict

    from cds_service.bulk.exporting import export as exported
    from cds_service.settings import load
    from cds_service.terminal.exporting import export_bar, show_export

    settings = load()
    asked = _asked(settings, fhir_server, types, group, system, since)
    server = _server(settings, asked, file_server or (), (client_id, key, key_id, token_url, scope))
    with export_bar() as watch:
        found = exported(asked, out, server, watch, at_once=at_once, most=int(most * _GIBIBYTE), resume=resume)
    show_export(console_for(plain), asdict(found))
    if not found.is_whole:
        raise typer.Exit(FAILED)
    typer.echo(f"Now: cds-service screen {out} --out screened")


def _asked(settings: Settings, server: str, types: str, group: str, system: bool, since: datetime | None) -> Asked:
    from cds_service.bulk.asked import Asked
    from cds_service.commands.stored import moment
    from cds_service.guideline.needs import NEEDS

    read = tuple(dict.fromkeys([*(need.resource for need in NEEDS), "Medication"]))  # what requests refer to
    wanted = tuple(word.strip() for word in types.split(",") if word.strip()) or read
    if not set(wanted) <= set(read):
        raise typer.BadParameter(f"--types: the rules read {', '.join(read)}; nothing else is fetched")
    at = moment(since, settings)
    return Asked(_base(server, settings), wanted, group, system, "" if at is None else at.isoformat(timespec="seconds"))


def _server(settings: Settings, asked: Asked, listed: Sequence[str], credentials: Credentials) -> Server:
    import time

    from cds_service.app import outbound_of
    from cds_service.bulk.patience import Patience
    from cds_service.bulk.places import Places
    from cds_service.bulk.server import Server
    from cds_service.bulk.tokens import Tokens

    outbound, patience = outbound_of(settings), Patience(time.time)
    places = Places(asked.server, [_base(one, settings) for one in listed], local_http=not settings.production)
    client = _client(settings, outbound, asked, credentials)
    tokens = Tokens(outbound, client, patience, time.time) if client else None
    return Server(outbound, places, patience, tokens)


def _client(settings: Settings, outbound: Outbound, asked: Asked, credentials: Credentials) -> BackendClient | None:
    from cds_service.bulk.discovery import discovered, given, scope_for
    from cds_service.bulk.signing import doubt_of, read_key
    from cds_service.bulk.tokens import BackendClient

    client_id, file, key_id, token_url, scope = credentials
    if not client_id and file is None:
        return None
    if not client_id or file is None:
        raise typer.BadParameter("--client-id and --key belong together")
    local = not settings.production
    key = read_key(file, key_id, production=settings.production)
    if local and (said := doubt_of(file)):
        typer.echo(said, err=True)
    endpoint = given(token_url, local_http=local) if token_url else discovered(outbound, asked.server, local_http=local)
    wanted = scope or scope_for(asked.types, first_grammar=endpoint.first_grammar)
    return BackendClient(client_id, key, endpoint.place, endpoint.spelled, wanted)


def _base(address: str, settings: Settings) -> Base:
    from cds_service.outbound.address import AddressRefused, base

    try:
        return base(address, local_http=not settings.production)
    except AddressRefused as refused:
        raise typer.BadParameter(f"an address cannot be called: {refused}") from None
