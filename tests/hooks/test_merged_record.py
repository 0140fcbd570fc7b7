"""A record that was merged into another, or without an age: one notice where the disease is present, else silence.

Source: reliability-security section 5, row "patient dead, < 18, merged, out of scope".
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from cds_service.cdshooks.wire_schemas import wire_schemas
from cds_service.stories.catalogue import all_stories
from tests.contract.wire import problems_of
from tests.hooks.conftest import Surgery
from tests.hooks.test_replay import in_r5

MEMBRANOUS = next(story for story in all_stories() if story.name == "tacrolimus-failed-so-rituximab-is-next")
LUPUS = next(
    story for story in all_stories() if any("LN-" in str(card["extension"]) for card in story.response["cards"])
)
Request = dict[str, Any]
Change = Callable[[Request], None]
NOTICE = "org.nextline-cds.safety-notice"
RECOMMENDATION = "org.nextline-cds.recommendation"


def patient_of(request: Request) -> dict[str, Any]:
    told = request["prefetch"]["patient"]
    found: dict[str, Any] = told["entry"][0]["resource"] if told["resourceType"] == "Bundle" else told
    return found


def linked(kind: str) -> Change:
    def change(request: Request) -> None:
        patient_of(request)["link"] = [{"other": {"reference": "Patient/other"}, "type": kind}]

    return change


def and_inactive(change: Change) -> Change:
    def both(request: Request) -> None:
        change(request)
        patient_of(request)["active"] = False

    return both


def born(day: str | None) -> Change:
    def change(request: Request) -> None:
        patient_of(request).pop("birthDate", None)
        if day:
            patient_of(request)["birthDate"] = day

    return change


def dead(request: Request) -> None:
    patient_of(request)["deceasedBoolean"] = True


def without_the_disease(request: Request) -> None:
    request["prefetch"]["conditions"] = {"resourceType": "Bundle", "type": "searchset"}


MERGED = linked("replaced-by")
NOTICED = {
    "membranous nephropathy": (MEMBRANOUS.request, (MERGED,), "MN"),
    "lupus nephritis": (LUPUS.request, (MERGED,), "LN"),
    "with active=false, as servers write it": (MEMBRANOUS.request, (and_inactive(MERGED),), "MN"),
    "of unknown age": (MEMBRANOUS.request, (MERGED, born(None)), "MN"),
    "in R5": (in_r5(MEMBRANOUS.request), (MERGED,), "MN"),
}


@pytest.mark.parametrize(("request_of", "changes", "disease"), NOTICED.values(), ids=NOTICED.keys())
def test_a_merged_record_gets_one_notice_and_no_advice(
    surgery: Surgery, request_of: Request, changes: tuple[Change, ...], disease: str
) -> None:
    request = copy.deepcopy(request_of)
    for change in changes:
        change(request)
    answer = surgery.call(request)
    (card,) = answer.cards
    assert "merged into another" in card["summary"]
    assert len(card["summary"]) < 140
    assert card["extension"].keys() == {NOTICE}
    assert (card["extension"][NOTICE]["disease"], card["extension"][NOTICE]["note"]) == (
        disease,
        "PATIENT_RECORD_MERGED",
    )
    assert "suggestions" not in card
    assert not any(word in card["detail"].lower() for word in ("rituximab", "cyclophosphamide", "consider"))
    assert answer.event["rules"] == []
    assert answer.event["quiet"] == "patient_record_merged"
    assert problems_of("response", answer.body()) == []
    assert [one.same for one in surgery.replayed()] == [True]


SILENT = {
    "the disease is not there": (MERGED, without_the_disease),
    "the patient is dead": (MERGED, dead),
    "the patient is a child": (MERGED, born("2015-01-01")),
}


@pytest.mark.parametrize("changes", SILENT.values(), ids=SILENT.keys())
def test_nothing_is_said_on_a_merged_record_where(surgery: Surgery, changes: tuple[Change, ...]) -> None:
    request = copy.deepcopy(MEMBRANOUS.request)
    for change in changes:
        change(request)
    assert surgery.call(request).cards == []


@pytest.mark.parametrize("kind", ["replaces", "seealso", "refer"])
def test_the_record_that_is_left_is_judged(surgery: Surgery, kind: str) -> None:
    request = copy.deepcopy(MEMBRANOUS.request)
    linked(kind)(request)
    (card,) = surgery.call(request).cards
    assert card["extension"][RECOMMENDATION]["rule"] == "MN-07"


class TestUnknownAge:
    def test_with_the_disease_one_card_asks_for_the_birth_date(self, surgery: Surgery) -> None:
        request = copy.deepcopy(MEMBRANOUS.request)
        born(None)(request)
        (card,) = surgery.call(request).cards
        told = card["extension"][RECOMMENDATION]
        assert (told["rule"], told["action"], told["missing"]) == ("SC-01", "DATA_REQUEST", ["BIRTH_DATE"])

    def test_without_the_disease_nothing_is_said(self, surgery: Surgery) -> None:
        request = copy.deepcopy(MEMBRANOUS.request)
        born(None)(request)
        without_the_disease(request)
        assert surgery.call(request).cards == []


def test_the_notice_is_described() -> None:
    assert any("merged into another" in str(schema) for schema in wire_schemas().values())
