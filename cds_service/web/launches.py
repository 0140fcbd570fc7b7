"""The SMART app over HTTP: `/launch`, `/callback`, `/app` and `/logout`; its public keys, where it has any.

Every visit has a cookie of its own, named by the handle that stands in the address of its page. One cookie for all
would show the second patient in the first one's tab as soon as that was loaded again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import wraps
from typing import NamedTuple

from flask import Flask, Response, g, request

from cds_service.errors import Overloaded, RequestFault
from cds_service.hooks.course import Course
from cds_service.settings import Settings
from cds_service.smart.launching import SIGN_IN_SECONDS, SmartApp, is_handle
from cds_service.smart.refusal import LaunchRefused, Words
from cds_service.smart.visit import LONGEST, Visit, form_token
from cds_service.web.address import base_path
from cds_service.web.answers import json_answer
from cds_service.web.event_log import EventLog
from cds_service.web.launch_pages import Place, course_answer, note_answer, words_for
from cds_service.web.metrics import REFUSED, count_answer

KEYS = "/.well-known/jwks.json"
"""Where record systems find the keys of an app that signs for itself. Absent for all others."""
MOST_SIGN_INS = 5
"""Sign-ins that a browser may have begun and not finished: each has a cookie, and a server reads so many octets."""
_SERVICE = "course"
_CLOSED = Words(200, "Closed", "The course is no longer open here. To see it again, open it from the patient's record.")


class Launches(NamedTuple):
    """The app, and who reads and judges. `lacking` names the resource types a grant does not cover and needs to."""

    app: SmartApp
    course_of: Callable[[Visit, datetime, date], Course]
    lacking: Callable[[Visit], tuple[str, ...]]


class Cookies:
    """The cookies of this app. With https they are for this host only, and work in the frame of a record system.

    `SameSite=None` lets the record system frame the page; `Partitioned` keeps such a cookie to that record system.
    Nothing is changed by a request that brings a cookie alone: closing needs a token of the page besides (SMART-07).
    Without https, in development, it is a plain cookie, except within a frame: no browser would give a plain one back
    there, and from loopback browsers take a `Secure` one by http, too.
    """

    def __init__(self, *, secure: bool) -> None:
        self._secure = secure
        self._prefix = "__Host-nextline-" if secure else "nextline-"

    def value(self, kind: str, handle: str) -> str | None:
        return request.cookies.get(f"{self._prefix}{kind}-{handle}") if is_handle(handle) else None

    def handles(self, kind: str) -> list[str]:
        start = f"{self._prefix}{kind}-"
        return [name.removeprefix(start) for name in request.cookies if name.startswith(start)]

    def put(self, answer: Response, kind: str, handle: str, value: str, seconds: int) -> None:
        of_frames = self._secure or request.headers.get("Sec-Fetch-Dest") == "iframe"
        answer.set_cookie(
            f"{self._prefix}{kind}-{handle}",
            value,
            max_age=seconds,
            path="/",
            secure=of_frames,
            httponly=True,
            samesite="None" if of_frames else "Lax",
            partitioned=of_frames,
        )

    def take(self, answer: Response, kind: str, handle: str) -> None:
        """The same attributes once more, or the browser would keep the cookie of the frame."""
        self.put(answer, kind, handle, "", 0)


def offer_launches(
    app: Flask, launches: Launches, settings: Settings, log: EventLog, today: Callable[[], date]
) -> None:
    """Route the SMART app. Whatever goes wrong is a page in words, which repeats nothing that was sent."""
    cookies = Cookies(secure=settings.public_base_url.startswith("https://"))
    views = _Views(launches, base_path(settings), cookies, log, today)
    for path, method, view in (
        ("/launch", "GET", views.launch),
        ("/callback", "GET", views.come_back),
        ("/app", "GET", views.show),
        ("/logout", "POST", views.close),
    ):
        app.add_url_rule(path, endpoint=f"smart:{path[1:]}", view_func=views.in_words(view), methods=[method])
    # A HEAD would begin or use up a sign-in that nobody sees.
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("smart:") and rule.methods is not None:
            rule.methods.discard("HEAD")
    if launches.app.published_keys:
        app.add_url_rule(KEYS, endpoint="smart:keys", view_func=views.keys)


@dataclass(frozen=True, slots=True)
class _Views:
    """What the addresses answer. `base` is the path that the service is published under."""

    launches: Launches
    base: str
    cookies: Cookies
    log: EventLog
    today: Callable[[], date]

    def in_words(self, view: Callable[[], Response]) -> Callable[[], Response]:
        @wraps(view)
        def answered() -> Response:
            try:
                return view()
            except (LaunchRefused, RequestFault) as fault:
                return self._refused(fault)

        return answered

    def keys(self) -> Response:
        return json_answer({"keys": self.launches.app.published_keys})

    def launch(self) -> Response:
        begun = self.launches.app.begin(request.args.getlist, int(time.time()))
        answer = _sent_to(begun.location)
        known = self.cookies.handles("launch")
        for handle in known if len(known) >= MOST_SIGN_INS else ():
            self.cookies.take(answer, "launch", handle)
        self.cookies.put(answer, "launch", begun.handle, begun.cookie, SIGN_IN_SECONDS)
        self.log.info("smart_launch", request_id=g.request_id)
        return answer

    def come_back(self) -> Response:
        taken: list[str] = []

        def sign_in(handle: str) -> str | None:
            taken.append(handle)
            return self.cookies.value("launch", handle)

        smart = self.launches.app
        opened = smart.complete(request.args.getlist, sign_in, int(time.time()))
        if self.launches.lacking(opened.visit):
            smart.close(opened.secret, form_token(opened.secret))
            raise LaunchRefused("scopes_missing")
        answer = _sent_to(f"{self.base}/app?visit={opened.handle}")
        for handle in taken:
            self.cookies.take(answer, "launch", handle)
        self.cookies.put(answer, "visit", opened.handle, opened.secret, LONGEST)
        self.log.info("smart_signed_in", request_id=g.request_id, client=opened.visit.issuer)
        return answer

    def show(self) -> Response:
        started, smart = time.perf_counter(), self.launches.app
        now, handle = datetime.now(UTC), _handle(self.cookies)
        secret = self.cookies.value("visit", handle) or ""
        visit = smart.resume(secret, int(now.timestamp()))
        course = self.launches.course_of(visit, now, self.today())
        frames = smart.registration_of(visit.server).frames
        answer = course_answer(course, visit, Place(self.base, handle, form_token(secret)), frames)
        count_answer(_SERVICE, course.event, len(course.cards))
        milliseconds = round((time.perf_counter() - started) * 1000, 1)
        told = {**course.event, "cards": len(course.cards), "milliseconds": milliseconds}
        say = self.log.warning if "safety" in told else self.log.info
        say("smart_course", request_id=g.request_id, client=visit.issuer, service=_SERVICE, **told)
        return answer

    def close(self) -> Response:
        handle, smart = request.form.get("visit", ""), self.launches.app
        smart.close(self.cookies.value("visit", handle), request.form.get("token", ""))
        answer = note_answer(_CLOSED, self.base, smart.frames)
        self.cookies.take(answer, "visit", handle)
        # "cookies" would also take those of other applications of this domain.
        answer.headers["Clear-Site-Data"] = '"cache", "storage"'
        self.log.info("smart_closed", request_id=g.request_id)
        return answer

    def _refused(self, fault: LaunchRefused | RequestFault) -> Response:
        words = words_for(fault)
        name = fault.reason if isinstance(fault, LaunchRefused) else type(fault).__name__
        REFUSED.labels(type(fault).__name__).inc()
        self.log.warning("smart_refused", request_id=g.request_id, status=words.status, fault=name)
        answer = note_answer(words, self.base, self.launches.app.frames)
        if isinstance(fault, Overloaded):
            answer.headers["Retry-After"] = str(fault.retry_after)
        return answer


def _handle(cookies: Cookies) -> str:
    """Which visit is asked for: the one of the address, or the only one there is. Errors: LaunchRefused."""
    named, known = request.args.getlist("visit"), cookies.handles("visit")
    wanted = named or (known if len(known) == 1 else [])
    if len(wanted) != 1:
        raise LaunchRefused("closed")
    return wanted[0]


def _sent_to(location: str) -> Response:
    return Response("", 303, {"Location": location})
