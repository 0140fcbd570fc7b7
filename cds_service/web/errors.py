"""Faults become answers: one table from the error tree to HTTP, every body an OperationOutcome (RESP-5)."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import PurePath
from typing import Any

from flask import Flask, Response, g
from werkzeug.exceptions import HTTPException

from cds_service.errors import (
    BodyTooLarge,
    MalformedBody,
    MethodNotAllowed,
    MisdirectedRequest,
    NotDurable,
    Overloaded,
    PatientMismatch,
    PreconditionFailed,
    RequestFault,
    TooManyCalls,
    Unauthenticated,
    UnknownService,
    UnsupportedMediaType,
)
from cds_service.web.answers import json_answer
from cds_service.web.event_log import EventLog
from cds_service.web.metrics import REFUSED, count_fetches
from cds_service.web.refusal_record import KeepRefused, record

STATUS: Mapping[type[RequestFault], HTTPStatus] = {
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    TooManyCalls: HTTPStatus.TOO_MANY_REQUESTS,
    MalformedBody: HTTPStatus.BAD_REQUEST,
    UnknownService: HTTPStatus.NOT_FOUND,
    MethodNotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
    PreconditionFailed: HTTPStatus.PRECONDITION_FAILED,
    BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    MisdirectedRequest: HTTPStatus.MISDIRECTED_REQUEST,
    PatientMismatch: HTTPStatus.UNPROCESSABLE_ENTITY,
    Overloaded: HTTPStatus.SERVICE_UNAVAILABLE,
}

# The same bytes for every reason: whoever is refused learns nothing (JWT-46).
_REFUSED = {"message": "Unauthorized"}
_BROKEN = ("exception", "The service failed on this request. It was not the request's fault.")


def operation_outcome(code: str, text: str, *, expression: str = "") -> dict[str, Any]:
    """An OperationOutcome with one error. `expression` names the member at fault, never its value."""
    issue: dict[str, Any] = {"severity": "error", "code": code, "details": {"text": text}}
    if expression:
        issue["expression"] = [expression]
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def status_of(fault: RequestFault) -> HTTPStatus:
    """The HTTP status of a fault: that of the nearest class of the table."""
    return next(STATUS[kind] for kind in type(fault).__mro__ if kind in STATUS)


def fault_of(error: HTTPException) -> RequestFault:
    """What the framework refused, as a fault of ours. Its own text may repeat the request and is dropped."""
    if error.code == HTTPStatus.NOT_FOUND:
        return UnknownService("There is nothing at this address.")
    if error.code == HTTPStatus.METHOD_NOT_ALLOWED:
        return MethodNotAllowed(getattr(error, "valid_methods", None) or ())
    if error.code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return BodyTooLarge("The body is larger than this service reads.")
    return MalformedBody("The request cannot be read.")


def answer_errors(app: Flask, log: EventLog, keep: KeepRefused | None = None) -> None:
    """Answer every error of the app: our own faults, the framework's, and what nobody foresaw.

    `keep` takes the record of a refused call before it is answered.
    """

    @app.errorhandler(RequestFault)
    def refuse(fault: RequestFault) -> Response:
        if not record(fault, status_of(fault), keep):
            log.error("refusal_not_kept", status=int(status_of(fault)), fault=type(fault).__name__)
            # An answer without a record is none (promise I8); a 503 is all that is left to say.
            fault = fault if isinstance(fault, Overloaded) else NotDurable()
        status = status_of(fault)
        REFUSED.labels(type(fault).__name__).inc()
        if isinstance(fault, Unauthenticated):
            log.warning("client_refused")
            answer = json_answer(_REFUSED, status)
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
        count_fetches(fault.told)
        answer = json_answer(operation_outcome(fault.issue_code, fault.message, expression=fault.expression), status)
        if isinstance(fault, MethodNotAllowed):
            answer.headers["Allow"] = ", ".join(fault.allowed)
        if isinstance(fault, Overloaded | TooManyCalls):
            answer.headers["Retry-After"] = str(fault.retry_after)
        log.warning("call_refused", status=int(status), fault=type(fault).__name__, **fault.told, **g.get("call", {}))
        return answer

    @app.errorhandler(HTTPException)
    def refuse_as_framework(error: HTTPException) -> Response:
        return refuse(fault_of(error))

    @app.errorhandler(Exception)
    def apologise(error: Exception) -> Response:
        # Type and place only: the message of a foreign exception may quote the chart.
        if not record(error, HTTPStatus.INTERNAL_SERVER_ERROR, keep):
            log.error("refusal_not_kept", status=500, fault=type(error).__name__)
        REFUSED.labels("unforeseen").inc()
        log.error("call_failed", fault=type(error).__name__, at=_place(error), **g.get("call", {}))
        return json_answer(operation_outcome(*_BROKEN), HTTPStatus.INTERNAL_SERVER_ERROR)


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-4:]))
