"""One transaction: entries into their tables, decisions at the end of the chain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection

from cds_service.store.chain import end_mark, link, refusal_mark, refusals_end_mark, row_mark
from cds_service.store.driving import Driver, driver_of
from cds_service.store.entries import Entry
from cds_service.store.records import Kept
from cds_service.store.sealing import Sealing
from cds_service.store.statements import OF_INSTANCE, WHOSE, Statements, statements_for


def write_all(connection: Connection, entries: Sequence[Entry], sealing: Sealing, *, late: bool = False) -> list[Any]:
    """Write the entries in order; what became of each: Kept, True or False for a token, None for all others.

    `late` entries waited in the spool: feedback about their cards may have come before them.
    """
    results: list[Any] = []
    statements, driver = statements_for(connection), driver_of(connection)
    chain: _Chain | None = None
    refused: list[Mapping[str, Any]] = []
    for entry in entries:
        if entry.kind == "token":
            results.append(_write_token(driver, entry, statements))
        elif entry.kind == "feedback":
            _write_feedback(driver, entry, statements)
            results.append(None)
        elif entry.kind == "refusal":
            refused.append(entry.row)
            results.append(None)
        else:
            chain = chain or _Chain(driver, statements, sealing, _instances(entries))
            results.append(chain.add(entry))
    if chain is not None:
        chain.end(late=late)
    if refused:
        _write_refusals(driver, statements, refused, sealing, late=late)
    return results


def _instances(entries: Sequence[Entry]) -> Collection[str]:
    return {entry.row["hook_instance"] for entry in entries if entry.kind == "decision"}


class _Chain:
    """The end of the chain, held until the transaction ends. `instances` are the hookInstances that will be added."""

    def __init__(self, driver: Driver, statements: Statements, sealing: Sealing, instances: Collection[str]) -> None:
        self._driver, self._statements, self._sealing = driver, statements, sealing
        (head,) = driver.rows(statements.head)
        self._seq, self._hash = int(head[0]), str(head[1])
        self._known: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        listed = orjson.dumps(list(instances)).decode() if self._statements.is_sqlite else ",".join(instances)
        for row in driver.rows(statements.of_instances, {"instances": listed}):
            found = dict(zip(OF_INSTANCE, row, strict=True))
            self._known[found["hook_instance"]].append(found)
        self._rows: list[Mapping[str, Any]] = []
        self._cards: list[Mapping[str, Any]] = []
        self._again: dict[str, dict[str, Any]] = {}

    def add(self, entry: Entry) -> Kept:
        """A decision at the end of the chain, unless it stands in it already."""
        row = entry.row
        of_instance = self._known[row["hook_instance"]]
        ours = [other for other in of_instance if all(other[name] == row[name] for name in WHOSE)]
        same = next((other for other in ours if other["request_digest"] == row["request_digest"]), None)
        if same is not None:
            return self._repeated(same, row["id"])
        self._seq += 1
        whole = {**row, "seq": self._seq, "previous_hash": self._hash}
        whole["hash"] = self._hash = link(self._hash, whole)
        self._rows.append(self._statements.row(whole))
        self._cards += map(self._statements.row, entry.cards)
        of_instance.append(whole)
        return Kept(row["id"], instance_reused=any(other["chart_digest"] != row["chart_digest"] for other in ours))

    def end(self, *, late: bool) -> None:
        """Write the rows, and the new end."""
        write, statements = self._driver.run, self._statements
        if self._rows:
            write(statements.add_decisions, self._rows)
            mark = self._sealing.mark(*end_mark(self._seq, self._hash))
            write(statements.new_head, {"new_seq": self._seq, "new_hash": self._hash, "new_mark": mark})
        if self._cards:
            write(statements.add_cards, self._cards)
        if self._again:
            write(statements.one_more, list(self._again.values()))
        if late and self._cards:
            write(statements.tie_feedback, [_tie(card) for card in self._cards])

    def _repeated(self, same: dict[str, Any], identifier: str) -> Kept:
        if same["id"] != identifier:  # its own id comes back when the spool is drained a second time
            same["deliveries"] += 1
            mark = self._sealing.mark(*row_mark(same["id"], same["deliveries"], same["erased_at"]))
            self._again[same["id"]] = {"decision": same["id"], "number": same["deliveries"], "new_mark": mark}
        return Kept(same["id"], repeated=True)


def _tie(card: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "uuid": card["uuid"],
        "whose": card["issuer"],
        "where": card["tenant"],
        "decision": card["decision_id"],
        "about": card["rule"],
    }


def _write_token(driver: Driver, entry: Entry, statements: Statements) -> bool:
    """True for the first use, over all processes and machines that share the database."""
    if driver.run(statements.spend, entry.row) == 1:
        return True
    ((found,),) = driver.rows(statements.spent_by, {"token": entry.row["token"]})
    return bool(found == entry.row["used_by"])


def _write_refusals(
    driver: Driver, statements: Statements, refused: Sequence[Mapping[str, Any]], sealing: Sealing, *, late: bool
) -> None:
    """Refused calls at the end of their chain. Only one that waited in the spool may stand there already."""
    (head,) = driver.rows(statements.refusals_end)
    seq, end = int(head[0]), str(head[1])
    rows = []
    for row in refused:
        if late and driver.rows(statements.is_refused, {"refusal": row["id"]}):
            continue
        seq += 1
        whole = {**row, "seq": seq}
        whole["mark"] = end = sealing.mark(*refusal_mark(end, whole))
        rows.append(statements.row(whole))
    if rows:
        driver.run(statements.add_refusals, rows)
        mark = sealing.mark(*refusals_end_mark(seq, end))
        driver.run(statements.new_refusals_end, {"new_seq": seq, "new_hash": end, "new_mark": mark})


def _write_feedback(driver: Driver, entry: Entry, statements: Statements) -> None:
    """Feedback, tied to the decision whose card it is about. The same again counts as one more delivery."""
    row = entry.row
    asked = {"card": row["card"], "issuer": row["issuer"], "tenant": row["tenant"]}
    cards = driver.rows(statements.card, asked)
    decision, rule = cards[0] if cards else (None, None)
    driver.run(statements.add_feedback, statements.row({**row, "decision_id": decision, "rule": rule}))
