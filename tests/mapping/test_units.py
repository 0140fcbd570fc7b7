"""Units: the exact factors of clinical-spec 2.1, what is refused, and ucumvert as a second opinion."""

from __future__ import annotations

import csv
from decimal import Decimal
from fractions import Fraction

import pytest

from cds_service.mapping.location import mappings_root
from cds_service.mapping.terminology import Factor, Rejection, Terminology, load


@pytest.fixture(scope="module")
def terminology() -> Terminology:
    return load(mappings_root())


def value_of(terminology: Terminology, concept: str, value: str, unit: str) -> float:
    factor = terminology.convert(concept, unit)
    assert isinstance(factor, Factor)
    return factor.of(value)


@pytest.mark.parametrize(
    ("concept", "value", "unit", "canonical"),
    [
        ("proteinuria_24h", "7.6", "g/d", 7.6),
        ("proteinuria_24h", "7600", "mg/d", 7.6),
        ("proteinuria_24h", "7600", "mg/24hr", 7.6),
        ("proteinuria_24h", "7.6", "g/(24.h)", 7.6),
        ("proteinuria_24h", "100", "ug/min", 0.144),
        ("upcr", "3.5", "g/g", 3.5),
        ("upcr", "3.5", "mg/mg", 3.5),
        ("upcr", "3500", "mg/g", 3.5),
        ("upcr", "395.9", "mg/mmol", 3.5),
        ("upcr", "396", "mg/mmol", 3.5),
        ("upcr", "395", "mg/mmol", 3.49),
        ("upcr", "2", "mg/mmol", 0.0177),
        ("upcr", "395.92", "mg/mmol", 3.5),
        ("upcr", "395.92", "g/mol{creat}", 3.5),
        ("upcr", "0.39592", "g/mmol{creat}", 3.5),
        ("upcr", "3.5", "Ratio", 3.5),
        ("albumin", "28", "g/L", 28.0),
        ("albumin", "2.8", "g/dL", 28.0),
        ("albumin", "2.8", "G/DL", 28.0),
        ("albumin", "400", "umol/L", 26.6),
        ("albumin", "0.4", "mmol/L", 26.6),
        ("creatinine", "88.4", "umol/L", 88.4),
        ("creatinine", "1.0", "mg/dL", 88.4),
        ("creatinine", "1.2", "mg/dl", 106.0),
        ("creatinine", "1.234", "mg/dl", 109.1),
        ("creatinine", "100", "\u00b5mol/L", 100.0),
        ("creatinine", "100", "\u03bcmol/L", 100.0),
        ("creatinine", "100", " umol/L ", 100.0),
        ("egfr", "58", "mL/min/{1.73_m2}", 58.0),
        ("egfr", "58", "mL/min/1.73m2", 58.0),
        ("egfr", "1", "mL/s/{1.73_m2}", 60.0),
        ("anti_pla2r_elisa", "165", "RU/mL", 165.0),
        ("anti_dsdna", "30", "IU/mL", 30.0),
        ("c3", "90", "mg/dL", 0.9),
        ("c4", "15", "mg/dL", 0.15),
        ("igg", "600", "mg/dL", 6.0),
        ("cd19_count", "5", "cells/uL", 5.0),
        ("cd19_count", "5", "{cells}/uL", 5.0),
        ("cd19_count", "0.005", "10*9/L", 5.0),
        ("cd19_count", "0.005", "K/uL", 5.0),
        ("tacrolimus_trough", "6.1", "ug/L", 6.1),
        ("tacrolimus_trough", "10", "nmol/L", 8.04),
        ("cyclosporine_trough", "100", "nmol/L", 120.0),
        ("wbc", "4.2", "10*3/uL", 4.2),
        ("wbc", "4200", "/uL", 4.2),
        ("neutrophils", "1.5", "10*9/L", 1.5),
        ("sbp", "140", "mm[Hg]", 140.0),
        ("dbp", "90", "mmHg", 90.0),
        ("weight", "100", "[lb_av]", 45.4),
        ("height", "1.7", "m", 170.0),
        ("kidney_length", "78", "mm", 7.8),
        ("cyc_cumulative_prior", "12500", "mg", 12.5),
        ("crescents_pct", "25", "%", 25.0),
        ("ln_activity_index", "12", "", 12.0),
        ("ln_chronicity_index", "6", "{score}", 6.0),
        ("urine_rbc", "20", "/HPF", 20.0),
    ],
)
def test_a_unit_becomes_the_canonical_one_exactly(
    terminology: Terminology, concept: str, value: str, unit: str, canonical: float
) -> None:
    """A factor that does more than move the point leaves as many digits as were written, at least three (CLIN-03)."""
    assert value_of(terminology, concept, value, unit) == canonical


@pytest.mark.parametrize(
    ("concept", "unit", "part"),
    [
        ("anti_pla2r_elisa", "U/mL", "overlay"),
        ("anti_pla2r_elisa", "[arb'U]/mL", "overlay"),
        ("anti_pla2r_elisa", "IU/mL", "standard"),
        ("anti_pla2r_elisa", "{titer}", "titre"),
        ("creatinine", "mmol/L", "R-15"),
        ("upcr", "", "missing unit"),
        ("upcr", "mg/dL", "concentration"),
        ("proteinuria_24h", "mg/dL", "volume"),
        ("proteinuria_24h", "mg/{TotalVolume}", "duration"),
        ("proteinuria_24h", "", "missing unit"),
        ("cd19_count", "%", "_pct"),
        ("anti_dsdna", "U/mL", "assay"),
        ("wbc", "%", "share"),
        ("crescents_pct", "1", "never guessed"),
    ],
)
def test_what_cannot_be_converted_is_refused_by_name(
    terminology: Terminology, concept: str, unit: str, part: str
) -> None:
    rejection = terminology.convert(concept, unit)
    assert isinstance(rejection, Rejection)
    assert part in rejection.reason


@pytest.mark.parametrize(
    ("concept", "unit"),
    [("upcr", "mg/g*50000"), ("upcr", "mg/g/" * 20_000), ("albumin", "RU/mL"), ("hbsag", "g/L"), ("nothing", "g/L")],
)
def test_an_unknown_string_has_no_factor(terminology: Terminology, concept: str, unit: str) -> None:
    assert terminology.convert(concept, unit) is None


def test_the_three_spellings_of_one_ratio_are_one_number(terminology: Terminology) -> None:
    equal = {value_of(terminology, "upcr", value, unit) for value, unit in (("3500", "mg/g"), ("3.5", "g/g"))}
    assert equal == {3.5}
    assert value_of(terminology, "upcr", "395.9", "mg/mmol") == pytest.approx(3.5, rel=0.001)


def test_every_factor_is_the_number_the_table_writes(terminology: Terminology) -> None:
    with (mappings_root() / "units.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    wrong = []
    for row in rows:
        entry = terminology.convert(row["concept"], row["unit_string"])
        canonical = terminology.concepts[row["concept"]].unit
        if entry is None or entry.canonical != canonical:
            wrong.append(row)
        elif isinstance(entry, Factor):
            number, _, divisor = row["factor"].partition("/")
            exact = Fraction(Decimal(number)) / Fraction(Decimal(divisor or "1"))
            wrong += [row] if entry.ratio != exact or entry.decimal != row["factor"] else []
        else:
            wrong += [row] if row["factor"] != "reject" else []
    assert wrong == []
    assert len(rows) > 200


def test_each_measure_accepts_its_own_canonical_unit_unchanged(terminology: Terminology) -> None:
    units = {key: concept.unit for key, concept in terminology.concepts.items() if concept.unit}
    factors = {key: terminology.convert(key, unit) for key, unit in units.items()}
    assert {key for key, factor in factors.items() if not (isinstance(factor, Factor) and factor.factor == 1)} == set()


@pytest.mark.parametrize(
    ("concept", "unit", "dimension"),
    [
        ("creatinine", "mg/dL", "mass"),
        ("creatinine", "umol/L", "moles"),
        ("albumin", "umol/L", "moles"),
        ("upcr", "mg/mmol", ""),
    ],
)
def test_the_dimension_is_kept_for_the_property_check(
    terminology: Terminology, concept: str, unit: str, dimension: str
) -> None:
    factor = terminology.convert(concept, unit)
    assert isinstance(factor, Factor) and factor.dimension == dimension


def test_a_swapped_letter_case_counts_only_when_it_cannot_mean_two_things(terminology: Terminology) -> None:
    assert value_of(terminology, "creatinine", "1", "MG/DL") == 88.4
    assert value_of(terminology, "egfr", "60", "ml/min/1.73 M2") == 60.0


# (concept, value) pairs: clinical-spec 2.1, and the mislabelled values of attack cases CLIN-01, -07 and -09
@pytest.mark.parametrize(
    ("concept", "value", "unit", "plausible"),
    [
        ("creatinine", "88.4", "mg/dL", False),
        ("creatinine", "1.0", "mg/dL", True),
        ("albumin", "28", "g/dL", False),
        ("albumin", "2.8", "g/L", False),
        ("albumin", "28", "g/L", True),
        ("c3", "90", "g/L", False),
        ("c3", "90", "mg/dL", True),
        ("upcr", "3.5", "mg/g", False),
        ("upcr", "3.5", "g/g", True),
        ("anti_pla2r_elisa", "0", "RU/mL", True),
    ],
)
def test_a_mislabelled_unit_ends_outside_the_plausible_range(
    terminology: Terminology, concept: str, value: str, unit: str, plausible: bool
) -> None:
    number = value_of(terminology, concept, value, unit)
    assert terminology.concepts[concept].is_plausible(number) is plausible


# Where the oracle itself is wrong or silent (terminology.md section 4): annotations that swallow the time,
# `mg/24.h` read from left to right, K read as kelvin, the missing m2, pure ratios by mole.
NOT_FOR_THE_ORACLE = (
    *("{24", "24.h", "K/", "1.73.m2", "/1.73", "/m2", "[IU]", "[iU]", "[HPF]", "[LPF]"),
    *("[arb", "{score}", "{points}", "{index}"),
)


def test_ucumvert_agrees_wherever_it_understands_a_unit_rightly() -> None:
    ucumvert = pytest.importorskip("ucumvert")
    registry = ucumvert.PintUcumRegistry()
    canonical = {"cells/uL": "/uL", "mL/min/1.73m2": "mL/min", "[IU]/mL": "", "RU/mL": "", "10*9/L": "10*9/L"}
    compared, wrong = 0, []
    with (mappings_root() / "units.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            unit, target = row["unit_string"], canonical.get(row["canonical_unit"], row["canonical_unit"])
            if row["factor"] == "reject" or not unit or not target or any(p in unit for p in NOT_FOR_THE_ORACLE):
                continue
            try:
                ratio = (1 * registry.from_ucum(unit) / registry.from_ucum(target)).to_base_units()
            except Exception:  # its parser's errors, pint's, and AttributeError
                continue
            if not ratio.dimensionless:
                continue  # mass against moles: the table's business, not the oracle's
            compared += 1
            number, _, divisor = row["factor"].partition("/")
            mine = float(number) / float(divisor or 1)
            wrong += [] if float(ratio.magnitude) == pytest.approx(mine, rel=1e-9) else [(row, float(ratio.magnitude))]
    assert wrong == []
    assert compared > 60


@pytest.mark.parametrize("value", ["1E+999999999", "1E-999999999", "NaN", "Infinity", "3,5", "", "1" * 40])
def test_a_value_no_laboratory_reports_is_refused_at_once(terminology: Terminology, value: str) -> None:
    factor = terminology.convert("upcr", "mg/g")
    assert isinstance(factor, Factor)
    with pytest.raises(ValueError, match="not a number"):
        factor.of(value)


def test_zero_is_a_number(terminology: Terminology) -> None:
    assert value_of(terminology, "cd19_count", "0", "cells/uL") == 0.0
