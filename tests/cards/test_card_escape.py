"""Nothing the chart says runs, links, hides, or formats: whoever wrote it and wherever it stands."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from card_samples import CNI_FAILED, CNI_FAILED_CASE, ON, STAMP, day, quantity
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cds_service.cards.escape import chart_text, plain_text
from cds_service.cards.write import cards_for
from cds_service.case.model import SetAside
from cds_service.guideline.assessment import Assessment, Fact, LineSummary, Veto

ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![x](https://evil.test/?pat=1)",
    "https://evil.test/?pat=1",
    "www.evil.test",
    "mail@evil.test",
    "<https://evil.test>",
    "**bold** _it_ `code` ~~gone~~",
    "| a | b |",
    "# heading",
    "---",
    "1. item",
    "&lt;script&gt;",
    "line one\n\n# line two\r\n- item",
    "‮drowssap‬ ⁦x⁩ \u200bz\ufeff \u0000 \u0007 \ue000",
    "a" * 5000,
    "```\nfence",
    "[a]: https://evil.test",
    "\\[x\\](javascript:alert(1))",
)
RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OUR_LINK = re.compile(r"\]\(https://doi\.org/[^)]*\)")
ADDRESS = re.compile(r"(?i)(?:https?|ftp):/?/?\w|www\.\w|\w@\w|javascript:")


def poisoned(text: str) -> tuple[Assessment, Any]:
    """The text in every place of an assessment and a case that can come from the chart or a rule's word."""
    evil = replace(
        CNI_FAILED,
        facts=(
            Fact("albumin", 24.0, text, day(-10), text, "Observation/1", text),
            Fact(text, text, "", day(-1), "", "x"),
        ),
        lines=(LineSummary((text,), day(-215), None, text, ("x",), (text,), 0.1, text),),
        vetoed=(Veto(text, text),),
        notes=(text,),
        menu=(text,),
        missing=(text,),
        remarks=(text,),
        strength=text,
        figures={**CNI_FAILED.figures, "line": text, "check": text, "current_unit": text, "antibody": text},
    )
    pair = quantity("albumin", 24.0, text, -10)
    case = replace(
        CNI_FAILED_CASE,
        set_aside=(SetAside(text, text, "", None, text), SetAside("Observation/1", text, text, day(-3), text)),
        disagreements=((pair, replace(pair, measure=text)),),
        not_provided=(text,),
    )
    return evil, case


@pytest.mark.conformance("CARD-5")
@pytest.mark.parametrize("text", ATTACKS)
@pytest.mark.parametrize("rule", ["MN-07", "MN-A2", "MN-19"])
def test_no_attack_survives_anywhere_on_the_card(text: str, rule: str) -> None:
    assessment, case = poisoned(text)
    card = cards_for([replace(assessment, rule=rule)], case, ON, STAMP)[0]
    shown = [card["summary"], card["detail"], *(s["label"] for s in card["suggestions"])]
    for part in shown:
        assert "<" not in part
        assert not ADDRESS.search(OUR_LINK.sub("", part))
        assert not any(unicodedata.category(letter) in {"Cf", "Co", "Cs"} for letter in part)
    assert len(card["summary"]) < 140


@pytest.mark.conformance("CARD-5")
@pytest.mark.parametrize("text", ATTACKS)
def test_the_rendered_card_has_the_same_skeleton_whatever_the_chart_says(text: str) -> None:
    assert skeleton(text) == skeleton("harmless")


def skeleton(text: str) -> list[str]:
    assessment, case = poisoned(text)
    html = RENDERER.render(cards_for([assessment], case, ON, STAMP)[0]["detail"])
    return re.findall(r"<[^>]+>", html)


@given(st.text(max_size=400))
def test_any_text_renders_as_one_line_of_plain_text(text: str) -> None:
    escaped = chart_text(text)
    html = RENDERER.render(f"- x {escaped}")
    assert re.findall(r"<[^>]+>", html) == ["<ul>", "<li>", "</li>", "</ul>"]
    assert "\n" not in escaped


@given(st.text(max_size=400), st.integers(10, 140))
def test_plain_text_keeps_its_limit(text: str, limit: int) -> None:
    assert len(plain_text(text, limit)) <= limit


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("creatinine 123456 umol/L", 20, "creatinine 123456…"),
        ("creatinine 123456 umol/L", 15, "creatinine…"),
        ("cafe\u0301 noir " * 5, 12, "café noir…"),
        ("abcdefghij", 10, "abcdefghij"),
        ("abcdefghijk", 10, "abcdefghi…"),
    ],
)
def test_long_text_is_cut_between_words_and_no_number_is_halved(text: str, limit: int, expected: str) -> None:
    assert plain_text(text, limit) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No trough for 215 days: measure first.", "No trough for 215 days: measure first."),
        ("profile: kept", "profile: kept"),
        ("file: opened", "file : opened"),
        ("a: b, then DATA:c", "a: b, then DATA :c"),
        ("mailto : x", "mailto : x"),
        ("see WWW.evil.test", "see www .evil.test"),
        ("a@b", "a @ b"),
        ("<b>", "‹b›"),
        (" two  blanks ", "two blanks"),
        ("tab\there", "tab here"),
        ("cafe\u0301", "café"),
    ],
)
def test_plain_text_is_left_alone_only_when_nothing_in_it_needs_a_change(text: str, expected: str) -> None:
    assert plain_text(text, 139) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2.4 g/dL", "2.4 g/dL"),
        ("<2 RU/mL", "&lt;2 RU/mL"),
        ("-5", "-5"),
        ("3+", "3+"),
        ("1. item", "1\\. item"),
        ("a_b|c", "a\\_b\\|c"),
    ],
)
def test_ordinary_results_stay_readable(text: str, expected: str) -> None:
    assert chart_text(text) == expected
