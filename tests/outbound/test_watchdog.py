"""The watchdog: whoever waits for a server that dribbles is woken at the deadline, and nobody else."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from cds_service.outbound.deadline import Deadline
from cds_service.outbound.watchdog import Watchdog

SOON = 0.15


@pytest.fixture
def pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair()


def test_a_read_that_would_last_for_ever_ends_at_the_deadline(pair: tuple[socket.socket, socket.socket]) -> None:
    guard = Watchdog().guard(Deadline.after(SOON))
    guard.watch(pair[0])
    began = time.monotonic()
    assert pair[0].recv(1) == b""
    assert SOON * 0.9 < time.monotonic() - began < SOON + 1
    assert guard.was_cut


def test_a_connection_whose_fetch_is_over_lives_on(pair: tuple[socket.socket, socket.socket]) -> None:
    guard = Watchdog().guard(Deadline.after(SOON))
    guard.watch(pair[0])
    guard.end()
    time.sleep(2 * SOON)
    assert not guard.was_cut
    pair[1].send(b"x")
    assert pair[0].recv(1) == b"x"


def test_the_earliest_deadline_is_cut_first_whatever_the_order(pair: tuple[socket.socket, socket.socket]) -> None:
    watchdog = Watchdog()
    late, early = watchdog.guard(Deadline.after(60)), watchdog.guard(Deadline.after(SOON))
    early.watch(pair[0])
    assert pair[0].recv(1) == b""
    assert (early.was_cut, late.was_cut) == (True, False)


def test_no_descriptor_is_left_behind(pair: tuple[socket.socket, socket.socket]) -> None:
    watchdog, before = Watchdog(), len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(50):
        guard = watchdog.guard(Deadline.after(60))
        guard.watch(pair[0])
        guard.end()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_forked_process_has_a_watchdog_of_its_own() -> None:
    watchdog = Watchdog()
    watchdog.guard(Deadline.after(60))
    child = os.fork()
    if child == 0:
        one, _other = socket.socketpair()
        guard = watchdog.guard(Deadline.after(SOON))
        guard.watch(one)
        os._exit(0 if one.recv(1) == b"" else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_deadline_that_has_passed_has_nothing_left() -> None:
    assert Deadline.after(-1).passed
    assert Deadline.after(-1).left == 0
    assert 0 < Deadline.after(5).left <= 5
