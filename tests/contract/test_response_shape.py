"""Responses, cards, suggestions, links, override reasons (conformance sections 1 and 8 to 12)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.settings import Settings
from tests.contract.calls import PATIENT, Json, answer_of, complete_call

STORIES = sorted((Path(__file__).resolve().parents[2] / "fixtures" / "patient-view").glob("*/request.json"))


@pytest.fixture(scope="module")
def cards(client: FlaskClient) -> list[Json]:
    """Every card of the inline call and of all stories; the strict schema and GEN-3 are checked on the way."""
    calls = [complete_call(client), *(json.loads(story.read_text()) for story in STORIES)]
    return [card for call in calls for card in answer_of(client, call)["cards"]]


def test_the_inline_call_gets_a_card(client: FlaskClient) -> None:
    assert len(answer_of(client, complete_call(client))["cards"]) == 1


def test_resp_2_and_sys_2_there_are_no_system_actions(client: FlaskClient) -> None:
    assert set(answer_of(client, complete_call(client))) == {"cards"}


def test_resp_1_there_is_always_a_list_of_cards(client: FlaskClient) -> None:
    for story in STORIES:
        assert isinstance(answer_of(client, json.loads(story.read_text()))["cards"], list)


@pytest.mark.conformance("CARD-3", "SRC-1", "SRC-4")
def test_the_source_has_a_label_and_a_coded_topic_and_no_icon(cards: list[Json]) -> None:
    for card in cards:
        assert card["source"]["label"]
        assert {"code", "system"} <= set(card["source"]["topic"])
        assert "icon" not in card["source"]


def test_card_6_selection_behavior_comes_with_suggestions_and_only_then(cards: list[Json]) -> None:
    assert {"suggestions" in card for card in cards} == {True, False}
    for card in cards:
        assert ("selectionBehavior" in card) is ("suggestions" in card)


@pytest.mark.conformance("CARD-8", "CARD-9", "EXT-1", "OVR-1")
def test_lists_are_never_empty_and_extensions_are_objects(cards: list[Json]) -> None:
    lists = [card[name] for card in cards for name in ("suggestions", "links", "overrideReasons") if name in card]
    assert all(isinstance(one, list) and one for one in lists)
    assert all(isinstance(value, dict) for card in cards for value in card["extension"].values())


def test_card_1_the_summary_is_one_short_line(cards: list[Json]) -> None:
    for card in cards:
        assert len(card["summary"]) <= 139
        assert "\n" not in card["summary"]


def test_card_2_the_indicator_is_capped_at_warning(cards: list[Json]) -> None:
    assert {card["indicator"] for card in cards} <= {"info", "warning"}


def test_card_4_and_sug_2_uuids_are_unique(cards: list[Json]) -> None:
    suggestions = [suggestion for card in cards for suggestion in card.get("suggestions", ())]
    uuids = [identified["uuid"] for identified in (*cards, *suggestions)]
    assert len(uuids) == len(set(uuids))


def test_card_5_the_detail_holds_no_html(cards: list[Json]) -> None:
    for card in cards:
        assert not re.search(r"<[A-Za-z!/]", card.get("detail", ""))
        assert "javascript:" not in card.get("detail", "").lower()


@pytest.mark.conformance("SUG-3")
def test_card_7_competing_suggestions_exclude_one_another(cards: list[Json]) -> None:
    for card in cards:
        suggestions = card.get("suggestions", ())
        recommended = [suggestion for suggestion in suggestions if suggestion.get("isRecommended")]
        assert len(recommended) <= 1 or card["selectionBehavior"] == "any"


@pytest.mark.conformance("SUG-1", "SUG-4", "SUG-5", "ACT-1", "ACT-2", "GEN-5")
def test_every_suggestion_is_labelled_and_made_of_described_creations(cards: list[Json]) -> None:
    suggestions = [suggestion for card in cards for suggestion in card.get("suggestions", ())]
    assert max(len(suggestion["actions"]) for suggestion in suggestions) > 1
    for suggestion in suggestions:
        assert suggestion["label"]
        assert "actionSelectionBehavior" not in suggestion
        for action in suggestion["actions"]:
            assert action["type"] == "create"
            assert action["description"]
            assert isinstance(action["resource"], dict)
            assert action["resource"]["resourceType"] in {"MedicationRequest", "ServiceRequest"}


@pytest.mark.conformance("ACT-6")
def test_act_3_a_created_draft_is_about_the_patient_of_the_context(client: FlaskClient) -> None:
    card = answer_of(client, complete_call(client))["cards"][0]
    drafts = [action["resource"] for suggestion in card["suggestions"] for action in suggestion["actions"]]
    assert drafts
    assert {draft["subject"]["reference"] for draft in drafts} == {f"Patient/{PATIENT}"}
    assert {draft["intent"] for draft in drafts} == {"proposal"}


def test_src_2_and_link_5_addresses_name_no_patient_and_no_foreign_host(client: FlaskClient) -> None:
    card = answer_of(client, complete_call(client))["cards"][0]
    addresses = [link["url"] for link in card.get("links", ())] + [card["source"].get("url", "https://a.test")]
    for address in addresses:
        assert urlsplit(address).scheme in ("http", "https")
        assert PATIENT not in address


def test_out_17_no_host_header_gets_into_a_card(client: FlaskClient) -> None:
    call = complete_call(client)
    plain = client.post("/cds-services/next-therapy", json=call, headers={"Host": "localhost"})
    other = client.post("/cds-services/next-therapy", json=call, headers={"Host": "127.0.0.1:9999"})
    assert plain.data == other.data


@pytest.mark.conformance("LINK-1", "LINK-2", "LINK-3")
def test_links_are_absolute_or_launch_the_app_which_adds_nothing_of_its_own() -> None:
    client = create_app(Settings(smart_link=True, public_base_url="https://localhost")).test_client()
    links = answer_of(client, complete_call(client))["cards"][0]["links"]
    assert {link["type"]: urlsplit(link["url"]).scheme for link in links} == {"absolute": "https", "smart": "https"}
    for link in links:
        assert link["label"]
        assert link.get("appContext", "") == ("MN-D2" if link["type"] == "smart" else "")
        assert "launch=" not in link["url"]
        assert link["type"] == "absolute" or link["url"] == "https://localhost/launch"


@pytest.mark.conformance("OVR-1", "OVR-2", "OVR-3")
def test_override_reasons_are_codings_with_a_display_and_nothing_else(cards: list[Json]) -> None:
    reasons = [reason for card in cards for reason in card.get("overrideReasons", ())]
    assert reasons
    assert {tuple(sorted(reason)) for reason in reasons} == {("code", "display", "system")}


def test_pfd_9_the_card_says_which_data_it_rests_on(client: FlaskClient) -> None:
    card = answer_of(client, complete_call(client))["cards"][0]
    facts = card["extension"]["org.nextline-cds.recommendation"]["facts"]
    assert facts
    for fact in facts:
        assert fact["source"].startswith("Observation/")
        assert fact["date"] in card["detail"]


def test_link_4_nothing_launches_by_itself(cards: list[Json]) -> None:
    assert not [link for card in cards for link in card.get("links", ()) if "autolaunchable" in link]


def test_ext_2_a_recommendation_says_disease_rule_day_and_versions(cards: list[Json]) -> None:
    for card in cards:
        said = card.get("extension", {}).get("org.nextline-cds.recommendation")
        assert said is None or {"disease", "state", "action", "rule", "severity", "asOf", "versions"} <= set(said)
