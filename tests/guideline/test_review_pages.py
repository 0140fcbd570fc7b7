"""The pages a clinician reviews: every rule, row, veto, note and threshold is on them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from cds_service.guideline.catalogue import SAFETY_RULES, SCOPE_RULES, all_rules
from cds_service.guideline.evidence import EVIDENCE
from cds_service.guideline.notes import NOTES
from cds_service.guideline.rows import Row, decided, row, rules_of, walk
from cds_service.guideline.safety import COMPONENTS, VETOES
from cds_service.guideline.sources import evidence_for
from cds_service.guideline.tables import STEPS, guideline_page, safety_page, thresholds_of
from cds_service.guideline.thresholds import numbers
from tests.guideline.expectations import answer_for
from tests.guideline.rulebook import RULEBOOK
from tests.guideline.standard_patients import resistant_ln, resistant_mn

NO_STORIES: dict[str, Sequence[tuple[str, str]]] = {}
PAGES = {"MN": guideline_page("MN", NO_STORIES), "LN": guideline_page("LN", NO_STORIES)}
SAFETY = safety_page(NO_STORIES)


def every_row(rows: Sequence[Row[Any]]) -> Iterator[Row[Any]]:
    for item in rows:
        yield item
        yield from every_row(item.table)


ROWS = [(disease, item) for disease, rows in STEPS.items() for item in every_row(rows)]


@pytest.mark.parametrize("rule", sorted(RULEBOOK))
def test_every_rule_is_on_a_page(rule: str) -> None:
    pages = [PAGES["MN"], PAGES["LN"], SAFETY]
    assert any(re.search(rf"(?m)^\| {rule} \|", page) for page in pages)


@pytest.mark.parametrize("rule", sorted(set(RULEBOOK) - set(SCOPE_RULES) - set(SAFETY_RULES) - {"LN-D0"}))
def test_every_rule_has_a_row(rule: str) -> None:
    disease = rule.split("-")[0]
    assert rule in rules_of([item for name, item in ROWS if name == disease])


@pytest.mark.parametrize(("disease", "item"), ROWS, ids=[item.step for _, item in ROWS])
def test_every_row_is_printed_with_question_statement_source_and_rules(disease: str, item: Row[Any]) -> None:
    line = next(line for line in PAGES[disease].splitlines() if line.startswith(f"| {item.step} |"))
    assert item.asks in line
    assert item.statement in line
    assert len(item.statement) > 20
    assert item.source
    assert item.rules or item.table or item.step == "LN step 18"
    assert all(rule in line for rule in item.rules)


def test_the_steps_of_the_specification_are_all_there_in_order() -> None:
    assert [item.step for item in STEPS["MN"]] == [f"MN step {n}" for n in range(1, 21)]
    assert [item.step for item in STEPS["LN"]] == [f"LN step {n}" for n in range(1, 22)]


def test_the_flow_has_a_node_for_each_step() -> None:
    for disease, page in PAGES.items():
        assert len(re.findall(r"(?m)^    s\d+\{", page)) == len(STEPS[disease])  # type: ignore[index]
        assert page.count("```") == 2


def test_every_threshold_note_and_veto_is_on_the_safety_page() -> None:
    for item in numbers():
        assert f"| `{item.name}` |" in SAFETY
    for note, (_, level) in NOTES.items():
        assert re.search(rf"(?m)^\| `{note}` \| .* \| {level} \|$", SAFETY)
    for name in VETOES:
        assert f"| {name} |" in SAFETY


def test_every_class_that_can_be_offered_has_its_vetoes_printed() -> None:
    """COMPONENTS says which drugs a class is made of; each of these drugs stands in the table of vetoes."""
    printed = " ".join((*VETOES, *VETOES.values()))
    for name in COMPONENTS:
        assert name.removesuffix("_COMBO").removesuffix("_GC") in printed


def test_a_story_is_linked_from_its_rule() -> None:
    page = guideline_page("MN", {"MN-07": [("tacrolimus-failed", "Tacrolimus failed")]})
    line = next(line for line in page.splitlines() if line.startswith("| MN-07 |"))
    assert "[Tacrolimus failed](../../fixtures/patient-view/tacrolimus-failed/story.md)" in line


def test_a_page_is_the_same_every_time() -> None:
    assert guideline_page("LN", NO_STORIES) == PAGES["LN"]


@pytest.mark.parametrize(
    ("step", "names"),
    [
        ("MN step 11", {"early"}),
        ("MN step 12", {"mn_nephrotic"}),
        ("MN 5.1-4", {"untreated_low_egfr"}),
        ("MN 5.3-4", {"b_cells_depleted"}),
        ("LN step 16", {"ln_activity_low", "ln_chronicity_high"}),
    ],
)
def test_the_thresholds_of_a_row_are_found_in_its_code(step: str, names: set[str]) -> None:
    disease, item = next((d, i) for d, i in ROWS if i.step == step)
    assert names <= set(thresholds_of(item, disease))


def test_every_threshold_of_the_steps_is_found_in_some_row() -> None:
    """The vetoes, notes and outcomes have no row of their own, so their numbers are on the safety page only."""
    in_rows = {name for disease, item in ROWS for name in thresholds_of(item, disease)}
    for name in ("mn_nephrotic", "antibody_negative", "relapse_rise", "ln_flare_rise", "ln_heavy", "egfr_decline"):
        assert name in in_rows


class TestRows:
    """What a table of rows does."""

    def test_a_table_without_an_answer_is_a_fault_and_not_a_silence(self) -> None:
        @row("step 1", "Never?", source="OP")
        def never(_: Any) -> str:
            """This row never applies."""
            return "no"

        picture = type("Empty", (), {"trace": []})()
        assert walk((never,), picture) is None
        with pytest.raises(LookupError, match="step 1 to step 1"):
            decided((never,), picture)

    @pytest.mark.parametrize("case", [resistant_mn(), resistant_ln()])
    def test_the_trace_ends_with_the_row_that_decided(self, case: Any) -> None:
        trace = answer_for(case).trace
        assert trace[-1].applied
        assert all(step.asked and step.saw for step in trace)
        positions = [step.row for step in trace if "step" in step.row]
        assert positions == sorted(positions, key=lambda name: int(name.rsplit(" ", 1)[1]))


def test_every_evidence_id_a_card_can_cite_is_in_the_register() -> None:
    for case in (resistant_mn(), resistant_ln()):
        for name in answer_for(case).evidence:
            assert name in EVIDENCE
    assert callable(evidence_for)
    assert set(all_rules()) == set(RULEBOOK)
