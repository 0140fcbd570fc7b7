"""The HTTP side put together around given services."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from flask import Flask

from cds_service.hooks.registry import Service
from cds_service.settings import Settings
from cds_service.web.about import tell_about
from cds_service.web.address import PlainPaths, base_path, check_hosts
from cds_service.web.answers import send_headers
from cds_service.web.errors import answer_errors
from cds_service.web.event_log import EventLog
from cds_service.web.health import report_health
from cds_service.web.reading import check_framing
from cds_service.web.services import offer


def assemble(
    settings: Settings,
    services: Sequence[Service],
    about_content: Mapping[str, Any],
    checked: Mapping[str, str],
    log: EventLog,
    today: Callable[[], date],
) -> Flask:
    """A Flask app that offers `services`. The order of the checks is the order of registration:

    size, host, route, then media type, JSON, shape, identity and work in the service's own view.
    `checked` is what the self-test found, `about_content` the content of `/about`.
    """
    app = Flask("cds_service", static_folder=None)
    app.wsgi_app = PlainPaths(app.wsgi_app, base_path(settings))  # type: ignore[method-assign]
    send_headers(app, settings)
    answer_errors(app, log)
    check_framing(app, settings.max_body_bytes)
    check_hosts(app, settings)
    offer(app, services, today, log)
    report_health(app, checked)
    tell_about(app, about_content)
    return app
