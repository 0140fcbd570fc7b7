"""What is read of a request before anyone looks at its meaning: size, method, media type, bytes."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from cds_service.errors import BodyTooLarge, MalformedBody, UnsupportedMediaType

_MEDIA_TYPES = frozenset({"application/json", "application/fhir+json"})
_CHARSETS = frozenset({"utf-8", "utf8"})
_TOO_LARGE = "The body is larger than this service reads."


def check_framing(app: Flask, max_body_bytes: int) -> None:
    """First of all checks: the announced size. Then OPTIONS, which needs no authorization (CORS-1)."""
    # A body without an announced size (chunked) is cut by the framework in silence: one byte more than
    # allowed is let through, so that `json_body` can see that it was too long.
    app.config["MAX_CONTENT_LENGTH"] = max_body_bytes + 1

    @app.before_request
    def check_size() -> None:
        if (request.content_length or 0) > max_body_bytes:
            raise BodyTooLarge(_TOO_LARGE)

    @app.before_request
    def answer_options() -> Response | None:
        if request.method != "OPTIONS" or request.routing_exception is not None:
            return None
        answer = app.make_default_options_response()
        answer.status_code = 204
        answer.headers.pop("Content-Type", None)
        return answer


def json_body(most_bytes: int | None = None) -> bytes:
    """The bytes of a JSON body, fewer than the service's limit where `most_bytes` says so.

    Errors: UnsupportedMediaType for another type, charset or a content coding (a gzip bomb would be
    unpacked before its size is known); BodyTooLarge; MalformedBody when the body breaks off.
    """
    if request.headers.get("Content-Encoding") is not None:
        raise UnsupportedMediaType("The body must be sent without a content coding.")
    if request.mimetype not in _MEDIA_TYPES:
        raise UnsupportedMediaType("The body must be application/json.")
    if request.mimetype_params.get("charset", "utf-8").lower() not in _CHARSETS:
        raise UnsupportedMediaType("The body must be in UTF-8.")
    body = _bytes_sent()
    if len(body) >= (request.max_content_length or len(body) + 1) or (most_bytes and len(body) > most_bytes):
        raise BodyTooLarge(_TOO_LARGE)
    return body


def _bytes_sent() -> bytes:
    try:
        return request.get_data(cache=False)
    except HTTPException:
        raise
    except Exception:  # each server has its own exceptions for broken chunks and lost connections; all mean this
        raise MalformedBody("The body could not be read to its end.") from None
