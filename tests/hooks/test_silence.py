"""An override with a reason keeps a card quiet, for its patient and client, until its time or a fact is over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from cds_service.app import create_app
from cds_service.settings import Settings
from cds_service.store import reading
from cds_service.stories.catalogue import all_stories
from cds_service.trust.clients import Client
from tests.hooks.conftest import HOME, Surgery

STORIES = {story.name: story for story in all_stories()}
REQUEST = STORIES["tacrolimus-failed-so-rituximab-is-next"].request
HALF = "org.nextline-cds.recommendation"


def severity_of(card: Mapping[str, Any]) -> str:
    return str(card.get("extension", {}).get(HALF, {}).get("severity", "critical"))


CRITICAL = [name for name, story in STORIES.items() if "critical" in map(severity_of, story.response["cards"])]


def with_value(request: Mapping[str, Any], old: bytes, new: bytes) -> dict[str, Any]:
    """The request with one number changed wherever it stands."""
    written = orjson.dumps(request)
    assert old in written
    changed: dict[str, Any] = orjson.loads(written.replace(old, new))
    return changed


class TestQuiet:
    def test_after_an_override_with_a_reason_the_same_card_is_not_shown(self, surgery: Surgery) -> None:
        card = surgery.call(REQUEST).cards[0]
        surgery.override(card)
        surgery.wait(3)
        answer = surgery.call(REQUEST)
        assert list(answer.cards) == []
        assert answer.event["silenced"] == ["MN-07"]

    @pytest.mark.parametrize("name", list(STORIES)[::9])
    def test_so_it_is_for_every_kind_of_card_but_a_critical_one(self, surgery: Surgery, name: str) -> None:
        request = STORIES[name].request
        cards = surgery.call(request).cards
        for card in cards:
            surgery.override(card)
        still = surgery.call(request).cards
        assert [card["summary"] for card in still] == [
            card["summary"] for card in cards if severity_of(card) == "critical"
        ]

    @pytest.mark.parametrize("name", CRITICAL[::4])
    def test_a_critical_card_is_never_silenced(self, surgery: Surgery, name: str) -> None:
        request = STORIES[name].request
        first = surgery.call(request).cards
        for card in first:
            surgery.override(card)
        again = [card for card in surgery.call(request).cards if severity_of(card) == "critical"]
        assert [card["summary"] for card in again] == [
            card["summary"] for card in first if severity_of(card) == "critical"
        ]
        assert again
        assert all("Shown again" not in card.get("detail", "") for card in again)

    def test_without_a_coded_reason_it_is_shown(self, surgery: Surgery) -> None:
        surgery.override(surgery.call(REQUEST).cards[0], reason=None)
        assert len(surgery.call(REQUEST).cards) == 1

    def test_the_same_value_of_a_later_day_changes_nothing(self, surgery: Surgery) -> None:
        surgery.override(surgery.call(REQUEST).cards[0])
        days = re.findall(rb'"effectiveDateTime":"(2026-11-\d\d)', orjson.dumps(REQUEST))
        assert days
        later = with_value(REQUEST, max(days), b"2026-11-21")
        assert list(surgery.call(later).cards) == []


class TestShownAgain:
    def test_a_changed_value_brings_it_back_with_the_change(self, surgery: Surgery) -> None:
        surgery.override(surgery.call(REQUEST).cards[0])
        surgery.wait(2)
        (card,) = surgery.call(with_value(REQUEST, b'"value":165', b'"value":180')).cards
        told = next(line for line in card["detail"].splitlines() if "Shown again" in line)
        assert "overridden on 2026-11-22" in told
        assert "165" in told
        assert "180" in told

    def test_when_it_is_overridden_again_the_new_facts_count(self, surgery: Surgery) -> None:
        changed = with_value(REQUEST, b'"value":165', b'"value":180')
        surgery.override(surgery.call(REQUEST).cards[0])
        surgery.wait(1)
        surgery.override(surgery.call(changed).cards[0])
        surgery.wait(1)
        assert list(surgery.call(changed).cards) == []
        assert "Shown again" in surgery.call(REQUEST).cards[0]["detail"]

    def test_when_the_window_is_over_it_is_a_card_like_any_other(self, surgery: Surgery) -> None:
        surgery.override(surgery.call(REQUEST).cards[0])
        surgery.wait(surgery.desk.silence_days - 0.01)
        assert list(surgery.call(REQUEST).cards) == []
        surgery.wait(0.02)
        (card,) = surgery.call(REQUEST).cards
        assert "Shown again" not in card["detail"]

    def test_a_site_that_wants_no_silence_has_none(self, surgery: Surgery) -> None:
        surgery.desk = replace(surgery.desk, silence_days=0)
        surgery.override(surgery.call(REQUEST).cards[0])
        assert len(surgery.call(REQUEST).cards) == 1

    def test_another_rule_is_not_silenced(self, surgery: Surgery) -> None:
        other = STORIES["tacrolimus-not-tolerated"].request
        surgery.override(surgery.call(REQUEST).cards[0])
        moved = with_value(other, other["context"]["patientId"].encode(), REQUEST["context"]["patientId"].encode())
        assert surgery.call(moved).cards[0]["extension"][HALF]["rule"] != "MN-07"


class TestWhose:
    @pytest.mark.parametrize(
        "stranger",
        [Client(issuer="https://other.example.org", tenant="main"), Client(issuer=HOME.issuer, tenant="other")],
        ids=["another issuer", "another tenant"],
    )
    def test_what_one_client_overrides_the_other_is_shown(self, surgery: Surgery, stranger: Client) -> None:
        surgery.override(surgery.call(REQUEST).cards[0])
        assert len(surgery.call(REQUEST, stranger).cards) == 1
        assert list(surgery.call(REQUEST).cards) == []

    def test_feedback_for_the_card_of_another_client_silences_nobody(self, surgery: Surgery) -> None:
        stranger = Client(issuer="https://other.example.org", tenant="main")
        card = surgery.call(REQUEST).cards[0]
        surgery.override(card, stranger)
        assert len(surgery.call(REQUEST).cards) == 1
        assert len(surgery.call(REQUEST, stranger).cards) == 1

    def test_another_patient_is_not_silenced(self, surgery: Surgery) -> None:
        surgery.override(surgery.call(REQUEST).cards[0])
        patient = REQUEST["context"]["patientId"].encode()
        assert len(surgery.call(with_value(REQUEST, patient, b"another-patient")).cards) == 1


class TestTheRecord:
    def test_a_call_repeated_after_an_override_is_kept_and_is_no_reuse(self, surgery: Surgery) -> None:
        instance = "11111111-1111-4111-8111-111111111111"
        surgery.override(surgery.call(REQUEST, instance=instance).cards[0])
        answer = surgery.call(REQUEST, instance=instance)
        assert list(answer.cards) == []
        assert answer.event["repeated"] is False
        assert "safety" not in answer.event

    def test_the_same_call_again_gives_the_same_card_and_is_told(self, surgery: Surgery) -> None:
        instance = "11111111-1111-4111-8111-111111111111"
        first, second = surgery.call(REQUEST, instance=instance), surgery.call(REQUEST, instance=instance)
        assert orjson.dumps(first.cards) == orjson.dumps(second.cards)
        assert (first.event["decision"], True) == (second.event["decision"], second.event["repeated"])

    def test_another_chart_under_the_same_hook_instance_is_a_safety_event(self, surgery: Surgery) -> None:
        instance = "11111111-1111-4111-8111-111111111111"
        surgery.call(REQUEST, instance=instance)
        answer = surgery.call(with_value(REQUEST, b'"value":165', b'"value":180'), instance=instance)
        assert answer.event["safety"] == ["HOOK_INSTANCE_REUSED"]
        assert len(answer.cards) == 1

    def test_in_shadow_mode_everything_is_kept_and_nothing_is_shown(self, surgery: Surgery) -> None:
        shadow = replace(HOME, mode="shadow")
        answer = surgery.call(REQUEST, shadow)
        assert answer.cards == ()
        assert (answer.event["rules"], answer.event["shadow"]) == (["MN-07"], True)
        (kept,) = reading.decisions(surgery.store, reading.Filter(), with_payload=True)
        assert kept.shown is False
        assert len(orjson.loads(kept.payload or b"")["cards"]) == 1
        assert [row.shown for row in reading.counts(surgery.store)] == []
        assert [one.same for one in surgery.replayed()] == [True]

    def test_the_pregnancy_warning_is_counted_by_its_note_and_silences_no_advice(self, surgery: Surgery) -> None:
        name = next(name for name, story in STORIES.items() if "org.nextline-cds.safety-notice" in str(story.response))
        request = STORIES[name].request
        cards = surgery.call(request).cards
        notice = next(card for card in cards if "org.nextline-cds.safety-notice" in card["extension"])
        surgery.override(notice)
        assert [card["summary"] for card in surgery.call(request).cards] == [card["summary"] for card in cards]
        overridden = [row.rule for row in reading.counts(surgery.store) if row.overridden]
        assert overridden == ["PREGNANCY_TERATOGEN_ACTIVE"]


def test_over_http_an_override_with_a_reason_silences_the_card(tmp_path: Path) -> None:
    client = create_app(Settings(database_url=f"sqlite:///{tmp_path / 'store.sqlite3'}")).test_client()
    path = "/cds-services/next-therapy"
    asked = [{**REQUEST, "hookInstance": f"00000000-0000-4000-8000-00000000000{number}"} for number in range(3)]
    (card,) = client.post(path, json=asked[0]).get_json()["cards"]
    reason = {"reason": {"code": "patient-refuses", "system": "http://example.org/reasons"}}
    said = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-11-22T10:00:00Z"}
    answer = client.post(f"{path}/feedback", json={"feedback": [{**said, "overrideReason": reason}]})
    assert answer.status_code == 200
    assert client.post(path, json=asked[1]).get_json() == {"cards": []}
    changed = with_value(asked[2], b'"value":165', b'"value":180')
    assert "**Shown again:**" in client.post(path, json=changed).get_json()["cards"][0]["detail"]
