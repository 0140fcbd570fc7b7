"""Whatever a chart says is text on the page: no element, attribute or link comes of it (attack cases OUT-01..06)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import pytest

from cds_service.cards.write import cards_for
from cds_service.case.model import Case, Condition, Exposure, Finding, Procedure, Quantity, SetAside, Span
from cds_service.course.markdown import html_of
from cds_service.course.page import page
from cds_service.guideline.catalogue import assess_all
from tests.course.conftest import Told, plain, text_of

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onfocus='alert(1)",
    "</title></svg><script src=//evil.test></script>",
    "[click](javascript:alert(1)) https://evil.test/?p=1",
    "{{ 7 * 7 }} {% raw %} ${7*7}",
    "\u202egnp.exe\u0007\u0000 &lt;b&gt;",
)


def poisoned(case: Case, text: str) -> Case:
    """The case with the text wherever a chart's own words can come to stand."""

    def value(quantity: Quantity) -> Quantity:
        return replace(quantity, stated=text, source=f"Observation/{text}", method=text)

    def word(finding: Finding) -> Finding:
        return replace(finding, source=f"Observation/{text}")

    def drug(exposure: Exposure) -> Exposure:
        return replace(exposure, source=f"MedicationStatement/{text}")

    day = date(2026, 10, 1).toordinal()
    return replace(
        case,
        quantities={name: tuple(map(value, series)) for name, series in case.quantities.items()},
        findings={name: tuple(map(word, answers)) for name, answers in case.findings.items()}
        | {text: (Finding(text, day, text, text),)},
        exposures=tuple(map(drug, case.exposures)),
        conditions=(*case.conditions, Condition(text, text, Span(day, day))),
        procedures=(*case.procedures, Procedure(text, text, day)),
        set_aside=(*case.set_aside, SetAside(text, text, text, day, text), SetAside(text, "UNIT_REJECTED", text)),
        not_provided=(text,),
    )


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", ["tacrolimus-failed-so-rituximab-is-next", "two-results-of-one-morning"])
def test_a_hostile_chart_changes_no_element(told: Mapping[str, Told], name: str, text: str) -> None:
    story = told[name]
    case, knowledge = poisoned(story.evaluation.case, text), story.knowledge
    assessments = assess_all(case, story.on, knowledge.thresholds)
    cards = cards_for(assessments, case, story.on, knowledge.stamp)
    html = page(
        case, assessments, cards, on=story.on, stamp=knowledge.stamp, thresholds=knowledge.thresholds, assets="/assets"
    )
    tree = ElementTree.fromstring(html)
    scripts = [element for element in tree.iter() if plain(element) == "script"]
    assert [(script.get("src"), text_of(script)) for script in scripts] == [("/assets/course.js", "")]
    assert not [element for element in tree.iter() if plain(element) in {"img", "b", "style", "iframe"}]
    assert not [key for element in tree.iter() for key in element.attrib if key.startswith("on") or key == "style"]
    links = [element.get("href", "") for element in tree.iter() if plain(element) == "a"]
    assert not [link for link in links if "evil" in link or "javascript" in link]
    assert "\u202e" not in html
    assert "49" not in text_of(tree).replace("2026-04-16", "").split()


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("<b>bold</b>", "<p>&lt;b&gt;bold&lt;/b&gt;</p>\n"),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>\n"),
        ("[a](http://plain.test)", "<p>[a](http://plain.test)</p>\n"),
        ("![a](https://x.test/p.png)", "<p>a</p>\n"),
        ("https://evil.test", "<p>https://evil.test</p>\n"),
        ("[a](https://doi.org/1)", '<p><a href="https://doi.org/1" rel="noreferrer noopener">a</a></p>\n'),
        ("**a**\n\n- b", "<p><strong>a</strong></p>\n<ul>\n<li>b</li>\n</ul>\n"),
    ],
)
def test_markdown_makes_no_html_of_its_own_and_links_to_https_only(markdown: str, html: str) -> None:
    assert html_of(markdown) == html
