"""Discovery and service calls over HTTP (conformance sections 2, 3, 8)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import cache, partial
from typing import Any

from flask import Flask, Response, g

from cds_service.cdshooks.feedback import MOST_BYTES as MOST_FEEDBACK_BYTES
from cds_service.hooks.registry import Caller, Service, discovery
from cds_service.trust.clients import Client
from cds_service.web.answers import json_answer
from cds_service.web.event_log import EventLog
from cds_service.web.metrics import FEEDBACK, STAGES, count_answer
from cds_service.web.reading import json_body
from cds_service.web.tracing import Span, Tracing

Feedback = Callable[[bytes, str, Client, datetime], dict[str, Any]]
"""Keeps the feedback of a call: (body, service id, client, now) -> the answer."""


def offer(
    app: Flask,
    services: Sequence[Service],
    today: Callable[[], date],
    log: EventLog,
    feedback: Feedback | None,
    tracing: Tracing,
) -> None:
    """Route Discovery, and two addresses for each service: an id that is not offered is a 404, whatever the method."""
    advertised = cache(partial(discovery, services))

    @app.get("/cds-services")
    def discover() -> Response:
        return json_answer(advertised(g.client.site))

    for service in services:
        app.add_url_rule(
            f"/cds-services/{service.id}",
            endpoint=f"service:{service.id}",
            view_func=_caller(service, today, log, tracing),
            methods=["POST"],
        )
        if feedback is not None:
            app.add_url_rule(
                f"/cds-services/{service.id}/feedback",
                endpoint=f"feedback:{service.id}",
                view_func=_listener(service, feedback, log),
                methods=["POST"],
            )


def _listener(service: Service, feedback: Feedback, log: EventLog) -> Callable[[], Response]:
    def listen() -> Response:
        g.call = {"service": service.id, "client": g.client.name or g.client.issuer, "request_id": g.request_id}
        body = json_body(MOST_FEEDBACK_BYTES)
        answer = feedback(body, service.id, g.client, datetime.now(UTC))
        FEEDBACK.labels(service.id).inc()
        log.info("feedback", **g.call)
        return json_answer(answer)

    return listen


def _caller(service: Service, today: Callable[[], date], log: EventLog, tracing: Tracing) -> Callable[[], Response]:
    def call() -> Response:
        with tracing.stage(service.id) as span:
            return answer_of(span)

    def answer_of(span: Span) -> Response:
        started = time.perf_counter()
        client: Client = g.client
        g.call = {"service": service.id, "client": client.name or client.issuer, "request_id": g.request_id}
        with tracing.stage("read"):
            request = service.read(json_body())
        g.call["hook_instance"] = request.hook_instance
        read = time.perf_counter()
        answer = service.respond(request, Caller(client, datetime.now(UTC), today()))
        response = json_answer(answer.body())
        answered = time.perf_counter()
        STAGES.labels("read").observe(read - started)
        STAGES.labels("answer").observe(answered - read)
        count_answer(service.id, answer.event, len(answer.cards))
        milliseconds = round((answered - started) * 1000, 1)
        event = {**g.call, **answer.event, "cards": len(answer.cards), "milliseconds": milliseconds}
        span.tell(event)
        (log.warning if "safety" in event else log.info)("service_call", **event)
        return response

    return call
