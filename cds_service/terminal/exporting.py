"""An export as it goes on, and what it brought."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any

from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table


class ExportBar:
    """A bar on the error output: the server's own percent while it works, then files, and the bytes that came."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._lock = progress, Lock()
        self._task = progress.add_task("the server is at work", total=None, told="")
        self._begun, self._size, self._here = time.monotonic(), 0, 0

    def say(self, sentence: str) -> None:
        """A sentence that stays."""
        self._progress.console.print(f"cds-service: {sentence}", markup=False, highlight=False, soft_wrap=True)

    def waiting(self, words: str, percent: int) -> None:
        """The server is at work still; `percent` is -1 when it does not say."""
        self._progress.update(self._task, told=escape(words))
        if percent >= 0:
            self._progress.update(self._task, total=100, completed=percent)

    def begin(self, files: int, there: int, size: int) -> None:
        """So many files are to be fetched; some of them lie here already, and so many bytes."""
        self._begun, self._size, self._here = time.monotonic(), size, size
        self._progress.remove_task(self._task)
        self._task = self._progress.add_task("fetching", total=files, completed=there, told=decimal(size))

    def came(self, number: int) -> None:
        """So many bytes came; a negative number takes some back."""
        with self._lock:
            self._size += number
        rate = max(self._size - self._here, 0) / max(time.monotonic() - self._begun, 0.001)
        self._progress.update(self._task, told=f"{decimal(self._size)}, {decimal(int(rate))} a second")

    def fetched(self) -> None:
        """One more file lies in its place."""
        self._progress.advance(self._task)


@contextmanager
def export_bar() -> Iterator[ExportBar]:
    """What to tell how far an export is. Shows no bar unless a person is watching."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as progress:
        yield ExportBar(progress)


def show_export(console: Console, told: Mapping[str, Any]) -> None:
    """Resources by type, and everything that says that something is missing."""
    table = Table("type", "resources", title=f"{told['files']} files, {told['size']:,} bytes", title_justify="left")
    for kind, number in told["lines"].items():
        table.add_row(kind, f"{number:,}")
    console.print(table)
    for issue, number in told["errors"].items():
        console.print(f"The server says: {issue}, {number} times (errors.*.ndjson)", soft_wrap=True)
    for file, expected, found in told["other_counts"]:
        console.print(f"{file}: {found:,} lines, but {expected:,} were announced", soft_wrap=True)
    if told["left"]:
        left = ", ".join(f"{kind} ({number})" for kind, number in told["left"].items())
        console.print(f"Files of types that nobody asked for were not fetched: {left}", soft_wrap=True)
    if told["lacking"]:
        console.print(f"The token does not let us read: {', '.join(told['lacking'])}", soft_wrap=True)
