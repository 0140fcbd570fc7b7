"""A bar for long input, on the error output, so that the answer can be piped while it moves."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def bar(title: str, size: int) -> Iterator[Callable[[int], None]]:
    """Give back what to call with the bytes done. Shows nothing unless a person is watching."""
    watched = sys.stdout.isatty() and sys.stderr.isatty()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not watched) as progress:
        task = progress.add_task(title, total=size)
        yield lambda done: progress.advance(task, done)
