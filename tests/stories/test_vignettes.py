"""The vignettes themselves: complete, readable by machines, and turned into valid FHIR."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class as r4_model
from flask.testing import FlaskClient

from cds_service.guideline.needs import NEEDS
from cds_service.stories.agreement import disagreements
from cds_service.stories.catalogue import all_stories
from cds_service.stories.codings import Writings
from cds_service.stories.convert import KEYS, OBSERVATIONS, bundle_of, request_of
from cds_service.stories.narrative import story_text
from cds_service.stories.vignette import INDEX_DATE, NO_CARD, StoryFault, Vignette, load_vignettes

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
VIGNETTES = load_vignettes(FIXTURES / "vignettes")
STATES_WITHOUT_CARD = {"OUT_OF_SCOPE"}
each_vignette = pytest.mark.parametrize("vignette", VIGNETTES, ids=lambda vignette: vignette.name)


@each_vignette
class TestEveryVignette:
    def test_its_name_is_a_slug_that_fits_a_folder(self, vignette: Vignette) -> None:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", vignette.name)
        assert len(vignette.name) <= 64

    def test_a_class_is_expected_exactly_when_one_is_started(self, vignette: Vignette) -> None:
        expected = vignette.expected
        assert (expected.next_class is not None) == (expected.action == "START_CLASS")
        assert (expected.action == NO_CARD) == (expected.state in STATES_WITHOUT_CARD)

    def test_something_is_asked_for_exactly_in_a_data_request(self, vignette: Vignette) -> None:
        assert bool(vignette.expected.missing) == (vignette.expected.action == "DATA_REQUEST")

    def test_what_is_expected_is_not_forbidden(self, vignette: Vignette) -> None:
        expected = vignette.expected
        assert not {expected.next_class, *(expected.alternatives or ())} & set(expected.forbidden)

    def test_no_fact_lies_in_the_future(self, vignette: Vignette) -> None:
        days = [day for f in vignette.facts for day in (f.day, f.onset, f.start, f.end) if day is not None]
        assert max(days) <= 0

    def test_every_resource_is_valid_r4(self, vignette: Vignette, writings: Writings) -> None:
        for entry in bundle_of(vignette, writings)["entry"]:
            r4_model(entry["resource"]["resourceType"]).model_validate(entry["resource"])

    def test_its_folder_is_what_it_says(self, vignette: Vignette, writings: Writings) -> None:
        folder = FIXTURES / "patient-view" / vignette.name
        stored = json.loads((folder / "request.json").read_text(encoding="utf-8"))
        assert stored == request_of(vignette, writings), "run `make stories`"
        assert (folder / "story.md").read_text(encoding="utf-8") == story_text(vignette), "run `make stories`"


def test_every_prefetch_key_of_the_service_is_in_every_request(client: FlaskClient) -> None:
    offered = client.get("/cds-services").get_json()["services"]
    templates = next(service["prefetch"] for service in offered if service["id"] == "next-therapy")
    assert set(templates) == {"patient", *KEYS}


def test_the_table_of_observation_keys_is_the_one_of_the_needs() -> None:
    assert {n.key: n.concepts for n in NEEDS if n.resource == "Observation"} == dict(OBSERVATIONS)


def test_the_catalogue_finds_every_vignette() -> None:
    stories = {(story.name, story.title, story.vignette_id) for story in all_stories()}
    assert stories == {(v.name, v.title, v.id) for v in VIGNETTES}


def test_the_age_holds_on_the_index_date() -> None:
    for vignette in VIGNETTES:
        birthday = vignette.born.replace(year=vignette.born.year + vignette.age)
        assert 0 <= (INDEX_DATE - birthday).days < 365


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "S-01", "colour": "blue"}, "colour"),
        ({"id": "S-01", "facts": [{"r": "Condition", "concept": "pregnancy", "mood": "good"}]}, "mood"),
        ({"id": "S-01", "expected": {"state": "MN_RESISTANT"}}, "rule"),
    ],
)
def test_a_vignette_with_an_unknown_or_missing_member_is_refused(
    change: dict[str, Any], said: str, tmp_path: Path
) -> None:
    import yaml

    whole = yaml.safe_load((FIXTURES / "vignettes" / "scope.yaml").read_text(encoding="utf-8"))["vignettes"][0]
    (tmp_path / "one.yaml").write_text(yaml.safe_dump({"vignettes": [whole | change]}), encoding="utf-8")
    with pytest.raises(StoryFault, match=said):
        load_vignettes(tmp_path)


S_01 = next(vignette for vignette in VIGNETTES if vignette.id == "S-01")
RIGHT = {
    "disease": "MN",
    "state": "MN_RESISTANT",
    "action": "START_CLASS",
    "nextClass": "RTX",
    "rule": "MN-07",
    "severity": "warning",
    "notes": ["VTE_RISK"],
}


def answer(**changes: object) -> dict[str, Any]:
    half = {key: value for key, value in (RIGHT | changes).items() if value is not None}
    return {"cards": [{"extension": {"org.nextline-cds.recommendation": half}}]}


class TestAnAnswerThatDisagreesIsNamed:
    def test_the_right_answer_agrees(self) -> None:
        assert disagreements(S_01, answer()) == ()

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"rule": "MN-08"}, "rule"),
            ({"state": "MN_RELAPSE"}, "state"),
            ({"action": "WAIT_MONITOR"}, "action"),
            ({"nextClass": "CYC_GC"}, "class"),
            ({"severity": "critical"}, "severity"),
            ({"notes": None}, "VTE_RISK"),
            ({"missing": ["ALBUMIN"]}, "ALBUMIN"),
            ({"alternatives": ["CNI"]}, "forbidden: CNI"),
            ({"disease": "LN"}, "no card about MN"),
        ],
    )
    def test_a_wrong_member_is_named(self, changes: dict[str, object], said: str) -> None:
        assert any(said in line for line in disagreements(S_01, answer(**changes)))

    def test_a_forbidden_class_in_a_draft_is_named(self) -> None:
        coding = {"system": "https://nextline-cds.org/CodeSystem/therapy-class", "code": "CNI"}
        wrong = answer()
        draft = {"resourceType": "MedicationRequest", "medicationCodeableConcept": {"coding": [coding]}}
        wrong["cards"][0]["suggestions"] = [{"label": "x", "actions": [{"type": "create", "resource": draft}]}]
        assert disagreements(S_01, wrong) == ("forbidden: CNI is offered",)
