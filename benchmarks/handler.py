"""What one call costs: handler CPU as a multiple of `orjson.loads` of the same body, in one run, and stage by stage.

The handler is everything between the bytes in and the bytes out: strict reading, prefetch states, patient gate,
selection, validation, case, guideline with full trace, cards, serialising. The process is settled as `wsgi` settles
it. *First opening* is a chart whose bytes this process has not seen; *opened again* one that has not changed since.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import orjson

from benchmarks.bodies import AS_OF, PATIENT, Body
from benchmarks.timing import Spent, in_turns
from cds_service.app import knowledge_of, settle
from cds_service.cards.write import cards_for
from cds_service.fhir import strict_json
from cds_service.guideline.catalogue import assess_all
from cds_service.hooks.desk import Desk
from cds_service.hooks.evaluation import chart_of
from cds_service.hooks.knowledge import Knowledge
from cds_service.hooks.opened_again import OpenedAgain
from cds_service.hooks.patient_view import next_therapy, read
from cds_service.hooks.prefetch_states import not_whole, states_of
from cds_service.hooks.registry import Answer, Caller
from cds_service.mapping.chart import build_case
from cds_service.settings import load
from cds_service.store import schema
from cds_service.store.sealing import Sealing
from cds_service.store.store import Store
from cds_service.trust.clients import Client

CALLER = Caller(Client(), datetime(AS_OF.year, AS_OF.month, AS_OF.day, tzinfo=UTC), AS_OF)
STAGES = ("read", "skim and validate", "map", "assess", "cards", "serialise")


class Cost(NamedTuple):
    """Of one body: parsing it, answering it the first time, and again."""

    body: Body
    loads: Spent
    first: Spent
    again: Spent

    @property
    def first_ratio(self) -> float:
        """First opening as a multiple of parsing."""
        return self.first.least / self.loads.least

    @property
    def again_ratio(self) -> float:
        """Opened again as a multiple of parsing."""
        return self.again.least / self.loads.least


def handler(
    knowledge: Knowledge, memory: OpenedAgain | None = None, store: Store | None = None
) -> Callable[[bytes], bytes]:
    """The service from bytes to bytes, without the HTTP around it."""
    service = next_therapy(Desk(knowledge, store=store, opened_again=memory))
    return lambda data: orjson.dumps(service.respond(service.read(data), CALLER).body())


def settled() -> Knowledge:
    """The knowledge of a process that is settled as the server settles it."""
    knowledge = knowledge_of(load())
    settle()
    return knowledge


def cost(body: Body, knowledge: Knowledge, repeats: int) -> Cost:
    """The cost of one body."""
    data = body.data
    first, again = handler(knowledge), handler(knowledge, OpenedAgain())
    repeats *= max(1, min(20, 200_000 // len(data)))
    spent = in_turns(repeats, lambda: orjson.loads(data), lambda: first(data), lambda: again(data))
    return Cost(body, *spent)


def stages(body: Body, knowledge: Knowledge, repeats: int) -> dict[str, Spent]:
    """CPU of every stage of a first opening, each on the outcome of the one before."""
    data, terminology = body.data, knowledge.terminology
    request = read(data, knowledge.policy)
    prefetch = request.prefetch or {}
    chart = chart_of(prefetch, PATIENT, AS_OF, knowledge, None)
    case = build_case(chart, terminology, AS_OF, ())
    assessments = assess_all(case, AS_OF, knowledge.thresholds)
    stamp = knowledge.stamp.of_call("a", PATIENT, chart.fhir_version)
    cards = cards_for(assessments, case, AS_OF, stamp)
    spent = in_turns(
        repeats,
        lambda: strict_json.read(data),
        lambda: not_whole(states_of(chart_of(prefetch, PATIENT, AS_OF, knowledge, None), knowledge.templates)),
        lambda: build_case(chart, terminology, AS_OF, ()),
        lambda: assess_all(case, AS_OF, knowledge.thresholds),
        lambda: cards_for(assessments, case, AS_OF, stamp),
        lambda: orjson.dumps(Answer(cards).body()),
    )
    return dict(zip(STAGES, spent, strict=True))


@contextmanager
def kept_in_sqlite() -> Iterator[Store]:
    """A store of its own, as development has it."""
    with tempfile.TemporaryDirectory(prefix="nextline-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'store.sqlite3'}"
        schema.upgrade(url)
        store = Store(url, Sealing([bytes(32)]), Path(folder) / "spool")
        try:
            yield store
        finally:
            store.close()
