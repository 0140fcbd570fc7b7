"""Cases CLIN-12 to CLIN-23: records that do not count, count once, or contradict one another."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from tests.attack.attacker import Attack
from tests.attack.case_table import case
from tests.attack.charts import (
    UPCR,
    Json,
    add,
    coded,
    lupus,
    membranous,
    membranous_by_ratio,
    newest,
    observation,
    quantity,
    resource,
    resources,
)

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
LATEST, EARLIER = "Observation/s-01-10", "Observation/earlier"


def with_status(status: str) -> Json:
    """The latest ratio (0.2 g/g: remission, if it counted) has this status; one of three weeks before is final."""
    call = membranous_by_ratio()
    newest(call, UPCR).update(status=status, valueQuantity=quantity(0.2, "g/g"))
    return add(call, "proteinuria", observation("earlier", UPCR, "2026-10-20", 7.8, "g/g"))


@case("CLIN-12")
def test_a_withdrawn_result_gives_way_to_the_one_before(attack: Attack) -> None:
    said = attack.send(with_status("entered-in-error"))
    assert said.rule == "MN-07"
    assert [(fact["value"], fact["source"]) for fact in said.facts("upcr") if fact["role"] == "current"] == [
        (7.8, EARLIER)
    ]
    assert "0.2 g/g" not in said.text
    assert said.set_aside == {LATEST: "STATUS"}


@case("CLIN-14")
def test_a_status_that_does_not_exist_is_not_used_and_is_counted(attack: Attack) -> None:
    said = attack.send(with_status("bogus"))
    assert said.rule == "MN-07"
    assert LATEST not in {fact["source"] for fact in said.half["facts"]}
    assert said.set_aside == {LATEST: "STATUS"}
    assert "1 set aside" in said.detail


def rituximab(kind: str, **members: object) -> Json:
    return resource(kind, "rituximab", medicationCodeableConcept=coded(RXNORM, "121191"), **members)


@case("CLIN-15")
@pytest.mark.parametrize(
    ("key", "record"),
    [
        (
            "statements",
            rituximab("MedicationStatement", status="not-taken", effectivePeriod={"start": "2025-01-10"}),
        ),
        ("requests", rituximab("MedicationRequest", status="stopped", intent="order", authoredOn="2025-01-10")),
        ("requests", rituximab("MedicationRequest", status="draft", intent="order", authoredOn="2025-01-10")),
        ("requests", rituximab("MedicationRequest", status="active", intent="proposal", authoredOn="2025-01-10")),
        ("requests", rituximab("MedicationRequest", status="cancelled", intent="order", authoredOn="2025-01-10")),
        (
            "administrations",
            rituximab("MedicationAdministration", status="not-done", effectiveDateTime="2025-01-10"),
        ),
    ],
    ids=["not taken", "stopped order", "draft order", "proposal", "cancelled order", "not given"],
)
def test_a_drug_that_was_not_given_is_no_earlier_therapy(attack: Attack, key: str, record: Json) -> None:
    said = attack.send(add(membranous(), key, record))
    assert [line["classes"] for line in said.half["lines"]] == [["CNI"]]
    assert (said.rule, said.half["nextClass"]) == ("MN-07", "RTX")


@case("CLIN-15")
def test_a_drug_that_was_given_is_earlier_therapy(attack: Attack) -> None:
    given = rituximab("MedicationAdministration", status="completed", effectiveDateTime="2025-01-10")
    said = attack.send(add(membranous(), "administrations", given))
    assert ["RTX"] in [line["classes"] for line in said.half["lines"]]


@case("CLIN-18")
@pytest.mark.parametrize("status", ["refuted", "entered-in-error", "differential"])
@pytest.mark.parametrize("chart", [membranous, lupus], ids=["membranous", "lupus"])
def test_a_diagnosis_that_is_not_one_gets_no_card(attack: Attack, chart: Callable[[], Json], status: str) -> None:
    call = chart()
    for one in resources(call):
        if one["resourceType"] == "Condition":
            one["verificationStatus"] = coded(VERIFICATION, status)
    assert attack.send(call).cards == []


def tripled(how: str) -> Json:
    call = membranous_by_ratio()
    latest = newest(call, UPCR)
    if how == "same identifier":
        latest["identifier"] = [{"system": "https://lab.test/result", "value": "r-1"}]
    copies = [copy.deepcopy(latest) for _ in range(2)]
    for number, one in enumerate(copies):
        if how != "same id":
            one["id"] = f"copy-{number}"
        if how == "same value in another unit":
            one["valueQuantity"] = quantity(7600, "mg/g")
    return add(call, "proteinuria", *copies)


@case("CLIN-21")
@pytest.mark.parametrize("how", ["same id", "same identifier", "same time and value", "same value in another unit"])
def test_a_result_sent_three_times_is_one_result(attack: Attack, how: str) -> None:
    once, thrice = attack.send(membranous_by_ratio()), attack.send(tripled(how))
    assert thrice.half["facts"] == once.half["facts"]
    assert thrice.rule == once.rule
    assert "2 superseded" in thrice.detail
    assert "two values on one day" not in thrice.detail


@case("CLIN-23")
@pytest.mark.parametrize("place", ["aaa", "zzz"], ids=["the lower by its id", "the higher by its id"])
def test_two_values_of_one_moment_are_said_and_no_drug_is_started_or_stopped_on_one(attack: Attack, place: str) -> None:
    # Ruling R-04 of the clinical specification picks one; the attack is that nobody is told.
    moment = "2026-11-12T08:00:00Z"
    call = membranous_by_ratio()
    newest(call, UPCR).update(id="mmm", effectiveDateTime=moment, valueQuantity=quantity(3.5, "g/g"))
    said = attack.send(add(call, "proteinuria", observation(place, UPCR, moment, 0.4, "g/g")))
    line = next(line for line in said.detail.splitlines() if "two values on one day" in line)
    assert "3.5 g/g" in line
    assert "0.4 g/g" in line
    assert said.half["action"] not in {"START_CLASS", "TAPER_CNI", "TAPER_OFF_CNI"}
