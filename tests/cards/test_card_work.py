"""What a card costs, counted in work instead of time, and what stays in the process when it is written: no patient."""

from __future__ import annotations

import functools
import gc
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import FrameType
from typing import Any

import pytest
from card_samples import CNI_FAILED, CNI_FAILED_CASE, LUPUS_REFRACTORY, MAN_OF_52, ON, STAMP, WOMAN_OF_31, day
from test_card_writing import SAMPLES

from cds_service.cards.stamp import Stamp
from cds_service.cards.write import cards_for
from cds_service.case.model import Case, Exposure, SetAside
from cds_service.guideline.assessment import Assessment, Fact, LineSummary, Veto

# With the walks through the whole card it was seven times as many.
MOST_CALLS = 220
WHO = "Marker-4711"
WHEN = day(-3_333)


def calls_for(assessment: Assessment, case: Case) -> int:
    """Python functions entered while one card is written."""
    count = 0

    def entered(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(entered)
    try:
        cards_for([assessment], case, ON, STAMP)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(("assessment", "case"), SAMPLES.values(), ids=SAMPLES.keys())
def test_a_card_is_little_work_once_its_rule_has_been_seen(assessment: Assessment, case: Case) -> None:
    calls_for(assessment, case)
    assert calls_for(assessment, case) <= MOST_CALLS


def test_a_value_more_is_a_few_calls_more_not_a_walk_through_the_card() -> None:
    ten_more = replace(CNI_FAILED, facts=(*CNI_FAILED.facts[:1], *CNI_FAILED.facts[:1] * 10))
    one = replace(CNI_FAILED, facts=CNI_FAILED.facts[:1])
    calls_for(one, MAN_OF_52)
    assert calls_for(ten_more, MAN_OF_52) - calls_for(one, MAN_OF_52) <= 10 * 4


def marked() -> tuple[Assessment, Case, Stamp]:
    """A patient whose texts, sources and dates can be told from all others."""
    assessment = replace(
        LUPUS_REFRACTORY,
        facts=(Fact("upcr", 2.8, "g/g", WHEN, "current", f"Observation/{WHO}", WHO), *LUPUS_REFRACTORY.facts),
        lines=(LineSummary(("CYC",), WHEN, WHEN + 1, "FAILED", (f"Condition/{WHO}",), (WHO,), 0.1, WHO),),
        remarks=(WHO,),
        notes=(*LUPUS_REFRACTORY.notes, "PREGNANCY_TERATOGEN_ACTIVE"),
        figures={**LUPUS_REFRACTORY.figures, "check": WHO, "line": WHO},
    )
    case = replace(
        WOMAN_OF_31,
        exposures=(Exposure("leflunomide", "statement", WHEN, None, f"MedicationStatement/{WHO}"),),
        set_aside=(SetAside(f"Observation/{WHO}", WHO, "", WHEN, WHO),),
        not_provided=(WHO,),
    )
    return assessment, case, replace(STAMP, patient_id=WHO, hook_instance=WHO)


def card_modules() -> list[Any]:
    return [module for name, module in sorted(sys.modules.items()) if name.startswith("cds_service.cards.")]


def memories() -> list[Any]:
    """Every function of the card room that remembers its answers."""
    values = (value for module in card_modules() for value in vars(module).values())
    return [value for value in values if isinstance(value, functools._lru_cache_wrapper)]


def held(value: Any, seen: set[int]) -> Iterator[str]:
    """Every text that can be reached through containers, records and remembered answers."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, str):
        yield value
    kind = type(value)
    of_ours = kind.__module__.startswith("cds_service.cards")
    if of_ours or kind.__module__ == "functools" or isinstance(value, dict | list | tuple | set | frozenset):
        for inner in gc.get_referents(value):
            yield from held(inner, seen)


def test_nothing_of_a_patient_is_remembered() -> None:
    assessment, case, stamp = marked()
    written = json.dumps([cards_for([assessment], case, ON, replace(stamp, fhir_version=v)) for v in ("R4", "R5")])
    when = "2017-10-07"
    assert WHO in written
    assert when in written
    texts = set(held([vars(module) for module in card_modules()], set()))
    assert any("Euro-Lupus" in text for text in texts), "the walk must reach what is remembered"
    assert not [text for text in texts if WHO in text or when in text]


def test_what_is_remembered_is_bounded() -> None:
    assert len(memories()) > 5
    assert all(memory.cache_parameters()["maxsize"] for memory in memories())


def test_cards_of_others_do_not_change_a_card() -> None:
    first = cards_for([CNI_FAILED], CNI_FAILED_CASE, ON, STAMP)
    as_first_written = json.dumps(first)
    assessment, case, stamp = marked()
    cards_for([assessment, CNI_FAILED], case, ON, replace(stamp, fhir_version="R5"))
    cards_for([CNI_FAILED], WOMAN_OF_31, ON, stamp)
    assert json.dumps(first) == as_first_written
    assert json.dumps(cards_for([CNI_FAILED], CNI_FAILED_CASE, ON, STAMP)) == as_first_written


def test_a_hollow_assessment_leaves_no_empty_member() -> None:
    """The card is written without empty members; the walk that would remove them finds none."""
    hollow = replace(
        CNI_FAILED,
        facts=(Fact("albumin", "", "", day(-1), "", ""), Fact("egfr", 0.0, "", day(-1), "", "")),
        lines=(LineSummary((), day(-9), None, "", ("",)), LineSummary(("",), day(-9), day(-8), "", ())),
        notes=("", "PREGNANCY_TERATOGEN_ACTIVE"),
        vetoed=(Veto("CNI", ""),),
        evidence=(),
        conflicts=("",),
        strength="",
    )
    case = replace(WOMAN_OF_31, exposures=(Exposure("leflunomide", "statement", day(-9), None, ""),))
    cards = cards_for([hollow], case, ON, replace(STAMP, service_version="", public_base_url=""))
    assert cards == to_wire(cards)
    assert cards[0]["extension"]["org.nextline-cds.recommendation"]["facts"][1]["value"] == 0


def to_wire(value: Any) -> Any:
    """The value without `None`, `""`, `[]` and `{}` at any depth (GEN-3). `False` and `0` stay: they say something."""
    if isinstance(value, Mapping):
        members = ((name, to_wire(member)) for name, member in value.items())
        return {name: member for name, member in members if not _is_empty(member)}
    if isinstance(value, list | tuple):
        return [member for member in map(to_wire, value) if not _is_empty(member)]
    return value


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | dict | list) and not value)
