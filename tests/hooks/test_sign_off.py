"""The sign-off file: who has approved which knowledge until when, and what is said where nobody has."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.app import create_app, knowledge_of
from cds_service.cards.approval import NOT_SIGNED, Approval, in_detail, in_plain_words, in_source_line
from cds_service.errors import ConfigurationFault
from cds_service.hooks.about import readiness
from cds_service.hooks.knowledge import REVIEW_BY
from cds_service.settings import Settings
from cds_service.stories.catalogue import all_stories
from tests.hooks.conftest import Surgery

GOOD = {"knowledge": '"1.0"', "who": '"Head of nephrology"', "date": "2026-11-20", "review_by": "2027-05-20"}
STORY = next(story for story in all_stories() if story.name == "tacrolimus-failed-so-rituximab-is-next")
PATH = "/cds-services/next-therapy"
AS_OF = "org.nextline-cds.as-of"


def written(folder: Path, *entries: dict[str, str]) -> Path:
    """A sign-off file with these entries, their values as TOML."""
    file = folder / "sign-off.toml"
    lines = ["[[sign_off]]\n" + "".join(f"{name} = {value}\n" for name, value in entry.items()) for entry in entries]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def client_with(file: Path, **settings: Any) -> FlaskClient:
    return create_app(Settings(sign_off_file=file, **settings)).test_client()


def card_as_of(client: FlaskClient, day: str) -> dict[str, Any]:
    request = STORY.request | {"extension": {AS_OF: day}}
    card: dict[str, Any] = client.post(PATH, json=request).get_json()["cards"][0]
    return card


FAULTS = {
    "no TOML": ("who = ", "Invalid value"),
    "another table": ("[approval]\nwho = 1", "approval is not known"),
    "an empty file": ("", "there is no [[sign_off]] in it"),
    "a table instead of a list of them": ("[sign_off]\nwho = 'x'", "written as [[sign_off]]"),
    "a member that is not known": (GOOD | {"approver": '"x"'}, "approver is not known"),
    "no version": ({n: v for n, v in GOOD.items() if n != "knowledge"}, "knowledge is missing"),
    "nobody": ({n: v for n, v in GOOD.items() if n != "who"}, "who is missing"),
    "no day of review": ({n: v for n, v in GOOD.items() if n != "review_by"}, "review_by is missing"),
    "a version that is a number": (GOOD | {"knowledge": "1.0"}, "knowledge must be a text"),
    "a blank name": (GOOD | {"who": '" "'}, "who must be a text"),
    "a name of two lines": (GOOD | {"who": '"a\\nb"'}, "who must be a text of one line"),
    "a day in quotation marks": (GOOD | {"date": '"2026-11-20"'}, "date must be a day"),
    "a moment instead of a day": (GOOD | {"date": "2026-11-20T08:00:00Z"}, "date must be a day"),
    "a review before the day of signing": (GOOD | {"review_by": "2026-11-20"}, "review_by must be after date"),
}


@pytest.mark.parametrize(("content", "said"), FAULTS.values(), ids=FAULTS.keys())
def test_a_file_that_is_not_understood_keeps_the_service_from_starting(
    content: str | dict[str, str], said: str, tmp_path: Path
) -> None:
    file = tmp_path / "sign-off.toml"
    if isinstance(content, dict):
        written(tmp_path, content)
    else:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationFault) as refused:
        create_app(Settings(sign_off_file=file))
    assert all(str(file) in fault and fault.startswith("CDS_SIGN_OFF_FILE") for fault in refused.value.faults)
    assert any(said in fault for fault in refused.value.faults), refused.value.faults


def test_every_fault_of_a_file_is_said_at_once_with_its_entry(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD, {"knowledge": '""', "date": "1", "review_by": "2027-01-01"})
    with pytest.raises(ConfigurationFault) as refused:
        create_app(Settings(sign_off_file=file))
    assert sorted(fault.partition("toml: ")[2].partition(" ")[2][:12] for fault in refused.value.faults) == [
        "2: date must",
        "2: knowledge",
        "2: who is mi",
    ]


def test_a_file_that_is_not_there_keeps_the_service_from_starting(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationFault, match=r"none\.toml cannot be read"):
        create_app(Settings(sign_off_file=tmp_path / "none.toml"))


class TestWhoseSignOffCounts:
    """By what runs: the entry that fits, the newest first."""

    def approval(self, tmp_path: Path, *entries: dict[str, str], **settings: Any) -> Approval:
        return knowledge_of(Settings(sign_off_file=written(tmp_path, *entries), **settings)).stamp.approval

    def test_the_one_that_fits_wins_over_a_newer_one_for_the_next_version(self, tmp_path: Path) -> None:
        found = self.approval(tmp_path, GOOD, GOOD | {"knowledge": '"2.0"', "date": "2027-01-01"})
        assert (found.signed, found.differs) == ("1.0", "")

    def test_the_newest_of_those_that_fit_wins(self, tmp_path: Path) -> None:
        found = self.approval(tmp_path, GOOD, GOOD | {"who": '"Board"', "date": "2026-11-21"})
        assert found.who == "Board"

    @pytest.mark.parametrize(
        ("other", "said"),
        [
            ({"knowledge": '"0.9"'}, "signed for version 0.9, running 1.0"),
            ({"knowledge": '"1.0+site"'}, "signed for version 1.0+site, running 1.0"),
            ({"mappings": '"sha256:0"'}, "signed with other code mappings"),
            ({"thresholds": '"0"'}, "signed with other thresholds"),
        ],
        ids=lambda value: value if isinstance(value, str) else next(iter(value)),
    )
    def test_a_sign_off_of_something_else_is_none_and_its_review_date_does_not_count(
        self, other: dict[str, str], said: str, tmp_path: Path
    ) -> None:
        found = self.approval(tmp_path, GOOD | other)
        assert (found.differs, found.review_by) == (said, REVIEW_BY)
        assert not found.holds(date(2026, 12, 1).toordinal())

    def test_digests_of_what_runs_are_those_of_about(self, tmp_path: Path) -> None:
        versions = create_app(Settings()).test_client().get("/about").get_json()["versions"]
        digests = {name: f'"{versions[name]}"' for name in ("mappings", "thresholds")}
        assert self.approval(tmp_path, GOOD | digests).differs == ""

    def test_thresholds_of_the_site_are_not_covered_by_a_sign_off_of_the_edition(self, tmp_path: Path) -> None:
        (tmp_path / "thresholds.toml").write_text("early = 150")
        found = self.approval(tmp_path, GOOD, thresholds_file=tmp_path / "thresholds.toml")
        assert found.differs == "signed for version 1.0, running 1.0+site"

    def test_the_sign_off_of_another_site_is_nobodys(self, tmp_path: Path) -> None:
        assert self.approval(tmp_path, GOOD | {"site": '"elsewhere"'}) == Approval(review_by=REVIEW_BY)


DAY, BEFORE = date(2026, 11, 20), date(2026, 11, 19)
SIGNED = Approval("Head of *nephrology*", DAY, "1.0", "", date(2027, 5, 20))
OTHER = Approval("Board", DAY, "0.9", "signed for version 0.9, running 1.0", date(2027, 11, 30))
WORDS = {
    "nobody": (NOT_SIGNED, DAY, "not yet signed by a clinician"),
    "signed": (SIGNED, DAY, "signed by Head of *nephrology* on 2026-11-20"),
    "the day before it was signed": (SIGNED, BEFORE, "not yet signed by a clinician"),
    "the last day": (SIGNED, date(2027, 5, 20), "signed by Head of *nephrology* on 2026-11-20"),
    "the day after": (
        SIGNED,
        date(2027, 5, 21),
        "signed by Head of *nephrology* on 2026-11-20; review was due by 2027-05-20",
    ),
    "another version": (OTHER, DAY, "not signed as it runs: signed for version 0.9, running 1.0"),
    "unsigned and overdue": (
        Approval(review_by=DAY),
        date(2026, 12, 1),
        "not yet signed by a clinician; review was due by 2026-11-20",
    ),
}


@pytest.mark.parametrize(("approval", "day", "said"), WORDS.values(), ids=WORDS.keys())
def test_the_source_line_says_what_is_signed_on_the_day_of_the_answer(approval: Approval, day: date, said: str) -> None:
    assert in_source_line(approval, day.toordinal()) == said


def test_the_name_of_the_site_is_no_markup() -> None:
    assert r"Head of \*nephrology\*" in in_detail(SIGNED, DAY.toordinal())
    assert "Head of *nephrology*" in in_plain_words(SIGNED, DAY.toordinal())
    hostile = Approval("<b>x</b> [y](https://evil.example)", DAY, "1.0", "", REVIEW_BY)
    said = in_detail(hostile, DAY.toordinal())
    assert "<b>" not in said
    assert r"\](https ://" in said
    assert "https:" not in said


class TestOnTheWire:
    def test_a_signed_version_is_said_on_the_card_and_on_about(self, tmp_path: Path) -> None:
        client = client_with(written(tmp_path, GOOD))
        card = card_as_of(client, "2026-11-22")
        assert card["source"]["label"].endswith(", signed by Head of nephrology on 2026-11-20")
        assert card["detail"].endswith(
            "Signed for this site by Head of nephrology on 2026-11-20, to be reviewed by 2027-05-20."
        )
        about = client.get("/about").get_json()
        assert about["governance"] == {
            "signed": "yes",
            "signedBy": "Head of nephrology",
            "signedOn": "2026-11-20",
            "signedKnowledge": "1.0",
            "reviewBy": "2027-05-20",
            "reviewOverdue": "no",
        }
        assert "Head of nephrology" in about["status"]["clinicalReview"]
        assert "Head of nephrology" in client.get("/about", headers={"Accept": "text/html"}).text

    def test_without_a_file_everything_says_that_nobody_has_signed(self, client: FlaskClient) -> None:
        card = card_as_of(client, "2026-11-22")
        assert card["source"]["label"].endswith(", not yet signed by a clinician")
        assert card["detail"].endswith("No clinician has signed this knowledge yet.")
        assert client.get("/about").get_json()["governance"]["signed"] == "no"

    def test_another_version_is_said_everywhere(self, tmp_path: Path) -> None:
        client = client_with(written(tmp_path, GOOD | {"knowledge": '"0.9"'}))
        said = "signed for version 0.9, running 1.0"
        card = card_as_of(client, "2026-11-22")
        assert said in card["source"]["label"]
        assert said in card["detail"]
        assert client.get("/about").get_json()["governance"]["difference"] == said
        assert said in client.get("/about", headers={"Accept": "text/html"}).text

    def test_the_day_of_the_answer_decides_whether_the_review_is_due(self, tmp_path: Path) -> None:
        client = client_with(written(tmp_path, GOOD))
        assert "due by" not in card_as_of(client, "2027-05-20")["source"]["label"]
        late = card_as_of(client, "2027-05-21")
        assert late["source"]["label"].endswith("; review was due by 2027-05-20")
        assert late["detail"].endswith("**Its review was due by 2027-05-20: it may be out of date.**")

    def test_knowledge_that_nobody_has_signed_has_a_day_of_review_too(self, client: FlaskClient) -> None:
        late = (REVIEW_BY + timedelta(days=1)).isoformat()
        assert f"review was due by {REVIEW_BY}" in card_as_of(client, late)["source"]["label"]


class TestReady:
    def test_it_stays_200_and_says_degraded_when_the_review_is_due(self, tmp_path: Path) -> None:
        long_ago = GOOD | {"date": "2020-01-01", "review_by": "2021-01-01"}
        answer = client_with(written(tmp_path, long_ago)).get("/health/ready")
        assert answer.status_code == 200
        assert answer.get_json()["status"] == "degraded"
        assert answer.get_json()["checks"]["knowledge"] == "review was due by 2021-01-01"

    def test_one_site_whose_review_is_due_is_enough(self, tmp_path: Path) -> None:
        fresh = knowledge_of(Settings())
        late = knowledge_of(Settings(sign_off_file=written(tmp_path, GOOD)))
        told = readiness({"units": "passed"}, (fresh, late), date(2027, 6, 1))
        assert told == {
            "status": "degraded",
            "checks": {"units": "passed", "knowledge": "review was due by 2027-05-20"},
        }


def test_a_decision_is_replayed_with_the_sign_off_of_its_day(surgery: Surgery, tmp_path: Path) -> None:
    surgery.call(STORY.request)
    (again,) = surgery.replayed(knowledge_of(Settings(sign_off_file=written(tmp_path, GOOD))))
    assert (again.same, dict(again.versions)) == (True, {})
