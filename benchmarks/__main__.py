"""`make bench`: all measurements in one run, as one table of ratios and as docs/performance.md with its plot.

`--quick` measures the handler only, in seconds, and fails when a ratio is more than a quarter above the one that
benchmarks/ratios.json holds; `--write` renews that file and the page. Ratios, not times: a slower machine parses
slower, too.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks import page, population
from benchmarks.bodies import bodies, shared
from benchmarks.durable import durable
from benchmarks.growth import IRRELEVANT, RELEVANT, growth, slope
from benchmarks.handler import Cost, cost, settled, stages
from benchmarks.peers.healthchain import healthchain
from benchmarks.servers import FLASK, GRANIAN, GUNICORN, loaded, started

KEPT = Path(__file__).with_name("ratios.json")
MUST = {"10 kB": 5.0, "150 kB": 2.5, "2 MB": 1.2}
WORSE = 1.25
TRIES = 3


def main(arguments: list[str]) -> int:
    """Measure, print, and say what is above its limit."""
    if "--quick" in arguments:
        return quick()
    knowledge = settled()
    costs = [cost(body, knowledge, 30) for body in bodies()]
    print_costs(costs)
    if "--handler" in arguments:
        return 0
    others = [
        cost(
            shared(f"{observations:,} Observations, {share} %", observations, observations * share // 100, release),
            knowledge,
            10,
        )
        for observations in (200, 2700)
        for share in (5, 25, 100)
        for release in ("R4", "R5")
    ]
    middle = bodies()[1]
    found = page.Found(
        machine=f"Python {platform.python_version()}, {_cores()} cores, orjson {orjson.__version__}",
        costs=costs,
        others=others,
        stages={body.name: stages(body, knowledge, 100 if len(body.data) < 500_000 else 15) for body in bodies()},
        durable=min(durable(bodies()[0], knowledge, 2_000) for _ in range(3)),
        started=started(),
        servers=[
            loaded("bare Flask, parses and answers a constant", FLASK, middle, 4),
            loaded("gunicorn, first openings", GUNICORN, middle, 4, CDS_REMEMBER_SECONDS="0"),
            loaded("gunicorn, opened again", GUNICORN, middle, 4),
            loaded("Granian, first openings", GRANIAN, middle, 4, CDS_REMEMBER_SECONDS="0"),
            loaded("Granian, opened again", GRANIAN, middle, 4),
            *healthchain(middle, 4),
        ],
        screened=population.short(),
        irrelevant=growth(knowledge, IRRELEVANT, all_relevant=False),
        relevant=growth(knowledge, RELEVANT, all_relevant=True),
    )
    population.print_screened(found.screened)
    Console(width=120).print(f"slope of irrelevant resources: {slope(found.irrelevant):.2f} of parsing them")
    if "--write" in arguments:
        page.write(found)
        KEPT.write_text(json.dumps({one.body.name: _ratios(one) for one in costs}, indent=2) + "\n")
    return 0


def quick() -> int:
    """Ratios against the kept ones. A machine that was busy is asked again before it is a regression."""
    kept, knowledge = json.loads(KEPT.read_text()), settled()
    worse: list[str] = []
    for _ in range(TRIES):
        costs = [cost(body, knowledge, 12) for body in bodies()]
        print_costs(costs)
        worse = [
            f"{one.body.name}, {name}: {ratio:.2f}, was {kept[one.body.name][name]:.2f}"
            for one in costs
            for name, ratio in _ratios(one).items()
            if ratio > WORSE * kept[one.body.name][name]
        ]
        if not worse:
            return 0
    sys.stdout.write("slower by more than a quarter: " + "; ".join(worse) + "\n")
    return 1


def print_costs(costs: list[Cost]) -> None:
    """The table of ratios."""
    names = ("body", "bytes", "relevant", "orjson.loads ms", "first opening", "opened again", "must", "spread")
    table = Table(*names, title="handler CPU as a multiple of orjson.loads of the same body")
    for one in costs:
        table.add_row(
            one.body.name,
            f"{len(one.body.data):,}",
            f"{one.body.relevant} of {one.body.observations}",
            f"{one.loads.least * 1000:.3f}",
            f"{one.first_ratio:.2f}",
            f"{one.again_ratio:.2f}",
            f"{MUST[one.body.name]:g}",
            f"{one.first.spread:.0%}",
        )
    Console(width=120).print(table)


def _ratios(one: Cost) -> dict[str, float]:
    return {"first opening": round(one.first_ratio, 2), "opened again": round(one.again_ratio, 2)}


def _cores() -> int:
    return len(os.sched_getaffinity(0))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
