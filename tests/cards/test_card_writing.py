"""What goes over the wire: one leading card per disease, capped, complete, the same bytes for the same call."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from card_samples import (
    ALL_FIGURES,
    ANTIBODY_GONE,
    ANTIBODY_UNKNOWN,
    CNI_FAILED,
    CNI_FAILED_CASE,
    LUPUS_REFRACTORY,
    MAN_OF_52,
    ON,
    RITUXIMAB_FAILED_FALLING,
    STAMP,
    WOMAN_OF_31,
    day,
)

from cds_service.cards.recommendation import RECOMMENDATION
from cds_service.cards.stamp import Stamp
from cds_service.cards.wording_classes import CLASSES
from cds_service.cards.write import cards_for
from cds_service.case.model import Case, Condition, Exposure, Finding, SetAside
from cds_service.guideline.assessment import Assessment, Veto

SAMPLES = {
    "CNI failed": (CNI_FAILED, CNI_FAILED_CASE),
    "rituximab failed, eGFR falling": (RITUXIMAB_FAILED_FALLING, MAN_OF_52),
    "antibody gone": (ANTIBODY_GONE, MAN_OF_52),
    "antibody unknown": (ANTIBODY_UNKNOWN, MAN_OF_52),
    "lupus refractory": (LUPUS_REFRACTORY, WOMAN_OF_31),
    "nothing but a rule": (Assessment("MN", "MN_UNTREATED_LOW", "SUPPORTIVE", "MN-01"), Case(MAN_OF_52.patient)),
}
each_sample = pytest.mark.parametrize(("assessment", "case"), SAMPLES.values(), ids=SAMPLES.keys())


def only_card(assessment: Assessment, case: Case = MAN_OF_52, stamp: Stamp = STAMP) -> dict[str, Any]:
    cards = cards_for([assessment], case, ON, stamp)
    assert len(cards) == 1
    return cards[0]


def machine_half(card: dict[str, Any]) -> dict[str, Any]:
    return card["extension"][RECOMMENDATION]


def empty_members(value: Any, path: str = "$") -> Iterator[str]:
    if value is None or value in ("", [], {}):
        yield path
    if isinstance(value, dict):
        for name, member in value.items():
            yield from empty_members(member, f"{path}.{name}")
    if isinstance(value, list):
        for index, member in enumerate(value):
            yield from empty_members(member, f"{path}[{index}]")


@each_sample
def test_no_member_is_empty_anywhere(assessment: Assessment, case: Case) -> None:
    assert list(empty_members(only_card(assessment, case))) == []


@each_sample
def test_required_members_are_there(assessment: Assessment, case: Case) -> None:
    card = only_card(assessment, case)
    assert {"uuid", "summary", "detail", "indicator", "source", "links", "overrideReasons", "extension"} <= card.keys()
    assert ("selectionBehavior" in card) == ("suggestions" in card)
    assert card["source"]["topic"]["code"] == assessment.rule
    assert all({"code", "system", "display"} == reason.keys() for reason in card["overrideReasons"])
    assert "No clinician has signed this knowledge yet." in card["detail"]
    json.dumps(card, allow_nan=False)


@each_sample
def test_the_same_call_gives_the_same_bytes_and_another_call_other_ids(assessment: Assessment, case: Case) -> None:
    first, again = (cards_for([assessment], case, ON, STAMP) for _ in range(2))
    assert json.dumps(first) == json.dumps(again)
    for other in (replace(STAMP, hook_instance="another"), replace(STAMP, patient_id="another")):
        assert not uuids(first) & uuids(cards_for([assessment], case, ON, other))


@each_sample
def test_ids_look_like_version_4_and_are_unique(assessment: Assessment, case: Case) -> None:
    cards = cards_for([assessment], case, ON, STAMP)
    found = [card["uuid"] for card in cards] + [s["uuid"] for card in cards for s in card.get("suggestions", ())]
    assert len(set(found)) == len(found)
    pattern = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    assert all(re.fullmatch(pattern, uuid) for uuid in found)


def uuids(cards: list[dict[str, Any]]) -> set[str]:
    return {card["uuid"] for card in cards} | {s["uuid"] for card in cards for s in card.get("suggestions", ())}


def test_a_changed_fact_changes_the_ids() -> None:
    newer = replace(CNI_FAILED, facts=(CNI_FAILED.facts[0]._replace(value=7.7), *CNI_FAILED.facts[1:]))
    assert only_card(CNI_FAILED)["uuid"] != only_card(newer)["uuid"]


@pytest.mark.parametrize(
    "assessment",
    [
        Assessment(None, "OUT_OF_SCOPE", "NO_CARD", "SC-03"),
        Assessment("MN", "OUT_OF_SCOPE", "NO_CARD", "SC-01", notes=("PREGNANCY_TERATOGEN_ACTIVE",)),
    ],
)
def test_no_card_means_none(assessment: Assessment) -> None:
    assert cards_for([assessment], MAN_OF_52, ON, STAMP) == []


def test_a_silenced_rule_gives_none_but_the_pregnancy_warning_stays() -> None:
    quiet = replace(STAMP, quiet_rules=frozenset({"LN-24"}))
    endangered = replace(LUPUS_REFRACTORY, notes=("PREGNANCY_TERATOGEN_ACTIVE",))
    assert cards_for([LUPUS_REFRACTORY], WOMAN_OF_31, ON, quiet) == []
    assert len(cards_for([endangered], WOMAN_OF_31, ON, quiet)) == 1


def test_pregnancy_with_a_harmful_drug_gives_one_extra_card_naming_it() -> None:
    endangered = replace(LUPUS_REFRACTORY, notes=("PREGNANCY_TERATOGEN_ACTIVE",))
    leading, extra = cards_for([endangered, replace(CNI_FAILED, notes=endangered.notes)], WOMAN_OF_31, ON, STAMP)[::2]
    assert RECOMMENDATION in leading["extension"]
    assert RECOMMENDATION not in extra["extension"]
    assert extra["summary"] == "Pregnancy on record with mycophenolate active: review it today."
    assert "Mycophenolate, since 2025-10-18" in extra["detail"]
    assert list(empty_members(extra)) == []


def test_the_pregnancy_card_is_whole_when_the_drug_is_not_known() -> None:
    endangered = replace(LUPUS_REFRACTORY, notes=("PREGNANCY_TERATOGEN_ACTIVE",))
    extra = cards_for([endangered], MAN_OF_52, ON, STAMP)[1]
    assert extra["summary"] == "Pregnancy on record with a drug harmful to the fetus active: review it today."


def test_to_continue_never_reads_as_if_the_harmful_drug_were_to_go_on() -> None:
    responding = Assessment("LN", "LN_CR", "CONTINUE", "LN-50", figures={"current": 0.3, "current_unit": "g/g"})
    plain = cards_for([responding], WOMAN_OF_31, ON, STAMP)[0]
    pregnant = cards_for([replace(responding, notes=("PREGNANCY_TERATOGEN_ACTIVE",))], WOMAN_OF_31, ON, STAMP)[0]
    assert "Continue the present treatment" in plain["detail"]
    assert "Pregnancy or a plan for it" in plain["detail"]
    assert "Continue the present treatment" not in pregnant["detail"]
    assert "Pregnancy or a plan for it" not in pregnant["detail"]
    assert pregnant["summary"].endswith("Pregnant: replace drugs harmful to the fetus.")


def test_a_drug_that_ended_is_not_called_active() -> None:
    ended = Exposure("leflunomide", "statement", day(-400), day(-10), "MedicationStatement/l")
    case = replace(WOMAN_OF_31, exposures=(*WOMAN_OF_31.exposures, ended))
    endangered = replace(LUPUS_REFRACTORY, notes=("PREGNANCY_TERATOGEN_ACTIVE",))
    assert "eflunomide, since" not in cards_for([endangered], case, ON, STAMP)[1]["detail"]


@pytest.mark.parametrize(
    ("severity", "cap", "shown"),
    [
        ("critical", "warning", "warning"),
        ("critical", "critical", "critical"),
        ("critical", "info", "info"),
        ("info", "critical", "info"),
        ("warning", "warning", "warning"),
    ],
)
def test_the_indicator_is_the_severity_up_to_the_cap(severity: Any, cap: Any, shown: str) -> None:
    card = only_card(replace(CNI_FAILED, severity=severity), stamp=replace(STAMP, indicator_cap=cap))
    assert card["indicator"] == shown
    assert machine_half(card)["severity"] == severity


def test_the_machine_half_is_the_contract() -> None:
    half = machine_half(only_card(replace(CNI_FAILED, vetoed=(Veto("CNI", "EGFR"),)), CNI_FAILED_CASE))
    assert half["facts"][0] == {
        "name": "proteinuria_24h",
        "value": 7.6,
        "unit": "g/d",
        "date": "2026-11-12",
        "role": "current",
        "source": "Observation/proteinuria_24h10",
    }
    assert half["lines"] == [
        {"classes": ["CNI"], "start": "2026-04-21", "outcome": "FAILED", "sources": ["MedicationStatement/9"]}
    ]
    assert {name: half[name] for name in ("disease", "state", "action", "nextClass", "alternatives", "vetoed")} == {
        "disease": "MN",
        "state": "MN_RESISTANT",
        "action": "START_CLASS",
        "nextClass": "RTX",
        "alternatives": ["RTX_CNI", "CYC_GC"],
        "vetoed": [{"class": "CNI", "reason": "EGFR"}],
    }
    assert half["setAside"] == [{"resource": "Observation/77", "reason": "UNIT_REJECTED"}]
    assert (half["rule"], half["asOf"]) == ("MN-07", "2026-11-22")
    assert half["versions"] == {"service": "1.0.0", "knowledge": "1.0", "mappings": "sha256:0f3a"}


def test_a_line_has_an_end_only_when_it_ended() -> None:
    lines = machine_half(only_card(LUPUS_REFRACTORY, WOMAN_OF_31))["lines"]
    assert [line.get("end") for line in lines] == ["2025-04-01", None]


@each_sample
def test_next_class_only_when_a_class_is_to_be_started(assessment: Assessment, case: Case) -> None:
    half = machine_half(only_card(assessment, case))
    assert ("nextClass" in half) == (half["action"] == "START_CLASS")


@pytest.mark.parametrize("vetoed", ["RTX", "RTX_CNI", "CYC_GC"])
def test_a_vetoed_class_is_never_offered(vetoed: str) -> None:
    card = only_card(replace(CNI_FAILED, vetoed=(Veto(vetoed, "ALLERGY"),)))
    offered = json.dumps(card.get("suggestions", []))
    assert f'"code": "{vetoed}"' not in offered
    assert vetoed not in machine_half(card).get("alternatives", [])
    assert "Ruled out for this patient" in card["detail"]


def test_one_suggestion_per_open_class_and_only_the_first_is_recommended() -> None:
    card = only_card(CNI_FAILED)
    assert card["selectionBehavior"] == "at-most-one"
    assert [s.get("isRecommended") for s in card["suggestions"]] == [True, None, None]
    names = [CLASSES[code].name for code in ("RTX", "RTX_CNI", "CYC_GC")]
    assert all(name in s["label"] for name, s in zip(names, card["suggestions"], strict=True))


def test_rituximab_with_a_cni_is_never_shown_without_the_evidence_against_it() -> None:
    card = only_card(CNI_FAILED)
    assert "C-05" in machine_half(card)["conflicts"]
    assert "STARMEN tacrolimus followed by one late rituximab dose did worse" in card["detail"]
    assert "C-05" not in machine_half(only_card(replace(CNI_FAILED, alternatives=("CYC_GC",))))["conflicts"]


def test_what_was_not_used_is_said_with_what_when_and_why() -> None:
    detail = only_card(CNI_FAILED, CNI_FAILED_CASE)["detail"]
    assert "Creatinine 2026-11-10 (88.4) not used: unit missing or not accepted; never guessed" in detail
    assert "two values on one day, 24 g/L used, 31 g/L not used" in detail
    assert "so not checked: allergies, blood pressure and weight" in detail


def test_many_set_aside_are_counted_not_hidden() -> None:
    many = tuple(SetAside(f"Observation/{n}", "UNIT_REJECTED") for n in range(40))
    card = only_card(CNI_FAILED, replace(MAN_OF_52, set_aside=many))
    assert "28 more set aside" in card["detail"]
    assert len(machine_half(card)["setAside"]) == 40


def test_changed_thresholds_are_said_and_stamped() -> None:
    card = only_card(CNI_FAILED, stamp=replace(STAMP, changed_thresholds=("mn_egfr_fall = 0.25",)))
    assert "This site has changed thresholds: mn\\_egfr\\_fall = 0.25." in card["detail"]
    assert machine_half(card)["versions"]["changedThresholds"] == ["mn_egfr_fall = 0.25"]


@pytest.mark.parametrize(
    ("smart_app", "base", "types"),
    [
        (False, "https://cds.example.org", ["absolute"]),
        (True, "https://cds.example.org/", ["absolute", "smart"]),
        (True, "", ["absolute"]),
    ],
)
def test_links(smart_app: bool, base: str, types: list[str]) -> None:
    card = only_card(CNI_FAILED, stamp=replace(STAMP, smart_app=smart_app, public_base_url=base))
    assert [link["type"] for link in card["links"]] == types
    assert all(link["url"].startswith("https://") for link in card["links"])
    assert "smart" not in types or card["links"][-1]["url"] == "https://cds.example.org/launch"
    assert [link.get("appContext") for link in card["links"]] == [None, machine_half(card)["rule"]][: len(types)]
    assert card["source"].get("url") == ("https://cds.example.org/about" if base else None)


def test_links_and_source_hold_nothing_about_the_patient() -> None:
    card = only_card(CNI_FAILED, stamp=replace(STAMP, patient_id="PATIENT-4711", smart_app=True))
    assert "4711" not in json.dumps([card["links"], card["source"], card["detail"], card["summary"]])


@pytest.mark.parametrize(
    ("therapy", "case", "expected"),
    [
        ("RTX", MAN_OF_52, ["IgG"]),
        ("CYC_GC", MAN_OF_52, ["blood count"]),
        ("CNI", MAN_OF_52, []),
        ("RTX", WOMAN_OF_31, ["HBsAg", "anti-HBc", "IgG"]),
        ("CYC_GC", WOMAN_OF_31, ["blood count", "pregnancy test"]),
        ("CNI", WOMAN_OF_31, []),
        (
            "CYC_GC",
            replace(WOMAN_OF_31, conditions=(Condition("pregnancy", "Condition/p", clinical="active"),)),
            ["blood count"],
        ),
        (
            "CYC_GC",
            replace(WOMAN_OF_31, conditions=(Condition("pregnancy", "Condition/p", clinical="resolved"),)),
            ["blood count", "pregnancy test"],
        ),
        (
            "RTX",
            replace(WOMAN_OF_31, findings={"hbsag": (Finding("hbsag", day(-366), "negative", "Observation/h"),)}),
            ["HBsAg", "anti-HBc", "IgG"],
        ),
    ],
)
def test_screening_comes_with_the_class_that_needs_it(therapy: str, case: Case, expected: list[str]) -> None:
    card = only_card(replace(CNI_FAILED, next_class=therapy, alternatives=(), notes=()), case)
    label = card["suggestions"][0]["label"]
    assert all(word in label for word in expected)
    assert len(card["suggestions"][0]["actions"]) == len(expected) + 1


@pytest.mark.parametrize(
    ("rule", "action", "kinds"),
    [
        ("MN-37", "REFER_EXPERT", ["Referral"]),
        ("MN-16", "REBIOPSY", ["Kidney biopsy"]),
        ("MN-A2", "OPTIMIZE", ["Tacrolimus trough"]),
        ("MN-A4", "OPTIMIZE", ["Anti-rituximab", "Immunoglobulin G"]),
        ("MN-15a", "REDUCE_CNI", ["Creatinine", "Tacrolimus trough"]),
        ("MN-11", "CONTINUE", []),
        ("SAFE-01", "DEFER", []),
    ],
)
def test_what_can_be_accepted_without_a_class(rule: str, action: str, kinds: list[str]) -> None:
    card = only_card(Assessment("MN", "STATE", action, rule, figures=ALL_FIGURES))
    actions = [action for s in card.get("suggestions", ()) for action in s["actions"]]
    assert [a["resource"]["code"]["text"].startswith(kind) for a, kind in zip(actions, kinds, strict=True)] == [
        True for _ in kinds
    ]


def test_without_a_measurable_cni_no_level_is_asked_for() -> None:
    voclosporin = Exposure("voclosporin", "statement", day(-90), None, "MedicationStatement/v")
    card = only_card(
        Assessment("LN", "LN_CNI_TOXICITY", "REDUCE_CNI", "LN-17"), replace(MAN_OF_52, exposures=(voclosporin,))
    )
    assert len(card["suggestions"][0]["actions"]) == 1


def test_a_data_request_asks_for_exactly_the_missing_and_names_no_class() -> None:
    card = only_card(replace(ANTIBODY_UNKNOWN, missing=("ALBUMIN", "ANTI_PLA2R")))
    codes = [a["resource"]["code"]["coding"][0]["code"] for a in card["suggestions"][0]["actions"]]
    assert codes == ["1751-7", "73737-9"]
    assert "MedicationRequest" not in json.dumps(card["suggestions"])
    assert "Measure serum albumin" in card["detail"]


def test_a_second_course_is_called_that() -> None:
    line = replace(CNI_FAILED.lines[0], classes=("RTX",), agents=("rituximab",))
    assert "another rituximab course" in only_card(replace(CNI_FAILED, rule="MN-21", lines=(line,)))["summary"]
