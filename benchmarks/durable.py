"""What it costs to make a decision durable: process CPU for each, eight calls waiting at a time, on SQLite."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from uuid import UUID

from benchmarks.bodies import PATIENT, Body
from benchmarks.handler import handler, kept_in_sqlite
from cds_service.hooks.knowledge import Knowledge

AT_ONCE = 8


def durable(body: Body, knowledge: Knowledge, calls: int) -> float:
    """CPU seconds that keeping adds to one call of a server that is busy."""
    with kept_in_sqlite() as store:
        return _each(body, handler(knowledge, store=store), calls) - _each(body, handler(knowledge), calls)


def _each(body: Body, call: Callable[[bytes], bytes], calls: int) -> float:
    before, _, after = body.data.partition(b'"hookInstance":"')
    number, patient = count(1), PATIENT.encode()

    def one(_: int) -> None:
        # Every call is another one, or the store would know it again; and of another patient, as charts are.
        this = next(number)
        data = b'%b"hookInstance":"%b%b' % (before, str(UUID(int=this | 4 << 76 | 8 << 60)).encode(), after[36:])
        call(data.replace(patient, b"bench-%d" % this))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, range(calls // 4)))
        started = time.process_time()
        list(pool.map(one, range(calls)))
        return (time.process_time() - started) / calls
