"""The HTTP side put together around given services."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from flask import Flask

from cds_service.hooks.registry import Service
from cds_service.settings import Settings
from cds_service.trust.clients import Client
from cds_service.web.about import tell_about
from cds_service.web.address import PlainPaths, base_path, check_hosts
from cds_service.web.answers import send_headers
from cds_service.web.errors import answer_errors
from cds_service.web.event_log import EventLog
from cds_service.web.gate import Gate, guard
from cds_service.web.health import report_health
from cds_service.web.launches import Launches, offer_launches
from cds_service.web.metrics import offer_metrics
from cds_service.web.openapi import tell_openapi
from cds_service.web.pages import Showcase, offer_assets, offer_start_page
from cds_service.web.rate import Rate
from cds_service.web.reading import check_framing
from cds_service.web.refusal_record import KeepRefused
from cds_service.web.request_id import name_requests
from cds_service.web.services import Feedback, offer
from cds_service.web.tracing import Tracing


def assemble(
    settings: Settings,
    services: Sequence[Service],
    about: Callable[[date], Mapping[str, Any]],
    readiness: Callable[[date], Mapping[str, Any]],
    log: EventLog,
    today: Callable[[], date],
    *,
    gate: Gate | None = None,
    feedback: Feedback | None = None,
    keep_refused: KeepRefused | None = None,
    tracing: Tracing | None = None,
    showcase: Showcase | None = None,
    launches: Launches | None = None,
) -> Flask:
    """A Flask app that offers `services`. The order of the checks is the order of registration:

    size, host, token, route, then media type, JSON, shape, identity and work in the service's own view.
    `readiness` and `about` are what `/health/ready` and `/about` say on a day. Without a `gate` everybody gets in.
    """
    app = Flask("cds_service", static_folder=None)
    app.wsgi_app = PlainPaths(app.wsgi_app, base_path(settings))  # type: ignore[method-assign]
    name_requests(app)
    send_headers(app, settings)
    answer_errors(app, log, keep_refused)
    check_framing(app, settings.max_body_bytes)
    check_hosts(app, settings)
    _guard(app, settings, gate)
    offer(app, services, today, log, feedback, tracing or Tracing())
    report_health(app, lambda: readiness(today()))
    offer_metrics(app)
    tell_about(app, about, today)
    tell_openapi(app, services, settings)
    offer_assets(app)
    if launches is not None:
        offer_launches(app, launches, settings, log, today)
    if showcase is not None:
        offer_start_page(app, showcase, base_path(settings))
    return app


def _guard(app: Flask, settings: Settings, gate: Gate | None) -> None:
    everybody = Client(fhir_servers=settings.fhir_servers)
    rate = Rate(settings.client_rate) if settings.client_rate else None
    guard(app, gate, everybody, settings.public_base_url or settings.local_base_url, rate)
