"""The least that an endpoint in Flask does with a call: take the body, parse it, answer a constant."""

from __future__ import annotations

import orjson
from flask import Flask, request

application = Flask(__name__)


@application.post("/cds-services/next-therapy")
def next_therapy() -> bytes:
    """No card."""
    orjson.loads(request.get_data(cache=False))
    return b'{"cards":[]}'


@application.get("/health/ready")
def ready() -> bytes:
    """It is there."""
    return b"{}"
