"""Pages for people: the start page with its example patients, and what all pages share (style sheet, script, icon)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from flask import Blueprint, Flask, Response

from cds_service.course.documents import Picture
from cds_service.course.templates import POLICY, STATIC
from cds_service.errors import UnknownService

ASSETS = "/assets"
_TYPES: Mapping[str, str] = {
    "course.css": "text/css; charset=utf-8",
    "course.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_ASSET_SECONDS = 300
_NOTHING = "There is nothing at this address."


class Showcase(Protocol):
    """Whoever writes the pages of the example patients and of the documents. None means that there is no such thing."""

    def start(self) -> str: ...
    def story(self, name: str, *, fired: bool) -> str | None: ...
    def course(self, name: str) -> str | None: ...
    def document(self, name: str) -> str | None: ...
    def picture(self, name: str) -> Picture | None: ...


def offer_assets(app: Flask) -> None:
    """Route `/assets`: the files every page needs, and no other."""
    files = {name: (STATIC / name).read_bytes() for name in _TYPES}

    @app.get(f"{ASSETS}/<name>")
    def answer_asset(name: str) -> Response:
        if name not in files:
            raise UnknownService(_NOTHING)
        answer = Response(files[name], content_type=_TYPES[name])
        answer.headers["Cache-Control"] = f"public, max-age={_ASSET_SECONDS}"
        return answer


def offer_start_page(app: Flask, showcase: Showcase) -> None:
    """Route `/`, `/stories` and `/documents`. A call is fired by posting a form: no script is needed."""
    pages = Blueprint("pages", __name__)

    @pages.get("/")
    def start() -> Response:
        return page_answer(showcase.start())

    @pages.get("/stories/<name>")
    def story(name: str) -> Response:
        return page_answer(showcase.story(name, fired=False))

    @pages.post("/stories/<name>")
    def fire(name: str) -> Response:
        return page_answer(showcase.story(name, fired=True))

    @pages.get("/stories/<name>/course")
    def course(name: str) -> Response:
        return page_answer(showcase.course(name))

    @pages.get("/documents/<path:name>")
    def document(name: str) -> Response:
        picture = showcase.picture(name)
        if picture is None:
            return page_answer(showcase.document(name))
        return Response(picture.content, content_type=picture.media_type)

    app.register_blueprint(pages)


def page_answer(page: str | None, policy: str = POLICY) -> Response:
    """A page under the policy of all pages. Errors: UnknownService when there is none."""
    if page is None:
        raise UnknownService(_NOTHING)
    answer = Response(page, content_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = policy
    return answer
