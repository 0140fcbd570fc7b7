"""The breaker and the bulkhead of one origin: a sick server is left alone, and tried again by one call at a time."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack

import pytest

from cds_service.outbound import breaker as module
from cds_service.outbound.breaker import FAILURES_TO_OPEN, MOST_AT_ONCE, MOST_ORIGINS, Breaker, Breakers
from cds_service.outbound.deadline import Deadline
from cds_service.outbound.failure import FetchFailed

REST = 0.1


@pytest.fixture(autouse=True)
def short_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OPEN_SECONDS", REST)


def soon() -> Deadline:
    return Deadline.after(0.2)


def call(breaker: Breaker, *, failed: bool = False) -> None:
    """One call and how it ends."""
    with breaker.entered(soon()) as entered:
        entered.note(failed=failed)


def opened() -> Breaker:
    breaker = Breaker()
    for _ in range(FAILURES_TO_OPEN):
        call(breaker, failed=True)
    return breaker


def is_turned_away(breaker: Breaker) -> bool:
    try:
        call(breaker)
    except FetchFailed as failure:
        assert failure.reason == "busy"
        return True
    return False


def test_it_stays_closed_while_failures_are_not_in_a_row() -> None:
    breaker = Breaker()
    for _ in range(3 * FAILURES_TO_OPEN):
        call(breaker, failed=True)
        call(breaker)
    assert not breaker.is_open


def test_after_some_failures_in_a_row_everybody_is_turned_away_at_once() -> None:
    breaker = opened()
    assert breaker.is_open
    began = time.monotonic()
    assert all(is_turned_away(breaker) for _ in range(100))
    assert time.monotonic() - began < REST / 2


def test_after_a_rest_one_call_tries_and_the_others_are_turned_away_meanwhile() -> None:
    breaker = opened()
    time.sleep(REST)
    with breaker.entered(soon()) as trying:
        assert is_turned_away(breaker)
        trying.note(failed=False)
    assert not breaker.is_open
    assert not is_turned_away(breaker)


def test_a_try_that_fails_means_another_rest() -> None:
    breaker = opened()
    time.sleep(REST)
    call(breaker, failed=True)
    assert breaker.is_open
    assert is_turned_away(breaker)
    time.sleep(REST)
    assert not is_turned_away(breaker)


def test_a_try_that_ends_in_a_way_nobody_foresaw_is_not_the_last() -> None:
    breaker = opened()
    time.sleep(REST)
    with pytest.raises(ZeroDivisionError), breaker.entered(soon()):
        raise ZeroDivisionError
    assert not is_turned_away(breaker)


def test_no_more_than_so_many_are_there_at_once_and_the_next_waits_for_a_place() -> None:
    breaker = Breaker()
    with ExitStack() as inside:
        for _ in range(MOST_AT_ONCE):
            inside.enter_context(breaker.entered(soon()))
        assert is_turned_away(breaker)
        waiting = threading.Thread(target=call, args=(breaker,))
        waiting.start()
    waiting.join(timeout=1)
    assert not waiting.is_alive()
    assert not is_turned_away(breaker)


def test_origins_do_not_share_a_breaker() -> None:
    breakers = Breakers()
    for _ in range(FAILURES_TO_OPEN):
        call(breakers.of("https://sick.test"), failed=True)
    assert is_turned_away(breakers.of("https://sick.test"))
    assert not is_turned_away(breakers.of("https://well.test"))
    assert breakers.open_origins() == 1


def test_very_many_origins_do_not_fill_the_memory_and_a_sick_one_is_not_forgotten() -> None:
    breakers = Breakers()
    for _ in range(FAILURES_TO_OPEN):
        call(breakers.of("https://sick.test"), failed=True)
    for number in range(MOST_ORIGINS + 10):
        breakers.of(f"https://ehr-{number}.test")
    assert len(breakers._by_origin) <= MOST_ORIGINS
    assert is_turned_away(breakers.of("https://sick.test"))
