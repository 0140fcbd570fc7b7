"""What the answer offers and rests on, in the words of the card: options side by side, cautions, evidence, limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from cds_service.cards import provenance, sections
from cds_service.cards.escape import plain_text
from cds_service.cards.figures import joined
from cds_service.cards.headline import Headline, headline, wording_of
from cds_service.cards.numbers import Dates
from cds_service.cards.recommendation import open_classes, shown_conflicts
from cds_service.cards.screening import tests_by_class
from cds_service.cards.wording_classes import CLASSES, LUPUS_REGIMENS, LUPUS_TRADE_OFFS, ClassWording
from cds_service.cards.wording_measures import MEASURES, SET_ASIDE
from cds_service.cards.wording_requests import SCREENING
from cds_service.cards.wording_vetoes import veto_wording
from cds_service.case.model import Case, SetAside
from cds_service.course.markdown import Part, part_of
from cds_service.guideline.assessment import Assessment


class Option(NamedTuple):
    """One class beside the others. `against` says why safety ruled it out; empty for one that can be chosen."""

    place: int
    name: str
    what: str
    trade_off: str
    regimen: str
    first: str
    against: str


class Aside(NamedTuple):
    """One resource that was not used, and why."""

    what: str
    date: str
    shown: str
    reason: str
    resource: str


class Advice(NamedTuple):
    """The parts of the page that follow from the assessment alone."""

    head: Headline
    ask: Part | None
    options: tuple[Option, ...]
    menu: tuple[str, ...]
    cautions: Part | None
    watch: Part | None
    change: Part | None
    evidence: Part | None
    disagreements: Part | None
    limits: Part | None
    asides: tuple[Aside, ...]


def advice_of(assessment: Assessment, case: Case, dates: Dates) -> Advice:
    """Everything of a card but its tables."""
    head = headline(assessment)
    if assessment.action == "NO_CARD":
        # Such an answer has no card, and so no heading that its reason could stand behind.
        head = head._replace(lead=wording_of(assessment).why)
    first = tests_by_class(open_classes(assessment), assessment, case, dates.today)
    # What was set aside has a table of its own here, in full.
    spoken = replace(case, set_aside=())
    return Advice(
        head=head,
        ask=part_of(sections.missing_tests(assessment, dates)) if assessment.action == "DATA_REQUEST" else None,
        options=(*_offered(assessment, first), *_ruled_out(assessment, len(first))),
        menu=tuple(sections.menu_name(code) for code in assessment.menu),
        cautions=part_of(sections.cautions(assessment)),
        watch=part_of(sections.watch(assessment)),
        change=part_of(sections.would_change(head.change)),
        evidence=part_of(sections.evidence(assessment)),
        disagreements=part_of(sections.disagreements(shown_conflicts(assessment, first))),
        limits=part_of(provenance.not_used(assessment, spoken, dates)),
        asides=asides_of(case, dates),
    )


def asides_of(case: Case, dates: Dates) -> tuple[Aside, ...]:
    """Every resource that was set aside."""
    return tuple(_aside(item, dates) for item in case.set_aside)


def _aside(item: SetAside, dates: Dates) -> Aside:
    plain = item.reason.replace("_", " ").lower() if item.reason.isupper() else item.reason
    return Aside(
        what=MEASURES.get(item.concept) or plain_text(item.concept.replace("_", " "), 40),
        date=dates[item.day] if item.day else "",
        shown=plain_text(item.shown, 80),
        reason=SET_ASIDE.get(item.reason) or plain_text(plain, 80),
        resource=plain_text(item.resource, 120),
    )


def _offered(assessment: Assessment, first: Mapping[str, tuple[str, ...]]) -> Iterator[Option]:
    for place, (code, tests) in enumerate(first.items(), start=1):
        yield _option(place, code, assessment.disease or "", joined(SCREENING[key].short for key in tests), "")


def _ruled_out(assessment: Assessment, before: int) -> Iterator[Option]:
    reasons: dict[str, list[str]] = {}
    for veto in assessment.vetoed:
        reasons.setdefault(veto.therapy_class, []).append(veto_wording(veto.reason).sentence)
    for place, (code, against) in enumerate(reasons.items(), start=before + 1):
        yield _option(place, code, assessment.disease or "", "", " ".join(against))


def _option(place: int, code: str, disease: str, first: str, against: str) -> Option:
    known = CLASSES.get(code) or ClassWording(plain_text(code.replace("_", " "), 30), "", "", "", "")
    trade_off, regimen = known.trade_off, known.regimen
    if disease == "LN":
        trade_off, regimen = LUPUS_TRADE_OFFS.get(code, trade_off), LUPUS_REGIMENS.get(code, regimen)
    return Option(place, known.name, known.what, trade_off, regimen, first, against)
