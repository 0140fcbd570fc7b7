"""The gunicorn worker: a thread worker that refuses unreadable HTTP in the words of the contract.

Requests that break HTTP itself never reach the app. gunicorn would answer them with an HTML page that
repeats part of the request, and log that part too; both are against contract section 5.
"""

from __future__ import annotations

import socket
from http import HTTPStatus
from typing import Any

import orjson
from gunicorn.http import errors as http_errors  # type: ignore[import-untyped]
from gunicorn.util import write_nonblock  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from cds_service.web.errors import operation_outcome

_STATUS: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    (http_errors.UnsupportedTransferCoding, HTTPStatus.NOT_IMPLEMENTED),
    (http_errors.LimitRequestLine, HTTPStatus.REQUEST_URI_TOO_LONG),
    (http_errors.LimitRequestHeaders, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
    (http_errors.ExpectationFailed, HTTPStatus.EXPECTATION_FAILED),
    (http_errors.ParseException, HTTPStatus.BAD_REQUEST),
    (OSError, HTTPStatus.BAD_REQUEST),
)


class OutcomeWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn is untyped
    """A thread worker whose own refusals are an OperationOutcome."""

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Answer a request that could not be parsed, close the connection, log the kind of fault only."""
        status = next((status for kind, status in _STATUS if isinstance(exc, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
        self.log.warning("http_refused status=%d fault=%s", status, type(exc).__name__)
        try:
            write_nonblock(client, _response(status))
        except OSError:
            self.log.debug("http_refusal_not_sent")


def _response(status: HTTPStatus) -> bytes:
    code = "exception" if status == HTTPStatus.INTERNAL_SERVER_ERROR else "structure"
    body = orjson.dumps(operation_outcome(code, "The HTTP request cannot be read."))
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body
