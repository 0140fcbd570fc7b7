"""clients add, list and test: for the person who connects an EHR."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cds_service.commands.options import FAILED, PlainText, console_for
from cds_service.commands.stored import AsJson, print_json
from cds_service.errors import ConfigurationFault

if TYPE_CHECKING:
    from cds_service.settings import Settings
    from cds_service.trust.issuers import Issuer

app = typer.Typer(
    name="clients",
    help="Register the EHRs whose calls are accepted, and test what was registered.",
    epilog="Start with: cds-service clients list",
    no_args_is_help=True,
)

ClientsFile = Annotated[
    Path | None, typer.Option("--file", metavar="FILE", dir_okay=False, help="Instead of CDS_CLIENTS_FILE.")
]
Several = list[str] | None


class Mode(StrEnum):
    """What a client is shown."""

    LIVE = "live"
    SHADOW = "shadow"


@app.command(
    epilog="Example: cds-service clients add --issuer https://ehr.example.org --jku https://ehr.example.org/jwks.json "
    "--fhir-server https://ehr.example.org/fhir --mode shadow"
)
def add(
    issuer: Annotated[str, typer.Option(metavar="URI", help="The iss of its tokens.")],
    name: Annotated[str, typer.Option(metavar="TEXT", help="What people call it.")] = "",
    jku: Annotated[str, typer.Option(metavar="URL", help="Where its public keys are (https).")] = "",
    keys: Annotated[
        Path | None, typer.Option(metavar="FILE", exists=True, dir_okay=False, help="Its public keys as a JWK Set.")
    ] = None,
    fhir_server: Annotated[Several, typer.Option(metavar="URL", help="A FHIR server to call; may repeat.")] = None,
    tenant: Annotated[Several, typer.Option(metavar="ID", help="Only this tenant gets in; may repeat.")] = None,
    audience: Annotated[Several, typer.Option(metavar="URL", help="A further aud of its tokens; may repeat.")] = None,
    algorithm: Annotated[Several, typer.Option(metavar="ALG", help="Instead of ES384, RS384; may repeat.")] = None,
    site: Annotated[str, typer.Option(metavar="NAME", help="The overlay its charts are read with.")] = "",
    mode: Annotated[Mode, typer.Option(help="shadow: compute and store, show nothing.")] = Mode.LIVE,
    file: ClientsFile = None,
) -> None:
    """Write a client into the clients file. Nothing is written unless the whole file is right afterwards."""
    from cds_service.app import knowledge_of
    from cds_service.trust.registration import register

    settings, path = _clients_file(file)
    if site:
        knowledge_of(settings, site)  # a site that cannot be loaded would keep the service from starting
    given: dict[str, Any] = {
        "issuer": issuer,
        "name": name,
        "jku": jku,
        "keys": str(keys.resolve()) if keys else "",
        "tenants": tenant or [],
        "audiences": audience or [],
        "fhir_servers": fhir_server or [],
        "algorithms": algorithm or [],
        "site": site,
        "mode": mode.value if mode is not Mode.LIVE else "",
    }
    register(path, given, local_http=not settings.production)
    typer.echo(f"{issuer} is in {path.name}. Test it with: cds-service clients test {issuer}")
    typer.echo("A service that runs reads the file when it starts again.")


@app.command(name="list", epilog="Example: cds-service clients list --json")
def list_clients(file: ClientsFile = None, as_json: AsJson = False, plain: PlainText = False) -> None:
    """Show the registered clients."""
    from cds_service.terminal.clients import show_clients

    settings, path = _clients_file(file)
    told = [_told(issuer) for issuer in _issuers(settings, path).values()]
    if as_json:
        print_json(told)
    else:
        show_clients(console_for(plain), told)


@app.command(epilog="Example: cds-service clients test https://ehr.example.org")
def test(
    issuer: Annotated[str, typer.Argument(metavar="ISSUER", help="The issuer as it stands in the file.")],
    file: ClientsFile = None,
    as_json: AsJson = False,
    plain: PlainText = False,
) -> None:
    """Fetch a client's keys and the metadata of its FHIR servers, and say what can be used and why not.

    Exit status 1 when no key can be used or a server cannot be called.
    """
    from cds_service.app import outbound_of
    from cds_service.hooks.server_check import check_server
    from cds_service.terminal.clients import show_test
    from cds_service.trust.inspection import inspect_keys

    settings, path = _clients_file(file)
    issuers = _issuers(settings, path)
    if issuer not in issuers:
        known = ", ".join(issuers) or "none"
        typer.echo(f"cds-service: {path.name}: no client with this issuer; there are: {known}", err=True)
        raise typer.Exit(FAILED)
    outbound, local_http = outbound_of(settings), not settings.production
    keys = inspect_keys(issuers[issuer], outbound, local_http=local_http)
    servers = [check_server(url, outbound, local_http=local_http) for url in issuers[issuer].fhir_servers]
    told = {
        "issuer": issuer,
        "keys": keys._asdict() | {"keys": [key._asdict() for key in keys.keys]},
        "servers": [server._asdict() for server in servers],
        "ok": keys.is_usable and all(server.usable for server in servers),
    }
    if as_json:
        print_json(told)
    else:
        show_test(console_for(plain), told)
    if not told["ok"]:
        raise typer.Exit(FAILED)


def _clients_file(given: Path | None) -> tuple[Settings, Path]:
    from cds_service.settings import load

    settings = load() if given is None else load(clients_file=given)
    if settings.clients_file is None:
        raise ConfigurationFault("CDS_CLIENTS_FILE: is not set; name a file with --file")
    return settings, settings.clients_file


def _issuers(settings: Settings, path: Path) -> dict[str, Issuer]:
    from cds_service.trust.issuers import load

    return load(path, local_http=not settings.production)


def _told(issuer: Issuer) -> dict[str, Any]:
    return {
        "issuer": issuer.issuer,
        "name": issuer.name,
        "mode": issuer.mode,
        "site": issuer.site,
        "tenantSites": dict(issuer.tenant_sites),
        "keys": issuer.jku or "a file",
        "algorithms": list(issuer.algorithms),
        "tenants": list(issuer.tenants),
        "audiences": list(issuer.audiences),
        "fhirServers": list(issuer.fhir_servers),
    }
