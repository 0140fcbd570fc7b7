"""Responses, cards, suggestions, links, override reasons (conformance sections 1 and 8 to 12)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

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


def test_card_7_competing_suggestions_exclude_one_another(cards: list[Json]) -> None:
    for card in cards:
        suggestions = card.get("suggestions", ())
        recommended = [suggestion for suggestion in suggestions if suggestion.get("isRecommended")]
        assert len(recommended) <= 1 or card["selectionBehavior"] == "any"


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


def test_link_4_nothing_launches_by_itself(cards: list[Json]) -> None:
    assert not [link for card in cards for link in card.get("links", ()) if "autolaunchable" in link]


def test_ext_2_a_recommendation_says_disease_rule_day_and_versions(cards: list[Json]) -> None:
    for card in cards:
        said = card.get("extension", {}).get("org.nextline-cds.recommendation")
        assert said is None or {"disease", "state", "action", "rule", "severity", "asOf", "versions"} <= set(said)
