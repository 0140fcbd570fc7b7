"""What the operator asks of the store: decisions, and what became of the cards of each rule."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import orjson
from sqlalchemy import Select, false, func, select

from cds_service.store.chain import moment
from cds_service.store.records import RuleCount, StoredDecision
from cds_service.store.store import Store
from cds_service.store.tables import CARDS, DECISIONS, FEEDBACK

ROWS_AT_ONCE = 500
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which decisions: made from `since` on and before `until`, by a rule, for a client. Moments have a zone."""

    since: datetime | None = None
    until: datetime | None = None
    rule: str = ""
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """How much is kept, and from when."""

    decisions: int
    erased: int
    oldest: datetime | None
    newest: datetime | None
    feedback: int


def contents(store: Store) -> Contents:
    """How much is kept, and from when. Errors: SQLAlchemyError."""
    made_at, erased_at = DECISIONS.c.made_at, DECISIONS.c.erased_at
    of_decisions = select(func.count(), func.count(erased_at), func.min(made_at), func.max(made_at))
    with store.connections.reading.connect() as connection:
        number, erased, oldest, newest = connection.execute(of_decisions.select_from(DECISIONS)).one()
        feedback = connection.execute(select(func.count()).select_from(FEEDBACK)).scalar_one()
    return Contents(
        number,
        erased,
        None if oldest is None else moment(oldest),
        None if newest is None else moment(newest),
        feedback,
    )


def decision(store: Store, identifier: str) -> StoredDecision | None:
    """One decision with what is left of its payload. Errors: Unsealable, SQLAlchemyError."""
    with store.connections.reading.connect() as connection:
        row = connection.execute(select(DECISIONS).where(DECISIONS.c.id == identifier)).mappings().first()
    return None if row is None else _decision(store, row, with_payload=True)


def decisions(store: Store, wanted: Filter, *, with_payload: bool = False) -> Iterator[StoredDecision]:
    """Decisions in the order of the chain, a few rows in memory at a time. Errors: Unsealable, SQLAlchemyError."""
    columns = [column for column in DECISIONS.columns if with_payload or column.name != "payload"]
    statement = _narrowed(select(*columns), wanted).order_by(DECISIONS.c.seq)
    for row in _in_order(store, statement):
        yield _decision(store, row, with_payload=with_payload)


def latest(store: Store, wanted: Filter, limit: int) -> tuple[StoredDecision, ...]:
    """The last decisions, newest first, without payload. Errors: SQLAlchemyError."""
    columns = [column for column in DECISIONS.columns if column.name != "payload"]
    statement = _narrowed(select(*columns), wanted).order_by(DECISIONS.c.seq.desc()).limit(limit)
    with store.connections.reading.connect() as connection:
        rows = connection.execute(statement).mappings().all()
    return tuple(_decision(store, row, with_payload=False) for row in rows)


def number_of(store: Store, wanted: Filter) -> int:
    """How many decisions there are. Errors: SQLAlchemyError."""
    statement = _narrowed(select(func.count()).select_from(DECISIONS), wanted)
    with store.connections.reading.connect() as connection:
        return int(connection.execute(statement).scalar_one())


def counts(store: Store, since: datetime | None = None) -> tuple[RuleCount, ...]:
    """What became of the cards of each rule since a moment. Feedback to a card that is not known has no rule."""
    begins = (since or _BEGINNING).astimezone(UTC)
    outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    reasons: defaultdict[str, Counter[str]] = defaultdict(Counter)
    with store.connections.reading.connect() as connection:
        shown = connection.execute(
            select(CARDS.c.rule, func.count().label("number"))
            .where(CARDS.c.shown != false(), CARDS.c.made_at >= begins)
            .group_by(CARDS.c.rule)
        ).all()
        told = connection.execute(
            select(FEEDBACK.c.rule, FEEDBACK.c.outcome, FEEDBACK.c.reason_code, func.count())
            .where(FEEDBACK.c.received_at >= begins)
            .group_by(FEEDBACK.c.rule, FEEDBACK.c.outcome, FEEDBACK.c.reason_code)
        ).all()
    for rule, outcome, reason, number in told:
        outcomes[rule or ""][outcome] += number
        if outcome == "overridden":
            reasons[rule or ""][reason] += number
    by_rule: dict[str, int] = {row.rule: row.number for row in shown}
    return tuple(
        RuleCount(
            rule, by_rule.get(rule, 0), outcomes[rule]["accepted"], outcomes[rule]["overridden"], dict(reasons[rule])
        )
        for rule in sorted(by_rule.keys() | outcomes.keys())
    )


def _narrowed(statement: Select[Any], wanted: Filter) -> Select[Any]:
    if wanted.since is not None:
        statement = statement.where(DECISIONS.c.made_at >= wanted.since.astimezone(UTC))
    if wanted.until is not None:
        statement = statement.where(DECISIONS.c.made_at < wanted.until.astimezone(UTC))
    if wanted.rule:
        statement = statement.where(DECISIONS.c.rules.contains(f'"{wanted.rule}"', autoescape=True))
    if wanted.issuer is not None:
        statement = statement.where(DECISIONS.c.issuer == wanted.issuer)
    return statement


def _in_order(store: Store, statement: Select[Any]) -> Iterator[Any]:
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


def _decision(store: Store, row: Any, *, with_payload: bool) -> StoredDecision:
    sealed = row["payload"] if with_payload else None
    return StoredDecision(
        seq=row["seq"],
        id=row["id"],
        made_at=moment(row["made_at"]),
        as_of=date.fromisoformat(row["as_of"]),
        service=row["service"],
        hook=row["hook"],
        hook_instance=row["hook_instance"],
        issuer=row["issuer"],
        tenant=row["tenant"],
        rules=tuple(orjson.loads(row["rules"])),
        shown=row["shown"],
        quiet=row["quiet"],
        versions=orjson.loads(row["versions"]),
        deliveries=row["deliveries"],
        hash=row["hash"],
        erased_at=None if row["erased_at"] is None else moment(row["erased_at"]),
        payload=None if sealed is None else store.sealing.open(sealed, row["id"]),
    )
