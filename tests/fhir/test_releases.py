"""Which release a call is written in, and that every resource is read by its own shape (CTX-3)."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_samples import (
    LOINC,
    MYCOPHENOLATE,
    RXNORM,
    TACROLIMUS,
    Resource,
    add_up,
    administration,
    bundle,
    case,
    chart,
    chart_of,
    coded,
    condition,
    made,
    numbered,
    observation,
    patient,
    request,
    statement,
)

from cds_service.errors import UnsupportedRelease
from cds_service.fhir.chart import ChartData
from cds_service.fhir.medication_references import pointed_at
from tests.stories.fifth_release import as_r5

OPERATION = made("Procedure", status="completed", code=coded(LOINC, "x"), performedDateTime="2026-01-01")
ALLERGY = made("AllergyIntolerance", "patient", code=coded(RXNORM, TACROLIMUS), type="allergy")
ADDED = observation(triggeredBy=[{"observation": {"reference": "Observation/x"}, "type": "reflex"}])
TELLING = {
    "a statement": statement(),
    "an order": request(),
    "a dose": administration(),
    "an operation": OPERATION,
    "an allergy": ALLERGY,
    "a drug that is pointed at": statement(
        medicationCodeableConcept=None, medicationReference={"reference": "Medication/1"}
    ),
}
TOLD_BY = {"recorder": {"display": "x"}}
PARTICIPANT = {"participant": [{"actor": {"display": "x"}}]}


def release(read: ChartData) -> tuple[str, bool]:
    return read.fhir_version, read.mixed_releases


@pytest.mark.parametrize("resource", TELLING.values(), ids=TELLING.keys())
def test_the_release_is_told_by(resource: Resource) -> None:
    assert release(chart(patient(), condition(), resource)) == ("R4", False)
    assert release(chart(patient(), condition(), as_r5(resource))) == ("R5", False)


@pytest.mark.parametrize(
    "problem", [condition, lambda **more: ALLERGY | {"type": None} | more], ids=["problem", "allergy"]
)
def test_who_told_of_a_problem_tells_the_release(problem: Any) -> None:
    for told, version in ((TOLD_BY, "R4"), (PARTICIPANT, "R5"), ({}, "R4")):
        resource = {name: value for name, value in problem(**told).items() if value is not None}
        read = chart(patient(), resource)
        assert read.fhir_version == version
        assert len(read.resources[resource["resourceType"]]) == 1


def test_without_anything_that_tells_it_is_r4() -> None:
    assert release(chart(patient(), condition(), observation())) == ("R4", False)


@pytest.mark.parametrize("fourth", [statement(), OPERATION], ids=["drug", "operation"])
def test_where_records_disagree_it_is_r4_and_each_is_read_by_its_own_shape(fourth: Resource) -> None:
    resources = numbered(fourth, as_r5(request(MYCOPHENOLATE)), as_r5(administration()), as_r5(statement()))
    read = chart(patient(), condition(), *resources)
    assert release(read) == ("R4", True)
    assert not read.unread
    assert sum(map(len, read.resources.values())) + read.not_relevant == 5


TOLD = {
    "4.0.1": "R4",
    "4.0.0": "R4",
    "4.3.0": "R4B",
    "4.1.0": "R4B",
    "5.0.0": "R5",
    "5.0.0-ballot": "R5",
    "R4": "R4",
    "R4B": "R4B",
    "R5": "R5",
}


@pytest.mark.parametrize(("told", "version"), TOLD.items())
@pytest.mark.parametrize("resource", [statement(), as_r5(statement())], ids=["R4", "R5"])
def test_what_the_server_says_of_itself_counts_more(told: str, version: str, resource: Resource) -> None:
    read = chart(patient(), condition(), resource, told_version=told)
    is_fifth = "medication" in resource
    assert release(read) == (version, is_fifth != (version == "R5"))
    assert len(read.resources["MedicationStatement"]) == 1


@pytest.mark.parametrize("told", ["", "x", "4", "4.6.0", "latest", "40.1", "١.٠.٢"])
def test_what_says_nothing_leaves_it_to_the_records(told: str) -> None:
    assert chart(patient(), as_r5(statement()), told_version=told).fhir_version == "R5"
    assert chart(patient(), statement(), told_version=told).fhir_version == "R4"


@pytest.mark.parametrize("told", ["3.0.2", "1.0.2", "1.8.0", "0.0.82", "6.0.0-ballot3"])
def test_a_server_of_another_release_is_refused(told: str) -> None:
    with pytest.raises(UnsupportedRelease, match="R4, R4B and R5") as refused:
        chart(patient(), statement(), told_version=told)
    assert told not in refused.value.message


OF_DSTU2 = {
    "an order": made("MedicationOrder", "patient", medicationCodeableConcept=coded(RXNORM, TACROLIMUS)),
    "a problem": made("Condition", "patient", code=condition()["code"], clinicalStatus="active"),
}


@pytest.mark.parametrize("resource", OF_DSTU2.values(), ids=OF_DSTU2.keys())
def test_a_chart_of_dstu2_is_refused_and_never_read_as_a_chart_of_nothing(resource: Resource) -> None:
    with pytest.raises(UnsupportedRelease, match="DSTU2"):
        chart_of({"patient": patient(), "conditions": bundle(resource), "observations": bundle(observation())})


def test_one_problem_without_a_subject_among_others_is_set_aside_and_said() -> None:
    read = chart(patient(), condition(), OF_DSTU2["a problem"] | {"id": "stray"})
    assert [(item.resource, item.reason) for item in read.unread] == [("Condition/stray", "NO_SUBJECT")]


OF_STU3 = {
    "a problem": condition(clinicalStatus="active"),
    "a drug": statement(taken="y"),
    "a dose": administration(notGiven=False),
}


@pytest.mark.parametrize("resource", OF_STU3.values(), ids=OF_STU3.keys())
def test_what_is_of_stu3_is_named_and_never_misread(resource: Resource) -> None:
    read = chart(patient(), observation(), resource)
    assert [item.reason for item in read.unread] == ["UNREADABLE"]
    assert read.unread[0].concept


ADDED_TO = {
    "an R4 chart": (statement(), 1, "R4"),
    "an R5 chart": (as_r5(statement()), 2, "R5"),
    "a chart that does not tell": (condition(), 2, "R5"),
}


@pytest.mark.parametrize(("other", "count", "version"), ADDED_TO.values(), ids=ADDED_TO.keys())
def test_an_element_that_r5_added_is_read_unless_the_chart_is_r4(other: Resource, count: int, version: str) -> None:
    """JSON-32: an R5-only field in R4 makes that one resource unreadable, and it is named."""
    read = chart(patient(), other, *numbered(observation(), ADDED))
    assert len(read.resources["Observation"]) == count
    assert read.fhir_version == version
    assert [item.resource for item in read.unread] == ["Observation/r2"] * (2 - count)


def test_a_result_of_r5_without_a_value_we_read_has_no_value() -> None:
    attached = observation(valueQuantity=None, valueReference={"reference": "MolecularSequence/1"})
    panel = observation(
        code=coded(LOINC, "85354-9"),
        valueQuantity=None,
        component=[{"code": coded(LOINC, "8480-6"), "valueReference": {}}],
    )
    found = case(*numbered(as_r5(statement()), attached, panel))
    assert {item.reason for item in found.set_aside} == {"VALUE_ABSENT"}
    assert add_up(found)


MEDICATION = {"resourceType": "Medication", "id": "m1", "code": coded(RXNORM, TACROLIMUS)}
MIXTURE = {"resourceType": "Medication", "id": "m1", "ingredient": [{"item": {"concept": coded(RXNORM, TACROLIMUS)}}]}
POINTERS = {
    "a Medication beside it": ({"reference": {"reference": "Medication/m1"}}, [MEDICATION], {}),
    "a mixture beside it": ({"reference": {"reference": "Medication/m1"}}, [MIXTURE], {}),
    "a contained Medication": ({"reference": {"reference": "#m1"}}, [], {"contained": [MEDICATION]}),
    "a display": ({"reference": {"reference": "Medication/far", "display": "tacrolimus"}}, [], {}),
    "a concept": ({"concept": coded(RXNORM, TACROLIMUS)}, [], {}),
}


@pytest.mark.parametrize(("medication", "beside", "more"), POINTERS.values(), ids=POINTERS.keys())
def test_a_drug_of_r5_is_known_by(medication: Resource, beside: list[Resource], more: Resource) -> None:
    record = as_r5(statement()) | {"medication": medication} | more
    found = case(record, *beside)
    assert [exposure.agent for exposure in found.exposures] == ["tacrolimus"]
    assert add_up(found)


def test_a_drug_of_r5_that_did_not_come_is_missing_evidence_and_asked_for() -> None:
    record = as_r5(statement()) | {"medication": {"reference": {"reference": "Medication/far"}}}
    assert [item.reason for item in chart(patient(), record).unread] == ["MEDICATION_UNRESOLVED"]
    assert list(pointed_at({"statements": bundle(record)})) == ["Medication/far"]
    assert list(pointed_at({"statements": bundle(record), "x": {"resourceType": "Medication", "id": "far"}})) == []


@pytest.mark.parametrize("medication", [{}, {"concept": None}, {"reference": 7}, {"reference": {}}, [], 7, "x"])
def test_a_drug_that_is_nothing_is_named(medication: Any) -> None:
    record = as_r5(statement()) | {"medication": medication}
    assert [item.reason for item in chart(patient(), record).unread] == ["MEDICATION_UNRESOLVED"]


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_versions_of_one_record_the_one_that_has_come_further_stands_in_either_release(first: int) -> None:
    goes_on = statement()
    stopped = statement(status="stopped", effectivePeriod={"start": "2026-04-21", "end": "2026-09-01"})
    for written in (lambda record: record, as_r5):
        copies = [written(record) for record in (goes_on, stopped)]
        read = chart(patient(), copies[first], copies[1 - first])
        [(_, stands)] = read.resources["MedicationStatement"]
        assert (stands.status, len(read.superseded), len(read.unread)) == ("stopped", 1, 0)
