"""How an answer leaves: JSON in UTF-8, with the headers every answer carries."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Flask, Response
from flask_cors import CORS

from cds_service.settings import Settings

_ALWAYS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_ONE_YEAR = 31_536_000
_PREFLIGHT_SECONDS = 600
EXPOSED = ("Retry-After",)
"""Headers that a script in a browser may read."""


def json_answer(body: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(body), status=int(status), content_type="application/json")


def standing_headers(settings: Settings) -> dict[str, str]:
    """What every answer carries, whoever gives it: the app, or the server before it (`refusals.py`)."""
    https = settings.public_base_url.startswith("https://")
    return {**_ALWAYS, **({"Strict-Transport-Security": f"max-age={_ONE_YEAR}"} if https else {})}


def send_headers(app: Flask, settings: Settings) -> None:
    """Security headers and CORS on every answer, errors included (CORS-1, CORS-2, OUT-16)."""
    standing = standing_headers(settings)

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in standing.items():
            response.headers.setdefault(name, value)
        if settings.origins:
            response.vary.add("Origin")
        return response

    if settings.origins:
        CORS(
            app,
            origins=list(settings.origins),
            methods=["GET", "POST", "OPTIONS"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=list(EXPOSED),
            max_age=_PREFLIGHT_SECONDS,
            always_send=False,
            supports_credentials=False,
            vary_header=False,  # added above: flask-cors leaves it out when a single origin is listed
        )
