"""Connections that go where the address was checked: resolved, judged and dialled in one place.

Between a check of the name and the dialling of the name a resolver may change its mind (rebinding), so the
address that was judged is the one that is dialled. TLS and the Host header keep the name.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Sequence
from typing import Any

import requests
import requests.adapters
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import create_connection

from cds_service.errors import ConfigurationFault
from cds_service.outbound.address import Reach, reach_of
from cds_service.outbound.deadline import Deadline
from cds_service.outbound.resolving import addresses_of
from cds_service.outbound.watchdog import Guard

MOST_HOSTS = 1_000
_LONGEST_DIAL = 10.0
NOT_ALLOWED = "the host resolves to an address that may not be called"
_current = threading.local()
"""The guard of the fetch that this thread is making: urllib3 offers no way to hand it down."""


class guarded:  # noqa: N801 - used as `with guarded(guard):`
    """Connections that this thread opens or takes up again are watched by the guard.

    With `fresh` none is taken up again: all that were kept may have been closed by the other side meanwhile (UP-21).
    """

    def __init__(self, guard: Guard, *, fresh: bool = False) -> None:
        self._guard, self._fresh = guard, fresh

    def __enter__(self) -> None:
        _current.guard, _current.fresh = self._guard, self._fresh

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


def _dial(connection: _Judging, reachable: Reachable) -> socket.socket:
    """A connected socket to an address of the host that may be called; all of them must be such."""
    guard: Guard | None = getattr(_current, "guard", None)
    deadline = Deadline.after(_LONGEST_DIAL)
    if guard is not None and guard.deadline.at < deadline.at:  # a download has hours, its connection has not
        deadline = guard.deadline
    try:
        addresses = addresses_of(connection._dns_host, connection.port, deadline)
        if not reachable.allows(connection._dns_host, addresses):
            raise NewConnectionError(connection, NOT_ALLOWED)
        place, timeout = (addresses[0], connection.port), max(0.001, deadline.left)
        opened = create_connection(place, timeout, socket_options=connection.socket_options)
    except OSError:
        raise NewConnectionError(connection, "no connection") from None
    connection.dialled_for = guard
    if guard is not None:
        guard.watch(opened)
    return opened


def _take_up(connection: _Judging) -> None:
    """A connection is used: one that was kept is watched anew, or dialled again where it has to be fresh."""
    guard: Guard | None = getattr(_current, "guard", None)
    if guard is None or connection.sock is None or connection.dialled_for is guard:
        return
    if _current.fresh:
        connection.close()  # what sends next finds it closed and dials
    else:
        guard.watch(connection.sock)


class _Judging(HTTPConnection):
    """A connection that judges before it dials."""

    reachable: Reachable
    dialled_for: Guard | None = None

    def _new_conn(self) -> socket.socket:
        return _dial(self, self.reachable)

    def request(self, *args: Any, **kwargs: Any) -> None:
        _take_up(self)
        super().request(*args, **kwargs)


def _pools(judge: Reachable) -> dict[str, Any]:
    """Pool classes whose connections ask this judge."""

    class Plain(_Judging):
        reachable = judge

    class Secure(_Judging, HTTPSConnection):
        reachable = judge

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def trusting(ca_file: str | None) -> ssl.SSLContext:
    """TLS that trusts these authorities, None the usual ones. Errors: ConfigurationFault."""
    try:
        context = ssl.create_default_context(cafile=ca_file or DEFAULT_CA_BUNDLE_PATH)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigurationFault(f"CDS_TLS_CA_FILE: cannot be read ({type(error).__name__})") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class StraightSession(requests.Session):
    """A session for which there are no redirects: requests reads the whole body of one, even if it shall not follow."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere."""


class JudgingAdapter(requests.adapters.HTTPAdapter):
    """The transport of every outbound call.

    The authorities are read once: reading them takes 17 ms, and a call-back opens a dozen connections.
    """

    def __init__(self, *, reaches: frozenset[Reach], connections: int, trusted: ssl.SSLContext) -> None:
        self._reachable, self._trusted = Reachable(reaches), trusted
        super().__init__(pool_connections=connections, pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """urllib3's pools with our connections in them."""
        super().init_poolmanager(*args, ssl_context=self._trusted, **kwargs)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = _pools(self._reachable)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Certificates are verified, whatever anybody asks, by the authorities of the context."""
        conn.cert_reqs, conn.ca_certs, conn.ca_cert_dir = "CERT_REQUIRED", None, None
