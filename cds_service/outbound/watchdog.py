"""Cuts connections at their deadline.

A socket's time-out is for one read: a server that sends a byte now and then, in its headers or in the TLS
handshake, never reaches it. One thread of the process waits for the earliest deadline and shuts the
connection down from outside, so that whoever reads from it gets an error at once.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
import socket
import threading

from cds_service.outbound.deadline import Deadline


class Guard:
    """The connections of one fetch. They are cut at its deadline, unless it is over before."""

    __slots__ = ("_lock", "_open", "_sockets", "deadline", "was_cut")

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline
        self._open, self._lock = True, threading.Lock()
        self._sockets: list[socket.socket] = []
        self.was_cut = False

    def watch(self, connection: socket.socket) -> None:
        """Watch a connection; a duplicate of the descriptor survives what TLS does to the original."""
        duplicate = socket.socket(fileno=os.dup(connection.fileno()))  # a TLS socket refuses its own `dup`
        with self._lock:
            self._sockets.append(duplicate)

    def cut(self) -> None:
        """The deadline has come."""
        with self._lock:
            self.was_cut = self._open
            for watched in self._sockets if self._open else ():
                with contextlib.suppress(OSError):
                    watched.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """The fetch is over: its connections may live on for the next."""
        with self._lock:
            self._open = False
            for watched in self._sockets:
                watched.close()
            self._sockets.clear()


class Watchdog:
    """One waiting thread for a process, started with its first guard.

    A forked process starts its own, with a lock of its own: the parent's may have been held at the fork.
    """

    def __init__(self) -> None:
        self._watches: dict[int, _Watch] = {}

    def guard(self, deadline: Deadline) -> Guard:
        """A guard that is cut at the deadline."""
        watch = self._watches.get(os.getpid()) or self._watches.setdefault(os.getpid(), _Watch())
        guard = Guard(deadline)
        watch.add(guard)
        return guard


class _Watch:
    """The guards of one process, the earliest deadline first, and the thread that waits for it."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._waiting: list[tuple[float, int, Guard]] = []
        self._order = itertools.count()
        self._is_watched = False

    def add(self, guard: Guard) -> None:
        with self._condition:
            if not self._is_watched:
                self._is_watched = True
                threading.Thread(target=self._wait, name="outbound-watchdog", daemon=True).start()
            heapq.heappush(self._waiting, (guard.deadline.at, next(self._order), guard))
            self._condition.notify()

    def _wait(self) -> None:
        while True:
            with self._condition:
                while not self._waiting or Deadline(self._waiting[0][0]).left > 0:
                    self._condition.wait(Deadline(self._waiting[0][0]).left if self._waiting else None)
                guard = heapq.heappop(self._waiting)[2]
            guard.cut()
