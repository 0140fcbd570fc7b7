"""Discovery and service calls over HTTP (conformance sections 2, 3, 8)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date

from flask import Flask, Response, g

from cds_service.hooks.registry import Service, discovery
from cds_service.web.answers import json_answer
from cds_service.web.event_log import EventLog
from cds_service.web.reading import json_body


def offer(app: Flask, services: Sequence[Service], today: Callable[[], date], log: EventLog) -> None:
    """Route Discovery, and one address for each service: an id that is not offered is a 404, whatever the method."""
    advertised = discovery(services)

    @app.get("/cds-services")
    def discover() -> Response:
        return json_answer(advertised)

    for service in services:
        app.add_url_rule(
            f"/cds-services/{service.id}",
            endpoint=f"service:{service.id}",
            view_func=_caller(service, today, log),
            methods=["POST"],
        )


def _caller(service: Service, today: Callable[[], date], log: EventLog) -> Callable[[], Response]:
    def call() -> Response:
        started = time.perf_counter()
        g.call = {"service": service.id}
        request = service.read(json_body())
        g.call["hook_instance"] = request.hook_instance
        answer = service.respond(request, today())
        response = json_answer(answer.body())
        milliseconds = round((time.perf_counter() - started) * 1000, 1)
        log.info("service_call", **g.call, **answer.event, cards=len(answer.cards), milliseconds=milliseconds)
        return response

    return call
