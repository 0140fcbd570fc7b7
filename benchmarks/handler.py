"""What one call costs: handler CPU as a multiple of `orjson.loads` of the same body, in one run.

`python -m benchmarks.handler [--quick] [--limits]`. The handler is everything between the bytes in and the bytes
out: strict reading, prefetch states, patient gate, selection, validation, case, guideline with full trace, cards,
serialising. The process is settled as `wsgi` settles it. The two sides are timed in turns, and the smallest
time of each counts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.bodies import AS_OF, Body, bodies
from cds_service.app import knowledge_of, settle
from cds_service.hooks.desk import Desk
from cds_service.hooks.opened_again import OpenedAgain
from cds_service.hooks.patient_view import next_therapy
from cds_service.hooks.registry import Caller
from cds_service.settings import load
from cds_service.trust.clients import Client

LIMITS = {"10 kB": 8.0, "150 kB": 6.0, "2 MB": 3.0}


def measure(body: Body, call: Callable[[bytes], bytes], repeats: int) -> tuple[float, float]:
    """Process CPU seconds of the call and of `orjson.loads`, the smallest of the repeats, taken in turns."""
    call(body.data)
    handler = loads = float("inf")
    for _ in range(repeats):
        started = time.process_time()
        orjson.loads(body.data)
        between = time.process_time()
        call(body.data)
        handler = min(handler, time.process_time() - between)
        loads = min(loads, between - started)
    return handler, loads


def handler(memory: OpenedAgain | None = None) -> Callable[[bytes], bytes]:
    """The service from bytes to bytes, without the HTTP around it."""
    service = next_therapy(Desk(knowledge_of(load()), opened_again=memory))
    settle()
    caller = Caller(Client(), datetime(AS_OF.year, AS_OF.month, AS_OF.day, tzinfo=UTC), AS_OF)
    return lambda data: orjson.dumps(service.respond(service.read(data), caller).body())


def main(arguments: list[str]) -> int:
    """Print the table; with --limits exit with 1 when a ratio is above its limit."""
    call = handler()
    table = Table("body", "bytes", "Observations", "relevant", "orjson.loads ms", "handler ms", "ratio", "limit")
    over = []
    for body in bodies():
        repeats = (5 if "--quick" in arguments else 30) * (4 if len(body.data) < 500_000 else 1)
        spent, loads = measure(body, call, repeats)
        ratio = spent / loads
        if ratio > LIMITS[body.name]:
            over.append(body.name)
        table.add_row(
            body.name,
            f"{len(body.data):,}",
            str(body.observations),
            str(body.relevant),
            f"{loads * 1000:.3f}",
            f"{spent * 1000:.3f}",
            f"{ratio:.2f}",
            f"{LIMITS[body.name]:g}",
        )
    Console(width=110).print(table)
    if over:
        sys.stdout.write(f"above the limit: {', '.join(over)}\n")
    return 1 if over and "--limits" in arguments else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
