"""Traps 31 to 33: a drug of ours that was given for another disease. The record says so in `reasonCode`."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_samples import ICD10CM, SNOMED, Resource, coded

from tests.traps.answers import answer, laid, untouched
from tests.traps.charts import (
    ATC,
    RITUXIMAB,
    after_rituximab,
    infused,
    lupus_nephritis,
    on_tacrolimus,
    ordered,
    problem,
    taken,
    untreated,
)

KESIMPTA, OFATUMUMAB = "2390954", "712566"
OTHER_DISEASES = {
    "lymphoma": coded(SNOMED, "118600007", text="Malignant lymphoma"),
    "lymphoma, ICD": coded(ICD10CM, "C85.90"),
    "rheumatoid arthritis": coded(SNOMED, "69896004", text="Rheumatoid arthritis"),
    "rheumatoid arthritis, ICD": coded(ICD10CM, "M06.9"),
}
OUR_DISEASES: dict[str, list[Resource]] = {
    "membranous nephropathy": [coded(SNOMED, "77182004")],
    "membranous nephropathy, ICD": [coded(ICD10CM, "N04.20")],
    "proteinuria": [{"text": "Nephrotic syndrome"}],
    "not said": [],
}


def given(code: str, days: int, reason: list[Resource], **more: Any) -> list[Resource]:
    """The ways in which one course may be written."""
    why: dict[str, Any] = {"reasonCode": reason} if reason else {}
    return [
        infused(code, days, **why, **more),
        taken(code, days, days + 30, **why, **more),
        ordered(code, days, status="completed", **why, **more),
    ]


@pytest.mark.parametrize("reason", OTHER_DISEASES.values(), ids=OTHER_DISEASES.keys())
@pytest.mark.parametrize("days", [-900, -215])
def test_trap_31_rituximab_for_lymphoma_or_arthritis_is_no_trial_in_glomerulonephritis(
    reason: Resource, days: int
) -> None:
    """Terminology 7, trap 31. As a line it would be judged by proteinuria, and rituximab could count as failed."""
    for trap in given(RITUXIMAB, days, [reason]):
        for chart in (untreated(), on_tacrolimus()):
            assert untouched(chart, trap).offered[0] == "RTX"
        untouched(lupus_nephritis(), trap)


@pytest.mark.parametrize("reason", OTHER_DISEASES.values(), ids=OTHER_DISEASES.keys())
def test_trap_31_it_is_said(reason: Resource) -> None:
    """Architecture, idea 5: nothing is silent; a dose of rituximab could have mattered."""
    for trap in given(RITUXIMAB, -215, [reason]):
        assert answer(laid(untreated(), trap)).said_of("trap")


@pytest.mark.parametrize("reason", OUR_DISEASES.values(), ids=OUR_DISEASES.keys())
def test_trap_31_rituximab_for_our_disease_or_without_a_reason_is(reason: list[Resource]) -> None:
    for record in given(RITUXIMAB, -215, reason):
        assert [line["classes"] for line in answer(laid(untreated(), record)).lines] == [["RTX"]]
    why = {"reasonCode": reason} if reason else {}
    chart = after_rituximab()
    course = {name: {**chart[name], **why} for name in ("infusion-1", "infusion-2")}
    assert answer(chart | course).rule == "MN-30"


MULTIPLE_SCLEROSIS = {"coded": coded(SNOMED, "24700007"), "ICD": coded(ICD10CM, "G35")}


@pytest.mark.parametrize("reason", MULTIPLE_SCLEROSIS.values(), ids=MULTIPLE_SCLEROSIS.keys())
@pytest.mark.parametrize(("code", "more"), [(KESIMPTA, {}), ("L04AG12", {"system": ATC})], ids=["product", "ATC"])
def test_trap_32_ofatumumab_for_multiple_sclerosis_is_no_trial_in_glomerulonephritis(
    reason: Resource, code: str, more: dict[str, Any]
) -> None:
    for trap in given(code, -215, [reason], **more):
        untouched(untreated(), trap)
        untouched(on_tacrolimus(), trap)


@pytest.mark.parametrize(("code", "more"), [(KESIMPTA, {}), ("L04AG12", {"system": ATC})], ids=["product", "ATC"])
def test_trap_32_the_product_for_multiple_sclerosis_can_never_have_failed(code: str, more: dict[str, Any]) -> None:
    """20 mg a month: R-03, a past anti-CD20 line below 1.4 g is INADEQUATE and never FAILED."""
    chart = on_tacrolimus()
    for number in range(6):
        chart = laid(chart, infused(code, -600 + 28 * number, 20, **more), f"pen-{number}")
    said = answer(chart)
    assert not [line for line in said.lines if "FAILED" in line["outcome"] and line["classes"] != ["CNI"]]
    assert said.rule == "MN-07"


@pytest.mark.parametrize(("code", "more"), [(OFATUMUMAB, {}), ("L01FA02", {"system": ATC})], ids=["RxNorm", "ATC"])
def test_trap_32_infused_ofatumumab_is(code: str, more: dict[str, Any]) -> None:
    said = answer(laid(untreated(), infused(code, -215, 2000, **more)))
    assert [line["classes"] for line in said.lines] == [["CD20_2G"]]


@pytest.mark.parametrize("code", ["L04AJ01", "L04AA25"])
def test_trap_33_eculizumab_is_no_class_of_ours(code: str) -> None:
    """Section 3.1 has no complement inhibitor: with or without the reason it is no line."""
    for reason in ([coded(ICD10CM, "D59.39")], []):
        for trap in given(code, -215, reason, system=ATC):
            for chart in (untreated(), on_tacrolimus(), lupus_nephritis()):
                untouched(chart, trap)


def test_trap_33_the_disease_it_is_given_for_counts_in_lupus_nephritis() -> None:
    """Section 12: tma_on_biopsy also from the diagnosis; LN-03. The drug does not change that."""
    chart = laid(lupus_nephritis(), problem("D59.39", ICD10CM, since=-100), "syndrome")
    assert answer(chart).rule == "LN-03"
    for trap in given("L04AJ01", -90, [coded(ICD10CM, "D59.39")], system=ATC):
        untouched(chart, trap)
