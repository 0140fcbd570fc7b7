"""`X-Request-ID`: the client's own, when it is a plain word, or one of ours; in the answer and in the log."""

from __future__ import annotations

import re
import uuid

from flask import Flask, Response, g, request

HEADER = "X-Request-ID"
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def name_requests(app: Flask) -> None:
    """Give every request a name. What is no plain word is not repeated: it could be anything."""

    @app.before_request
    def name() -> None:
        given = request.headers.get(HEADER, "")
        g.request_id = given if _PLAIN.fullmatch(given) else uuid.uuid4().hex

    @app.after_request
    def tell(response: Response) -> Response:
        if name_given := g.get("request_id"):
            response.headers[HEADER] = name_given
        return response
