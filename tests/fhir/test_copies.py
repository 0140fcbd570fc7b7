"""One record in two versions: which one counts, in whatever order they come (CLIN-21, R-04, terminology.md 3.2)."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from fhir_samples import (
    add_up,
    administration,
    bundle,
    case,
    chart_of,
    coded,
    condition,
    observation,
    patient,
    request,
    statement,
    verified,
)

Resource = dict[str, Any]

ORDER = {"identifier": [{"system": "urn:orders", "value": "7"}]}
LOCAL = {"system": "https://hospital.example/codes", "code": "UPROT1"}
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"


def said(read: Any) -> list[tuple[str, str, str]]:
    return [(item.reason, item.concept, item.shown) for item in read.set_aside]


def told(read: Any, measure: str = "proteinuria_24h") -> list[tuple[float, str]]:
    return [(value.value, value.stated) for value in read.series(measure)]


CONFLICT = "VERSION_CONFLICT"
# name -> the versions, the values that stand, and what is said
RESULTS: dict[str, tuple[list[Resource], list[tuple[float, str]], list[tuple[str, str, str]]]] = {
    "far apart: neither is used, and both are said": (
        [observation(7.6), observation(2.0)],
        [],
        [(CONFLICT, "proteinuria_24h", "2 g/d"), (CONFLICT, "proteinuria_24h", "7.6 g/d")],
    ),
    "near each other: the one that is worse": ([observation(7.6), observation(7.0)], [(7.6, "7.6 g/d")], []),
    "one value in two units": ([observation(7.6), observation(7600, "mg/d")], [(7.6, "7.6 g/d")], []),
    "three versions, two of them alike": (
        [observation(7.6), observation(2.0), observation(7.6)],
        [],
        [(CONFLICT, "proteinuria_24h", "2 g/d"), (CONFLICT, "proteinuria_24h", "7.6 g/d")],
    ),
    "two days": (
        [observation(), observation(effectiveDateTime="2026-10-01")],
        [],
        [(CONFLICT, "proteinuria_24h", "7.6 g/d"), (CONFLICT, "proteinuria_24h", "7.6 g/d")],
    ),
    "a bound and a number": (
        [observation(7.6), observation(valueQuantity={"value": 7.6, "unit": "g/d", "comparator": "<"})],
        [],
        [(CONFLICT, "proteinuria_24h", "7.6 g/d"), (CONFLICT, "proteinuria_24h", "<7.6 g/d")],
    ),
    "only one of them has a value": (
        [observation(), observation(None)],
        [],
        [("VALUE_ABSENT", "proteinuria_24h", ""), (CONFLICT, "proteinuria_24h", "7.6 g/d")],
    ),
    "a later release": ([observation(), observation(2.0, issued="2026-11-13T08:00:00Z")], [(2.0, "2 g/d")], []),
    "a correction": ([observation(), observation(2.0, status="corrected")], [(2.0, "2 g/d")], []),
    "a draft and the result": ([observation(2.0, status="preliminary"), observation()], [(7.6, "7.6 g/d")], []),
    "withdrawn": (
        [observation(), observation(status="entered-in-error")],
        [],
        [("STATUS", "proteinuria_24h", "")],
    ),
}


@pytest.mark.parametrize(("versions", "values", "reasons"), RESULTS.values(), ids=RESULTS.keys())
def test_of_two_versions_of_a_result_the_order_decides_nothing(
    versions: list[Resource], values: list[tuple[float, str]], reasons: list[tuple[str, str, str]]
) -> None:
    for order in permutations(versions):
        read = case(*order)
        assert (told(read), sorted(said(read))) == (values, sorted(reasons))
        assert (read.bins.total, add_up(read)) == (len(versions) + 1, True)


def test_of_two_near_values_of_an_albumin_the_lower_stands() -> None:
    for values in ((28, 26), (26, 28)):
        read = case(*(observation(value, "g/L", "1751-7") for value in values))
        assert told(read, "albumin") == [(26.0, "26 g/L")]
        assert (len(read.bins.used), len(read.bins.superseded)) == (2, 1)


def test_two_results_under_one_business_identifier_are_two_values_of_one_day() -> None:
    """Their ids differ, so that R-04 can choose: the highest id, and the other is said."""
    lower, higher = observation(7.6, id="a", **ORDER), observation(2.0, id="b", **ORDER)
    for order in ((lower, higher), (higher, lower)):
        read = case(*order)
        assert told(read) == [(2.0, "2 g/d")]
        assert [(kept.value, other.value) for kept, other in read.disagreements] == [(2.0, 7.6)]


def answer(word: str) -> Resource:
    return observation(None, None, "5195-3", valueCodeableConcept={"text": word})


def test_two_answers_of_one_id_are_both_set_aside() -> None:
    for words in (("positive", "negative"), ("negative", "positive")):
        read = case(*map(answer, words))
        assert (read.answers("hbsag"), said(read)) == (
            (),
            [(CONFLICT, "hbsag", "negative"), (CONFLICT, "hbsag", "positive")],
        )


def problem(word: str, **elements: Any) -> Resource:
    return condition(**{"clinicalStatus": coded(CLINICAL, word), **elements})


RECORDS: dict[str, tuple[list[Resource], str, list[tuple[str, str, str]]]] = {
    "a problem that goes on, and is resolved": (
        [problem("resolved"), problem("active")],
        "active",
        [(CONFLICT, "membranous_nephropathy", "")],
    ),
    "a problem that was refuted": (
        [problem("active"), problem("active", verificationStatus=verified("refuted"))],
        "",
        [("REFUTED", "membranous_nephropathy", "")],
    ),
    "a problem twice, in other letters": (
        [problem("active"), problem("active", onsetDateTime="2024-12-22T08:00:00+02:00")],
        "active",
        [],
    ),
}


@pytest.mark.parametrize(("versions", "stands", "reasons"), RECORDS.values(), ids=RECORDS.keys())
def test_of_two_versions_of_a_problem_the_order_decides_nothing(
    versions: list[Resource], stands: str, reasons: list[tuple[str, str, str]]
) -> None:
    for order in permutations(versions):
        read = case(*order)
        assert ([found.clinical for found in read.conditions], said(read)) == ([stands] if stands else [], reasons)
        assert add_up(read)


def dose(**elements: Any) -> Resource:
    return administration(**{**ORDER, **elements})


TIMES: dict[str, tuple[list[Resource], int]] = {
    "one day, with and without its time": ([dose(id="a"), dose(id="b", effectiveDateTime="2026-04-21T09:30:00")], 1),
    "one instant in two zones": (
        [
            dose(id="a", effectiveDateTime="2026-04-21T09:30:00Z"),
            dose(id="b", effectiveDateTime="2026-04-21T11:30:00+02:00"),
        ],
        1,
    ),
    "a day and its period": (
        [
            dose(id="a"),
            dose(
                id="b", effectiveDateTime=None, effectivePeriod={"start": "2026-04-21", "end": "2026-04-21T18:00:00Z"}
            ),
        ],
        1,
    ),
    "two doses of one day": (
        [
            dose(id="a", effectiveDateTime="2026-04-21T09:30:00Z"),
            dose(id="b", effectiveDateTime="2026-04-21T17:30:00Z"),
        ],
        2,
    ),
    "two days": ([dose(id="a"), dose(id="b", effectiveDateTime="2026-04-22")], 2),
    "an order and its repetition": (
        [request(id="a", **ORDER), request(id="b", authoredOn="2026-04-21T10:00:00Z", **ORDER)],
        1,
    ),
    "an open course and a closed one": (
        [
            statement(id="a", **ORDER),
            statement(id="b", effectivePeriod={"start": "2026-04-21", "end": "2026-05-21"}, **ORDER),
        ],
        2,
    ),
}


@pytest.mark.parametrize(("records", "count"), TIMES.values(), ids=TIMES.keys())
def test_one_order_number_is_one_record_where_the_instants_agree(records: list[Resource], count: int) -> None:
    """Order numbers are shared by the doses of a course: compared are instants, not letters."""
    for order in permutations(records):
        read = chart_of({"patient": patient(), "all": bundle(*order)})
        assert sum(len(kept) for kept in read.resources.values()) == count


UNMAPPED = {
    "one id": [observation(code={"coding": [LOCAL]})] * 2,
    "one identifier": [observation(id=name, code={"coding": [LOCAL]}, **ORDER) for name in ("a", "b")],
}


@pytest.mark.parametrize("copies", UNMAPPED.values(), ids=UNMAPPED.keys())
def test_a_copy_of_what_is_set_aside_is_no_second_one(copies: list[Resource]) -> None:
    read = case(*copies)
    assert said(read) == [("CODE_UNMAPPED", "proteinuria_24h", "UPROT1")]
    assert (len(read.bins.superseded), read.bins.set_aside, add_up(read)) == (1, 1, True)


def test_what_is_set_aside_or_doubled_is_told_in_one_order() -> None:
    """By concept, of one the newest first; where nothing but the id differs, nothing else can decide."""
    records = [
        observation(id="a", status="cancelled"),
        observation(1, id="b"),
        observation(2, id="c"),
        observation(3, id="d"),
        observation(4, "g/g", "2890-2", id="e"),
        observation(8, "g/g", "2890-2", id="f"),
        observation(3, None, id="g", effectiveDateTime="2026-01-02"),
        observation(3, None, id="h", effectiveDateTime="2026-03-02"),
        observation(3, None, "1751-7", id="i"),
        condition(id="j", subject={"reference": "Group/1"}),
    ]
    told = case(*records)
    for order in (records[::-1], records[5:] + records[:5]):
        again = case(*order)
        assert again.set_aside == told.set_aside
        assert again.disagreements == told.disagreements
    assert [item.resource[-1] for item in told.set_aside] == ["j", "i", "h", "g", "a"]
    assert [(kept.value, other.value) for kept, other in told.disagreements] == [(3, 1), (3, 2), (8, 4)]
