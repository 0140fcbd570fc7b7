"""Every sentence a clinician can see: complete, short enough, and whole with or without its figures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from card_samples import ALL_FIGURES, CNI_FAILED, LUPUS_REFRACTORY
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_service.cards.figures import shown_figures
from cds_service.cards.filling import always_needed, fill, names_in
from cds_service.cards.headline import headline
from cds_service.cards.sections import MOST_OF_A_FINDING
from cds_service.cards.wording import RULES
from cds_service.cards.wording_change import WOULD_CHANGE
from cds_service.cards.wording_classes import CLASSES
from cds_service.cards.wording_conflicts import CONFLICTS
from cds_service.cards.wording_notes import NOTES
from cds_service.cards.wording_requests import MISSING
from cds_service.cards.wording_rules import ACTIONS
from cds_service.guideline.assessment import Assessment, Veto
from cds_service.guideline.evidence import EVIDENCE
from cds_service.guideline.lupus.steps import STEPS as LUPUS_STEPS
from cds_service.guideline.membranous.steps import STEPS as MEMBRANOUS_STEPS
from cds_service.guideline.rows import Row


def words(text: str) -> list[str]:
    return text.split()


MEMBRANOUS_RULES = words(
    "MN-00 MN-01 MN-02 MN-03 MN-04 MN-04b MN-05a MN-05b MN-06 MN-07 MN-08 MN-09 MN-10 MN-11 MN-12 MN-13 MN-14 MN-15a "
    "MN-15b MN-16 MN-17 MN-17b MN-17c MN-18 MN-19 MN-20 MN-21 MN-22 MN-23 MN-24 MN-26 MN-27 MN-28 MN-30 MN-31 MN-32 "
    "MN-33 MN-34 MN-35 MN-36 MN-37 MN-A1 MN-A2 MN-A3 MN-A4 MN-A5 MN-D0 MN-D1 MN-D2 MN-D3 MN-D4 MN-D5 MN-D6 MN-D7 "
    "MN-D8 MN-D9 MN-D10 MN-D11"
)
LUPUS_RULES = words(
    "LN-01 LN-02 LN-03 LN-04a LN-04b LN-04c LN-04d LN-04v LN-05 LN-10 LN-11 LN-13 LN-14 LN-15 LN-16 LN-17 LN-19 LN-20a "
    "LN-20b LN-20c LN-21a LN-21b LN-21c LN-24 LN-25 LN-26 LN-27 LN-30 LN-31 LN-40 LN-41 LN-42 LN-43 LN-44 LN-45 LN-50 "
    "LN-51 LN-D0 LN-D1 LN-D2 LN-D3 LN-D4 LN-D5 LN-D6 LN-D8"
)
ALL_RULES = [*MEMBRANOUS_RULES, *LUPUS_RULES, "SC-01", "SC-02", "SC-03", "SAFE-01", "SAFE-02"]

NOTE_CODES = words(
    "HBV_POSITIVE_PROPHYLAXIS_FIRST HBV_COVERED HBV_CORE_PROPHYLAXIS HBV_SCREEN_REQUIRED LOW_IGG_HOLD LOW_IGG_CAUTION "
    "LEUKOPENIA_CYC_HOLD PREGNANCY_TERATOGEN_ACTIVE PREGNANCY_TEST_REQUIRED FERTILITY_CYC_CAP_10G CYC_CUM_25G "
    "CNI_EGFR_CAUTION CNI_NEPHROTOXICITY VTE_RISK HCQ_MISSING EXPERT_REFERRAL REFRACTORY_EXPERT_REFERRAL "
    "REBIOPSY_RECOMMENDED AB_PERSISTENT_HIGH MPAA_MONO_NOT_RECOMMENDED UNIT_REJECTED PLAUSIBILITY_REJECTED "
    "INFECTION_ACTIVE MALIGNANCY_ACTIVE"
)
MISSING_CODES = words(
    "MN_DIAGNOSIS_CONFIRMATION LN_DIAGNOSIS_CONFIRMATION LN_CLASS PROTEINURIA UPCR EGFR BASELINE_PROTEINURIA "
    "BASELINE_UPCR BASELINE_EGFR ALBUMIN ANTI_PLA2R ANTI_PLA2R_IIF CNI_TROUGH B_CELL_COUNT EGFR_TREND "
    "REPEAT_CREATININE REPEAT_PROTEINURIA REPEAT_UPCR MPAA_DOSE PRIOR_LINE_OUTCOME"
)
CLASS_CODES = words("RTX RTX_CNI CYC_GC CNI ANTI_CD20_2G MPAA_GC CNI_COMBO BEL_COMBO ANTI_CD20_COMBO AZA_CNI")
ACTION_CODES = words(
    "START_CLASS REFER_EXPERT CONTINUE WAIT_MONITOR TAPER_CNI TAPER_OFF_CNI REDUCE_CNI OPTIMIZE REBIOPSY SUPPORTIVE "
    "DEFER DATA_REQUEST"
)

ALWAYS_KNOWN = {"next"}
KNOWN_FIGURES = {
    *shown_figures(replace(CNI_FAILED, figures=ALL_FIGURES, missing=("ALBUMIN",))),
    *ALWAYS_KNOWN,
}
BROKEN = re.compile(r"\bNone\b|\bnan\b|\binf\b|[{}\[\]<>|]|  | ,| \.|\.\.|;\.|, \.|\(\)|: \.|_")


def answer(rule: str, figures: dict[str, float | str], next_class: str = "") -> Assessment:
    """An assessment that gives this rule, with a class where the rule speaks of one."""
    disease = "LN" if rule.startswith("LN") else "MN"
    starts = "next" in names_in(RULES[rule].summary)
    chosen = next_class or RULES[rule].leads or ("BEL_COMBO" if disease == "LN" else "CYC_GC")
    return Assessment(
        disease,
        "STATE",
        "START_CLASS" if starts else "CONTINUE",
        rule,
        next_class=chosen if starts else "",
        figures=figures,
        missing=("PROTEINURIA", "EGFR"),
    )


def widest(rule: str) -> str:
    return "ANTI_CD20_COMBO" if rule.startswith("LN") else "ANTI_CD20_2G"


FIGURES = {
    "with all figures": ALL_FIGURES,
    "with no figure": {},
    "with proteinuria alone": {"current": 12.34, "current_unit": "g/d"},
    "with proteinuria rising": {**ALL_FIGURES, "reduction": -0.347, "current_unit": "g/g"},
    "with a negative antibody": {**ALL_FIGURES, "antibody": "NEG", "antibody_value": 1.2},
    "in PLA2R-negative disease": {**ALL_FIGURES, "antibody": "NA"},
}


@pytest.mark.parametrize("rule", ALL_RULES)
def test_every_rule_has_its_sentences(rule: str) -> None:
    wording = RULES[rule]
    assert wording.summary
    assert wording.why.endswith((".", "]"))
    assert set(wording.change) <= WOULD_CHANGE.keys()
    assert bool(wording.leads) == bool(wording.reason)


def rules_of(rows: Iterable[Row[Any]]) -> Iterator[str]:
    for item in rows:
        yield from item.rules
        yield from rules_of(item.table)


def test_every_rule_of_the_guidelines_has_its_sentences() -> None:
    known = {*rules_of(MEMBRANOUS_STEPS), *rules_of(LUPUS_STEPS)}
    assert len(known) > 80
    assert known <= RULES.keys()


def test_no_sentence_belongs_to_an_unknown_rule() -> None:
    assert sorted(RULES) == sorted(ALL_RULES)


@pytest.mark.parametrize("rule", ALL_RULES)
def test_templates_use_known_figures_and_need_none_that_may_be_absent(rule: str) -> None:
    wording = RULES[rule]
    for template in (wording.summary, wording.why, wording.reason):
        assert names_in(template) <= KNOWN_FIGURES
        assert always_needed(template) <= ALWAYS_KNOWN


@pytest.mark.parametrize("figures", FIGURES.values(), ids=FIGURES.keys())
@pytest.mark.parametrize("rule", ALL_RULES)
def test_summary_and_lead_are_whole_sentences(rule: str, figures: dict[str, float | str]) -> None:
    for next_class in ("", widest(rule)):
        head = headline(answer(rule, figures, next_class))
        assert 20 < len(head.summary) < 140
        assert head.summary.endswith("."), "it was cut"
        assert not BROKEN.search(head.summary), head.summary
        assert not BROKEN.search(head.lead.replace("\n", "")), head.lead


FIGURE_NAMES = sorted(ALL_FIGURES)
ANY_NUMBER = st.floats(allow_nan=True, allow_infinity=True)
ANY_WORD = st.text(max_size=300)


# The machine may be busy: slowness is not what this test is about.
@pytest.mark.conformance("CARD-1")
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(ALL_RULES), st.dictionaries(st.sampled_from(FIGURE_NAMES), ANY_NUMBER | ANY_WORD))
def test_no_figure_however_long_breaks_the_limit(rule: str, figures: dict[str, float | str]) -> None:
    summary = headline(answer(rule, figures, widest(rule))).summary
    assert 0 < len(summary) < 140
    assert not re.search(r"[<>{}\n\r\x00-\x1f‮]", summary)


@pytest.mark.parametrize(
    ("codes", "table"),
    [
        (NOTE_CODES, NOTES),
        (MISSING_CODES, MISSING),
        (CLASS_CODES, CLASSES),
        (ACTION_CODES, ACTIONS),
        ([f"C-{number:02d}" for number in range(1, 15)], CONFLICTS),
    ],
    ids=["notes", "missing", "classes", "actions", "conflicts"],
)
def test_every_code_of_the_specification_has_a_sentence(codes: list[str], table: dict[str, object]) -> None:
    assert sorted(table) == sorted(codes)


def test_no_sentence_holds_markup_or_a_code_word() -> None:
    sentences = [
        *(note.sentence + note.first for note in NOTES.values()),
        *(text for c in CLASSES.values() for text in (c.name, c.short, c.what, c.trade_off, c.regimen)),
        *CONFLICTS.values(),
        *WOULD_CHANGE.values(),
        *(text for request in MISSING.values() for text in (request.short, request.ask, request.order)),
    ]
    for sentence in sentences:
        assert not BROKEN.search(sentence), sentence


SHORTHAND = re.compile(r"OK/|numbers in|n=|>=|<=|\b(?:RTX|CYC|CsA|CRR?|PR|PERR|NS|HR)\b")


@pytest.mark.parametrize("code", EVIDENCE)
def test_a_source_says_its_finding_in_one_sentence_that_is_not_cut(code: str) -> None:
    finding = EVIDENCE[code].finding
    assert finding[0].isupper()
    assert len(finding) <= MOST_OF_A_FINDING
    assert not finding.endswith("."), "its confidence follows in brackets"
    assert not SHORTHAND.search(finding)


def test_when_safety_removed_the_usual_class_the_card_says_so_instead_of_praising_it() -> None:
    vetoed = replace(CNI_FAILED, next_class="CYC_GC", alternatives=(), vetoed=(Veto("RTX", "ALLERGY"),))
    lead = headline(vetoed).lead
    assert "Rituximab would come first here but is ruled out (allergy)" in lead
    assert "preferred" not in lead


def test_when_no_class_is_left_the_card_refers() -> None:
    nothing = replace(CNI_FAILED, action="REFER_EXPERT", next_class="", alternatives=())
    assert headline(nothing).summary == (
        "No class on the list can be offered: all have failed. Refer to a specialised glomerular centre."
    )
    unsafe = replace(nothing, vetoed=(Veto("RTX", "PREGNANCY"), Veto("CYC_GC", "PREGNANCY")))
    assert "can be offered (pregnancy)" in headline(unsafe).summary


def test_a_wish_for_children_is_the_reason_when_it_turns_the_order() -> None:
    turned = replace(CNI_FAILED, rule="MN-30", next_class="RTX_CNI", alternatives=("CYC_GC", "CNI"))
    assert "With a wish for children" in headline(turned).lead


@pytest.mark.parametrize(("note", "word"), [("INFECTION_ACTIVE", "infection"), ("MALIGNANCY_ACTIVE", "malignancy")])
def test_a_held_answer_names_what_it_waits_for(note: str, word: str) -> None:
    held = replace(LUPUS_REFRACTORY, action="DEFER", next_class="", alternatives=(), notes=(note,))
    assert word in headline(held).summary


def test_an_unknown_rule_still_gets_a_readable_card() -> None:
    assert headline(replace(CNI_FAILED, rule="XX-99")).summary == (
        "Consider rituximab: see the values and reasons below."
    )


@pytest.mark.parametrize(
    ("template", "figures", "expected"),
    [
        ("a[ {x}] b", {"x": "1"}, "A 1 b"),
        ("a[ {x}] b", {}, "A b"),
        ("[{x}|{y}|none] z", {"y": "2"}, "2 z"),
        ("[{x}|none] z", {}, "None z"),
        ("[eGFR {x}|eGFR low]", {}, "eGFR low"),
        ("{x}", {"x": "[{y}]"}, "[{y}]"),
        ("{y} of {x}", {"x": "1"}, "Of 1"),
        ("[{x} % of|5 % of] 30 %", {"x": "1"}, "1 % of 30 %"),
        ("[{x} % of|5 % of] 30 %", {}, "5 % of 30 %"),
        ("[a|b] 30 %", {}, "A 30 %"),
        ("{x} and {x}", {"x": "%s {y} %(x)s"}, "%s {y} %(x)s and %s {y} %(x)s"),
    ],
)
def test_filling(template: str, figures: dict[str, str], expected: str) -> None:
    assert fill(template, figures) == expected


def test_rule_wordings_are_told_apart() -> None:
    summaries = [wording.summary for wording in RULES.values()]
    assert len(set(summaries)) == len(summaries)
