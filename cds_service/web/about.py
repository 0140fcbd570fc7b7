"""`/about`: what this service is and rests on, as JSON, or as a page when the caller prefers HTML."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from html import escape
from typing import Any

from flask import Flask, Response, request

from cds_service.web.answers import json_answer

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}"
    "dt{font-weight:600;margin-top:.8rem}dd{margin:0}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'"


def tell_about(app: Flask, about: Callable[[date], Mapping[str, Any]], today: Callable[[], date]) -> None:
    """Route `/about`. JSON is the default; a browser gets the page. What it says changes from day to day at most."""
    told = lru_cache(maxsize=1)(about)
    page = lru_cache(maxsize=1)(lambda day: _page(told(day)))

    @app.get("/about")
    def answer_about() -> Response:
        wanted = request.accept_mimetypes.best_match(["application/json", "text/html"], default="application/json")
        answer = json_answer(told(today()))
        if wanted == "text/html":
            answer = Response(page(today()), content_type="text/html; charset=utf-8")
            answer.headers["Content-Security-Policy"] = _POLICY
        answer.vary.add("Accept")
        return answer


def _page(about: Mapping[str, Any]) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(str(about['name']))}</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><h1>{escape(str(about['name']))}</h1>{_html(about)}</body></html>"
    )


def _html(value: Any) -> str:
    if isinstance(value, Mapping):
        rows = (f"<dt>{escape(_words(name))}</dt><dd>{_html(member)}</dd>" for name, member in value.items())
        return f"<dl>{''.join(rows)}</dl>"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"<ul>{''.join(f'<li>{_html(member)}</li>' for member in value)}</ul>"
    text = escape(str(value))
    return f'<a href="{text}" rel="noreferrer">{text}</a>' if text.startswith("https://") else text


def _words(name: str) -> str:
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return spaced[:1].upper() + spaced[1:]
