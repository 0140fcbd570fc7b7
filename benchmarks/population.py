"""What a screening costs: patients a second and core, processor time as a multiple of `orjson.loads`, peak memory.

`make bench` measures a small hospital, in which 2 % have a disease, a small registry, in which all have one, and Dask
beside the embedded engine. `make bench-population` does the same at length, with memory from 1,000 to 100,000 patients.
`python -m benchmarks.population --number 1000000 --share 0.02 --sparse` measures one export of that kind.
Every screening is done in a process of its own, so that the memory that is told is its own.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.hospital import AS_OF, loads_of, write_hospital
from cds_service.app import knowledge_of
from cds_service.population.crew import Alone, Crew, DaskCrew, LocalCrew
from cds_service.population.gathering import knowledge_for
from cds_service.population.heap import settle
from cds_service.population.options import Options
from cds_service.population.screening import screen
from cds_service.settings import load
from cds_service.terminal.patients import patients_bar

PROCESSES = 2
REPEATS, SMALL = 3, 500 << 20
HOSPITAL, REGISTRY = 0.02, 1.0


class Screened(NamedTuple):
    """One screening. Seconds are of the processor, all processes together, but for `wall`; memory in megabytes."""

    patients: int
    share: float
    engine: str
    lines: int
    loads: float
    seconds: float
    wall: float
    memory: float

    @property
    def rate(self) -> float:
        """Patients a second and core."""
        return self.patients / self.seconds

    @property
    def ratio(self) -> float:
        """Processor time as a multiple of `orjson.loads` of the same lines."""
        return self.seconds / self.loads


def short() -> list[Screened]:
    """What `make bench` measures, in a minute."""
    return [*_of(5_000, HOSPITAL, ("alone",)), *_of(1_500, REGISTRY, ("alone", "local", "dask"))]


def long() -> Iterator[Screened]:
    """What `make bench-population` measures, in a quarter of an hour."""
    for number in (1_000, 10_000, 100_000):
        yield from _of(number, HOSPITAL, ("alone",))
    for number in (1_000, 10_000):
        yield from _of(number, REGISTRY, ("alone",))
    yield from _of(10_000, REGISTRY, ("local", "dask", "local", "dask", "local", "dask"))


def _of(number: int, share: float, engines: Sequence[str], *, sparse: bool = False) -> Iterator[Screened]:
    """The same export screened by each of these engines, in turn."""
    with TemporaryDirectory() as folder:
        export = Path(folder, "export")
        write_hospital(export, number, share, sparse=sparse)
        lines, loads = loads_of(export)
        for engine in engines:
            told = _apart(export, Path(folder, "out"), engine)
            yield Screened(number, share, engine, lines, loads, *told)


def _apart(export: Path, out: Path, engine: str) -> tuple[float, float, float]:
    command = [sys.executable, "-m", "benchmarks.population", "--of", str(export), "--out", str(out), "--by", engine]
    done = subprocess.run(command, capture_output=True, check=True)
    return msgspec.json.decode(done.stdout, type=tuple[float, float, float])


def measured(export: str, out: str, engine: str) -> tuple[float, float, float]:
    """Processor seconds, seconds, and the megabytes of the largest process of one screening.

    Done alone, it is timed from when everything is loaded, as in a worker that does its second piece; the smallest of
    the repeats of a small one counts. Of several processes all is told, with their start.
    """
    options = Options(export, out, AS_OF, knowledge_of(load()).policy)
    if engine == "alone":
        knowledge_for(options.policy)
        settle()
    repeats = REPEATS if engine == "alone" and _size(export) < SMALL else 1
    spent, taken = min(_once(options, engine) for _ in range(repeats))
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    everything = sum(one.ru_utime + one.ru_stime for one in used)
    return spent if engine == "alone" else everything, taken, max(one.ru_maxrss for one in used) / 1024


def _once(options: Options, engine: str) -> tuple[float, float]:
    with _crew(engine) as (crew, began):
        before = time.process_time()
        screen(options, crew, patients_bar, lambda said: None)
        return time.process_time() - before, time.monotonic() - began


def _size(export: str) -> int:
    return sum(path.stat().st_size for path in Path(export).iterdir())


@contextmanager
def _crew(engine: str) -> Iterator[tuple[Crew, float]]:
    """Who does it, and since when. A Dask cluster is there before the screening, the embedded processes are not."""
    if engine == "dask":
        from distributed import LocalCluster

        asked = {"n_workers": PROCESSES, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
        with LocalCluster(**asked) as cluster:  # type: ignore[no-untyped-call]
            began = time.monotonic()
            with DaskCrew(cluster.scheduler_address) as dask:
                yield dask, began
        return
    began = time.monotonic()
    with Alone() if engine == "alone" else LocalCrew(PROCESSES) as crew:
        yield crew, began


def print_screened(all_of_it: Sequence[Screened]) -> None:
    """The table."""
    names = ("patients", "with a disease", "lines", "engine", "CPU s", "s", "a second and core", "x loads", "MB")
    table = Table(*names, title="screening; x loads: CPU as a multiple of orjson.loads of the same lines")
    for one in all_of_it:
        table.add_row(*cells(one))
    Console(width=130).print(table)


def cells(one: Screened) -> tuple[str, ...]:
    """One row of the table."""
    return (
        f"{one.patients:,}",
        f"{one.share:.0%}",
        f"{one.lines:,}",
        one.engine,
        f"{one.seconds:.1f}",
        f"{one.wall:.1f}",
        f"{one.rate:,.0f}" if one.engine == "alone" else "",
        f"{one.ratio:.1f}" if one.engine == "alone" else "",
        f"{one.memory:.0f}",
    )


def main(arguments: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--number", type=int)
    parser.add_argument("--share", type=float, default=HOSPITAL)
    parser.add_argument("--sparse", action="store_true")
    for name in ("--of", "--out"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    parser.add_argument("--by", default="alone", choices=("alone", "local", "dask"))
    asked = parser.parse_args(arguments)
    if asked.of:
        sys.stdout.buffer.write(msgspec.json.encode(measured(asked.of, asked.out, asked.by)))
        return 0
    if asked.number:
        print_screened(list(_of(asked.number, asked.share, (asked.by,), sparse=asked.sparse)))
        return 0
    print_screened(list(long()) if asked.long else short())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
