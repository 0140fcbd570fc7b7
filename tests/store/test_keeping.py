"""Decisions and feedback are kept once, whatever is sent again, and many that come together share one commit."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from cds_service.store import reading, verification
from cds_service.store.reading import Filter
from cds_service.store.store import Store
from tests.store.samples import NOW, PAYLOAD, decision, eventually, feedback, locked, patient_key, rows

HOUR = timedelta(hours=1)


class TestDecisions:
    def test_one_comes_back_as_it_was_kept(self, store: Store) -> None:
        made = decision(rules=("MN-07", "LN-03"), quiet="", shown=False)
        assert store.keep(made).id == made.id
        found = reading.decision(store, made.id)
        assert found is not None
        assert found.payload == PAYLOAD
        assert (found.made_at, found.as_of, found.rules, found.shown) == (NOW, made.as_of, made.rules, False)
        assert (found.issuer, found.tenant, found.hook, found.versions) == (
            made.issuer,
            made.tenant,
            "patient-view",
            made.versions,
        )

    def test_one_that_is_not_there_is_none(self, store: Store) -> None:
        assert reading.decision(store, "0" * 36) is None

    def test_the_same_call_again_is_one_decision_and_one_more_delivery(self, store: Store) -> None:
        first = decision()
        again = [replace(first, id=decision().id, made_at=NOW + HOUR) for _ in range(3)]
        assert not store.keep(first).repeated
        assert [(kept.id, kept.repeated) for kept in map(store.keep, again)] == [(first.id, True)] * 3
        assert [one.deliveries for one in reading.decisions(store, Filter())] == [4]
        assert verification.verify(store).whole

    @pytest.mark.parametrize("differs", ["service", "issuer", "tenant"])
    def test_what_another_client_sends_is_another_decision(self, store: Store, differs: str) -> None:
        first = decision()
        kept = store.keep(first), store.keep(replace(first, id=decision().id, **{differs: "another"}))
        assert [(one.repeated, one.instance_reused) for one in kept] == [(False, False)] * 2

    def test_another_chart_under_the_same_hook_instance_is_told(self, store: Store) -> None:
        first, other = decision(), decision()
        store.keep(first)
        kept = store.keep(replace(other, hook_instance=first.hook_instance))
        assert (kept.repeated, kept.instance_reused) == (False, True)

    def test_the_same_chart_answered_otherwise_is_kept_and_is_no_reuse(self, store: Store) -> None:
        first = decision()
        store.keep(first)
        silenced = replace(first, id=decision().id, request_digest="f" * 64)
        kept = store.keep(silenced)
        assert (kept.id, kept.repeated, kept.instance_reused) == (silenced.id, False, False)

    def test_the_filters_narrow(self, store: Store) -> None:
        for hours, rule, issuer in ((0, "MN-07", "a"), (1, "LN-03", "a"), (2, "MN-07", "b")):
            store.keep(decision(made_at=NOW + hours * HOUR, rules=(rule,), issuer=issuer))
        for wanted, numbers in (
            (Filter(), [1, 2, 3]),
            (Filter(since=NOW + HOUR), [2, 3]),
            (Filter(until=NOW + HOUR), [1]),
            (Filter(rule="MN-07"), [1, 3]),
            (Filter(rule="MN-0"), []),
            (Filter(rule="%"), []),
            (Filter(rule="MN-07", issuer="b"), [3]),
        ):
            assert [one.seq for one in reading.decisions(store, wanted)] == numbers
            assert [one.seq for one in reading.latest(store, wanted, 10)] == numbers[::-1]
            assert reading.number_of(store, wanted) == len(numbers)

    def test_a_page_after_the_other_brings_all(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reading, "ROWS_AT_ONCE", 3)
        for _ in range(10):
            store.keep(decision())
        assert [one.seq for one in reading.decisions(store, Filter())] == list(range(1, 11))


class TestFeedback:
    def test_it_is_tied_to_the_decision_and_the_rule_of_its_card(self, store: Store) -> None:
        made = decision()
        store.keep(made)
        store.keep_feedback((feedback(made.cards[0].uuid),))
        assert rows(store, "SELECT decision_id, rule FROM feedback") == [(made.id, "MN-07")]

    def test_the_same_a_hundred_times_is_one_row_and_a_hundred_deliveries(self, store: Store) -> None:
        said = feedback(decision().cards[0].uuid)
        for minute in range(100):
            store.keep_feedback((replace(said, received_at=NOW + timedelta(minutes=minute)),))
        assert rows(store, "SELECT count(*), max(deliveries) FROM feedback") == [(1, 100)]

    @pytest.mark.parametrize("differs", ["outcome_at", "comment", "reason_code", "issuer", "tenant", "service", "card"])
    def test_what_says_something_else_is_another_row(self, store: Store, differs: str) -> None:
        said = feedback(decision().cards[0].uuid)
        store.keep_feedback((said, replace(said, **{differs: "another"})))
        assert rows(store, "SELECT count(*) FROM feedback") == [(2,)]

    @pytest.mark.parametrize("stranger", [{"issuer": "https://other.example.org"}, {"tenant": "other"}])
    def test_of_another_client_it_is_kept_and_tied_to_nothing(self, store: Store, stranger: dict[str, str]) -> None:
        made = decision()
        store.keep(made)
        store.keep_feedback((feedback(made.cards[0].uuid, **stranger),))
        assert rows(store, "SELECT decision_id, rule FROM feedback") == [(None, None)]
        assert store.silences(patient_key(), NOW - HOUR) == ()

    def test_a_text_that_no_database_keeps_is_kept_nearly(self, store: Store) -> None:
        store.keep_feedback((feedback("card\0one", reason_code="a\0b", comment="');DROP TABLE feedback;--\0"),))
        assert rows(store, "SELECT card, reason_code FROM feedback") == [("card\ufffdone", "a\ufffdb")]
        key, comment = rows(store, "SELECT key, comment FROM feedback")[0]
        assert store.sealing.open(bytes(comment), key).decode() == "');DROP TABLE feedback;--\0"

    def test_an_override_with_a_reason_silences_and_one_without_does_not(self, store: Store) -> None:
        made = decision()
        store.keep(made)
        store.keep_feedback((feedback(made.cards[0].uuid, reason_code="", reason_system=""),))
        store.keep_feedback((feedback(made.cards[0].uuid, outcome="accepted", accepted=("s-1",)),))
        assert store.silences(patient_key(), NOW - HOUR) == ()
        store.keep_feedback((feedback(made.cards[0].uuid),))
        (silence,) = store.silences(patient_key(), NOW - HOUR)
        assert (silence.disease, silence.rule, silence.reason) == ("MN", "MN-07", "patient-refuses")
        assert silence.facts == made.cards[0].facts
        assert silence.since == NOW + timedelta(minutes=1)
        assert store.silences(patient_key(), NOW + HOUR) == ()
        assert store.silences(patient_key("somebody-else"), NOW - HOUR) == ()

    def test_the_newest_override_comes_first(self, store: Store) -> None:
        for minutes, reason in ((5, "older"), (9, "newest"), (1, "oldest")):
            made = decision()
            store.keep(made)
            told = feedback(made.cards[0].uuid, received_at=NOW + timedelta(minutes=minutes), reason_code=reason)
            store.keep_feedback((told,))
        assert [one.reason for one in store.silences(patient_key(), NOW)] == ["newest", "older", "oldest"]

    def test_the_report_counts_by_rule(self, store: Store) -> None:
        shown, shadow = decision(), decision(shown=False)
        for made in (shown, shadow, decision(rules=("LN-03",))):
            store.keep(made)
        store.keep_feedback((feedback(shown.cards[0].uuid), feedback("unknown-card", reason_code="")))
        store.keep_feedback((feedback(shown.cards[0].uuid, outcome="accepted", accepted=("s",), reason_code=""),))
        unknown, known = reading.counts(store)
        assert (unknown.rule, unknown.overridden, unknown.reasons) == ("", 1, {"": 1})
        assert (known.rule, known.shown, known.accepted, known.overridden) == ("MN-07", 2, 1, 1)
        assert known.reasons == {"patient-refuses": 1}
        assert reading.counts(store, NOW + 9 * HOUR) == ()


class TestTogether:
    def test_what_waits_shares_one_transaction(self, sqlite_url: str, sqlite_store: Store) -> None:
        sqlite_store.keep(decision())
        threads = [threading.Thread(target=sqlite_store.keep, args=(decision(),)) for _ in range(12)]
        with commits(sqlite_store) as counted:
            with locked(sqlite_url):  # not as long as anyone's patience
                for thread in threads:
                    thread.start()
            for thread in threads:
                thread.join()
        assert len(counted) <= 2
        assert verification.verify(sqlite_store).rows == 13

    def test_one_that_cannot_be_written_does_not_take_the_others_along(self, store: Store) -> None:
        """A text too long for its column is PostgreSQL's to refuse, and nobody's loss: the spool has it."""
        good = [decision() for _ in range(5)]
        bad = decision(quiet="x" * 100)
        threads = [threading.Thread(target=store.keep, args=(one,)) for one in (*good, bad)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert eventually(lambda: {one.id for one in good} <= {one.id for one in reading.decisions(store, Filter())})
        assert eventually(lambda: not store.spool.waiting())
        report = verification.verify(store)
        assert (report.rows + bool(store.spool.sizes()[1]), report.fault) == (6, "")
        assert not store.keep(decision()).spooled

    def test_many_threads_make_one_chain(self, store: Store) -> None:
        made = [[decision() for _ in range(10)] for _ in range(8)]
        threads = [threading.Thread(target=lambda some=some: list(map(store.keep, some))) for some in made]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert eventually(lambda: not store.spool.waiting())
        found = [one.id for one in reading.decisions(store, Filter())]
        assert sorted(found) == sorted(one.id for some in made for one in some)
        assert verification.verify(store).whole


@contextmanager
def commits(store: Store) -> Iterator[list[Any]]:
    """Every commit of the writing engine while the block runs."""
    counted: list[Any] = []
    engine, note = store.connections.writing, counted.append
    event.listen(engine, "commit", note)
    try:
        yield counted
    finally:
        event.remove(engine, "commit", note)
