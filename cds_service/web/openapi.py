"""`/openapi.json`: the description of what this process really routes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from cds_service.cdshooks.openapi import describe
from cds_service.hooks.registry import Service
from cds_service.settings import Settings
from cds_service.web.answers import json_answer


def tell_openapi(app: Flask, services: Sequence[Service], settings: Settings) -> None:
    """Route `/openapi.json`. The document is made when it is first asked for: by then every route is there."""
    adapter = app.url_map.bind("localhost")

    def routed(path: str, method: str) -> bool:
        try:
            adapter.match(path, method)
        except HTTPException:
            return False
        return True

    @cache
    def document() -> dict[str, Any]:
        return describe(
            services,
            routed,
            version=version("nextline-cds"),
            base_url=settings.public_base_url,
            authenticated=settings.auth == "jwt",
        )

    @app.get("/openapi.json")
    def answer_openapi() -> Response:
        return json_answer(document())
