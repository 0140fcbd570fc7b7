"""What every section of the report is made of: what was found, tables, flows without the small ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from cds_service.population.figures import Flow, flows
from cds_service.population.suppression import kept, shown
from cds_service.population.tally import Counters

DISEASES = {"MN": "membranous nephropathy", "LN": "lupus nephritis"}
NOTHING = "<p>Nothing to show.</p>"


@dataclass(frozen=True, slots=True)
class Found:
    """What the report is written from."""

    counts: Mapping[str, Any]
    counters: Counters
    smallest: int
    over_time: bool

    @property
    def day(self) -> str:
        """The day of the screening; of a report without identifiers its year."""
        day: str = self.counts["asOf"]
        return day

    def counter(self, name: str) -> Counter[tuple[str, ...]]:
        """A counter, empty when nothing was counted."""
        return self.counters.get(name, Counter())

    def shown(self, number: int) -> str:
        """A count of patients as it may be shown."""
        return shown(number, self.smallest)


def table(head: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "") -> str:
    """An HTML table. A column whose head begins with `n:` holds numbers."""
    numbers = [name.startswith("n:") for name in head]
    classes = [' class="n"' if number else "" for number in numbers]
    names = "".join(f"<th{c}>{escape(name.removeprefix('n:'))}</th>" for name, c in zip(head, classes, strict=True))
    body = "".join(
        f"<tr>{''.join(f'<td{c}>{escape(str(cell))}</td>' for cell, c in zip(row, classes, strict=True))}</tr>"
        for row in rows
    )
    said = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{said}<thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"


def drawn_flows(title: str, given: Sequence[Flow], names: Mapping[str, str], found: Found, height: int) -> str:
    """A flow diagram without the flows of too few patients."""
    visible = kept({flow[:2]: flow.number for flow in given}, found.smallest)
    large = [flow for flow in given if visible[flow[:2]] is not None]
    left_out = len(given) - len(large)
    said = f'<p class="small">{left_out} flows of fewer than {found.smallest} patients are not drawn.</p>'
    return (flows(title, large, names, height) if large else NOTHING) + (said if left_out else "")
