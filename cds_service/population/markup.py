"""What every section of the report is made of: what was found, tables, flows without the small ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from cds_service.population.figures import Flow, flows
from cds_service.population.suppression import hidden, kept_within, shown
from cds_service.population.tally import Counters

DISEASES = {"MN": "membranous nephropathy", "LN": "lupus nephritis"}
NOTHING = "<p>Nothing to show.</p>"
OTHERS = "others"


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
    return wide(f"<table>{said}<thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>", caption or "Table")


def wide(content: str, label: str) -> str:
    """What is wider than a phone: it is moved by itself, also by the keyboard, and the page stays where it is."""
    return f'<div class="wide" role="region" tabindex="0" aria-label="{escape(label)}">{content}</div>'


def drawn_flows(
    title: str, given: Sequence[Flow], names: Mapping[str, str], found: Found, height: int, *, total_shown: bool = False
) -> str:
    """A flow diagram. Flows of too few patients are drawn together, where together they are enough.

    `total_shown`: what leaves a node can be read elsewhere, so no flow may be the only one that is missing.
    """
    counts = {flow[:2]: flow.number for flow in given}
    within = kept_within(counts, lambda key: key[0], found.smallest)
    small = {key for key, n in counts.items() if (within[key] is None if total_shown else hidden(n, found.smallest))}
    large = [flow for flow in given if flow[:2] not in small]
    others: Counter[str] = Counter()
    for flow in given:
        others[flow.source] += flow.number if flow[:2] in small else 0
    together = [Flow(source, f"{source} {OTHERS}", n) for source, n in others.items() if n >= found.smallest]
    names = {**names, **{flow.target: OTHERS for flow in together}}
    said = f'<p class="small">Flows of too few patients, not drawn apart: {len(small)}.</p>' if small else ""
    drawn = [*large, *together]
    return (wide(flows(title, drawn, names, height), title) if drawn else NOTHING) + said
