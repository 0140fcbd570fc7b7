"""Traps 1 to 5, 11 and 22 to 24: what is not proteinuria, and proteinuria that does not count (clinical-spec 2.1)."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_samples import SNOMED, Resource, coded

from tests.traps.answers import answer, differences, laid, untouched
from tests.traps.charts import ALBUMIN, EGFR, PROTEINURIA, UPCR, in_remission, lab, on_tacrolimus, without

ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
IN_ERROR: dict[str, Any] = {"dataAbsentReason": coded(ABSENT, "error")}


def unmeasured() -> dict[str, Resource]:
    """Resistant to tacrolimus, and no proteinuria of the last 90 days: asked for (MN-D1)."""
    return without(on_tacrolimus(), "proteinuria-now", "proteinuria-then")


def no_proteinuria(trap: Resource) -> None:
    """Neither stands in for a missing value nor pushes a newer one aside."""
    asked = untouched(unmeasured(), trap)
    assert (asked.rule, asked.of("missing")) == ("MN-D1", ["PROTEINURIA"])
    untouched(on_tacrolimus(), trap)


def counts_as(grams: float, result: Resource) -> None:
    """The twin: in the same place this result is read as so many grams, and answers what was asked."""
    said = answer(laid(unmeasured(), result))
    assert (said.rule, said.rests_on("trap")) == ("MN-07", True)
    assert grams in [pytest.approx(fact["value"], rel=1e-3) for fact in said.of("facts") if fact["role"] == "current"]


@pytest.mark.parametrize("code", ["9318-7", "14959-1"])
@pytest.mark.parametrize(("value", "unit"), [(7600, "mg/g"), (7600, "mg/g{creat}"), (12, "mg/g"), (860, "mg/mmol")])
def test_trap_01_urine_albumin_creatinine_ratio_is_not_proteinuria(code: str, value: float, unit: str) -> None:
    """Section 2.1: never use the urine albumin/creatinine ratio."""
    no_proteinuria(lab(code, -5, value, unit))


def test_trap_01_a_protein_creatinine_ratio_is() -> None:
    counts_as(7.6, lab(UPCR, -5, 7600, "mg/g{creat}"))


@pytest.mark.parametrize(("value", "unit"), [(0.13, "g/g"), (0.13, "mg/mg"), (131, "mg/g")])
def test_trap_02_inverse_ratio_is_not_proteinuria(value: float, unit: str) -> None:
    """Creatinine over protein: 0.13 is nephrotic, and would read as remission."""
    no_proteinuria(lab("16285-9", -5, value, unit))


@pytest.mark.parametrize("code", ["26801-1", "18373-1"])
@pytest.mark.parametrize(("value", "unit"), [(1.9, "g/d"), (1900, "mg/d"), (1900, "mg/(12.h)"), (7.7, "g/d")])
def test_trap_03_short_collection_is_not_a_24_hour_protein(code: str, value: float, unit: str) -> None:
    no_proteinuria(lab(code, -5, value, unit))


def test_trap_03_a_24_hour_collection_is() -> None:
    counts_as(7.7, lab(PROTEINURIA, -5, 7700, "mg/(24.h)"))


@pytest.mark.parametrize("code", ["2888-6", "21482-5"])
@pytest.mark.parametrize(("value", "unit"), [(380, "mg/dL"), (3.8, "g/L"), (1.2, "g/d")])
def test_trap_04_protein_concentration_is_not_an_excretion(code: str, value: float, unit: str) -> None:
    """Section 2.1: never use a urine protein concentration without volume."""
    no_proteinuria(lab(code, -5, value, unit))


@pytest.mark.parametrize(("code", "unit"), [(PROTEINURIA, "mg/dL"), (PROTEINURIA, "g/L"), (UPCR, "mg/dL")])
def test_trap_04_an_excretion_in_the_unit_of_a_concentration_is_refused_and_said(code: str, unit: str) -> None:
    """Section 2.1: a unit that is not listed is rejected, note UNIT_REJECTED."""
    said = answer(laid(unmeasured(), lab(code, -5, 3.8, unit)))
    assert (said.rule, said.said_of("trap")) == ("MN-D1", ["UNIT_REJECTED"])
    assert "UNIT_REJECTED" in said.of("notes")


DIPSTICKS: dict[str, Resource] = {
    "in words": {"valueString": "3+"},
    "in grams, as the strip prints it": {"valueString": "3+ (3 g/L)"},
    "coded": {"valueCodeableConcept": coded(SNOMED, "167277001", text="Urine protein test = ++")},
    "as a number": {"valueQuantity": {"value": 3, "unit": "g/d"}},
    "negative": {"valueCodeableConcept": {"text": "negative"}},
}


@pytest.mark.parametrize("value", DIPSTICKS.values(), ids=DIPSTICKS.keys())
def test_trap_05_dipstick_is_not_proteinuria(value: Resource) -> None:
    """Section 2.1: never use a dipstick."""
    no_proteinuria(lab("20454-5", -5, **value))


def test_trap_05_a_dipstick_word_under_the_code_of_an_excretion_is_set_aside_and_said() -> None:
    """R-20: anything else is set aside, not guessed."""
    said = answer(laid(unmeasured(), lab(PROTEINURIA, -5, valueString="3+")))
    assert (said.rule, said.said_of("trap")) == ("MN-D1", ["VALUE_UNREADABLE"])


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (7.6, "g/g"),
        (7.6, "mg/mg"),
        (7.6, "mg/mg{creat}"),
        (7600, "mg/g"),
        (7600, "mg/g creat"),
        (859.71, "mg/mmol"),
        (7.6, "Ratio"),
    ],
)
def test_trap_11_ratio_is_read_in_its_own_unit(value: float, unit: str) -> None:
    """Section 2.1; attack case CLIN-03. `Ratio` is mg/mg (R-15 and the table of units)."""
    counts_as(7.6, lab(UPCR, -5, value, unit))


def test_trap_11_a_normal_ratio_in_mg_per_g_is_not_a_nephrotic_one() -> None:
    said = answer(laid(unmeasured(), lab(UPCR, -5, 76, "mg/g")))
    assert (said.rule, said.value_of("upcr")) == ("MN-11", pytest.approx(0.076))


@pytest.mark.parametrize(
    ("value", "unit", "why"),
    [(7.6, "mg/g", "PLAUSIBILITY_REJECTED"), (7600, "mg/mg", "PLAUSIBILITY_REJECTED"), (7.6, None, "UNIT_REJECTED")],
)
def test_trap_11_a_ratio_in_the_wrong_or_no_unit_is_refused_and_said(value: float, unit: str | None, why: str) -> None:
    """Section 2.1: plausible from 0.01 to 50 g/g; a missing unit is rejected, never guessed (CLIN-05)."""
    said = answer(laid(unmeasured(), lab(UPCR, -5, value, unit)))
    assert (said.rule, said.said_of("trap")) == ("MN-D1", [why])
    assert why in said.of("notes")


def last_measured_in_remission() -> dict[str, Resource]:
    """0.9 g/d a month ago: too long ago to be preferred to a ratio of today (section 2.2, 14 days)."""
    return laid(without(in_remission(), "proteinuria-now"), lab(PROTEINURIA, -30, 0.9, "g/d"), "proteinuria-last")


@pytest.mark.parametrize("unit", ["g/g", "mg/mg"])
def test_trap_22_entered_in_error_ratio_does_not_count(unit: str) -> None:
    """Section 1, status filters; attack case CLIN-12: the previous valid value is used."""
    trap = lab(UPCR, -5, 9.1, unit, status="entered-in-error")
    said = untouched(last_measured_in_remission(), trap)
    assert (said.rule, said.value_of("proteinuria_24h")) == ("MN-11", 0.9)


@pytest.mark.parametrize("status", ["final", "amended", "corrected"])
def test_trap_22_a_ratio_that_stands_does(status: str) -> None:
    """A relapse under a CNI with the antibody present: MN-22."""
    said = answer(laid(last_measured_in_remission(), lab(UPCR, -5, 9.1, "g/g", status=status)))
    assert (said.rule, said.value_of("upcr")) == ("MN-22", 9.1)


def corrected(first: Resource, second: Resource, *, turned: bool) -> dict[str, Resource]:
    """The chart with an earlier result and its correction, in either order."""
    given = {"earlier": {**first, "id": "earlier"}, "correction": {**second, "id": "correction"}}
    return unmeasured() | (dict(reversed(given.items())) if turned else given)


LABEL = {"identifier": [{"system": "https://lab.example.org", "value": "A-1"}]}
CORRECTIONS: dict[str, tuple[Resource, Resource]] = {
    "released later": (
        lab(PROTEINURIA, -10, 0.9, "g/d", issued="2026-11-12T09:00:00Z"),
        lab(PROTEINURIA, -10, 7.6, "g/d", issued="2026-11-14T09:00:00Z", status="corrected"),
    ),
    "of the same identifier, with the day corrected too": (
        lab(PROTEINURIA, -8, 0.9, "g/d", issued="2026-11-14T09:00:00Z", **LABEL),
        lab(PROTEINURIA, -10, 7.6, "g/d", issued="2026-11-15T09:00:00Z", status="corrected", **LABEL),
    ),
}


@pytest.mark.parametrize("turned", [False, True], ids=["earlier first", "correction first"])
@pytest.mark.parametrize(("first", "second"), CORRECTIONS.values(), ids=CORRECTIONS.keys())
def test_trap_23_corrected_result_replaces_the_earlier_one(first: Resource, second: Resource, turned: bool) -> None:
    """R-04, and terminology 3.2: the latest of one identifier, and never the mean of old and new."""
    said = answer(corrected(first, second, turned=turned))
    assert (said.rule, said.value_of("proteinuria_24h")) == ("MN-07", 7.6)
    assert not said.rests_on("earlier")
    assert "Observation/earlier" in said.evaluation.bins.superseded


@pytest.mark.parametrize("turned", [False, True], ids=["earlier first", "correction first"])
def test_trap_23_the_later_version_of_one_resource_replaces_the_earlier_one(turned: bool) -> None:
    """Terminology 3.2: the latest by `meta.versionId` for the same id."""
    first = {**lab(PROTEINURIA, -10, 0.9, "g/d", meta={"versionId": "1"}), "id": "result"}
    second = {**lab(PROTEINURIA, -10, 7.6, "g/d", meta={"versionId": "2"}, status="corrected"), "id": "result"}
    both = [second, first] if turned else [first, second]
    said = answer(unmeasured() | dict(zip(("one", "two"), both, strict=True)))
    assert (said.rule, said.value_of("proteinuria_24h")) == ("MN-07", 7.6)


MISSING = {
    "proteinuria": (PROTEINURIA, "g/d", "MN-D1"),
    "egfr": (EGFR, "mL/min/1.73m2", "MN-D1"),
    "albumin": (ALBUMIN, "g/L", "MN-D3"),
}
SPOILED: dict[str, tuple[Resource, bool]] = {
    "haemolysed, without a value": (IN_ERROR, False),
    "haemolysed, with a value": (IN_ERROR, True),
    "cancelled": ({"status": "cancelled", **IN_ERROR}, False),
    "cancelled, with a value": ({"status": "cancelled"}, True),
}


@pytest.mark.parametrize(("measure", "code", "unit", "rule"), [(name, *rest) for name, rest in MISSING.items()])
@pytest.mark.parametrize(("how", "valued"), SPOILED.values(), ids=SPOILED.keys())
def test_trap_24_spoiled_specimen_is_a_missing_value(
    measure: str, code: str, unit: str, rule: str, how: Resource, valued: bool
) -> None:
    """Terminology 3.2: every reason for absence is "missing", none is 0 or normal."""
    chart = without(on_tacrolimus(), f"{measure}-now")
    trap = lab(code, -5, 30 if valued else None, unit, **how)
    before, after = answer(chart), answer(laid(chart, trap))
    assert (before.rule, differences(before, after), after.rests_on("trap")) == (rule, {}, False)
    if "status" not in how:
        assert after.said_of("trap") == ["VALUE_ABSENT"]
    untouched(on_tacrolimus(), trap)
