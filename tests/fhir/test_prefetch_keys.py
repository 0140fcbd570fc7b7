"""The states of a prefetch key (conformance section 6): absent, null, error and data are four different things."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_samples import bundle, chart_of, observation, patient

from cds_service.fhir.prefetch_data import open_key


def outcome(severity: str) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": "exception"}]}


STATES = {
    "null: the client looked, there is none": (None, "known-empty", 0),
    "an empty searchset": ({"resourceType": "Bundle", "type": "searchset", "total": 0}, "known-empty", 0),
    "an empty list of entries": (bundle(), "known-empty", 0),
    "a searchset that only warns that it is empty (Epic)": (bundle(outcome("warning"), total=0), "known-empty", 0),
    "a searchset": (bundle(observation()), "given", 1),
    "a resource where a searchset was asked for": (observation(), "given", 1),
    "a searchset in a searchset": (bundle(bundle(observation())), "given", 1),
    "data and a warning": (bundle(observation(), outcome("information")), "given", 1),
    "an OperationOutcome": (outcome("error"), "failed", 0),
    "an OperationOutcome without issues": ({"resourceType": "OperationOutcome"}, "failed", 0),
    "data and an error": (bundle(observation(), outcome("fatal")), "failed", 1),
    "a list": ([observation()], "failed", 0),
    "a log-in page": ("<html>Please log in</html>", "failed", 0),
    "a number": (7, "failed", 0),
    "an object that is no resource": ({"a": 1}, "failed", 0),
    "entries that are no list": ({"resourceType": "Bundle", "entry": {"resource": observation()}}, "failed", 0),
}


@pytest.mark.parametrize(("value", "state", "count"), STATES.values(), ids=STATES.keys())
def test_a_key_is(value: Any, state: str, count: int) -> None:
    opened = open_key(value)
    assert (opened.state, opened.count) == (state, count)


def test_an_entry_without_a_resource_is_counted_and_named() -> None:
    read = chart_of(
        {"patient": patient(), "labs": {"resourceType": "Bundle", "entry": [{"fullUrl": "urn:x"}, 7, None]}}
    )
    assert (read.total, [(item.resource, item.reason) for item in read.unread]) == (
        4,
        [("Bundle.entry", "UNREADABLE")] * 3,
    )


def test_a_searchset_with_a_next_page_is_not_complete() -> None:
    pages = bundle(observation(), link=[{"relation": "self", "url": "x"}, {"relation": "next", "url": "y"}])
    read = chart_of({"patient": patient(), "labs": pages, "others": bundle()})
    assert read.incomplete == ("labs",)
    assert read.states == {"patient": "given", "labs": "given", "others": "known-empty"}


def test_a_searchset_of_fewer_than_its_total_is_not_complete() -> None:
    read = chart_of({"patient": patient(), "labs": bundle(observation(), total=2), "others": bundle(total=1)})
    assert read.incomplete == ("labs", "others")


def test_warnings_are_counted_and_are_no_data() -> None:
    read = chart_of({"patient": patient(), "labs": bundle(observation(), outcome("warning"), outcome("information"))})
    assert (read.warnings, read.total) == (2, 2)


def test_what_stands_for_every_empty_key_cannot_be_filled() -> None:
    nothing = open_key(bundle(total=0))
    assert nothing is open_key(None)
    for container in (nothing.by_kind, nothing.full_urls):
        assert not hasattr(container, "append")
        assert not hasattr(container, "setdefault")


@pytest.mark.parametrize("value", [bundle(), bundle(total=0), bundle(link=[]), {"resourceType": "Bundle"}])
def test_an_empty_searchset_is_complete(value: dict[str, Any]) -> None:
    opened = open_key(value)
    assert (opened.state, opened.incomplete, opened.by_kind, opened.count) == ("known-empty", False, {}, 0)
