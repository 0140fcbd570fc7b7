"""What a screening costs: patients a second and core, and processor time as a multiple of `orjson.loads` of the lines.

`python -m benchmarks.population [N] [--share 0.02]`. Patients of the invented registry; all but the share get another
kidney disease, as in a hospital. The pieces are done in this process, one after another.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import orjson

from cds_service.app import knowledge_of
from cds_service.population.crew import Alone
from cds_service.population.options import Options
from cds_service.population.screening import screen
from cds_service.settings import load
from cds_service.synthetic.export import write_export
from cds_service.synthetic.registry import Invented, registry
from cds_service.terminal.patients import patients_bar

AS_OF = date(2026, 11, 22)
_OTHER = {"system": "http://snomed.info/sct", "code": "236407003", "display": "IgA nephropathy (disorder)"}
_DISEASES = frozenset({"722119002", "68815009", "N04.21", "M32.14"})


def hospital(number: int, share: float) -> Iterator[Invented]:
    """The registry, in which only a share has either disease."""
    for index, patient in enumerate(registry(number, 1, AS_OF)):
        if Random(index).random() >= share:
            for resource in patient.resources:
                if resource["resourceType"] == "Condition" and resource["code"]["coding"][0]["code"] in _DISEASES:
                    resource["code"] = {"coding": [_OTHER]}
        yield patient


def loads_of(export: Path) -> tuple[int, float]:
    """How many lines there are, and the seconds that `orjson.loads` takes for all of them."""
    number, seconds = 0, 0.0
    for path in export.glob("[A-Z]*.ndjson"):
        lines = path.read_bytes().splitlines()
        began = time.process_time()
        for line in lines:
            orjson.loads(line)
        seconds += time.process_time() - began
        number += len(lines)
    return number, seconds


def main(arguments: list[str]) -> int:
    """Print one line for the share that was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("number", nargs="?", type=int, default=5000)
    parser.add_argument("--share", type=float, default=0.02)
    asked = parser.parse_args(arguments)
    with TemporaryDirectory() as folder:
        export = Path(folder, "export")
        write_export(hospital(asked.number, asked.share), export, 1, AS_OF, "R4", lambda done: None)
        lines, loads = loads_of(export)
        options = Options(str(export), str(Path(folder, "out")), AS_OF, knowledge_of(load()).policy)
        began = time.process_time()
        screen(options, Alone(), patients_bar, lambda said: None)
        spent = time.process_time() - began
    rate, times = asked.number / spent, spent / loads
    told = f"{asked.number:,} patients, {asked.share:.0%} with a disease, {lines:,} lines"
    sys.stdout.write(f"{told}: {rate:,.0f} patients a second and core, {times:.1f} times orjson.loads\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
