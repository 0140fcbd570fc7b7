"""Cases CLIN-35 to CLIN-50: pregnancy, death, allergy, data that failed, and charts with nothing to treat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cds_service.guideline.needs import NEEDS
from cds_service.stories.agreement import without_uuids
from cds_service.stories.catalogue import all_stories
from tests.attack.attacker import Attack, Said
from tests.attack.case_table import case
from tests.attack.charts import (
    LOINC,
    UPCR,
    Json,
    add,
    coded,
    lupus,
    membranous,
    membranous_by_ratio,
    newest,
    observation,
    resource,
)
from tests.contract.calls import outcome

RXNORM, ATC = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://www.whocc.no/atc"
HARMFUL = {"CYC_GC", "MPAA_GC", "RTX_CNI", "RTX"}
REQUIRED = [need.key for need in NEEDS if need.required]
OPTIONAL = [need.key for need in NEEDS if not need.required]
STORIES = {story.name: story for story in all_stories()}


def of_childbearing_age(call: Json) -> Json:
    call["prefetch"]["patient"]["birthDate"] = "1994-03-19"
    return call


def pregnancy_condition() -> tuple[str, Json]:
    members = {
        "code": coded("http://hl7.org/fhir/sid/icd-10-cm", "Z33.1"),
        "clinicalStatus": coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
        "verificationStatus": coded("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"),
    }
    return "conditions", resource("Condition", "pregnancy", **members)


def pregnancy_observation() -> tuple[str, Json]:
    said = observation("pregnancy", "82810-3", "2026-11-20", None, None)
    del said["valueQuantity"]
    return "screening", said | {"valueCodeableConcept": coded(LOINC, "LA15173-0")}


def offered(said: Said) -> set[str]:
    """Every class that a card names as a choice or drafts."""
    drafts = str([card.get("suggestions", ()) for card in said.cards])
    chosen = {said.half.get("nextClass", ""), *said.half.get("alternatives", ())}
    return chosen | {name for name in HARMFUL if f"'{name}'" in drafts}


@case("CLIN-35")
@pytest.mark.parametrize("pregnant", [pregnancy_condition, pregnancy_observation], ids=["problem", "observation"])
@pytest.mark.parametrize("chart", [membranous, lupus], ids=["membranous", "lupus"])
def test_in_pregnancy_nothing_harmful_is_offered_and_the_pregnancy_is_named(
    attack: Attack, chart: Callable[[], Json], pregnant: Callable[[], tuple[str, Json]]
) -> None:
    key, record = pregnant()
    said = attack.send(of_childbearing_age(add(chart(), key, record)))
    assert "pregnan" in "".join(card["summary"] for card in said.cards).lower()
    assert offered(said) & {*HARMFUL, "MPAA", "ANTI_CD20_COMBO", "BEL_COMBO", "CNI_COMBO"} == set()


@case("CLIN-35")
def test_drugs_harmful_to_the_unborn_that_are_active_have_a_card_of_their_own(attack: Attack) -> None:
    key, record = pregnancy_condition()
    said = attack.send(of_childbearing_age(add(membranous(), key, record)))  # the base chart has lisinopril
    assert "an ACE inhibitor active" in said.cards[1]["summary"]


@case("CLIN-38")
@pytest.mark.parametrize("death", [{"deceasedBoolean": True}, {"deceasedDateTime": "2026-11-01"}], ids=["yes", "when"])
def test_the_dead_get_no_advice(attack: Attack, death: Json) -> None:
    call = membranous()
    call["prefetch"]["patient"] |= death
    assert attack.send(call).cards == []
    assert attack.line["quiet"] == "patient_deceased"


def allergy(code: Json | None, **members: Any) -> Json:
    terms = "http://terminology.hl7.org/CodeSystem/allergyintolerance"
    return {
        "resourceType": "AllergyIntolerance",
        "id": "allergy",
        "patient": {"reference": "Patient/pat-a"},
        "clinicalStatus": coded(f"{terms}-clinical", "active"),
        "verificationStatus": coded(f"{terms}-verification", "confirmed"),
        "reaction": [{"manifestation": [{"text": "anaphylaxis"}], "severity": "severe"}],
        **({"code": code} if code else {}),
        **members,
    }


SUBSTANCE = [{"substance": coded(RXNORM, "121191"), "manifestation": [{"text": "anaphylaxis"}]}]


@case("CLIN-40")
@pytest.mark.parametrize(
    "record",
    [
        allergy(coded(RXNORM, "121191")),
        allergy(coded(ATC, "L01FA01")),
        allergy({"text": "rituximab"}),
        allergy({"text": "Anaphylaxis to rituximab infusion"}),
        allergy({"text": "MabThera"}),
        allergy(None, reaction=SUBSTANCE),
        allergy({"text": "monoclonal antibody"}, reaction=SUBSTANCE),
    ],
    ids=["RxNorm", "ATC", "word", "sentence", "brand", "only in the reaction", "class, substance in the reaction"],
)
def test_a_drug_the_patient_is_allergic_to_is_not_offered_and_the_allergy_is_said(attack: Attack, record: Json) -> None:
    said = attack.send(add(membranous(), "allergies", record))
    assert {"class": "RTX", "reason": "ALLERGY"} in said.half.get("vetoed", ())
    assert "RTX" not in offered(said)
    assert "allergy" in said.detail.lower()


@case("CLIN-43")
@pytest.mark.parametrize(
    "code",
    [
        {"coding": [{"system": "https://lab.test/codes", "code": "UPROT1"}]},
        {"coding": [{"system": "https://lab.test/codes", "code": "UPROT1", "display": "Protein/creatinine ratio"}]},
        {"coding": [{"code": "UPROT1"}], "text": "Urine protein creatinine ratio"},
    ],
    ids=["code only", "with display", "with text"],
)
def test_a_result_with_a_code_of_the_house_is_counted_and_said(attack: Attack, code: Json) -> None:
    call = membranous_by_ratio()
    newest(call, UPCR)["code"] = code
    said = attack.send(call)
    assert said.set_aside == {"Observation/s-01-10": "CODE_UNMAPPED"}
    assert "its code is not known here" in said.detail
    assert said.half["missing"] == ["PROTEINURIA"]


@case("CLIN-46")
@pytest.mark.parametrize("key", REQUIRED)
def test_data_that_failed_are_asked_for_and_never_called_absent(attack: Attack, key: str) -> None:
    call = membranous()
    call["prefetch"][key] = outcome("error")
    said = attack.send(call, 412)
    assert said.issue["details"]["text"].endswith(f": {key}.")


@case("CLIN-46")
@pytest.mark.parametrize("key", OPTIONAL)
def test_optional_data_that_failed_are_said_not_to_have_been_checked(attack: Attack, key: str) -> None:
    call = membranous()
    call["prefetch"][key] = outcome("fatal")
    assert "Not sent by the record system, so not checked" in attack.send(call).detail


@case("CLIN-49")
def test_a_warning_beside_the_matches_is_counted_and_is_no_data(attack: Attack) -> None:
    call = membranous()
    call["prefetch"]["proteinuria"]["entry"].append({"resource": outcome("warning"), "search": {"mode": "outcome"}})
    said, plain = attack.send(call), attack.send(membranous())
    assert said.half["facts"] == plain.half["facts"]
    assert said.rule == plain.rule
    assert "21 records read" in said.detail
    assert without_uuids(said.json) != without_uuids(plain.json) or "warnings" in attack.line, "nobody is told"


@case("CLIN-50")
@pytest.mark.parametrize(
    "story",
    [
        "complete-remission-after-rituximab",
        "complete-remission-on-full-dose-tacrolimus",
        "partial-remission-after-a-year-of-tacrolimus",
        "complete-response-on-mycophenolate",
    ],
)
def test_in_remission_the_card_is_quiet_and_starts_nothing(attack: Attack, story: str) -> None:
    # Ruling R-01 keeps the card in remission: what to continue, taper or watch. The attack is a new drug.
    said = attack.send(STORIES[story].request)
    assert [card["indicator"] for card in said.cards] == ["info"]
    assert said.half["action"] in {"CONTINUE", "WAIT_MONITOR", "TAPER_CNI", "TAPER_OFF_CNI"}
    assert "nextClass" not in said.half


@case("CLIN-50")
@pytest.mark.parametrize("story", ["lupus-without-nephritis", "membranous-nephropathy-long-resolved"])
def test_without_either_disease_there_is_no_card(attack: Attack, story: str) -> None:
    assert attack.send(STORIES[story].request).cards == []
