"""A bar for a screening: how far it is, how many patients a second, how long it will take."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn


@contextmanager
def patients_bar(title: str, steps: int) -> Iterator[Callable[[int, int], None]]:
    """Give back what to call with the steps and the patients done. Shows nothing unless a person is watching."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
    )
    watched, begun, patients = sys.stderr.isatty(), time.monotonic(), 0
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not watched) as progress:
        task = progress.add_task(title, total=steps, told="")

        def advance(done: int, more: int) -> None:
            nonlocal patients
            patients += more
            rate = patients / max(time.monotonic() - begun, 0.001)
            told = f"{patients:,} patients, {rate:,.0f} a second" if patients else ""
            progress.update(task, advance=done, told=told)

        yield advance
