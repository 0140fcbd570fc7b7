"""What a person sees while an export runs: the server's words as text, never as markup, and how far the files are."""

from __future__ import annotations

import io

from rich.console import Console
from rich.progress import Progress, TextColumn

from cds_service.terminal.exporting import ExportBar


def test_the_bar_tells_the_servers_words_and_then_files_and_bytes() -> None:
    screen = Console(file=io.StringIO(), width=200, force_terminal=True, color_system=None)
    columns = TextColumn("{task.description} {task.completed:.0f}/{task.total} {task.fields[told]}")
    progress = Progress(columns, console=screen, auto_refresh=False)
    with progress:
        bar = ExportBar(progress)
        bar.waiting("40% [red]of[/red] all", 40)
        progress.refresh()
        bar.begin(3, 1, 1_000)
        bar.came(2_000)
        bar.fetched()
        bar.say("[bold]said[/bold]")
        progress.refresh()
    told = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "the server is at work 40/100 40% [red]of[/red] all" in told
    assert "fetching 2/3 3.0 kB, " in told
    assert "cds-service: [bold]said[/bold]" in told
