"""The pages' templates and what goes with them: style sheet, script and icon, and the policy the pages keep."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from cds_service.course.markdown import html_of, inline_html_of

STATIC = Path(__file__).resolve().parent / "static"
"""The files that are served below the address `assets` of a page."""

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy the pages keep; a SMART app replaces `frame-ancestors` by its EHR."""


@cache
def template(name: str) -> Template:
    """A template of the folder beside this module. What is filled in is escaped, and nothing may be left out."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).resolve().parent / "html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["inline"] = inline_html_of
    environment.filters["markdown"] = html_of
    return environment.get_template(name)
