"""Who gets in: every address below /cds-services asks for a signed token, before anything of the call is read."""

from __future__ import annotations

import time
from typing import Protocol

from flask import Flask, g, request

from cds_service.trust.clients import Client
from cds_service.web.rate import Rate

GUARDED = "/cds-services"


class Gate(Protocol):
    """Whoever judges tokens."""

    def admit(self, authorization: str | None, address: str, now: int) -> Client:
        """The client that calls the address. Errors: Unauthenticated."""


def guard(app: Flask, gate: Gate | None, everybody: Client, base_url: str, rate: Rate | None) -> None:
    """Ask for a token. Without a gate, which is for development, everybody is `everybody`.

    `g.admitted` is set from then on: what is refused now is kept on record.

    `base_url` is the public address: a token names the endpoint it is for as clients know it (JWT-5).
    `rate` bounds how often one client may call; it is asked after the token, so that nobody uses up another's calls.
    """

    @app.before_request
    def admit() -> None:
        g.client = everybody
        path = request.path
        if request.method == "OPTIONS" or not (path == GUARDED or path.startswith(f"{GUARDED}/")):
            return
        if gate is not None:
            g.client = gate.admit(request.headers.get("Authorization"), base_url + path, int(time.time()))
        g.admitted = True
        if rate is not None:
            rate.take(g.client.issuer)
