"""What stands in a drug record beside code and dates, over the wire: the card says it, and rests on what is sure.

One patient with seven months of tacrolimus and no response (rituximab is next), one who was never treated.
"""

from __future__ import annotations

from typing import Any

import pytest
from fhir_samples import ICD10CM, ME, RXNORM, SNOMED, Resource, coded
from flask.testing import FlaskClient

from cds_service.stories.agreement import RECOMMENDATION
from tests.stories.fifth_release import as_r5
from tests.traps.charts import (
    CYCLOPHOSPHAMIDE,
    LISINOPRIL,
    MOFETIL,
    RITUXIMAB,
    TACROLIMUS,
    Chart,
    after_rituximab,
    day,
    infused,
    lupus_nephritis,
    named,
    on_tacrolimus,
    prefetch_of,
    problem,
    taken,
    untreated,
    without,
)

LYMPHOMA, ARTHRITIS = coded(ICD10CM, "C83.30"), coded(ICD10CM, "M05.79")
BRAND = {"text": "Prograf 1 mg capsules"}


def cards(client: FlaskClient, chart: Chart) -> list[dict[str, Any]]:
    body = {
        "hook": "patient-view",
        "hookInstance": "8f1c2d3e-4b5a-4c6d-8e7f-9a0b1c2d3e4f",
        "context": {"userId": "Practitioner/1", "patientId": ME},
        "prefetch": prefetch_of(chart),
        "extension": {"org.nextline-cds.as-of": day(0)},
    }
    reply = client.post("/cds-services/next-therapy", json=body)
    assert reply.status_code == 200, reply.get_json()
    found: list[dict[str, Any]] = reply.get_json()["cards"]
    return found


def advice(client: FlaskClient, chart: Chart) -> tuple[dict[str, Any], str]:
    """The machine-readable half and the text of the leading card."""
    card = cards(client, chart)[0]
    return card["extension"][RECOMMENDATION], card["detail"]


def with_drug(chart: Chart, record: Resource, name: str = "drug") -> Chart:
    return chart | named({name: record})


def by_name(chart: Chart, *names: str, text: Resource = BRAND) -> Chart:
    return chart | {name: {**chart[name], "medicationCodeableConcept": text} for name in names}


BY_NAME: dict[str, tuple[Chart, str]] = {
    "all of tacrolimus": (by_name(on_tacrolimus(), "tacrolimus"), "MN-D8"),
    "all of tacrolimus but a day": (
        with_drug(by_name(on_tacrolimus(), "tacrolimus"), taken(TACROLIMUS, -215, -214, mg=6)), "MN-D8",
    ),
    "nothing": (on_tacrolimus(), "MN-07"),
    "one of two infusions": (by_name(after_rituximab(), "infusion-2", text={"text": "Ruxience 500 mg/50 mL"}), "MN-D8"),
    "mycophenolate": (by_name(lupus_nephritis(), "mycophenolate", text={"text": "CellCept 500 mg"}), "LN-D8"),
}  # fmt: skip


@pytest.mark.parametrize(("chart", "rule"), BY_NAME.values(), ids=BY_NAME.keys())
def test_a_drug_without_a_code_is_asked_for_and_never_has_failed(client: FlaskClient, chart: Chart, rule: str) -> None:
    half, detail = advice(client, chart)
    assert half["rule"] == rule
    assert ("FAILED" in [line["outcome"] for line in half["lines"]]) is (rule == "MN-07")
    assert ("recognised by its name only" in detail) is (rule != "MN-07")


def test_a_name_that_would_decide_is_named_on_the_card(client: FlaskClient) -> None:
    """150 days with a code, the rest by name; with a halved antibody 180 days are waited for."""
    chart = on_tacrolimus()
    chart["antibody-now"] = {**chart["antibody-now"], "valueQuantity": {"value": 80, "unit": "RU/mL"}}
    coded_part = {**taken(TACROLIMUS, -150, mg=6), "id": "coded"}
    before = {**taken(BRAND, -215, -150, mg=6), "id": "named"}
    half, detail = advice(client, {**without(chart, "tacrolimus"), "coded": coded_part, "named": before})
    assert half["rule"] == "MN-06"
    assert {"resource": "MedicationStatement/named", "reason": "KNOWN_BY_NAME"} in half["setAside"]
    assert "known by its name only, without a code, and the advice depends on it" in detail


def unnamed(**more: Any) -> Resource:
    return {**taken({}, -215), **more}


NOT_RESOLVED: dict[str, tuple[Resource, str, str]] = {
    "two codes of ours": (
        taken({"coding": [{"system": RXNORM, "code": code} for code in (TACROLIMUS, MOFETIL)]}, -215),
        "CODE_CONFLICT", "its codes disagree about what it is",
    ),
    "a code under the name of another drug": (
        taken({**coded(RXNORM, TACROLIMUS), "text": "mycophenolate mofetil 500 mg"}, -215),
        "CODE_CONFLICT", "its codes disagree about what it is",
    ),
    "a tablet onto the skin": (
        taken("197549", -215, dosage=[{"route": coded(SNOMED, "6064005")}]),
        "ROUTE_CONFLICT", "its product cannot be given by the route that is stated",
    ),
    "no name at all": (unnamed(), "MEDICATION_UNRESOLVED", "the drug it refers to was not sent, or is not named"),
    "a name, in a record that cannot be read": (
        taken({"text": "Truxima 500 mg"}, -215, wasNotTaken=False), "UNREADABLE", "(Truxima 500 mg) not used",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("record", "reason", "words"), NOT_RESOLVED.values(), ids=NOT_RESOLVED.keys())
def test_a_drug_record_that_is_not_resolved_is_missing_evidence(
    client: FlaskClient, record: Resource, reason: str, words: str
) -> None:
    """Neither is the patient untreated, nor is it known what has failed."""
    for chart in (untreated(), on_tacrolimus()):
        half, detail = advice(client, with_drug(chart, record))
        assert (half["rule"], half["missing"]) == ("MN-D8", ["PRIOR_LINE_OUTCOME"])
        assert [item["reason"] for item in half["setAside"]] == [reason]
        assert words in detail


ELSEWHERE = "given for another disease, so no treatment line here; its dose and its risks still count"


def pointing(record: Resource, reference: str) -> Resource:
    return {**record, "reasonReference": [{"reference": reference}]}


def for_lymphoma(chart: Chart, record: Resource) -> list[Chart]:
    """The same reason as a code, as a pointer to the problem, and as R5 writes that."""
    arthritis = problem("M05.79", ICD10CM)
    told = with_drug(chart, {**record, "reasonCode": [ARTHRITIS]})
    pointed = with_drug(with_drug(chart, arthritis, "ra"), pointing(record, "Condition/ra"))
    fifth = {**as_r5(record), "reason": [{"reference": {"reference": "Condition/ra"}}]}
    return [told, pointed, with_drug(with_drug(chart, arthritis, "ra"), fifth)]


def test_a_drug_for_another_disease_is_no_line_and_is_said(client: FlaskClient) -> None:
    for chart in for_lymphoma(on_tacrolimus(), infused(RITUXIMAB, -500)):
        half, detail = advice(client, chart)
        assert (half["rule"], half["nextClass"]) == ("MN-07", "RTX")
        assert [line["classes"] for line in half["lines"]] == [["CNI"]]
        assert f"rituximab {day(-500)} (rheumatoid arthritis) not used: {ELSEWHERE}." in detail


@pytest.mark.parametrize(("days", "forbidden"), [(200, False), (201, True)])
def test_its_grams_count_towards_the_ceiling(client: FlaskClient, days: int, forbidden: bool) -> None:
    """30 g are allowed in membranous nephropathy (section 7.2): 150 mg on 200 days, not on 201."""
    course = taken(CYCLOPHOSPHAMIDE, -1000, -1001 + days, mg=150)
    for chart in for_lymphoma(on_tacrolimus(), course):
        half, _ = advice(client, chart)
        reasons = [(veto["class"], veto["reason"]) for veto in half.get("vetoed", [])]
        assert (("CYC_GC", "CUMULATIVE_DOSE") in reasons) is forbidden


def test_in_pregnancy_it_is_warned_of(client: FlaskClient) -> None:
    mother = untreated()
    mother[ME] = {**mother[ME], "gender": "female", "birthDate": "1992-03-02"}
    mother = with_drug(without(mother, "lisinopril"), problem("77386006", since=-60), "pregnancy")
    assert len(cards(client, mother)) == 1
    for chart in for_lymphoma(mother, taken(MOFETIL, -400, mg=2000)):
        _, extra = cards(client, chart)
        assert "mycophenolate" in extra["summary"]


def test_it_is_not_offered_again_when_it_was_not_tolerated(client: FlaskClient) -> None:
    stopped = taken(RITUXIMAB, -500, -490, status="stopped", statusReason=[{"text": "intolerance"}])
    half, _ = advice(client, with_drug(on_tacrolimus(), {**stopped, "reasonCode": [LYMPHOMA]}))
    assert {"class": "RTX", "reason": "INTOLERANCE"} in half["vetoed"]


@pytest.mark.parametrize(("days", "rule"), [(-180, "MN-D8"), (-181, "MN-04")])
def test_while_it_acts_the_patient_is_not_untreated(client: FlaskClient, days: int, rule: str) -> None:
    for chart in for_lymphoma(untreated(), infused(RITUXIMAB, days)):
        assert advice(client, chart)[0]["rule"] == rule


MIXED = "The records came in two releases of FHIR, R4 and R5; each was read by its own release."


def test_records_of_two_releases_are_remarked(client: FlaskClient) -> None:
    in_fifth = as_r5(taken(LISINOPRIL, -600))
    half, detail = advice(client, with_drug(on_tacrolimus(), in_fifth))
    assert (half["rule"], MIXED in detail) == ("MN-07", True)
    in_fourth = taken(LISINOPRIL, -600)
    assert MIXED not in advice(client, with_drug(on_tacrolimus(), in_fourth))[1]
    whole = {name: as_r5(resource) for name, resource in with_drug(on_tacrolimus(), in_fourth).items()}
    assert MIXED not in advice(client, whole)[1]
