"""Walking the chain: every row follows from the one before, and the last one is its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, func, select, type_coerce
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import NullType

from cds_service.store.chain import START, end_mark, link, payload_digest, row_mark
from cds_service.store.records import ChainReport
from cds_service.store.store import Store
from cds_service.store.tables import CHAIN_HEAD, DECISIONS, DECISIONS_END

ROWS_AT_ONCE = 200
_ALTERED = "is not as it was written"


def verify(
    store: Store, *, noted_end: tuple[int, str] | None = None, advance: Callable[[int], None] = lambda _: None
) -> ChainReport:
    """Is the chain whole, up to the decision that is the last when this begins?

    `noted_end` is an end that was noted before: it must still be a part of the chain. `advance` is called with the
    rows done. Errors: SQLAlchemyError when the database is away.
    """
    with store.connections.reading.connect() as connection:
        head, last = _ends(connection)
    previous, done, erased, noted = START, 0, 0, noted_end is None
    for row in _rows(store, last):
        fault = _fault(row, previous, done + 1, store)
        if fault:
            return ChainReport(done, erased, f"decision {done + 1}: {fault}")
        erased += row["payload"] is None
        previous, done = row["hash"], done + 1
        noted = noted or (done, previous) == noted_end
        advance(1)
    return ChainReport(done, erased, _fault_at_end(head, last, (done, previous), noted, store), f"{done}:{previous}")


def _ends(connection: Connection) -> tuple[Any, int]:
    """The end as it is noted, and the number of the last row, both of one moment."""
    last = select(func.max(DECISIONS.c.seq)).scalar_subquery()
    head = select(CHAIN_HEAD.c.seq, CHAIN_HEAD.c.hash, CHAIN_HEAD.c.mark, last).where(CHAIN_HEAD.c.id == DECISIONS_END)
    found = connection.execute(head).all()
    number = found[0][3] if found else None
    return (found[0] if len(found) == 1 else None), number if isinstance(number, int) else 0


def _fault_at_end(head: Any, last: int, walked: tuple[int, str], noted: bool, store: Store) -> str:
    if head is None:
        return "the end of the chain is not noted"
    if (head[0], head[1]) != walked or last != walked[0]:
        return "rows are missing at the end"
    is_empty = walked == (0, START) and not head[2]
    if not is_empty and not store.sealing.is_marked(head[2], *end_mark(*walked)):
        return "the end of the chain was not written by this service"
    return "" if noted else "the noted end is not a part of this chain"


def _rows(store: Store, last: int) -> Iterator[Any]:
    """All rows as the driver gives them: reading a moment from a text forgives what must be found here."""
    columns = [type_coerce(column, NullType()).label(column.name) for column in DECISIONS.columns]
    after = 0
    while after < last:
        some: Any = select(*columns).where(DECISIONS.c.seq > after, DECISIONS.c.seq <= last).order_by(DECISIONS.c.seq)
        # A row that the driver cannot read hides the others of its page: then they are read one by one.
        rows = _page(store, some.limit(ROWS_AT_ONCE)) or _page(store, some.limit(1)) or [None]
        yield from rows
        if rows[-1] is None:
            return
        after = rows[-1]["seq"]


def _page(store: Store, page: Any) -> list[Any]:
    try:
        with store.connections.reading.connect() as connection:
            return list(connection.execute(page).mappings().all())
    except (SQLAlchemyError, ValueError, TypeError, OverflowError):
        return []


def _fault(row: Any, previous: str, expected: int, store: Store) -> str:
    if row is None:
        return "is missing, or cannot be read"
    if row["seq"] != expected:
        return "is missing"
    try:
        if row["previous_hash"] != previous or row["hash"] != link(previous, row):
            return _ALTERED
        if not store.sealing.is_marked(row["mark"], *row_mark(row["id"], row["deliveries"], row["erased_at"])):
            return "its deliveries or its erasure are not as they were written"
        return _fault_of_payload(row)
    except (TypeError, ValueError, AttributeError):  # a value of another type, which only SQLite lets stand
        return _ALTERED


def _fault_of_payload(row: Any) -> str:
    if row["erased_at"] is not None:
        return "" if row["payload"] is None and row["patient_key"] is None else "was erased, and has a payload again"
    if row["payload"] is None or row["patient_key"] is None:
        return "has lost its payload"
    is_whole = payload_digest(row["patient_key"], row["payload"]) == row["payload_digest"]
    return "" if is_whole else "its payload is not as it was written"
