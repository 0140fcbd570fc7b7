"""What the server itself says when a request never reaches the app: unreadable, too slow, or one too many.

gunicorn would answer with an HTML page that repeats part of the request; that is against contract section 5.
"""

from __future__ import annotations

from email.utils import formatdate
from functools import cache
from http import HTTPStatus

import orjson
from gunicorn.http import errors as http_errors  # type: ignore[import-untyped]

from cds_service.errors import Overloaded
from cds_service.web.errors import operation_outcome


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
_UNREADABLE = ("structure", "The HTTP request cannot be read.")


def status_of_fault(fault: BaseException) -> HTTPStatus:
    """The HTTP status of what kept a request from the app; 500 for what nobody foresaw."""
    return next((status for kind, status in _STATUS if isinstance(fault, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)


def refusal(status: HTTPStatus, *, keep: bool = False) -> bytes:
    """A whole HTTP answer with an OperationOutcome, after which the connection is closed unless it is kept."""
    connection = "keep-alive" if keep else "close"
    before, after = _parts(status)
    return before + f"Date: {formatdate(usegmt=True)}\r\nConnection: {connection}\r\n".encode("ascii") + after


@cache
def _parts(status: HTTPStatus) -> tuple[bytes, bytes]:
    body = orjson.dumps(operation_outcome(*_WORDS.get(status, _UNREADABLE)))
    retry = f"Retry-After: {Overloaded().retry_after}\r\n" if status == HTTPStatus.SERVICE_UNAVAILABLE else ""
    headers = (
        f"{retry}Content-Type: application/json\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode("ascii"), headers.encode("ascii") + body
