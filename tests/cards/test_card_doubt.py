"""What a card says of numbers, days and values that are not known exactly (attack cases CLIN-10, 23, 26, 28)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from card_samples import (
    ALL_FIGURES,
    ANTIBODY_UNKNOWN,
    CNI_FAILED,
    CNI_FAILED_CASE,
    MAN_OF_52,
    day,
    fact,
    quantity,
)
from test_card_writing import machine_half, only_card

from cds_service.cards.figures import shown_figures
from cds_service.cards.wording_remarks import REMARKS
from cds_service.case.model import SetAside
from cds_service.guideline.assessment import Outdated


@pytest.mark.parametrize(
    ("reduction", "sign", "words"),
    [
        (0.988, "", "fell 98.8 %"),
        (0.988, ">", "fell more than 98.8 %"),
        (0.988, ">=", "fell at least 98.8 %"),
        (0.286, "<", "fell less than 28.6 % or rose"),
        (0.286, "<=", "fell at most 28.6 % or rose"),
        (-0.1, "", "rose 10 %"),
        (-0.1, "<", "rose more than 10 %"),
        (-0.1, "<=", "rose at least 10 %"),
        (-0.1, ">", "rose less than 10 % or fell"),
        (0.0, "", "did not change"),
        (-1e-7, "<", "rose more than 0 %"),
    ],
)
def test_a_fall_reckoned_from_a_bound_is_said_as_one(reduction: float, sign: Any, words: str) -> None:
    figures = {**CNI_FAILED.figures, "reduction": reduction}
    line = replace(CNI_FAILED.lines[0], reduction=reduction, reduction_sign=sign)
    signs: dict[str, Any] = {"reduction": sign}
    card = only_card(replace(CNI_FAILED, figures=figures, signs=signs, lines=(line,)), CNI_FAILED_CASE)
    assert f"proteinuria {words} in 7 months" in card["summary"]
    table = words.replace("fell", "down").replace("rose", "up").replace("did not change", "down 0 %")
    assert f"proteinuria {table} |" in card["detail"]


@pytest.mark.parametrize(
    ("name", "sign", "words"),
    [
        ("current", "<", "below 7.6 g/d"),
        ("current", "<=", "at most 7.6 g/d"),
        ("current", ">", "above 7.6 g/d"),
        ("nadir", ">=", "at least 0.4 g/d"),
        ("egfr", ">", "above 58"),
        ("egfr_fall", ">", "more than 27.5 %"),
        ("egfr_fall", "<", "less than 27.5 %"),
        ("albumin", "<", "below 24 g/L"),
        ("cd19_lowest", ">", "above 12/µL"),
    ],
)
def test_a_number_reckoned_from_a_bound_carries_its_sign(name: str, sign: Any, words: str) -> None:
    figures = shown_figures(replace(CNI_FAILED, figures=ALL_FIGURES, signs={name: sign}))
    assert figures[name] == words


def test_a_line_whose_days_are_not_told_shows_none() -> None:
    by, ended = "by 2026-04-21 (day not recorded)", ", ended (day not recorded) |"
    line = replace(CNI_FAILED.lines[0], start_stated=False, reduction=None)
    card = only_card(replace(CNI_FAILED, lines=(line,)), CNI_FAILED_CASE)
    assert f"| {by} to ongoing |" in card["detail"]
    line = replace(line, end=day(-20), end_stated=False)
    card = only_card(replace(CNI_FAILED, lines=(line,)), CNI_FAILED_CASE)
    assert f"| {by}{ended}" in card["detail"]


@pytest.mark.parametrize("remark", ["LINE_START_IMPRECISE", "RELAPSE_UNDATED", "LINE_END_NOT_STATED"])
def test_days_that_are_not_told_are_said(remark: str) -> None:
    assert REMARKS[remark] in only_card(replace(CNI_FAILED, remarks=(remark,)), CNI_FAILED_CASE)["detail"]


def test_a_request_names_the_last_value_and_why_it_does_not_count() -> None:
    old = fact("anti_pla2r_elisa", 165.0, "RU/mL", -400, "outdated")
    low = fact("tacrolimus_trough", 2.5, "ng/mL", -300, "outdated")
    asked = replace(
        ANTIBODY_UNKNOWN,
        missing=("ANTI_PLA2R", "CNI_TROUGH", "ALBUMIN"),
        facts=(*ANTIBODY_UNKNOWN.facts, old, low),
        outdated=(
            Outdated("ANTI_PLA2R", old.name, old.source, old.role, "older than 120 days"),
            Outdated("CNI_TROUGH", low.name, low.source, low.role, "not from the last 180 days of the line"),
        ),
    )
    card = only_card(asked)
    assert "ELISA (RU/mL). Last: 165 RU/mL on 2025-10-18, older than 120 days." in card["detail"]
    assert "last dose. Tacrolimus trough, last: 2.5 ng/mL on 2026-01-26, not from the last 180 days" in card["detail"]
    assert "| Anti-PLA2R | 2025-10-18 | 165 RU/mL | outdated |" in card["detail"]
    assert "outdated" in [one["role"] for one in machine_half(card)["facts"]]


def test_an_old_word_and_an_old_bound_are_named_as_they_stand() -> None:
    word, bound = (
        fact("anti_pla2r_iif", "negative", "", -400, "outdated"),
        fact("c3", "< 0.2", "g/L", -90, "outdated"),
    )
    asked = replace(
        ANTIBODY_UNKNOWN,
        missing=("ANTI_PLA2R_IIF", "REPEAT_UPCR"),
        facts=(word, bound),
        outdated=(
            Outdated("ANTI_PLA2R_IIF", word.name, word.source, word.role, "older than 120 days"),
            Outdated("REPEAT_UPCR", bound.name, bound.source, bound.role, "older than 60 days"),
        ),
    )
    detail = only_card(asked)["detail"]
    assert "Last: negative on 2025-10-18, older than 120 days." in detail
    assert "C3, last: &lt; 0.2 g/L on 2026-08-24, older than 60 days." in detail


def test_two_values_of_one_day_that_decide_are_said_as_a_pair_and_once() -> None:
    kept, other = quantity("upcr", 3.5, "g/g", -10), replace(quantity("upcr", 0.4, "g/g", -10), source="Observation/b")
    undecided = tuple(SetAside(v.source, "VALUES_DISAGREE", "upcr", v.day, v.stated) for v in (kept, other))
    case = replace(MAN_OF_52, disagreements=((kept, other),), set_aside=undecided)
    card = only_card(replace(ANTIBODY_UNKNOWN, undecided=undecided), case)
    said = [line for line in card["detail"].splitlines() if "UPCR 2026-11-12" in line]
    assert said == [
        "- UPCR 2026-11-12: two values on one day, 3.5 g/g and 0.4 g/g; the advice depends on which is right, so "
        "neither is used. Repeat it."
    ]
    assert [item["reason"] for item in machine_half(card)["setAside"]] == ["VALUES_DISAGREE"] * 2
