"""One transaction: entries into their tables, decisions at the end of the chain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from cds_service.store.chain import link
from cds_service.store.entries import Entry
from cds_service.store.records import Kept
from cds_service.store.tables import CARDS, CHAIN_HEAD, DECISIONS, FEEDBACK, USED_TOKENS

_WHOSE = ("service", "issuer", "tenant")
_HEAD = select(CHAIN_HEAD.c.seq, CHAIN_HEAD.c.hash).where(CHAIN_HEAD.c.id == 1).with_for_update()
_NEW_HEAD = update(CHAIN_HEAD).where(CHAIN_HEAD.c.id == 1).values(seq=bindparam("new_seq"), hash=bindparam("new_hash"))
_OF_INSTANCES = select(
    DECISIONS.c.hook_instance, DECISIONS.c.id, *(DECISIONS.c[name] for name in _WHOSE), DECISIONS.c.request_digest
).where(DECISIONS.c.hook_instance.in_(bindparam("instances", expanding=True)))
_ONE_MORE = (
    update(DECISIONS).where(DECISIONS.c.id == bindparam("decision")).values(deliveries=DECISIONS.c.deliveries + 1)
)


def write_all(connection: Connection, entries: Sequence[Entry]) -> list[Any]:
    """Write the entries in order; what became of each: Kept, True or False for a token, None for feedback."""
    results: list[Any] = []
    chain: _Chain | None = None
    for entry in entries:
        if entry.kind == "token":
            results.append(_write_token(connection, entry))
        elif entry.kind == "feedback":
            _write_feedback(connection, entry)
            results.append(None)
        else:
            chain = chain or _Chain(connection, {e.row["hook_instance"] for e in entries if e.kind == "decision"})
            results.append(chain.add(entry))
    if chain is not None:
        chain.end()
    return results


class _Chain:
    """The end of the chain, held until the transaction ends. `hook_instances` are those of all that will be added."""

    def __init__(self, connection: Connection, hook_instances: Collection[str]) -> None:
        self._connection = connection
        head = connection.execute(_HEAD).one()
        self._seq, self._hash = int(head.seq), str(head.hash)
        known = connection.execute(_OF_INSTANCES, {"instances": list(hook_instances)}).mappings()
        self._known: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for row in known:
            self._known[row["hook_instance"]].append(dict(row))
        self._rows: list[dict[str, Any]] = []
        self._cards: list[Mapping[str, Any]] = []
        self._again: list[str] = []

    def add(self, entry: Entry) -> Kept:
        """A decision at the end of the chain, unless it stands in it already."""
        row = entry.row
        of_instance = self._known[row["hook_instance"]]
        ours = [other for other in of_instance if all(other[name] == row[name] for name in _WHOSE)]
        same = next((other for other in ours if other["request_digest"] == row["request_digest"]), None)
        if same is not None:
            if same["id"] != row["id"]:  # its own id comes back when the spool is drained a second time
                self._again.append(same["id"])
            return Kept(same["id"], repeated=True)
        self._seq += 1
        whole = {**row, "seq": self._seq, "previous_hash": self._hash}
        whole["hash"] = self._hash = link(self._hash, whole)
        self._rows.append(whole)
        self._cards += entry.cards
        of_instance.append(row)
        return Kept(row["id"], instance_reused=bool(ours))

    def end(self) -> None:
        """Write the rows, and the new end."""
        if self._rows:
            self._connection.execute(insert(DECISIONS), self._rows)
            self._connection.execute(_NEW_HEAD, {"new_seq": self._seq, "new_hash": self._hash})
        if self._cards:
            self._connection.execute(insert(CARDS), self._cards)
        for identifier in self._again:
            self._connection.execute(_ONE_MORE, {"decision": identifier})


def _insert(connection: Connection, table: Any) -> Any:
    """INSERT in the dialect that knows ON CONFLICT."""
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)


def _write_token(connection: Connection, entry: Entry) -> bool:
    """True for the first use, over all processes and machines that share the database."""
    statement = _insert(connection, USED_TOKENS).on_conflict_do_nothing().returning(USED_TOKENS.c.token)
    return connection.execute(statement, entry.row).first() is not None


def _write_feedback(connection: Connection, entry: Entry) -> None:
    """Feedback, tied to the decision whose card it is about. The same again counts as one more delivery."""
    row = entry.row
    card = connection.execute(
        select(CARDS.c.decision_id, CARDS.c.rule)
        .where(CARDS.c.uuid == row["card"], CARDS.c.issuer == row["issuer"], CARDS.c.tenant == row["tenant"])
        .order_by(CARDS.c.made_at.desc())
        .limit(1)
    ).first()
    tied = {"decision_id": card.decision_id if card else None, "rule": card.rule if card else None}
    statement = _insert(connection, FEEDBACK).values({**row, **tied})
    again = {"deliveries": FEEDBACK.c.deliveries + 1}
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=again))
