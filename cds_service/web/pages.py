"""Pages for people: the start page with its example patients, and what all pages share (style sheet, script, icon)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Protocol

from flask import Blueprint, Flask, Response, request

from cds_service.course.documents import FIRST, Picture
from cds_service.course.templates import POLICY, STATIC, template
from cds_service.errors import UnknownService
from cds_service.web.address import ended_with_slash
from cds_service.web.gate import GUARDED

ASSETS = "/assets"
_TYPES: Mapping[str, str] = {
    "course.css": "text/css; charset=utf-8",
    "course.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_ASSET_SECONDS = 300
_NOTHING = "There is nothing at this address."
_WHERE_TO = "It may have been mistyped, or what was here is gone. The name at the top leads to the start page."
_SIGNED = "No patient is shown on this page."
_OFFERED = ("application/json", "application/fhir+json", "text/html")


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


def offer_start_page(app: Flask, showcase: Showcase, base: str = "") -> None:
    """Route `/`, `/stories` and `/documents`. A call is fired by posting a form: no script is needed.

    `base` is the path that the service is published under. Whoever prefers pages is told in one what is not there.
    """
    app.register_blueprint(_pages(showcase))
    nothing = template("note.html").render(
        heading=_NOTHING.rstrip("."), text=_WHERE_TO, assets=f"{base}{ASSETS}", home=f"{base}/", signed=_SIGNED
    )

    @app.after_request
    def tell_a_person(answer: Response) -> Response:
        if answer.status_code != HTTPStatus.NOT_FOUND or f"{request.path}/".startswith(f"{GUARDED}/"):
            return answer
        if request.accept_mimetypes.best_match(_OFFERED, default=_OFFERED[0]) == "text/html":
            answer = page_answer(nothing)
            answer.status_code = HTTPStatus.NOT_FOUND
        answer.vary.add("Accept")
        return answer


def _pages(showcase: Showcase) -> Blueprint:
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

    @pages.get("/documents")
    def documents() -> Response:
        page_answer(showcase.document(FIRST))
        # Relative: whoever stands between may publish the service under a path that it does not know.
        return Response("", HTTPStatus.SEE_OTHER, {"Location": FIRST if ended_with_slash() else f"documents/{FIRST}"})

    @pages.get("/documents/<path:name>")
    def document(name: str) -> Response:
        if ended_with_slash():
            raise UnknownService(_NOTHING)
        picture = showcase.picture(name)
        if picture is None:
            return page_answer(showcase.document(name))
        return Response(picture.content, content_type=picture.media_type)

    return pages


def page_answer(page: str | None, policy: str = POLICY) -> Response:
    """A page under the policy of all pages. Errors: UnknownService when there is none."""
    if page is None:
        raise UnknownService(_NOTHING)
    answer = Response(page, content_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = policy
    return answer
