"""Retention: what is about a person goes on its day, what the chain needs stays."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, func, select, text, update

from cds_service.store.chain import row_mark
from cds_service.store.connections import opened
from cds_service.store.sealing import Sealing
from cds_service.store.store import Store
from cds_service.store.tables import CARDS, CHAIN_HEAD, DECISIONS, DECISIONS_END, FEEDBACK

AT_ONCE = 200
"""Rows of one transaction: the service writes between two of them."""
_ERASE = (
    update(DECISIONS)
    .where(DECISIONS.c.id == bindparam("decision"))
    .values(payload=None, patient_key=None, erased_at=bindparam("now"), mark=bindparam("new_mark"))
)


def erase(store: Store, before: datetime, now: datetime) -> int:
    """Erase payloads, patient keys, cards and comments from before a moment. How many decisions were erased.

    Errors: SQLAlchemyError.
    """
    before, now = before.astimezone(UTC), now.astimezone(UTC)
    engine = opened(store.connections.url, for_upkeep=True)
    try:
        erased = _erase_decisions(engine, store.sealing, before, now)
        with engine.begin() as connection:
            connection.execute(delete(CARDS).where(CARDS.c.made_at < before))
            old = (FEEDBACK.c.received_at < before) & FEEDBACK.c.comment.is_not(None)
            connection.execute(update(FEEDBACK).where(old).values(comment=None))
    finally:
        engine.dispose()
    store.spool.forget_aside(before.timestamp())
    _empty_log(store)
    return erased


def due(store: Store, before: datetime) -> int:
    """How many decisions `erase` would erase. Errors: SQLAlchemyError."""
    with store.connections.reading.connect() as connection:
        return int(connection.execute(select(func.count()).where(_due(before.astimezone(UTC)))).scalar_one())


def _due(before: datetime) -> Any:
    return (DECISIONS.c.made_at < before) & DECISIONS.c.erased_at.is_(None)


def _erase_decisions(engine: Engine, sealing: Sealing, before: datetime, now: datetime) -> int:
    erased, some = 0, AT_ONCE
    while some == AT_ONCE:
        with engine.begin() as connection:
            some = _erase_some(connection, sealing, before, now)
        erased += some
    return erased


def _erase_some(connection: Connection, sealing: Sealing, before: datetime, now: datetime) -> int:
    # Whoever changes decisions holds the end of the chain: a delivery counted at the same time would lose its mark.
    connection.execute(select(CHAIN_HEAD.c.seq).where(CHAIN_HEAD.c.id == DECISIONS_END).with_for_update())
    some = select(DECISIONS.c.id, DECISIONS.c.deliveries).where(_due(before)).limit(AT_ONCE)
    rows: Any = connection.execute(some).all()
    marks = [
        {"decision": row.id, "now": now, "new_mark": sealing.mark(*row_mark(row.id, row.deliveries, now))}
        for row in rows
    ]
    if marks:
        connection.execute(_ERASE, marks)
    return len(marks)


def _empty_log(store: Store) -> None:
    """SQLite's write-ahead log still holds what was overwritten, until it begins anew."""
    with store.connections.reading.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
