"""What the server itself says when a request never reaches the app: unreadable, too slow, or one too many.

gunicorn would answer with an HTML page that repeats part of the request; that is against contract section 5.
"""

from __future__ import annotations

import re
from collections import Counter
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

import orjson
from gunicorn.http import errors as http_errors  # type: ignore[import-untyped]

from cds_service.errors import Overloaded
from cds_service.settings import Settings
from cds_service.web.answers import EXPOSED, standing_headers
from cds_service.web.errors import operation_outcome
from cds_service.web.metrics import REFUSED


class TooSlow(Exception):  # noqa: N818 - the house word for what is refused is fault
    """408: the request did not arrive in time."""


_STATUS: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    (http_errors.UnsupportedTransferCoding, HTTPStatus.NOT_IMPLEMENTED),
    (http_errors.LimitRequestLine, HTTPStatus.REQUEST_URI_TOO_LONG),
    (http_errors.LimitRequestHeaders, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
    (http_errors.ExpectationFailed, HTTPStatus.EXPECTATION_FAILED),
    (http_errors.ParseException, HTTPStatus.BAD_REQUEST),
    (TooSlow, HTTPStatus.REQUEST_TIMEOUT),
    (Overloaded, HTTPStatus.SERVICE_UNAVAILABLE),
    (OSError, HTTPStatus.BAD_REQUEST),
)
_WORDS = {
    HTTPStatus.REQUEST_TIMEOUT: ("timeout", "The request did not arrive in time."),
    HTTPStatus.SERVICE_UNAVAILABLE: (Overloaded.issue_code, Overloaded().message),
    HTTPStatus.INTERNAL_SERVER_ERROR: ("exception", "The service failed on this request."),
}
# As a browser writes one: nothing else is repeated.
_ORIGIN = re.compile(r"(?:[a-z][a-z0-9+.-]{0,31}://[A-Za-z0-9.:\[\]_-]{1,255}|null)")
_UNREADABLE = ("structure", "The HTTP request cannot be read.")


def status_of_fault(fault: BaseException) -> HTTPStatus:
    """The HTTP status of what kept a request from the app; 500 for what nobody foresaw."""
    return next((status for kind, status in _STATUS if isinstance(fault, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)


class Refusals:
    """Whole HTTP answers with an OperationOutcome, under the headers and for the origins of the app's own answers."""

    def __init__(self, settings: Settings) -> None:
        told = {**standing_headers(settings), **({"Vary": "Origin"} if settings.origins else {})}
        self._standing = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        self._origins = frozenset(origin.lower() for origin in settings.origins)
        self._counted: Counter[tuple[int, str]] = Counter()
        self._parts: dict[HTTPStatus, tuple[bytes, bytes]] = {}

    def answer(self, status: HTTPStatus, origin: str = "", *, keep: bool = False) -> bytes:
        """The answer to a request from this origin, after which the connection is closed unless it is kept."""
        parts = self._parts.get(status) or self._parts.setdefault(status, self._made(status))
        connection = "keep-alive" if keep else "close"
        told = f"Date: {formatdate(usegmt=True)}\r\nConnection: {connection}\r\n{self._allowing(origin)}"
        return parts[0] + told.encode("ascii") + parts[1]

    def count(self, status: HTTPStatus, fault: Exception) -> None:
        """One more of this kind, for the log and for /metrics."""
        self._counted[(int(status), type(fault).__name__)] += 1
        REFUSED.labels(type(fault).__name__).inc()

    def log(self, log: Any) -> None:
        """A line for each kind since the last time."""
        for (status, fault), count in self._counted.items():
            log.warning("http_refused status=%d fault=%s count=%d", status, fault, count)
        self._counted.clear()

    def _allowing(self, origin: str) -> str:
        """What lets a script of that origin read the answer (CORS-2): else it sees a broken network."""
        known = "*" in self._origins or origin.lower() in self._origins
        if not known or _ORIGIN.fullmatch(origin) is None:
            return ""
        return f"Access-Control-Allow-Origin: {origin}\r\nAccess-Control-Expose-Headers: {', '.join(EXPOSED)}\r\n"

    def _made(self, status: HTTPStatus) -> tuple[bytes, bytes]:
        """What is before the date, and what is behind it."""
        body = orjson.dumps(operation_outcome(*_WORDS.get(status, _UNREADABLE)))
        retry = f"Retry-After: {Overloaded().retry_after}\r\n" if status == HTTPStatus.SERVICE_UNAVAILABLE else ""
        headers = f"{retry}Content-Type: application/json\r\n{self._standing}Content-Length: {len(body)}\r\n\r\n"
        return f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode("ascii"), headers.encode("ascii") + body
