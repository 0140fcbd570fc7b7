"""Registered clients, and what a test of one found."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

Plain = Mapping[str, Any]


def show_clients(console: Console, clients: Sequence[Plain]) -> None:
    """Print each client with what it may do. `clients` are plain members."""
    if not clients:
        console.print(Text("No client is registered: cds-service clients add", style="yellow"))
    for client in clients:
        heading = Text(client["issuer"], style="bold")
        heading.append(f"  {client['name']}" if client["name"] else "", style="not bold")
        heading.append("  shadow mode", style="yellow") if client["mode"] == "shadow" else heading
        console.print(heading, soft_wrap=True)
        grid = Table.grid(padding=(0, 2, 0, 0))
        for name, value in _members(client):
            grid.add_row(Text(name, style="dim"), Text(value, overflow="fold"))
        console.print(Padding(grid, (0, 0, 1, 2)))


def show_test(console: Console, found: Plain) -> None:
    """Print every key and every server with what is wrong with it. `found` is plain members."""
    keys = found["keys"]
    console.print(Text("Keys", style="bold").append(f"  {keys['place']}", style="not bold dim"), soft_wrap=True)
    if keys["fault"]:
        _line(console, False, keys["fault"])
    for key in keys["keys"]:
        usable = f"verifies {', '.join(key['algorithms'])}"
        _line(console, bool(key["algorithms"]), f"{key['key_id']}: {key['reason'] or usable}")
    console.print(Text("FHIR servers", style="bold"))
    for server in found["servers"]:
        _line(console, server["usable"], f"{server['url']}: {server['said']}")
    if not found["servers"]:
        console.print(Text("  none: what is missing in a call cannot be fetched", style="dim"))
    verdict = "This client can be served." if found["ok"] else "This client cannot be served as it is registered."
    console.print(Text(verdict, style="green" if found["ok"] else "bold red"))


def _members(client: Plain) -> list[tuple[str, str]]:
    told = [("keys", client["keys"]), ("algorithms", ", ".join(client["algorithms"]))]
    told += [("FHIR server", url) for url in client["fhirServers"]]
    told += [("tenants", ", ".join(client["tenants"]))] if client["tenants"] else []
    told += [("further aud", ", ".join(client["audiences"]))] if client["audiences"] else []
    told += [("site", client["site"])] if client["site"] else []
    return told + [(f"site of {tenant}", site) for tenant, site in client["tenantSites"].items()]


def _line(console: Console, good: bool, said: str) -> None:
    console.print(
        Text("  ok   " if good else "  no   ", style="green" if good else "red").append(said, style="default")
    )
