"""Is the process alive, and is it ready to answer?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response

from cds_service.web.answers import json_answer


def report_health(app: Flask, readiness: Callable[[], Mapping[str, Any]]) -> None:
    """`/health/live` and `/health/ready`.

    An app exists only after mappings and guidelines were loaded and the self-test was passed (otherwise the
    start is refused), so the second address says what was checked. It is 200 also when it says `degraded` (knowledge
    whose review is due): taking the service away would help nobody.
    """

    @app.get("/health/live")
    def live() -> Response:
        return json_answer({"status": "alive"})

    @app.get("/health/ready")
    def answer_ready() -> Response:
        return json_answer(readiness())
