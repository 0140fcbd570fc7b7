"""Refused calls as the operator asks for them, and whether their chain is whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any

import orjson
from sqlalchemy import Select, func, select

from cds_service.store.chain import moment, refusal_mark, refusals_end_mark
from cds_service.store.reading import ROWS_AT_ONCE, Filter
from cds_service.store.records import ChainReport, Refusal
from cds_service.store.store import Store
from cds_service.store.tables import CHAIN_HEAD, REFUSALS, REFUSALS_END


def refusals(store: Store, wanted: Filter) -> Iterator[Refusal]:
    """Refused calls in order, a few in memory at a time; the rule of the filter does not count.

    Errors: SQLAlchemyError.
    """
    for row in _in_order(store, _narrowed(select(REFUSALS), wanted)):
        yield _refusal(row)


def latest(store: Store, wanted: Filter, limit: int) -> tuple[Refusal, ...]:
    """The last refused calls, newest first. Errors: SQLAlchemyError."""
    statement = _narrowed(select(REFUSALS), wanted).order_by(REFUSALS.c.seq.desc()).limit(limit)
    with store.connections.reading.connect() as connection:
        rows = connection.execute(statement).mappings().all()
    return tuple(map(_refusal, rows))


def number_of(store: Store, wanted: Filter) -> int:
    """How many calls were refused. Errors: SQLAlchemyError."""
    statement = _narrowed(select(func.count()).select_from(REFUSALS), wanted)
    with store.connections.reading.connect() as connection:
        return int(connection.execute(statement).scalar_one())


def verify(store: Store) -> ChainReport:
    """Is the chain of refused calls whole? Each mark is made over the one before. Errors: SQLAlchemyError."""
    last = select(func.max(REFUSALS.c.seq)).scalar_subquery()
    ends = select(CHAIN_HEAD.c.seq, CHAIN_HEAD.c.hash, CHAIN_HEAD.c.mark, last).where(CHAIN_HEAD.c.id == REFUSALS_END)
    with store.connections.reading.connect() as connection:  # both of one moment: others go on writing
        head = connection.execute(ends).first()
    previous, done = "", 0
    known = select(REFUSALS).where(REFUSALS.c.seq <= (head[3] or 0 if head else 0))
    for row in _in_order(store, known):
        is_ours = store.sealing.is_marked(str(row["mark"]), *refusal_mark(previous, row))
        if row["seq"] != done + 1 or not is_ours:
            return ChainReport(done, 0, f"refused call {done + 1}: is missing, or is not as it was written")
        previous, done = row["mark"], done + 1
    if head is None or (head[0], head[1]) != (done, previous):
        return ChainReport(done, 0, "refused calls: rows are missing at the end")
    if done and not store.sealing.is_marked(head[2], *refusals_end_mark(done, previous)):
        return ChainReport(done, 0, "refused calls: the end was not written by this service")
    return ChainReport(done, 0)


def _narrowed(statement: Select[Any], wanted: Filter) -> Select[Any]:
    if wanted.since is not None:
        statement = statement.where(REFUSALS.c.refused_at >= wanted.since.astimezone(UTC))
    if wanted.until is not None:
        statement = statement.where(REFUSALS.c.refused_at < wanted.until.astimezone(UTC))
    if wanted.issuer is not None:
        statement = statement.where(REFUSALS.c.issuer == wanted.issuer)
    return statement


def _in_order(store: Store, statement: Select[Any]) -> Iterator[Any]:
    after = 0
    while True:
        page = statement.where(REFUSALS.c.seq > after).order_by(REFUSALS.c.seq).limit(ROWS_AT_ONCE)
        with store.connections.reading.connect() as connection:
            rows = connection.execute(page).mappings().all()
        yield from rows
        if len(rows) < ROWS_AT_ONCE:
            return
        after = rows[-1]["seq"]


def _refusal(row: Any) -> Refusal:
    told = {name: value for name, value in row.items() if name not in ("seq", "mark")}
    return Refusal(**told | {"refused_at": moment(row["refused_at"]), "told": orjson.loads(row["told"])})
