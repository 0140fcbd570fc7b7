"""The statements of a transaction, compiled once for each kind of database.

SQLAlchemy builds them; what it does for each execution costs more than the execution, so the text goes to the driver
as it is. Rows are therefore values that the driver understands: for SQLite moments are texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, bindparam, func, insert, literal_column, select, update
from sqlalchemy.dialects import sqlite

from cds_service.store.chain import instant
from cds_service.store.tables import CARDS, CHAIN_HEAD, DECISIONS, FEEDBACK, REFUSALS, REFUSALS_END, USED_TOKENS

WHOSE = ("service", "issuer", "tenant")
# In the text, because whoever executes it gives named values only.
_ONE: Any = literal_column("1")
_OVERRIDDEN: Any = literal_column("'overridden'")
_NOTHING: Any = literal_column("''")
OF_INSTANCE = ("hook_instance", "id", *WHOSE, "chart_digest", "request_digest", "deliveries", "erased_at")


class Statements(NamedTuple):
    """SQL texts with named parameters."""

    head: str
    new_head: str
    of_instances: str
    add_decisions: str
    add_cards: str
    one_more: str
    tie_feedback: str
    spend: str
    spent_by: str
    card: str
    add_feedback: str
    silences: str
    refusals_end: str
    new_refusals_end: str
    add_refusals: str
    is_refused: str
    is_sqlite: bool

    def row(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The values as the driver understands them."""
        if not self.is_sqlite:
            return values
        return {name: instant(value) if isinstance(value, datetime) else value for name, value in values.items()}


def statements_for(connection: Connection) -> Statements:
    """The statements for the kind of database of a connection."""
    return _compiled(is_sqlite=connection.dialect.name == "sqlite")


@cache
def _compiled(*, is_sqlite: bool) -> Statements:
    dialect, adding = _sqlite() if is_sqlite else _postgresql()
    again = {"deliveries": FEEDBACK.c.deliveries + _ONE}
    card = select(CARDS.c.decision_id, CARDS.c.rule).where(
        CARDS.c.uuid == bindparam("card"), CARDS.c.issuer == bindparam("issuer"), CARDS.c.tenant == bindparam("tenant")
    )
    tied = (FEEDBACK.c.card == bindparam("uuid")) & FEEDBACK.c.decision_id.is_(None)
    tied &= (FEEDBACK.c.issuer == bindparam("whose")) & (FEEDBACK.c.tenant == bindparam("where"))
    refusals_end: Any = literal_column(str(REFUSALS_END))
    built = (
        _end(_ONE),
        _new_end(_ONE),
        _of_instances(is_sqlite=is_sqlite),
        insert(DECISIONS),
        insert(CARDS),
        update(DECISIONS)
        .where(DECISIONS.c.id == bindparam("decision"))
        .values(deliveries=bindparam("number"), mark=bindparam("new_mark")),
        update(FEEDBACK).where(tied).values(decision_id=bindparam("decision"), rule=bindparam("about")),
        adding(USED_TOKENS).on_conflict_do_nothing(),
        select(USED_TOKENS.c.used_by).where(USED_TOKENS.c.token == bindparam("token")),
        card.order_by(CARDS.c.made_at.desc()),
        adding(FEEDBACK).on_conflict_do_update(index_elements=["key"], set_=again),
        _silences(),
        _end(refusals_end),
        _new_end(refusals_end),
        insert(REFUSALS),
        select(REFUSALS.c.seq).where(REFUSALS.c.id == bindparam("refusal")),
    )
    return Statements._make([*(str(one.compile(dialect=dialect)) for one in built), is_sqlite])


def _sqlite() -> tuple[Dialect, Any]:
    return sqlite.dialect(paramstyle="named"), sqlite.insert


def _postgresql() -> tuple[Dialect, Any]:
    # A dialect takes a twentieth of the whole start: only where it is used.
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.dialects.postgresql import psycopg

    return psycopg.dialect(), postgresql.insert  # type: ignore[no-untyped-call]


def _end(row: Any) -> Any:
    """The end of a chain, held until the transaction ends."""
    return select(CHAIN_HEAD.c.seq, CHAIN_HEAD.c.hash).where(CHAIN_HEAD.c.id == row).with_for_update()


def _new_end(row: Any) -> Any:
    values: Any = {"seq": bindparam("new_seq"), "hash": bindparam("new_hash"), "mark": bindparam("new_mark")}
    return update(CHAIN_HEAD).where(CHAIN_HEAD.c.id == row).values(**values)


def _silences() -> Any:
    """Overrides with a coded reason of the cards of one patient, newest first."""
    is_its_card = (FEEDBACK.c.card == CARDS.c.uuid) & (FEEDBACK.c.decision_id == CARDS.c.decision_id)
    silencing = (FEEDBACK.c.outcome == _OVERRIDDEN) & (FEEDBACK.c.reason_code != _NOTHING)
    told = (CARDS.c.disease, CARDS.c.rule, CARDS.c.uuid, CARDS.c.facts, FEEDBACK.c.received_at, FEEDBACK.c.reason_code)
    return (
        select(*told)
        .join(FEEDBACK, is_its_card)
        .where(CARDS.c.patient_key == bindparam("patient"), silencing, FEEDBACK.c.received_at >= bindparam("since"))
        .order_by(FEEDBACK.c.received_at.desc())
    )


def _of_instances(*, is_sqlite: bool) -> Any:
    """Decisions of some hookInstances, which come as one parameter: the text stays the same for any number."""
    listed: Any = bindparam("instances")
    among: Any
    if is_sqlite:
        among = DECISIONS.c.hook_instance.in_(select(func.json_each(listed).table_valued("value").c.value))
    else:
        among = DECISIONS.c.hook_instance == func.any(func.string_to_array(listed, literal_column("','")))
    return select(*(DECISIONS.c[name] for name in OF_INSTANCE)).where(among)
