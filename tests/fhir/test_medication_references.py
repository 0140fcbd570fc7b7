"""What a record says about which drug it is: a Medication with form and ingredients, a code under another name."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_samples import (
    LISINOPRIL,
    MYCOPHENOLATE,
    RITUXIMAB,
    RXNORM,
    SNOMED,
    TACROLIMUS,
    Resource,
    add_up,
    case,
    coded,
    reasons,
    statement,
)

from tests.stories.fifth_release import as_r5

PREDNISONE, EVEROLIMUS = "8640", "141704"


def pointing(medication: Resource, **more: Any) -> Resource:
    """A statement of what is in a contained Medication."""
    drug = {"resourceType": "Medication", "id": "m1", **medication}
    pointer = {"medicationCodeableConcept": None, "medicationReference": {"reference": "#m1", **more}}
    return statement(**pointer, contained=[drug])


def ingredient(code: str, *, is_active: bool | None = None, **more: Any) -> Resource:
    said = {} if is_active is None else {"isActive": is_active}
    return {"itemCodeableConcept": coded(RXNORM, code, **more), **said}


def in_r5(record: Resource) -> Resource:
    """The same in R5, where a Medication has its form and its ingredients elsewhere."""
    [drug] = record["contained"]
    named = {"form": "doseForm"}
    drug = {named.get(name, name): value for name, value in drug.items()}
    if "ingredient" in drug:
        drug["ingredient"] = [_ingredient_in_r5(part) for part in drug["ingredient"]]
    return {**as_r5({**record, "contained": []}), "contained": [drug]}


def _ingredient_in_r5(part: Any) -> Any:
    if "itemCodeableConcept" not in part:
        return part
    rest = {name: value for name, value in part.items() if name != "itemCodeableConcept"}
    return {**rest, "item": {"concept": part["itemCodeableConcept"]}}


TAC = coded(RXNORM, TACROLIMUS)
MEDICATIONS: dict[str, tuple[Resource, list[str], list[str]]] = {
    "a capsule": ({"code": TAC, "form": {"text": "Oral capsule"}}, ["tacrolimus"], []),
    "an ointment": ({"code": {**TAC, "text": "Tacrolimus"}, "form": {"text": "Ointment"}}, [], []),
    "an ointment of a drug that has a code and no name": (
        {"code": TAC, "form": {"coding": [{"system": SNOMED, "code": "385101003", "display": "Ointment"}]}},
        [], [],
    ),
    "a capsule of a drug that has a code and no name": (
        {"code": TAC, "form": {"text": "Capsule"}}, ["tacrolimus"], [],
    ),
    "an ointment of a named drug": (
        {"code": {"text": "tacrolimus 0.1 %"}, "form": {"coding": [{"code": "x", "display": "Ointment"}]}}, [], [],
    ),
    "two that act": (
        {"ingredient": [ingredient(RITUXIMAB), ingredient(MYCOPHENOLATE)]}, [], ["CODE_CONFLICT"],
    ),
    "one that acts": (
        {"ingredient": [ingredient(RITUXIMAB, is_active=True), ingredient(MYCOPHENOLATE, is_active=False)]},
        ["rituximab"], [],
    ),
    "only what does not act": (
        {"ingredient": [ingredient(RITUXIMAB, is_active=False)]}, [], ["MEDICATION_UNRESOLVED"],
    ),
    "an ingredient by its name": ({"ingredient": [{"itemCodeableConcept": {"text": "Truxima"}}]}, ["rituximab"], []),
    "two ingredients by their names": (
        {"ingredient": [{"itemCodeableConcept": {"text": name}} for name in ("rituximab", "hyaluronidase")]},
        ["rituximab"], [],
    ),
    "nothing at all": ({}, [], ["MEDICATION_UNRESOLVED"]),
    "a form and nothing else": ({"form": {"text": "Ointment"}}, [], ["MEDICATION_UNRESOLVED"]),
    "a strange ingredient": ({"code": TAC, "ingredient": ["rituximab", {}]}, ["tacrolimus"], []),
}  # fmt: skip


@pytest.mark.parametrize("release", ["R4", "R5"])
@pytest.mark.parametrize(("medication", "agents", "why"), MEDICATIONS.values(), ids=MEDICATIONS.keys())
def test_a_medication_says_what_it_is(medication: Resource, agents: list[str], why: list[str], release: str) -> None:
    record = pointing(medication)
    read = case(in_r5(record) if release == "R5" else record)
    assert ([drug.agent for drug in read.exposures], reasons(read)) == (agents, why)
    assert add_up(read)


def test_the_name_of_the_pointer_stands_in_for_a_medication_that_says_nothing() -> None:
    [drug] = case(pointing({}, display="Riabni 100 mg")).exposures
    assert (drug.agent, drug.coded) == ("rituximab", False)


EMPTY = {
    "no member": {},
    "an empty text": {"text": ""},
    "a blank text": {"text": "  "},
    "no coding": {"coding": []},
    "a code of no system": {"coding": [{"code": "42"}]},
}


@pytest.mark.parametrize("concept", EMPTY.values(), ids=EMPTY.keys())
def test_a_drug_that_is_not_named_is_missing_evidence_and_never_no_drug(concept: Resource) -> None:
    """Terminology 3.1: unresolved is missing evidence, never "not taken"."""
    for record in (statement(medicationCodeableConcept=concept), as_r5(statement(medicationCodeableConcept=concept))):
        read = case(record)
        assert (read.exposures, reasons(read), add_up(read)) == ((), ["MEDICATION_UNRESOLVED"], True)


def test_a_name_of_no_drug_of_ours_is_not_relevant() -> None:
    assert case(statement(medicationCodeableConcept={"text": "amlodipine 5 mg"})).set_aside == ()


BESIDE: dict[str, tuple[Resource, list[str], list[str]]] = {
    "its own name": ({**TAC, "text": "Prograf 1 mg"}, ["tacrolimus"], []),
    "its own name as display": (
        {"coding": [{**TAC["coding"][0], "display": "tacrolimus"}], "text": "tacrolimus"}, ["tacrolimus"], [],
    ),
    "the name of another drug of ours": ({**TAC, "text": "mycophenolate mofetil 500 mg"}, [], ["CODE_CONFLICT"]),
    "that as display": (
        {"coding": [{**TAC["coding"][0], "display": "Mycophenolate mofetil"}], "text": "see list"},
        [], ["CODE_CONFLICT"],
    ),
    "the ointment": ({**TAC, "text": "tacrolimus 0.1 % topical ointment"}, [], []),
    "a name nobody knows": ({**TAC, "text": "see list"}, ["tacrolimus"], []),
    "another salt of it": (coded(RXNORM, MYCOPHENOLATE, text="mycophenolic acid"), ["mycophenolate_mofetil"], []),
    "another of a class that makes no line": (coded(RXNORM, PREDNISONE, text="prednisolone"), ["prednisone"], []),
    "the product of a code that says its way itself": (coded(RXNORM, "198377", text="tacrolimus ointment"),
     ["tacrolimus"], []),
    "ours beside the code of another drug": (coded(RXNORM, EVEROLIMUS, text="tacrolimus"), [], []),
    "a name of ours beside a code of background": (coded(RXNORM, LISINOPRIL, text="tacrolimus"), [], ["CODE_CONFLICT"]),
}  # fmt: skip


@pytest.mark.parametrize(("concept", "agents", "why"), BESIDE.values(), ids=BESIDE.keys())
def test_a_code_counts_when_the_name_beside_it_names_no_other_drug_of_ours(
    concept: Resource, agents: list[str], why: list[str]
) -> None:
    """Terminology 3.1: charts have codes under wrong names. An ingredient alone has no form (trap 27)."""
    read = case(statement(medicationCodeableConcept=concept))
    assert ([drug.agent for drug in read.exposures], reasons(read)) == (agents, why)
    assert add_up(read)


def test_without_names_to_ask_a_code_counts_by_itself() -> None:
    [drug] = case(statement(medicationCodeableConcept=BESIDE["the ointment"][0]), names=None).exposures
    assert drug.agent == "tacrolimus"


UNREADABLE = {
    "by its code": (coded(RXNORM, RITUXIMAB), "rituximab", ""),
    "by its name": ({"text": "Truxima 500 mg"}, "", "Truxima 500 mg"),
    "by its code, under another name": (coded(RXNORM, TACROLIMUS, text="CellCept"), "tacrolimus", "CellCept"),
}


@pytest.mark.parametrize(("concept", "agent", "shown"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_drug_record_that_cannot_be_read_is_named(concept: Resource, agent: str, shown: str) -> None:
    read = case(statement(medicationCodeableConcept=concept, wasNotTaken=False))
    [item] = read.set_aside
    assert (item.reason, item.concept, item.shown) == ("UNREADABLE", agent, shown)
