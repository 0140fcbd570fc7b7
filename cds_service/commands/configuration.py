"""settings: what this process would run with."""

from __future__ import annotations

from contextlib import suppress

import typer

from cds_service.commands.options import PlainText, console_for

app = typer.Typer()


@app.command(name="settings", epilog="Example: CDS_MODE=production cds-service settings")
def show_settings(plain: PlainText = False) -> None:
    """Show every setting with its value and where it came from. Secrets are masked."""
    from dataclasses import asdict

    from pydantic import ValidationError

    from cds_service import settings
    from cds_service.terminal.settings import show_settings as show

    with suppress(ValidationError):  # then `load` says in our words what is wrong
        show(console_for(plain), map(asdict, settings.Settings().sources()))
    settings.load()
