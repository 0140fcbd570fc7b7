"""Traps 54 to 56: codes beside the procedure, and non-adherence to something else (clinical-spec 5.3 and 5.5)."""

from __future__ import annotations

import pytest
from fhir_samples import ICD10CM, LOINC, OURS, SNOMED, Resource, coded, made

from tests.traps.answers import answer, laid, untouched
from tests.traps.charts import (
    BIOPSY,
    CPT,
    ICD10PCS,
    Chart,
    answered,
    done,
    lab,
    lupus_nephritis,
    on_cyclosporine,
    on_tacrolimus,
    problem,
    untreated,
    without,
)

NO_BIOPSIES: dict[str, Resource] = {
    "the specimen": made("Specimen", type=coded(SNOMED, "309269002"), status="available"),
    "the specimen as a procedure": done("309269002", -30),
    "the look at the specimen": done("719033000", -30),
    "the kit": done("465904000", -30),
    "imaging guidance": done("24772-6", -30, LOINC),
    "the report of the guidance": lab("24772-6", -30, valueString="Needle seen in the lower pole of the left kidney"),
    "a normal result": problem("723066005", since=-30),
    "the result as a procedure": done("723066005", -30),
    "a drainage": done("0T903ZX", -30, ICD10PCS),
    "another endoscopy": done("50555", -30, CPT),
    "a biopsy not done": done(BIOPSY, -30, status="not-done"),
}


def never_biopsied() -> Chart:
    """Cyclosporine failed. After a biopsy of the last 730 days RTX_CNI would be an option (5.5, S002 test)."""
    chart = without(on_cyclosporine(), "biopsy")
    assert "RTX_CNI" not in answer(chart).offered
    return chart


def long_ago_biopsied() -> Chart:
    """Class IV is known from a biopsy of 500 days ago: a new one is recommended (section 6.3, step 18)."""
    old = {"biopsy": done(BIOPSY, -500), "class": answered(coded(OURS, "ln_class"), -500, "IV")}
    chart = lupus_nephritis() | {name: {**resource, "id": name} for name, resource in old.items()}
    assert "REBIOPSY_RECOMMENDED" in answer(chart).of("notes")
    return chart


@pytest.mark.parametrize("trap", NO_BIOPSIES.values(), ids=NO_BIOPSIES.keys())
def test_trap_54_specimen_guidance_or_kit_is_no_biopsy(trap: Resource) -> None:
    for chart in (never_biopsied(), long_ago_biopsied(), on_tacrolimus()):
        untouched(chart, trap)


@pytest.mark.parametrize(
    ("code", "system"), [(BIOPSY, SNOMED), ("438813007", SNOMED), ("0TB03ZX", ICD10PCS), ("50200", CPT)]
)
def test_trap_54_a_biopsy_is(code: str, system: str) -> None:
    assert "RTX_CNI" in answer(laid(never_biopsied(), done(code, -30, system))).offered
    assert "REBIOPSY_RECOMMENDED" not in answer(laid(long_ago_biopsied(), done(code, -30, system))).of("notes")


OTHER_RULES = [
    ("Z91.11", ICD10CM), ("Z91.110", ICD10CM), ("Z91.118", ICD10CM), ("Z91.15", ICD10CM), ("Z91.151", ICD10CM),
    ("Z91.158", ICD10CM), ("Z91.19", ICD10CM), ("129832003", SNOMED), ("125141000119102", SNOMED), ("45704003", SNOMED),
]  # fmt: skip


@pytest.mark.parametrize(("code", "system"), OTHER_RULES)
def test_trap_55_neglected_diet_or_dialysis_is_no_neglected_drug(code: str, system: str) -> None:
    """Section 5.3 asks about the drug; a diet not kept would turn resistance into MN-A1, and nobody would switch."""
    trap = problem(code, system, since=-30, recordedDate="2026-10-23")
    untouched(on_tacrolimus(), trap)
    untouched(lupus_nephritis(), trap)


NEGLECTED_DRUGS = [
    ("Z91.14", ICD10CM), ("Z91.148", ICD10CM), ("Z91.120", ICD10CM), ("Z91.138", ICD10CM), ("129834002", SNOMED),
    ("275928001", SNOMED),
]  # fmt: skip


@pytest.mark.parametrize(("code", "system"), NEGLECTED_DRUGS)
def test_trap_55_a_neglected_drug_is(code: str, system: str) -> None:
    """Section 12: adherence = obs.medication_adherence or status.nonadherence. MN-A1, LN-14."""
    found = problem(code, system, since=-30, recordedDate="2026-10-23")
    assert answer(laid(on_tacrolimus(), found)).rule == "MN-A1"
    assert answer(laid(lupus_nephritis(), found)).rule == "LN-14"


PHERESES: dict[str, Resource] = {
    "adsorption": done("36516", -100, CPT),
    "exchange": done("36514", -100, CPT),
    "exchange, SNOMED CT": done("225067007", -100),
    "plasmapheresis": done("6A550Z3", -100, ICD10PCS),
}


@pytest.mark.parametrize("trap", PHERESES.values(), ids=PHERESES.keys())
def test_trap_56_neither_plasma_adsorption_nor_exchange_is_a_line_or_dialysis(trap: Resource) -> None:
    """Section 3.1 has no such class, step 0 knows dialysis only; exchange is in the rescue menu (6.4), no more."""
    for chart in (untreated(), on_tacrolimus(), lupus_nephritis()):
        untouched(chart, trap)


@pytest.mark.parametrize(("code", "system"), [("90935", CPT), ("265764009", SNOMED), ("5A1D70Z", ICD10PCS)])
def test_trap_56_dialysis_is_dialysis(code: str, system: str) -> None:
    assert answer(laid(on_tacrolimus(), done(code, -30, system))).evaluation.cards == []
