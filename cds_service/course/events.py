"""Biopsies, relapses and other turning points, as marks on the time axis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cds_service.cards.escape import plain_text
from cds_service.cards.numbers import Dates
from cds_service.cards.wording_measures import MEASURES
from cds_service.case.model import Case, Day
from cds_service.course.labels import Label, Wish, placed
from cds_service.course.time_axis import TimeAxis, percent

HEIGHT = 34
_NAMES = {
    "mn_relapse": "Relapse",
    "ln_flare": "Flare",
    "acute_kidney_injury": "Acute kidney injury",
    "kidney_transplant": "Transplant",
    "nonadherence": "Non-adherence",
}
_PLACE = 22.0


class Event(NamedTuple):
    """Something that happened on a day. `source` is the resource that says so."""

    day: Day
    date: str
    name: str
    source: str

    @property
    def full(self) -> str:
        """Everything in one sentence, for a screen reader."""
        return f"{self.name}, {self.date}; {self.source}"


class EventMark(NamedTuple):
    """An event with its place."""

    x: str
    y: float
    event: Event
    label: Label | None


class Events(NamedTuple):
    """What lies on the axis, and what came before it: that is drawn as arrows out of the picture."""

    marks: tuple[EventMark, ...]
    earlier: tuple[Event, ...]


def events_of(case: Case, axis: TimeAxis, dates: Dates) -> Events:
    """The dated events of a chart, oldest first."""
    found = sorted(_events(case, axis.last, dates))
    shown = [event for event in found if event.day >= axis.first]
    wishes = [Wish(axis.share(event.day), _PLACE, event.name, 0) for event in shown]
    labels = placed(wishes, HEIGHT)
    marks = (
        EventMark(percent(wish.share), _PLACE, event, label)
        for event, wish, label in zip(shown, wishes, labels, strict=True)
    )
    return Events(tuple(marks), tuple(event for event in found if event.day < axis.first))


def _events(case: Case, today: Day, dates: Dates) -> Iterator[Event]:
    told = [(p.concept, p.day, p.source) for p in case.procedures]
    for condition in case.conditions:
        onset = condition.onset
        if onset is not None and onset.first == onset.last and condition.verification != "refuted":
            told.append((condition.concept, onset.last, condition.source))
    for concept, day, source in told:
        if day is not None and day <= today:
            yield Event(day, dates[day], _name(concept), plain_text(source, 120))


def _name(concept: str) -> str:
    known = _NAMES.get(concept) or MEASURES.get(concept)
    plain = concept.replace("_", " ")
    return known or plain_text(plain[:1].upper() + plain[1:], 40)
