"""The pages of the SMART app: the course within the record that it was opened from, and notes where there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from flask import Response

from cds_service.course.page import page
from cds_service.course.templates import POLICY, template
from cds_service.errors import (
    BodyTooLarge,
    DataUnobtainable,
    Overloaded,
    PatientMismatch,
    RequestFault,
    UnsupportedRelease,
)
from cds_service.hooks.course import Course
from cds_service.smart.refusal import LaunchRefused, Words
from cds_service.smart.visit import Visit
from cds_service.web.pages import page_answer

_SIGNED = "No patient is shown on this page."
_END_OF_HEAD = "</header>"
_RULE = re.compile(r"(MN|LN)-[A-Z]?\d{1,3}[a-z]?", re.ASCII)
_LATE = Words(
    504, "The record system does not answer in time", "The record could not be read, so nothing is shown. Try again."
)
_WORDS: dict[type[RequestFault], Words] = {
    DataUnobtainable: Words(
        502,
        "The record cannot be read in full",
        "A part that every answer rests on could not be had, so nothing is shown. Try again.",
    ),
    PatientMismatch: Words(
        502,
        "The record system answered about somebody else",
        "So nothing is shown. Open the app again from the record.",
    ),
    UnsupportedRelease: Words(
        502, "The record cannot be read", "It is written in a FHIR release that this service does not read."
    ),
    BodyTooLarge: Words(502, "The record is too large", "It holds more than this service reads at once."),
    Overloaded: Words(503, "Not now", "The service is busy, or cannot keep its record of what it shows. Try again."),
}
_OTHERWISE = Words(500, "This page cannot be shown", "The service could not do it. Try again.")


class Place(NamedTuple):
    """Where the app's addresses begin, and a visit's part of them."""

    base: str
    handle: str
    form_token: str


def course_answer(course: Course, visit: Visit, place: Place, frames: Sequence[str]) -> Response:
    """The course page, with the patient's name above it and a way to close it."""
    rule = _RULE.fullmatch(visit.app_context)
    # The disease of the card comes first. Nothing else depends on where somebody came from.
    first = rule[1] if rule else ""
    shown = page(
        course.case,
        sorted(course.assessments, key=lambda one: one.disease != first) if first else course.assessments,
        course.cards,
        on=course.on,
        stamp=course.knowledge.stamp,
        thresholds=course.knowledge.thresholds,
        assets=f"{place.base}/assets",
        quiet=course.quiet,
    )
    banner = template("banner.html").render(
        person=course.person if visit.wants_banner else None,
        came_from=_came_from(rule[0], course) if rule else "",
        action=f"{place.base}/logout",
        visit=place.handle,
        token=place.form_token,
    )
    whole = shown.replace(_END_OF_HEAD, f"{_END_OF_HEAD}\n{banner}", 1)
    return _framed(page_answer(whole), frames)


def note_answer(words: Words, base: str, frames: Sequence[str]) -> Response:
    """A page that says one thing, and nothing of the request."""
    text = template("note.html").render(
        heading=words.heading, text=words.text, assets=f"{base}/assets", home="", signed=_SIGNED
    )
    answer = _framed(page_answer(text), frames)
    answer.status_code = words.status
    return answer


def words_for(fault: LaunchRefused | RequestFault) -> Words:
    """What a page says of a fault. None of it was sent by anybody."""
    if isinstance(fault, LaunchRefused):
        return fault.words
    if isinstance(fault, DataUnobtainable) and fault.issue_code == "timeout":
        return _LATE
    return next((_WORDS[kind] for kind in type(fault).__mro__ if kind in _WORDS), _OTHERWISE)


def _came_from(rule: str, course: Course) -> str:
    """Which card was clicked; and that the record has moved on since, where it has."""
    now = [assessment.rule for assessment in course.assessments]
    if rule in now or not now:
        return f"Opened from the card of rule {rule}."
    return f"Opened from the card of rule {rule}. What the record holds now leads to rule {', '.join(now)}."


def _framed(answer: Response, frames: Sequence[str]) -> Response:
    """May be shown in a frame of these origins, and read by no other site (OUT-08)."""
    ancestors = " ".join(frames) or "'none'"
    answer.headers["Content-Security-Policy"] = POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {ancestors}")
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer
