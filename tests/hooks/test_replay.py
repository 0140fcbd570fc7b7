"""Every stored decision gives the same cards again, byte by byte, or it is said which version is another one."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_service.app import create_app, knowledge_of, store_of
from cds_service.errors import RequestFault
from cds_service.hooks.knowledge import Knowledge
from cds_service.hooks.replay import replay
from cds_service.settings import Settings
from cds_service.store import reading, retention, verification
from cds_service.store.reading import Filter
from cds_service.store.records import StoredDecision
from cds_service.stories.catalogue import Story, all_stories
from tests.hooks.conftest import HOME, Surgery
from tests.stories.fifth_release import as_r5

STORIES = all_stories()
PATH = "/cds-services/next-therapy"
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[bytes], list[StoredDecision]]:
    """The answers of the real app to every story, and what it stored."""
    url = f"sqlite:///{tmp_path_factory.mktemp('stories') / 'store.sqlite3'}"
    given = Settings(database_url=url)
    client: FlaskClient = create_app(given).test_client()
    answers = [client.post(PATH, json=story.request) for story in STORIES]
    assert {answer.status_code for answer in answers} == {200}
    store = store_of(given)
    stored = list(reading.decisions(store, Filter(), with_payload=True))
    assert verification.verify(store).rows == len(STORIES)
    store.close()
    return [answer.data for answer in answers], stored


def test_every_story_is_replayed_byte_by_byte(
    told: tuple[list[bytes], list[StoredDecision]], knowledge: Knowledge
) -> None:
    _, stored = told
    again = [replay(one, knowledge) for one in stored]
    different = [(story.name, one.fault) for story, one in zip(STORIES, again, strict=True) if not one.same]
    assert different == []
    assert [one.versions for one in again if one.versions] == []


def test_what_is_stored_is_what_was_answered(told: tuple[list[bytes], list[StoredDecision]]) -> None:
    for story, answer, stored in zip(STORIES, *told, strict=True):
        payload = orjson.loads(stored.payload or b"{}")
        assert payload["cards"] == orjson.loads(answer)["cards"], story.name
        spoken = [card["extension"].get("org.nextline-cds.recommendation", {}).get("rule") for card in payload["cards"]]
        assert {rule for rule in spoken if rule} <= set(stored.rules)
        assert set(payload["trace"]) == set(stored.rules)


def test_what_nobody_read_is_not_stored(told: tuple[list[bytes], list[StoredDecision]]) -> None:
    """No name, address, telephone or narrative of a patient: nothing reads them (P2)."""
    for stored in told[1]:
        prefetch = orjson.loads(stored.payload or b"{}")["prefetch"]
        patients = [
            entry["resource"]
            for value in prefetch.values()
            for entry in (value or {}).get("entry", [])
            if entry.get("resource", {}).get("resourceType") == "Patient"
        ]
        for patient in patients:
            assert not {"name", "telecom", "address", "text", "photo", "contact"} & patient.keys()


class TestOtherCircumstances:
    STORY = next(story for story in STORIES if story.name == "tacrolimus-failed-so-rituximab-is-next")

    def test_other_settings_change_nothing(self, surgery: Surgery) -> None:
        surgery.call(self.STORY.request)
        other = knowledge_of(
            Settings(
                public_base_url="https://elsewhere.example.org/cds",
                indicator_cap="info",
                smart_link=True,
                quiet_rules=("MN-07",),
            )
        )
        (again,) = surgery.replayed(other)
        assert (again.same, dict(again.versions)) == (True, {})

    def test_another_threshold_is_named(self, surgery: Surgery) -> None:
        surgery.call(self.STORY.request)
        thresholds = surgery.desk.knowledge.thresholds.overridden({"mn_nephrotic": 4.0})
        (again,) = surgery.replayed(replace(surgery.desk.knowledge, thresholds=thresholds))
        assert list(again.versions) == ["thresholds"]

    @pytest.mark.parametrize(
        ("name", "field"),
        [("service", "service_version"), ("knowledge", "knowledge_version"), ("mappings", "mappings_version")],
    )
    def test_another_version_is_named_and_the_cards_say_it(self, surgery: Surgery, name: str, field: str) -> None:
        surgery.call(self.STORY.request)
        knowledge = surgery.desk.knowledge
        other = replace(knowledge, stamp=replace(knowledge.stamp, **{field: "another"}))
        (again,) = surgery.replayed(other)
        assert not again.same
        assert again.versions == {name: (getattr(knowledge.stamp, field), "another")}

    def test_an_erased_decision_says_so(self, surgery: Surgery) -> None:
        surgery.call(self.STORY.request)
        surgery.wait(1)
        retention.erase(surgery.store, surgery.now, surgery.now)
        (again,) = surgery.replayed()
        assert (again.same, again.fault) == (False, "the payload was erased by retention")

    def test_a_payload_of_another_layout_says_so(self, surgery: Surgery) -> None:
        surgery.call(self.STORY.request)
        (stored,) = reading.decisions(surgery.store, Filter(), with_payload=True)
        payload = orjson.dumps(orjson.loads(stored.payload or b"") | {"layout": 99})
        again = replay(replace(stored, payload=payload), surgery.desk.knowledge)
        assert "layout" in again.fault

    def test_other_cards_are_found(self, surgery: Surgery) -> None:
        surgery.call(self.STORY.request)
        (stored,) = reading.decisions(surgery.store, Filter(), with_payload=True)
        assert stored.payload is not None
        altered = stored.payload.replace(b'"indicator":"warning"', b'"indicator":"info"')
        again = replay(replace(stored, payload=altered), surgery.desk.knowledge)
        assert (again.same, again.fault, dict(again.versions)) == (False, "the cards differ", {})

    def test_a_relative_gets_nothing_and_the_replay_knows_it(self, surgery: Surgery) -> None:
        request = copy.deepcopy(self.STORY.request)
        request["context"]["userId"] = "RelatedPerson/mother"
        assert surgery.call(request).cards == ()
        (again,) = surgery.replayed()
        assert again.same

    def test_a_silenced_card_and_its_return_are_replayed(self, surgery: Surgery) -> None:
        card = surgery.call(self.STORY.request).cards[0]
        surgery.override(card)
        surgery.wait(1)
        assert surgery.call(self.STORY.request).cards == []
        changed = orjson.loads(orjson.dumps(self.STORY.request).replace(b'"value":165', b'"value":166'))
        assert "Shown again" in surgery.call(changed).cards[0]["detail"]
        assert [one.same for one in surgery.replayed()] == [True] * 3


def in_r5(request: dict[str, Any]) -> dict[str, Any]:
    """The story as a client of R5 sends it."""
    changed = copy.deepcopy(request)
    for key, value in changed["prefetch"].items():
        if value.get("resourceType") == "Bundle":
            for entry in value.get("entry", []):
                entry["resource"] = as_r5(entry["resource"])
        else:
            changed["prefetch"][key] = as_r5(value)
    return changed


def test_every_story_in_r5_is_replayed_byte_by_byte(surgery: Surgery) -> None:
    for story in STORIES[::4]:
        surgery.call(in_r5(story.request))
    assert [one.fault for one in surgery.replayed() if not one.same] == []


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=st.sampled_from(STORIES), data=st.data())
def test_whatever_is_missing_or_broken_it_is_replayed(surgery: Surgery, story: Story, data: st.DataObject) -> None:
    """Keys left out, null, failed, cut off after a page; records that nobody can read, and records twice."""
    request = copy.deepcopy(story.request)
    for key, value in list(request["prefetch"].items()):
        done = data.draw(st.sampled_from(["keep"] * 6 + ["leave out", "null", "fail", "cut", "break", "twice", "warn"]))
        entries = value.get("entry", []) if value.get("resourceType") == "Bundle" else []
        if done == "leave out":
            del request["prefetch"][key]
        elif done in ("null", "fail"):
            request["prefetch"][key] = None if done == "null" else OUTCOME
        elif done == "cut" and entries:
            value["link"] = [{"relation": "next", "url": "https://ehr.example.org/fhir?page=2"}]
        elif done == "break" and entries:
            broken = data.draw(st.sampled_from(entries))["resource"]
            name = data.draw(st.sampled_from(sorted(broken)))
            broken[name] = data.draw(st.sampled_from([7, "2026-13-45", [], {"value": "x"}, None]))
        elif done == "twice":
            entries += copy.deepcopy(entries)
        elif done == "warn" and entries:
            entries.append({"resource": {**OUTCOME, "issue": [{"severity": "warning", "code": "informational"}]}})
    try:
        surgery.call(request, HOME)
    except RequestFault:
        return
    (last,) = reading.latest(surgery.store, Filter(), 1)
    stored = reading.decision(surgery.store, last.id)
    assert stored is not None
    again = replay(stored, surgery.desk.knowledge)
    assert again.same, again.fault


def test_the_folder_of_the_store_holds_no_name_in_clear(surgery: Surgery, tmp_path: Path) -> None:
    for story in STORIES[:5]:
        surgery.call(story.request)
    octets = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for story in STORIES[:5]:
        assert story.request["context"]["patientId"].encode() not in octets
