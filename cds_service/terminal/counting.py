"""A bar for things that are counted, on the error output, so that the answer can be piped while it moves."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def counted(title: str, number: int) -> Iterator[Callable[[int], None]]:
    """Give back what to call with the number done. Shows nothing unless a person is watching."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    watched = sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not watched) as progress:
        task = progress.add_task(title, total=number)
        yield lambda done: progress.advance(task, done)
