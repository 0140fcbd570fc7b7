"""What the operator asks of the store: decisions, the chain, retention, and what became of the cards of each rule."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import orjson
from sqlalchemy import delete, func, select, update

from cds_service.store.chain import START, digest, link
from cds_service.store.records import ChainReport, RuleCount, StoredDecision
from cds_service.store.store import Store
from cds_service.store.tables import CARDS, CHAIN_HEAD, DECISIONS, FEEDBACK

ROWS_AT_ONCE = 500


def decision(store: Store, identifier: str) -> StoredDecision | None:
    """One decision with what is left of its payload. Errors: Unsealable."""
    with store.connections.reading.connect() as connection:
        row = connection.execute(select(DECISIONS).where(DECISIONS.c.id == identifier)).mappings().first()
    return None if row is None else _decision(store, row, with_payload=True)


def decisions(
    store: Store,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    rule: str = "",
    issuer: str = "",
    with_payload: bool = False,
) -> Iterator[StoredDecision]:
    """Decisions in the order of the chain, a few rows in memory at a time. Errors: Unsealable."""
    statement = select(DECISIONS).order_by(DECISIONS.c.seq)
    if since is not None:
        statement = statement.where(DECISIONS.c.made_at >= since)
    if until is not None:
        statement = statement.where(DECISIONS.c.made_at < until)
    if rule:
        statement = statement.where(DECISIONS.c.rules.contains(f'"{rule}"', autoescape=True))
    if issuer:
        statement = statement.where(DECISIONS.c.issuer == issuer)
    for row in _in_order(store, statement):
        yield _decision(store, row, with_payload=with_payload)


def verify(store: Store) -> ChainReport:
    """Walk the chain from its beginning: every row follows from the one before, and the last one is its end."""
    previous, expected, erased = START, 1, 0
    for row in _in_order(store, select(DECISIONS).order_by(DECISIONS.c.seq)):
        fault = _fault(row, previous, expected)
        if fault:
            return ChainReport(expected - 1, erased, f"decision {expected}: {fault}")
        erased += row["payload"] is None
        previous, expected = row["hash"], expected + 1
    with store.connections.reading.connect() as connection:
        head = connection.execute(select(CHAIN_HEAD.c.seq, CHAIN_HEAD.c.hash)).one()
    if (int(head.seq), head.hash) != (expected - 1, previous):
        return ChainReport(expected - 1, erased, "rows are missing at the end")
    return ChainReport(expected - 1, erased)


def erase(store: Store, before: datetime, now: datetime) -> int:
    """Retention: what is about a person goes, what the chain needs stays. How many decisions were erased."""
    with store.connections.writing.begin() as connection:
        old = (DECISIONS.c.made_at < before) & DECISIONS.c.payload.is_not(None)
        gone = connection.execute(update(DECISIONS).where(old).values(payload=None, patient_key=None, erased_at=now))
        connection.execute(delete(CARDS).where(CARDS.c.made_at < before))
        connection.execute(update(FEEDBACK).where(FEEDBACK.c.received_at < before).values(comment=None))
    return int(gone.rowcount)


def counts(store: Store, since: datetime) -> tuple[RuleCount, ...]:
    """What became of the cards of each rule since a moment."""
    outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    reasons: defaultdict[str, Counter[str]] = defaultdict(Counter)
    with store.connections.reading.connect() as connection:
        shown = connection.execute(
            select(CARDS.c.rule, func.count().label("number"))
            .where(CARDS.c.shown, CARDS.c.made_at >= since)
            .group_by(CARDS.c.rule)
        ).all()
        told = connection.execute(
            select(FEEDBACK.c.rule, FEEDBACK.c.outcome, FEEDBACK.c.reason_code, func.count())
            .where(FEEDBACK.c.received_at >= since)
            .group_by(FEEDBACK.c.rule, FEEDBACK.c.outcome, FEEDBACK.c.reason_code)
        ).all()
    for rule, outcome, reason, number in told:
        outcomes[rule or ""][outcome] += number
        if reason:
            reasons[rule or ""][reason] += number
    by_rule: dict[str, int] = {row.rule: row.number for row in shown}
    return tuple(
        RuleCount(
            rule, by_rule.get(rule, 0), outcomes[rule]["accepted"], outcomes[rule]["overridden"], dict(reasons[rule])
        )
        for rule in sorted(by_rule.keys() | outcomes.keys())
    )


def _in_order(store: Store, statement: Any) -> Iterator[Any]:
    """Rows page by page, each page a query of its own: no transaction stays open while somebody looks."""
    after = 0
    while True:
        page = statement.where(DECISIONS.c.seq > after).limit(ROWS_AT_ONCE)
        with store.connections.reading.connect() as connection:
            rows = connection.execute(page).mappings().all()
        yield from rows
        if len(rows) < ROWS_AT_ONCE:
            return
        after = rows[-1]["seq"]


def _fault(row: Any, previous: str, expected: int) -> str:
    if row["seq"] != expected:
        return "is missing"
    if row["previous_hash"] != previous or row["hash"] != link(previous, row):
        return "is not as it was written"
    if row["payload"] is None:
        return "" if row["erased_at"] is not None else "has lost its payload"
    return "" if digest(row["payload"]) == row["payload_digest"] else "its payload is not as it was written"


def _decision(store: Store, row: Any, *, with_payload: bool) -> StoredDecision:
    sealed = row["payload"] if with_payload else None
    return StoredDecision(
        seq=row["seq"],
        id=row["id"],
        made_at=row["made_at"] if row["made_at"].tzinfo else row["made_at"].replace(tzinfo=UTC),
        as_of=date.fromisoformat(row["as_of"]),
        service=row["service"],
        hook_instance=row["hook_instance"],
        issuer=row["issuer"],
        tenant=row["tenant"],
        rules=tuple(orjson.loads(row["rules"])),
        shown=row["shown"],
        quiet=row["quiet"],
        versions=orjson.loads(row["versions"]),
        deliveries=row["deliveries"],
        payload=None if sealed is None else store.sealing.open(sealed, row["id"]),
    )
