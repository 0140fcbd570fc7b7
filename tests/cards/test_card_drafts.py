"""Drafts are valid FHIR by two independent validators, for every rule and class, in the client's version."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from typing import Any

import fhirkit
import pytest
from card_samples import ALL_FIGURES, MAN_OF_52, ON, STAMP, WOMAN_OF_31, day
from test_card_wording import ALL_RULES, CLASS_CODES, MISSING_CODES

from cds_service.cards.drafts import COMPONENTS
from cds_service.cards.filling import names_in
from cds_service.cards.wording import RULES
from cds_service.cards.write import cards_for
from cds_service.case.model import Exposure
from cds_service.guideline.assessment import Assessment

ACTION_OF = {"MN-16": "REBIOPSY", "MN-37": "REFER_EXPERT", "MN-A2": "OPTIMIZE", "LN-17": "REDUCE_CNI"}


TACROLIMUS = Exposure("tacrolimus", "statement", day(-200), None, "MedicationStatement/t")
CASE = replace(WOMAN_OF_31, exposures=(*WOMAN_OF_31.exposures, TACROLIMUS))


def assessment_of(rule: str) -> Assessment:
    """What the rule answers, as far as drafts are concerned: its class, its missing results, its action."""
    wording = RULES[rule]
    disease: Any = "LN" if rule.startswith("LN") else "MN"
    if "next" in names_in(wording.summary):
        chosen = wording.leads or ("CYC_GC" if disease == "LN" else "RTX")
        others = tuple(code for code in CLASS_CODES if code != chosen)
        return Assessment(
            disease, "STATE", "START_CLASS", rule, chosen, others, evidence=("EV-01",), figures=ALL_FIGURES
        )
    if "-D" in rule:
        return Assessment(disease, "STATE", "DATA_REQUEST", rule, missing=tuple(MISSING_CODES))
    return Assessment(disease, "STATE", ACTION_OF.get(rule, "REFER_EXPERT"), rule)


def drafts_of(rule: str, fhir_version: Any = "R4") -> list[dict[str, Any]]:
    cards = cards_for([assessment_of(rule)], CASE, ON, replace(STAMP, fhir_version=fhir_version))
    return [action["resource"] for card in cards for s in card.get("suggestions", ()) for action in s["actions"]]


def model_of(resource_type: str, package: str) -> Any:
    return getattr(importlib.import_module(f"{package}.{resource_type.lower()}"), resource_type)


@pytest.mark.conformance("ACT-3", "ACT-6")
@pytest.mark.parametrize("rule", ALL_RULES)
def test_both_validators_accept_every_draft(rule: str) -> None:
    drafts = drafts_of(rule)
    assert drafts
    for draft in drafts:
        model_of(draft["resourceType"], "fhir.resources.R4B").model_validate(draft)
        assert fhirkit.validate(json.dumps(draft)) == []


@pytest.mark.conformance("ACT-3", "ACT-6")
@pytest.mark.parametrize("rule", ["MN-07", "LN-24", "MN-D2", "MN-16", "MN-37"])
def test_r5_clients_get_r5_shapes(rule: str) -> None:
    for draft in drafts_of(rule, "R5"):
        assert "medicationCodeableConcept" not in draft
        assert "reasonCode" not in draft
        model_of(draft["resourceType"], "fhir.resources").model_validate(draft)


@pytest.mark.parametrize("rule", ["MN-07", "LN-24", "MN-D2", "MN-16", "MN-37"])
def test_every_draft_is_a_proposal_for_this_patient_on_this_day(rule: str) -> None:
    for draft in drafts_of(rule):
        assert (draft["status"], draft["intent"]) == ("draft", "proposal")
        assert draft["subject"] == {"reference": "Patient/example-1"}
        assert draft["authoredOn"] == "2026-11-22"
        assert f"rule {rule}" in draft["note"][0]["text"]
        assert draft["reasonCode"][0]["text"]
        concept = draft.get("medicationCodeableConcept") or draft["code"]
        assert concept["text"]
        assert concept["coding"][0]["code"]


def test_no_draft_holds_a_dose() -> None:
    assert not any("dosageInstruction" in draft for rule in ALL_RULES for draft in drafts_of(rule))


def test_every_class_has_a_draft_with_an_atc_code_and_its_own_code() -> None:
    assert sorted(COMPONENTS) == sorted(CLASS_CODES)
    for draft in drafts_of("MN-07"):
        if draft["resourceType"] == "MedicationRequest":
            atc, own = draft["medicationCodeableConcept"]["coding"]
            assert (atc["system"], own["code"] in CLASS_CODES) == ("http://www.whocc.no/atc", True)


@pytest.mark.parametrize("code", MISSING_CODES)
def test_every_missing_result_can_be_asked_for(code: str) -> None:
    asked = Assessment("MN", "MN_INSUFFICIENT_DATA", "DATA_REQUEST", "MN-D1", missing=(code,))
    card = cards_for([asked], MAN_OF_52, ON, STAMP)[0]
    assert len(card["suggestions"][0]["actions"]) == 1


def luhn_is_right(loinc: str) -> bool:
    number, check = loinc.split("-")
    doubled = (int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(number)))
    return (10 - sum(value - 9 if value > 9 else value for value in doubled) % 10) % 10 == int(check)


def test_loinc_codes_have_the_right_check_digit() -> None:
    drafts = [draft for rule in ("MN-D1", "LN-24", "MN-07") for draft in drafts_of(rule)]
    codes = {
        coding["code"]
        for draft in drafts
        for coding in draft.get("code", {}).get("coding", ())
        if coding["system"] == "http://loinc.org"
    }
    assert len(codes) >= 10
    assert all(luhn_is_right(code) for code in codes)
