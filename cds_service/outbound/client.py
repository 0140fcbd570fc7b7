"""The one outbound client: every byte that leaves the service on its own account goes through `Outbound`.

No redirects, no proxy or `.netrc` of the environment, no cookies, one deadline for everything, and a bound on the
bytes after unpacking. What goes wrong is a `FetchFailed` with a reason from a short list, never a text of the other
side: it may quote a token or a patient.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import cookiejar
from typing import NamedTuple, Protocol

import requests
import requests.exceptions
import urllib3.exceptions

from cds_service.outbound.address import Base, Reach
from cds_service.outbound.allowance import Allowance
from cds_service.outbound.breaker import Breakers
from cds_service.outbound.connection import NOT_ALLOWED, JudgingAdapter, StraightSession, guarded, trusting
from cds_service.outbound.deadline import Deadline
from cds_service.outbound.failure import FetchFailed, Reason
from cds_service.outbound.watchdog import Watchdog

CHUNK = 65_536
AGAIN = frozenset({429, 500, 502, 503, 504})
LONGEST_WAIT = 0.5
FIRST_WAIT = 0.05
MOST_TRIES = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer of status 2xx: its headers (names in small letters) and its whole body, unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Sink(Protocol):
    """Where a body goes that is too large for memory. It bounds what it takes, and its errors are not ours: an
    OSError of a full disk has to leave it as something else, or it would look like one of the line."""

    def begin(self, status: int, headers: Mapping[str, str]) -> bool:
        """An answer begins. Does its body go here? Else it is kept in memory, within the allowance."""

    def write(self, piece: bytes) -> None:
        """The next unpacked bytes of the body."""


class _Asked(NamedTuple):
    """One request, however often it is tried. `any_status`: every answer is one; `silence`: seconds between bytes."""

    url: str
    headers: Mapping[str, str]
    deadline: Deadline
    allowance: Allowance
    form: bytes | None = None
    method: str = "GET"
    any_status: bool = False
    into: Sink | None = None
    silence: float = float("inf")


class Outbound:
    """A client with its own connections and breakers, shared by the threads of a process.

    `private` lets listed servers stand in a private network, `loopback` on this machine (development); `ca_file`
    names the authorities trusted for TLS, None the usual ones. Errors: ConfigurationFault when it cannot be read.
    """

    def __init__(
        self, *, private: bool = False, loopback: bool = False, ca_file: str | None = None, connections: int = 16
    ) -> None:
        self._session = StraightSession()
        self._session.trust_env = False
        self._session.headers.clear()
        self._session.cookies.set_policy(cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        reaches: set[Reach] = {"public"}
        reaches |= {"private"} if private else set()
        reaches |= {"loopback"} if loopback else set()
        adapter = JudgingAdapter(reaches=frozenset(reaches), connections=connections, trusted=trusting(ca_file))
        self._session.adapters.clear()
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._watchdog = Watchdog()
        self.breakers = Breakers()

    def get(
        self, where: Base, query: str, *, headers: Mapping[str, str], deadline: Deadline, allowance: Allowance
    ) -> Fetched:
        """GET one address. Tried again while there is time when the server was busy or the line broke.

        `allowance` bounds the unpacked bytes of everything that shares it. Errors: FetchFailed.
        """
        asked = _Asked(where.url + (f"?{query}" if query else ""), headers, deadline, allowance)
        return self._guarded(where, asked, self._get_with_patience)

    def post(
        self, where: Base, form: bytes, *, headers: Mapping[str, str], deadline: Deadline, allowance: Allowance
    ) -> Fetched:
        """POST a form, once: what it carries may be good for one use only. Errors: FetchFailed."""
        typed = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        asked = _Asked(where.url, typed, deadline, allowance, form, "POST")
        return self._guarded(where, asked, lambda one: self._once(one, fresh=True))

    def exchange(
        self,
        method: str,
        where: Base,
        query: str = "",
        *,
        headers: Mapping[str, str],
        deadline: Deadline,
        allowance: Allowance,
        form: bytes | None = None,
        into: Sink | None = None,
        silence: float = float("inf"),
    ) -> Fetched:
        """Send one request once, and give back what is answered, whatever its status; no redirect is followed.

        For conversations in which 202, 307, 401 or 429 are words. With a sink the body may be of any size and take
        until the deadline, with no more than `silence` seconds between its bytes. Errors: FetchFailed.
        """
        url = where.url + (f"?{query}" if query else "")
        typed = {} if form is None else {"Content-Type": "application/x-www-form-urlencoded"}
        asked = _Asked(url, typed | dict(headers), deadline, allowance, form, method, True, into, silence)
        return self._guarded(where, asked, lambda one: self._once(one, fresh=True))

    def _guarded(self, where: Base, asked: _Asked, send: Callable[[_Asked], Fetched]) -> Fetched:
        with self.breakers.of(where.origin).entered(asked.deadline) as breaker:
            try:
                fetched = send(asked)
            except FetchFailed as failure:
                breaker.note(failed=failure.reason in {"timeout", "unreachable"} or failure.status >= 500)
                raise
            breaker.note(failed=False)
            return fetched

    def _get_with_patience(self, asked: _Asked) -> Fetched:
        for attempt in range(MOST_TRIES - 1):
            try:
                return self._once(asked, fresh=attempt > 0)
            except FetchFailed as failure:
                wait = failure.wait if isinstance(failure, _Busy) else FIRST_WAIT * 2**attempt
                worth = failure.reason == "unreachable" or failure.status in AGAIN
                if not worth or wait > LONGEST_WAIT or wait >= asked.deadline.left:
                    raise
                time.sleep(wait)
        return self._once(asked, fresh=True)

    def _once(self, asked: _Asked, *, fresh: bool) -> Fetched:
        deadline = asked.deadline
        if deadline.passed:
            raise FetchFailed("timeout")
        guard = self._watchdog.guard(deadline)
        with guarded(guard, fresh=fresh):
            try:
                with self._session.request(
                    asked.method,
                    asked.url,
                    data=asked.form,
                    headers={"Accept-Encoding": "gzip", "User-Agent": "nextline-cds", **asked.headers},
                    allow_redirects=False,
                    stream=True,
                    timeout=max(0.001, min(deadline.left, asked.silence)),
                ) as answer:
                    body = _taken(answer, asked)
            except FetchFailed:
                raise
            except _BROKEN as error:
                raise FetchFailed("timeout" if deadline.passed else _reason(error)) from None
        if guard.was_cut:  # an answer that was cut off can look like one that ended
            raise FetchFailed("timeout")
        return Fetched(answer.status_code, _headers(answer), body)


class _Busy(FetchFailed):
    def __init__(self, status: int, wait: float) -> None:
        super().__init__("status", status)
        self.wait = wait


_BROKEN = (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError)


def _reason(error: Exception) -> Reason:
    # Trying again would not help. requests and urllib3 have wrapped the error: only its text is left.
    if any(said in str(error) for said in ("CERTIFICATE_VERIFY_FAILED", NOT_ALLOWED)):
        return "refused"
    if isinstance(error, requests.exceptions.Timeout):
        return "timeout"
    if isinstance(error, requests.exceptions.ConnectionError | OSError):
        return "unreachable"
    return "broken"


def _check_status(answer: requests.Response) -> None:
    status = answer.status_code
    if status in _REDIRECTS:
        raise FetchFailed("redirect", status)
    if status in AGAIN:
        raise _Busy(status, _retry_after(answer.headers.get("Retry-After")))
    if not 200 <= status < 300:
        raise FetchFailed("refused" if status in (401, 403) else "status", status)


def _retry_after(header: str | None) -> float:
    """The seconds a server asks for; a date is further away than any call waits."""
    if header is None:
        return FIRST_WAIT
    return float(header) if header.strip().isdecimal() and len(header) < 6 else LONGEST_WAIT * 2


def _headers(answer: requests.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


def _taken(answer: requests.Response, asked: _Asked) -> bytes:
    """The body, where no sink takes it."""
    if not asked.any_status:
        _check_status(answer)
    if asked.into is not None and asked.into.begin(answer.status_code, _headers(answer)):
        for piece in _pieces(answer, asked.deadline):
            asked.into.write(piece)
        return b""
    kept = []
    for piece in _pieces(answer, asked.deadline):
        asked.allowance.take(len(piece))
        kept.append(piece)
    return b"".join(kept)


def _pieces(answer: requests.Response, deadline: Deadline) -> Iterator[bytes]:
    """Piece by piece: a small packed body may be a large unpacked one, and a slow one never ends."""
    size = 0
    while piece := answer.raw.read1(CHUNK, decode_content=True):
        size += len(piece)
        yield piece
        if deadline.passed:
            raise FetchFailed("timeout")
    announced = answer.headers.get("Content-Length", "")
    if announced.isdecimal() and "Content-Encoding" not in answer.headers and int(announced) != size:
        raise FetchFailed("broken")
