"""The page of every story: it says what the card says, is sound, and holds nothing a strict browser would refuse."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from cds_service.cards.escape import plain_text
from cds_service.cards.numbers import shown
from cds_service.cards.recommendation import RECOMMENDATION
from cds_service.cards.wording_classes import CLASSES
from cds_service.course.kinds import KINDS
from cds_service.stories.catalogue import all_stories
from tests.course.conftest import Told, plain, text_of

STORIES = [story.name for story in all_stories()]
DRAWN = {measure for kind in KINDS for measure in kind.measures}
RESOURCE = re.compile(r'(?:href|src)="([^"]*)"')


@pytest.mark.parametrize("name", STORIES)
class TestEveryStory:
    def test_each_number_the_answer_rests_on_is_a_point_with_value_unit_date_and_source(
        self, told: Mapping[str, Told], name: str
    ) -> None:
        story = told[name]
        points = {
            (p.get("data-source"), p.get("data-measure"), p.get("data-date"), float(p.get("data-value", "nan")))
            for p in story.of_class("point")
        }
        for assessment in story.evaluation.assessments:
            for fact in assessment.facts:
                if fact.name in DRAWN and not isinstance(fact.value, str) and assessment.disease:
                    day = story.on.fromordinal(fact.day).isoformat()
                    assert (fact.source, fact.name, day, fact.value) in points

    def test_each_value_of_the_card_stands_in_the_tables(self, told: Mapping[str, Told], name: str) -> None:
        story = told[name]
        rows = [text_of(row) for table in story.of_class("values") for row in table.iter() if plain(row) == "tr"]
        for card in story.evaluation.cards:
            for fact in card["extension"].get(RECOMMENDATION, {}).get("facts", ()):
                if not isinstance(fact["value"], str) and fact["source"].startswith("Observation"):
                    said, source = shown(fact["value"]), fact["source"]
                    assert any(fact["date"] in row and said in row and source in row for row in rows), fact

    def test_it_leads_with_the_first_line_of_the_card(self, told: Mapping[str, Told], name: str) -> None:
        story = told[name]
        for card in story.evaluation.cards:
            assert card["summary"] in [*map(text_of, story.of_class("summary")), *map(text_of, story.all("h2"))]

    def test_every_row_considered_is_on_the_path(self, told: Mapping[str, Told], name: str) -> None:
        story = told[name]
        trace = [step for a in story.evaluation.assessments if a.disease for step in a.trace]
        steps = [step for step in story.of_class("step") if "end" not in step.get("class", "").split()]
        asked = [next(text_of(e) for e in step.iter() if e.get("class") == "question") for step in steps]
        verdicts = ["yes" in step.get("class", "").split() for step in steps]
        assert asked == [step.asked for step in trace]
        assert verdicts == [step.applied for step in trace]

    def test_every_line_is_a_bar_and_every_class_an_option(self, told: Mapping[str, Told], name: str) -> None:
        story = told[name]
        spoken = [a for a in story.evaluation.assessments if a.disease]
        assert len(story.of_class("stretch")) == sum(len(a.lines) for a in spoken)
        offered = [text_of(title) for option in story.of_class("option") for title in option if plain(title) == "h3"]
        for assessment in spoken:
            chosen = [assessment.next_class, *assessment.alternatives, *(v.therapy_class for v in assessment.vetoed)]
            for code in filter(None, chosen if assessment.action == "START_CLASS" else []):
                assert any(CLASSES[code].name in title for title in offered), code

    def test_everything_set_aside_is_named(self, told: Mapping[str, Told], name: str) -> None:
        story = told[name]
        shown_asides = " ".join(text_of(section) for section in story.of_class("asides"))
        for item in story.evaluation.case.set_aside:
            assert plain_text(item.resource, 120) in shown_asides

    def test_a_strict_browser_finds_nothing_inline_and_nothing_foreign(
        self, told: Mapping[str, Told], name: str
    ) -> None:
        story = told[name]
        for element in story.tree.iter():
            assert plain(element) not in {"style", "iframe", "object", "embed", "base", "image"}
            assert not [key for key in element.attrib if key == "style" or key.startswith("on")]
        scripts = story.all("script")
        assert [script.get("src") for script in scripts] == ["/assets/course.js"]
        assert all(not text_of(script) for script in scripts)
        for address in RESOURCE.findall(story.html):
            assert address.startswith(("/assets/", "#", "https://")), address
        fetched = [e for e in story.tree.iter() if e.get("src") or (plain(e) == "link" and e.get("href"))]
        assert all((e.get("src") or e.get("href", "")).startswith("/assets/") for e in fetched)

    def test_it_has_one_title_unique_ids_and_headings_in_order(self, told: Mapping[str, Told], name: str) -> None:
        story = told[name]
        ids = [e.get("id") for e in story.tree.iter() if e.get("id")]
        assert len(ids) == len(set(ids))
        aims = [e.get("aria-labelledby") for e in story.tree.iter() if e.get("aria-labelledby")]
        aims += [e.get("href", "")[1:] for e in story.all("a") if e.get("href", "").startswith("#")]
        assert set(aims) <= set(ids)
        levels = [int(plain(e)[1]) for e in story.tree.iter() if re.fullmatch(r"h\d", plain(e))]
        assert levels.count(1) == 1
        assert all(later <= earlier + 1 for earlier, later in pairwise(levels))

    def test_it_names_nobody_and_says_that_nobody_signed(self, told: Mapping[str, Told], name: str) -> None:
        story = told[name]
        assert "No clinician has signed this knowledge yet." in text_of(story.of_class("unsigned")[0])
        assert story.evaluation.case.patient.source not in text_of(story.all("title")[0])


def test_every_point_can_be_focused_and_says_everything(told: Mapping[str, Told]) -> None:
    story = told["tacrolimus-failed-so-rituximab-is-next"]
    points = story.of_class("point")
    assert len(points) == 13
    for point in points:
        assert (point.get("tabindex"), point.get("role")) == ("0", "img")
        label = point.get("aria-label", "")
        assert all(
            part in label for part in (point.get("data-date", "?"), point.get("data-source", "?"), "in the chart")
        )
        assert [text_of(child) for child in point if plain(child) == "title"] == [label]


def test_lines_of_proteinuria_are_those_the_guideline_decides_with(told: Mapping[str, Told]) -> None:
    def words(name: str) -> list[str]:
        return [text_of(element) for element in told[name].of_class("level-words")]

    assert {"3.5 nephrotic", "0.3 complete remission"} <= set(words("tacrolimus-failed-so-rituximab-is-next"))
    assert {"3 partial if halved", "0.5 complete response"} <= set(words("mycophenolate-then-cyclophosphamide-failed"))


def test_the_egfr_band_lies_between_the_reference_and_a_fall_of_twenty_per_cent(told: Mapping[str, Told]) -> None:
    words = [text_of(element) for element in told["tacrolimus-failed-so-rituximab-is-next"].of_class("level-words")]
    assert "82 reference" in words
    assert "65.6 = −20 %" in words


def test_what_has_no_values_is_said(told: Mapping[str, Told]) -> None:
    (absent,) = told["mycophenolate-then-cyclophosphamide-failed"].of_class("absent")
    assert text_of(absent) == "No values on record: Anti-dsDNA, C3, C4."


def test_two_results_of_one_day_are_both_crosses_when_neither_is_taken(told: Mapping[str, Told]) -> None:
    story = told["two-results-of-one-morning"]
    crosses = [point.get("aria-label", "") for point in story.of_class("is-cross")]
    assert len(crosses) == 2
    assert all("two values on one day lead to different advice" in label for label in crosses)
    assert "8 g/d 2026-07-25" in text_of(story.of_class("panel")[0]), "the newest value that was taken leads"


def test_a_pregnancy_warning_stands_above_the_answer(told: Mapping[str, Told]) -> None:
    story = told["in-remission-and-pregnant-on-mycophenolate"]
    (notice,) = story.of_class("notice")
    assert "Pregnancy on record" in text_of(notice)


@pytest.mark.parametrize(
    ("name", "tone", "own", "boxed"),
    [
        ("in-remission-and-pregnant-on-mycophenolate", "good", "for information", ["act now"]),
        ("in-remission-and-pregnant-on-an-ace-inhibitor", "good", "for information", ["act now"]),
        ("active-nephritis-in-pregnancy-on-mycophenolate", "bad", "act now", ["act now"]),
        ("tacrolimus-failed-during-pregnancy", "bad", "needs attention", ["act now"]),
        ("relapse-while-egfr-falls", "bad", "act now", []),
        ("hepatitis-b-never-tested", "bad", "act now", []),
        ("antibody-result-too-old-to-judge", "neutral", "for information", []),
    ],
)
def test_the_state_has_the_tone_of_the_disease_and_the_urgency_stands_beside_its_cause(
    told: Mapping[str, Told], name: str, tone: str, own: str, boxed: list[str]
) -> None:
    story = told[name]
    assert [state.get("class", "") for state in story.of_class("state")] == [f"state {tone}"]
    notices = [text_of(word) for notice in story.of_class("notice") for word in notice.iter() if is_severity(word)]
    assert notices == boxed
    answers = [text_of(word) for answer in story.of_class("answer") for word in answer.iter() if is_severity(word)]
    assert answers == [own]


def is_severity(element: ElementTree.Element) -> bool:
    return element.get("class") == "severity"


@pytest.mark.parametrize("name", ["on-dialysis-so-no-advice", "kidney-transplant-so-no-advice"])
def test_no_page_sends_its_reader_to_reasons_that_are_not_there(told: Mapping[str, Told], name: str) -> None:
    (why,) = told[name].of_class("why")
    assert text_of(why) == (
        "Why Dialysis or a kidney transplant is on record; native-kidney treatment rules do not apply."
    )


def test_what_was_given_on_one_day_has_one_date_and_only_what_was_given_is_counted(told: Mapping[str, Told]) -> None:
    rows = {name: [text_of(bar) for bar in told[name].of_class("therapy")] for name in STORIES}
    assert not [row for found in rows.values() for row in found if re.search(r"(\S{10}) to \1", row)]
    (cyclophosphamide,) = (row for row in rows["every-standard-class-has-failed"] if row.startswith("Cyclophosphamide"))
    assert "6 × 500 mg 2022-" in cyclophosphamide.replace("\u00a0", " ")


def test_the_page_says_what_the_band_of_states_is(told: Mapping[str, Told]) -> None:
    (changes,) = told["tacrolimus-failed-so-rituximab-is-next"].of_class("changes")
    assert "As the service would have answered on that day" in text_of(changes)
    assert "Asked for every 2 days and the days with an entry" in text_of(changes)


def test_no_advice_is_said_as_such(told: Mapping[str, Told]) -> None:
    for name in ("kidney-transplant-so-no-advice", "too-young-for-this-service"):
        (heading,) = told[name].all("h1")
        assert text_of(heading) == "No advice"
