"""The course page: one patient's values, treatment lines and judgements, and how the answer follows from them.

A pure function of the same case and assessments that the cards are written from, so page and card cannot disagree.
Complete HTML that works without its script; nothing in it is inline style or script, nothing comes from elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from cds_service.cards.approval import in_plain_words
from cds_service.cards.escape import plain_text
from cds_service.cards.headline import headline
from cds_service.cards.numbers import Dates
from cds_service.cards.recommendation import RECOMMENDATION, versions
from cds_service.cards.stamp import Stamp
from cds_service.cards.teratogen import SAFETY_NOTICE
from cds_service.cards.wording_measures import DISEASES, NOT_PROVIDED
from cds_service.case.model import Case
from cds_service.course.advice import Advice, advice_of, asides_of
from cds_service.course.events import Events, events_of
from cds_service.course.history import History, history_of
from cds_service.course.kinds import KINDS
from cds_service.course.markdown import html_of
from cds_service.course.panels import Panel, panels_of, without_values
from cds_service.course.path import PathStep, path_of
from cds_service.course.points import points_of
from cds_service.course.templates import template
from cds_service.course.therapy import Bar, bars_of, line_days
from cds_service.course.time_axis import Tick, TimeAxis, axis_of
from cds_service.course.value_tables import ValueTable, value_tables
from cds_service.course.wording import QUIET, SEVERITIES, STATE_TONES, state_in_words
from cds_service.guideline.assessment import Assessment, Severity
from cds_service.guideline.lupus.candidates import NOTHING_LEFT
from cds_service.guideline.notes import severity_of
from cds_service.guideline.rows import Answer
from cds_service.guideline.thresholds import Thresholds


class Course(NamedTuple):
    """One assessment and everything that is drawn and said of it."""

    title: str
    state: str
    tone: str
    summary: str
    assessment: Assessment
    severity: str
    axis: TimeAxis
    ticks: tuple[Tick, ...]
    history: History
    bars: tuple[Bar, ...]
    events: Events
    panels: tuple[Panel, ...]
    absent: tuple[str, ...]
    path: tuple[PathStep, ...]
    advice: Advice
    tables: tuple[ValueTable, ...]


class Notice(NamedTuple):
    """Another card beside the leading one, such as the pregnancy warning. `severity` is empty where none is told."""

    summary: str
    severity: str
    detail: str


def page(
    case: Case,
    assessments: Sequence[Assessment],
    cards: Sequence[Mapping[str, Any]],
    *,
    on: date,
    stamp: Stamp,
    thresholds: Thresholds,
    assets: str,
    quiet: str = "",
    home: str = "",
) -> str:
    """The whole page as HTML text. It names nobody: the record around it does.

    `assets` is the address below which `templates.STATIC` is served. `quiet` says why nothing was judged.
    `home` is the address of the start page, where there is one. `stamp` and `thresholds` are the knowledge's own.
    """
    dates = Dates(on)
    spoken = [assessment for assessment in assessments if assessment.disease is not None]
    return template("course.html").render(
        courses=[_course(assessment, case, cards, dates, thresholds) for assessment in spoken],
        notices=_notices(cards),
        silence=_silence(assessments, quiet),
        limits=() if spoken else asides_of(case, dates),
        case=case,
        not_provided=[NOT_PROVIDED.get(kind) or plain_text(kind, 40) for kind in case.not_provided],
        as_of=dates.as_of,
        versions=_versions(versions(stamp)),
        changed=[plain_text(name, 90) for name in stamp.changed_thresholds],
        signed=in_plain_words(stamp.approval, dates.today),
        assets=assets.rstrip("/"),
        home=home,
    )


def _course(
    assessment: Assessment, case: Case, cards: Sequence[Mapping[str, Any]], dates: Dates, thresholds: Thresholds
) -> Course:
    axis = _axis(case, assessment, dates)
    panels = panels_of(case, assessment, axis, dates, thresholds)
    return Course(
        title=DISEASES[assessment.disease or ""],
        state=state_in_words(assessment.state),
        tone=STATE_TONES.get(assessment.state, "neutral"),
        summary=_summary(assessment, cards),
        assessment=assessment,
        severity=SEVERITIES[_own_severity(assessment, cards)],
        axis=axis,
        ticks=axis.ticks(),
        history=history_of(case, assessment, axis, dates, thresholds),
        bars=bars_of(case, assessment, axis, dates),
        events=events_of(case, axis, dates),
        panels=panels,
        absent=without_values(case, assessment, dates),
        path=path_of(assessment, dates.today),
        advice=advice_of(assessment, case, dates),
        tables=value_tables(case, assessment, panels, dates),
    )


def _axis(case: Case, assessment: Assessment, dates: Dates) -> TimeAxis:
    """From the first value or treatment line; what came before stands in words."""
    days = [point.day for kind in KINDS for point in points_of(kind, case, assessment, dates)]
    return axis_of([*days, *line_days(assessment)], dates.today)


def _summary(assessment: Assessment, cards: Sequence[Mapping[str, Any]]) -> str:
    """The card's own first line; one that is silenced or gives no card is written anew."""
    for card in cards:
        if card.get("extension", {}).get(RECOMMENDATION, {}).get("rule") == assessment.rule:
            return str(card["summary"])
    return headline(assessment).summary


def _notices(cards: Sequence[Mapping[str, Any]]) -> list[Notice]:
    others = (card for card in cards if RECOMMENDATION not in card.get("extension", {}))
    return [
        Notice(
            str(card["summary"]),
            SEVERITIES.get(_warned(card).get("severity", ""), ""),
            html_of(str(card.get("detail", ""))),
        )
        for card in others
    ]


def _warned(card: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a warning card says for programs; nothing on other cards."""
    told: Mapping[str, Any] = card.get("extension", {}).get(SAFETY_NOTICE, {})
    return told


def _own_severity(assessment: Assessment, cards: Sequence[Mapping[str, Any]]) -> Severity:
    """How urgent the answer is without what stands in a box of its own, with an urgency of its own."""
    boxed = {_warned(card).get("note") for card in cards} & set(assessment.notes)
    # The last resort keeps the urgency of the row it replaced, which is not known here.
    if not boxed or assessment.rule == NOTHING_LEFT:
        return assessment.severity
    others = tuple(note for note in assessment.notes if note not in boxed)
    return severity_of(Answer(assessment.state, assessment.action, assessment.rule), others)


def _silence(assessments: Sequence[Assessment], quiet: str) -> str:
    """Why nothing is advised; empty when something is."""
    if quiet:
        return QUIET.get(quiet) or plain_text(quiet.replace("_", " "), 80)
    if not assessments:
        return "Nothing was assessed."
    first = assessments[0]
    return headline(first).summary if first.action == "NO_CARD" else ""


def _versions(told: Mapping[str, Any]) -> str:
    return " · ".join(f"{name} {plain_text(version, 20)}" for name, version in told.items() if isinstance(version, str))
