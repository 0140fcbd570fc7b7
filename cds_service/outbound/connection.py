"""Connections that go where the address was checked: resolved, judged and dialled in one place.

Between a check of the name and the dialling of the name a resolver may change its mind (rebinding), so the
address that was judged is the one that is dialled. TLS and the Host header keep the name.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from typing import Any

import requests.adapters
from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import create_connection

from cds_service.outbound.address import Reach, reach_of
from cds_service.outbound.watchdog import Guard

MOST_HOSTS = 1_000
_current = threading.local()
"""The guard of the fetch that this thread is making: urllib3 offers no way to hand it down."""


class guarded:  # noqa: N801 - used as `with guarded(guard):`
    """Connections that this thread opens or takes up again are watched by the guard."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def __enter__(self) -> None:
        _current.guard = self._guard

    def __exit__(self, *_: object) -> None:
        _current.guard = None
        self._guard.end()


class Reachable:
    """Which addresses may be dialled. A host that was found in one kind of network is not believed in another.

    A name that was public and now is loopback has not moved house: somebody answers for it (SSRF-14).
    """

    def __init__(self, reaches: frozenset[Reach]) -> None:
        self._reaches = reaches
        self._of_host: dict[str, Reach] = {}
        self._lock = threading.Lock()

    def allows(self, host: str, addresses: Sequence[str]) -> bool:
        """May these addresses of a host be dialled, all of them?"""
        found = {reach_of(address) for address in addresses}
        if len(found) != 1 or not found <= self._reaches:
            with self._lock:
                self._of_host.setdefault(host, min(found, default="never"))
            return False
        (reach,) = found
        with self._lock:
            if len(self._of_host) > MOST_HOSTS:
                self._of_host.clear()
            return self._of_host.setdefault(host, reach) == reach


def _dial(connection: HTTPConnection, reachable: Reachable) -> socket.socket:
    """A connected socket to an address of the host that may be called; all of them must be such."""
    guard: Guard | None = getattr(_current, "guard", None)
    try:
        found = socket.getaddrinfo(connection._dns_host, connection.port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not reachable.allows(connection._dns_host, addresses):
            raise NewConnectionError(connection, "the host resolves to an address that may not be called")
        timeout = connection.timeout if guard is None else max(0.001, guard.deadline.left)
        opened = create_connection((addresses[0], connection.port), timeout, socket_options=connection.socket_options)
    except OSError:
        raise NewConnectionError(connection, "no connection") from None
    if guard is not None:
        guard.watch(opened)
    return opened


def _watch_again(connection: HTTPConnection) -> None:
    guard: Guard | None = getattr(_current, "guard", None)
    if guard is not None and connection.sock is not None:
        guard.watch(connection.sock)


def _connections(reachable: Reachable) -> dict[str, Any]:
    """Pool classes whose connections judge before they dial."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _dial(self, reachable)

        def request(self, *args: Any, **kwargs: Any) -> None:
            _watch_again(self)
            super().request(*args, **kwargs)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _dial(self, reachable)

        def request(self, *args: Any, **kwargs: Any) -> None:
            _watch_again(self)
            super().request(*args, **kwargs)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


class JudgingAdapter(requests.adapters.HTTPAdapter):
    """The transport of every outbound call."""

    def __init__(self, *, reaches: frozenset[Reach], connections: int) -> None:
        self._reachable = Reachable(reaches)
        super().__init__(pool_connections=connections, pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """urllib3's pools with our connections in them."""
        super().init_poolmanager(*args, **kwargs)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = _connections(self._reachable)
