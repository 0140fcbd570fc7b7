"""Cases CLIN-01 to CLIN-10: values whose unit, number or sign is wrong."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.attack.attacker import Attack, Said
from tests.attack.case_table import case
from tests.attack.charts import (
    ALBUMIN,
    C3,
    CREATININE,
    EGFR,
    PLA2R,
    UPCR,
    Json,
    add,
    found,
    lupus,
    membranous,
    membranous_by_ratio,
    newest,
    observation,
    quantity,
    without,
)

DAY = "2026-11-12"


def assert_excluded_and_said(said: Said, resource: str, reason: str, *words: str) -> None:
    """The value rests on nothing, and the card says what was left out, of when, and why."""
    assert said.set_aside.get(resource) == reason
    assert resource not in {fact["source"] for fact in said.half["facts"]}
    line = next((line for line in said.detail.splitlines() if "not used:" in line and words[0] in line), "")
    assert [word for word in words if word not in line] == [], f"said only: {line!r}"


def ratio_of(*, baseline: float, middle: float, now: Json) -> Json:
    """The base chart with this course of proteinuria."""
    call = membranous_by_ratio()
    first, second, last = found(call, UPCR)
    first["valueQuantity"]["value"], second["valueQuantity"]["value"] = baseline, middle
    last["valueQuantity"] = now
    return call


@case("CLIN-01")
@pytest.mark.parametrize("egfr_too", [True, False], ids=["beside an eGFR", "the only measure of kidney function"])
def test_a_creatinine_in_the_wrong_unit_gives_no_egfr(attack: Attack, egfr_too: bool) -> None:
    call = membranous()
    if not egfr_too:
        without(call, lambda one: EGFR in str(one.get("code")))
        add(call, "kidney-function", observation("before", CREATININE, "2026-04-16", 1.0, "mg/dL"))
    said = attack.send(add(call, "kidney-function", observation("wrong", CREATININE, DAY, 88.4, "mg/dL")))
    assert_excluded_and_said(said, "Observation/wrong", "PLAUSIBILITY_REJECTED", "Creatinine", DAY, "88.4 mg/dL")
    current = [fact for fact in said.facts("egfr") if fact["date"] == DAY]
    assert [fact["value"] for fact in current] == ([79] if egfr_too else [])
    assert said.rule == ("MN-07" if egfr_too else "MN-D1")


@case("CLIN-03")
@pytest.mark.parametrize(
    ("baseline", "middle"), [(4.2, 4.0), (8.4, 8.0)], ids=["down by a sixth: resistant", "more than halved"]
)
def test_one_ratio_in_three_units_gives_one_recommendation(attack: Attack, baseline: float, middle: float) -> None:
    written = (quantity(3500, "mg/g"), quantity(3.5, "g/g"), quantity(395.9, "mg/mmol"))
    answers = [attack.send(ratio_of(baseline=baseline, middle=middle, now=now)) for now in written]
    values = [next(f["value"] for f in said.facts("upcr") if f["role"] == "current") for said in answers]
    assert all(abs(value / 3.5 - 1) < 0.001 for value in values)
    members = ("rule", "state", "action", "nextClass", "alternatives", "notes", "severity", "missing")
    told = [{member: said.half.get(member) for member in members} for said in answers]
    assert told[1:] == told[:1] * 2


@case("CLIN-05")
def test_a_ratio_without_a_unit_is_not_guessed(attack: Attack) -> None:
    call = membranous_by_ratio()
    newest(call, UPCR)["valueQuantity"] = quantity(3.5, None)
    said = attack.send(call)
    assert_excluded_and_said(said, "Observation/s-01-10", "UNIT_REJECTED", "UPCR", DAY, "3.5", "unit missing")
    assert (said.rule, said.half["missing"]) == ("MN-D1", ["PROTEINURIA"])


@case("CLIN-07")
@pytest.mark.parametrize(("value", "unit"), [(28, "g/dL"), (2.8, "g/L")])
def test_an_albumin_in_the_wrong_unit_is_left_out(attack: Attack, value: float, unit: str) -> None:
    call = membranous()
    newest(call, ALBUMIN)["valueQuantity"] = quantity(value, unit)
    said = attack.send(call)
    assert_excluded_and_said(
        said, "Observation/s-01-12", "PLAUSIBILITY_REJECTED", "Albumin", DAY, f"{value} {unit}", "plausible range"
    )
    assert said.half["missing"] == ["ALBUMIN"]


@case("CLIN-09")
def test_a_complement_in_the_wrong_unit_is_left_out(attack: Attack) -> None:
    said = attack.send(add(lupus(), "antibodies", observation("c3", C3, "2026-11-13", 90, "g/L")))
    assert_excluded_and_said(said, "Observation/c3", "PLAUSIBILITY_REJECTED", "C3", "2026-11-13", "90 g/L")
    assert said.rule == "LN-24"


def bounded(call: Json, code: str, bound: str, value: float, unit: str) -> Json:
    newest(call, code)["valueQuantity"] = quantity(value, unit) | {"comparator": bound}
    return call


def shown_without_sign(text: str, number: str) -> list[str]:
    """Places where the number stands without a sign in front of it, or the word for one."""
    text = re.sub(r"\b(below|at most|above|at least) (?=[\d.])", "<", text)
    number = re.escape(number)
    return re.findall(
        rf"[^\n|]{{0,40}}(?<![\d.])(?<!&lt; )(?<!&gt; )(?<!&lt;)(?<!&gt;)(?<![<>] )(?<![<>]){number}", text
    )


@case("CLIN-10")
@pytest.mark.parametrize(
    ("code", "bound", "value", "unit", "row"),
    [
        (UPCR, "<", 0.1, "g/g", "| UPCR | 2026-11-12 | &lt; 0.1 g/g | current |"),
        (PLA2R, ">", 1500, "RU/mL", "| Anti-PLA2R | 2026-11-12 | &gt; 1500 RU/mL | current |"),
    ],
    ids=["below 0.1 g/g", "above 1500 RU/mL"],
)
def test_a_bound_keeps_its_sign_wherever_it_is_shown(
    attack: Attack, code: str, bound: str, value: Any, unit: str, row: str
) -> None:
    said = attack.send(bounded(membranous_by_ratio(), code, bound, value, unit))
    assert row in said.detail
    text = "\n".join((said.cards[0]["summary"], said.detail))
    assert shown_without_sign(text, f"{value} {unit}") == []


@case("CLIN-10")
def test_a_fall_reckoned_from_a_bound_is_not_said_as_a_number(attack: Attack) -> None:
    # From 8.4 to below 0.1 g/g is a fall of more than 98.8 %, not one of 98.8 %.
    said = attack.send(bounded(membranous_by_ratio(), UPCR, "<", 0.1, "g/g"))
    text = "\n".join((said.cards[0]["summary"], said.detail))
    assert re.findall(r"(?<!at least )(?<!more than )(?<!over )98\.8 %", text) == []


@case("CLIN-10")
def test_a_bound_that_does_not_decide_is_said_and_no_number_put_in_its_place(attack: Attack) -> None:
    said = attack.send(bounded(membranous_by_ratio(), UPCR, "<", 3.6, "g/g"))
    assert_excluded_and_said(said, "Observation/s-01-10", "BOUND_UNDECIDED", "UPCR", DAY, "&lt;3.6 g/g", "a bound")
    assert (said.rule, said.half["missing"]) == ("MN-D1", ["PROTEINURIA"])
