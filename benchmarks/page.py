"""docs/performance.md and its plot, from one run of the measurements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.growth import Point, slope
from benchmarks.handler import Cost
from benchmarks.plot import log_log
from benchmarks.population import Screened, cells
from benchmarks.servers import Loaded, Started
from benchmarks.timing import Spent

DOCS = Path(__file__).resolve().parent.parent / "docs"
PROMISED = {"10 kB": (5, 3), "150 kB": (2.5, 1.5), "2 MB": (1.2, 0.7)}


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that one run measured. Times in seconds; `durable` is CPU that one decision adds."""

    machine: str
    costs: Sequence[Cost]
    others: Sequence[Cost]
    stages: Mapping[str, Mapping[str, Spent]]
    durable: float
    started: Started
    servers: Sequence[Loaded]
    screened: Sequence[Screened]
    irrelevant: Sequence[Point]
    relevant: Sequence[Point]


def write(found: Found) -> None:
    """Write the page and the plot."""
    words = (Path(__file__).with_name("performance.txt")).read_text()
    sections = {
        "MACHINE": found.machine,
        "COSTS": _costs(found.costs),
        "STAGES": _stages(found),
        "OTHERS": _others(found.others),
        "DURABLE": f"{found.durable * 1000:.2f}",
        "READY": f"{found.started.seconds:.2f}",
        "RSS": f"{found.started.resident:.0f}",
        "PSS": f"{found.started.proportional:.0f}",
        "SERVERS": _servers(found.servers),
        "SCREENED": _screened(found.screened),
        "GROWTH": _growth(found.irrelevant),
        "SLOPE": f"{slope(found.irrelevant):.2f}",
        "RELEVANT": _growth(found.relevant),
    }
    for name, text in sections.items():
        words = words.replace(f"@{name}@", text)
    (DOCS / "performance.md").write_text(words)
    curves = {
        "first opening": [(p.resources, p.answered) for p in found.irrelevant],
        "orjson.loads": [(p.resources, p.loads) for p in found.irrelevant],
        "all relevant": [(p.resources, p.answered) for p in found.relevant],
    }
    plot = log_log("CPU of one call by size of the chart", "Observations in the chart", "CPU milliseconds", curves)
    (DOCS / "performance.svg").write_text(plot)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _costs(costs: Sequence[Cost]) -> str:
    head = ("body", "bytes", "relevant Observations", "`orjson.loads` ms", "first opening", "opened again")
    rows = [
        (
            one.body.name,
            f"{len(one.body.data):,}",
            f"{one.body.relevant} of {one.body.observations}",
            f"{one.loads.least * 1000:.3f}",
            f"{one.first_ratio:.2f} (spread {one.first.spread:.0%})",
            f"{one.again_ratio:.2f} (spread {one.again.spread:.0%})",
        )
        for one in costs
    ]
    promised = [
        (*row, *(f"{limit:g}" for limit in PROMISED[one.body.name])) for row, one in zip(rows, costs, strict=True)
    ]
    return _table((*head, "must", "stretch"), promised)


def _stages(found: Found) -> str:
    names = list(next(iter(found.stages.values())))
    loads = {one.body.name: one.loads.least for one in found.costs}
    rows = [
        (name, *(f"{spent.least * 1000:.3f} ({spent.least / loads[body]:.2f})" for body, spent in _of(found, name)))
        for name in names
    ]
    return _table(("stage", *found.stages), rows)


def _of(found: Found, name: str) -> list[tuple[str, Spent]]:
    return [(body, stages[name]) for body, stages in found.stages.items()]


def _others(costs: Sequence[Cost]) -> str:
    rows = [
        (one.body.name, one.body.release, f"{len(one.body.data):,}", f"{one.first_ratio:.2f}", f"{one.again_ratio:.2f}")
        for one in costs
    ]
    return _table(("Observations, share of relevant ones", "FHIR", "bytes", "first opening", "opened again"), rows)


def _servers(servers: Sequence[Loaded]) -> str:
    rows = [
        (
            one.name,
            f"{one.cpu:.2f}",
            f"{one.capacity:.0f}",
            f"{one.p50:.0f}",
            f"{one.p99:.0f}",
            str(one.refused),
        )
        for one in servers
    ]
    return _table(("server", "CPU ms for each call", "calls a second", "p50 ms", "p99 ms", "refused"), rows)


def _screened(screened: Sequence[Screened]) -> str:
    head = ("patients", "with a disease", "lines", "engine", "CPU s", "s", "a second and core", "x `loads`", "MB")
    return _table(head, [cells(one) for one in screened])


def _growth(points: Sequence[Point]) -> str:
    rows = [
        (
            f"{p.resources:,}",
            f"{p.octets / 1e6:.2f}",
            f"{p.loads:.1f}",
            f"{p.answered:.1f}",
            f"{p.answered / p.loads:.2f}",
        )
        for p in points
    ]
    return _table(("Observations", "MB", "`orjson.loads` ms", "first opening ms", "ratio"), rows)
