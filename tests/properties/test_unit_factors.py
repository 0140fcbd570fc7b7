"""A number in the wrong unit: 8.84, 10, 88.4, 100, 113 or 1000 times off, in every unit of every measure.

Each slip is refused (dimension of the code against the unit, plausible range of clinical-spec 2.1), or it stands in
UNTOLD. There the wrong number is one that a patient can have, and nothing in the result says otherwise; beside a
right result of the same day the card says that the two disagree (R-04). UNTOLD is exact: a slip that is refused
from now on must leave it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import islice, product
from typing import NamedTuple

import pytest

from cds_service.hooks.evaluation import Evaluation, evaluate
from tests.properties.spellings.chart import Resource
from tests.properties.spellings.sameness import ON, knowledge
from tests.properties.spellings.tables import Code, Unit, codes, units

FACTORS = ("8.84", "10", "88.4", "100", "113", "1000")
# What is seen in clinic, in the canonical unit: a low, a usual and a high value.
SEEN: dict[str, tuple[str, ...]] = {
    "proteinuria_24h": ("0.3", "4", "12"),
    "upcr": ("0.3", "4", "12"),
    "albumin": ("18", "28", "42"),
    "creatinine": ("60", "110", "450"),
    "egfr": ("18", "55", "95"),
    "anti_pla2r_elisa": ("3", "60", "600"),
    "anti_dsdna": ("5", "60", "400"),
    "c3": ("0.5", "0.9", "1.4"),
    "c4": ("0.06", "0.15", "0.35"),
    "cd19_count": ("3", "40", "300"),
    "igg": ("3", "7", "13"),
    "tacrolimus_trough": ("2.5", "6", "12"),
    "cyclosporine_trough": ("60", "150", "300"),
    "wbc": ("2.5", "7", "14"),
    "neutrophils": ("1.2", "4", "10"),
    "sbp": ("100", "130", "175"),
    "dbp": ("60", "80", "110"),
    "weight": ("48", "75", "120"),
    "height": ("152", "170", "190"),
    "bsa": ("1.5", "1.8", "2.2"),
    "kidney_length": ("7.5", "10", "12"),
    "urine_rbc": ("3", "12", "60"),
    "urine_rbc_casts": ("1", "3", "8"),
    "ln_activity_index": ("2", "6", "14"),
    "ln_chronicity_index": ("1", "4", "8"),
    "crescents_pct": ("8", "30", "60"),
    "cyc_cumulative_prior": ("3", "12", "30"),
}
UP, DOWN = "x", "/"
EVERY = {f"{way}{factor}" for way in (UP, DOWN) for factor in FACTORS}
TENFOLD = {"x8.84", "x10", "/8.84", "/10"}
ALL_DOWN = {name for name in EVERY if name[0] == DOWN}
# measure -> (slips that cannot be told for at least one of the values seen, why)
UNTOLD: dict[str, tuple[set[str], str]] = {
    "proteinuria_24h": (EVERY - {"x1000"}, "0.01-50 g/d: a trace and a nephrotic range are both seen"),
    "upcr": (EVERY - {"x1000"}, "0.01-50 g/g: a trace and a nephrotic range are both seen"),
    "creatinine": (TENFOLD, "20-2000 umol/L: 60 and 600 are both seen; mass against moles is told by the code"),
    "egfr": (TENFOLD | {"/88.4"}, "1-200: 8 and 80 are both seen"),
    "anti_pla2r_elisa": (EVERY, "0-20000 RU/mL: one unit, and titres span five orders"),
    "anti_dsdna": (EVERY, "no range in 2.1, and every laboratory has its own unit"),
    "c3": ({"/8.84", "/10"}, "0.05-4 g/L: down to a tenth in a flare"),
    "c4": (TENFOLD, "0.005-2 g/L: down to a tenth in a flare"),
    "cd19_count": (EVERY, "0-3000 per uL: depleted and normal are both seen"),
    "igg": (TENFOLD | {"/88.4", "/100", "/113"}, "0.1-60 g/L: nephrotic loss goes to a tenth and below"),
    "tacrolimus_trough": (ALL_DOWN | {"x8.84", "x10"}, "0-60 ng/mL: not taken and toxic are both seen"),
    "cyclosporine_trough": (ALL_DOWN | {"x8.84", "x10"}, "0-2000 ng/mL: not taken and toxic are both seen"),
    "wbc": (ALL_DOWN - {"/1000"} | {"x8.84", "x10"}, "0.1-200: aplasia and leukaemia are both seen"),
    "neutrophils": (EVERY - {"x1000"}, "0-150: aplasia and leukaemia are both seen"),
    "height": (EVERY, "no range in 2.1"),
    "bsa": (EVERY, "no range in 2.1"),
    "kidney_length": (EVERY, "no range in 2.1"),
    "urine_rbc": (EVERY, "no range in 2.1: none and a field full are both seen"),
    "urine_rbc_casts": (EVERY, "no range in 2.1"),
    "ln_activity_index": (ALL_DOWN | {"x8.84", "x10"}, "a score from 0 to 24; that it must be whole is not asked"),
    "ln_chronicity_index": (ALL_DOWN | {"x8.84", "x10"}, "a score from 0 to 12; that it must be whole is not asked"),
    "crescents_pct": (ALL_DOWN | {"x8.84", "x10"}, "0-100 %: none and all are both seen"),
    "cyc_cumulative_prior": (EVERY, "no upper limit in 2.1"),
}


class Slip(NamedTuple):
    """A result whose number is off by a factor."""

    name: str
    value: str
    code: Code
    unit: Unit

    def number(self) -> float:
        way, factor = self.name[0], Fraction(Decimal(self.name[1:]))
        right = Fraction(Decimal(self.value)) / self.unit.factor
        return float(right * factor if way == UP else right / factor)


def slips(measure: str) -> Iterator[Slip]:
    """Every slip of a measure, under one code of each dimension."""
    by_dimension = {code.dimension: code for code in codes().values() if code.concept == measure and not code.implies}
    for code, unit, name, value in product(by_dimension.values(), units()[measure], sorted(EVERY), SEEN[measure]):
        yield Slip(name, value, code, unit)


def result(slip: Slip, number: float, name: str, days: int) -> Resource:
    quantity = {"value": number, **({"unit": slip.unit.text} if slip.unit.text else {})}
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": slip.code.system, "code": slip.code.code}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": (ON - timedelta(days=days)).isoformat(),
        "valueQuantity": quantity,
    }


def answer_to(results: list[Resource]) -> Evaluation:
    entries = [{"resource": resource} for resource in results]
    patient = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1980-01-01"}
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    return evaluate({"patient": patient, "results": bundle}, "p", ON, knowledge())


def taken(measure: str) -> Iterator[Slip]:
    """The slips that were neither refused nor said."""
    # Five at a time: of some measures no more than that are read.
    remaining = slips(measure)
    while together := list(islice(remaining, 5)):
        after = answer_to([result(slip, slip.number(), f"o{n}", n) for n, slip in enumerate(together)])
        used = {quantity.source for quantity in after.case.series(measure)}
        refused = {item.resource for item in after.case.set_aside}
        for number, slip in enumerate(together):
            reference = f"Observation/o{number}"
            assert (reference in used) != (reference in refused), f"{slip} is neither used nor named"
            if reference in used:
                yield slip


def test_every_measure_with_a_unit_is_tried() -> None:
    assert set(SEEN) == set(units())


@pytest.mark.parametrize("measure", SEEN)
def test_a_slip_is_refused_or_cannot_be_told(measure: str) -> None:
    allowed, _ = UNTOLD.get(measure, (set(), ""))
    assert {slip.name for slip in taken(measure)} == allowed


@pytest.mark.parametrize("measure", UNTOLD)
def test_beside_the_right_result_a_slip_is_said(measure: str) -> None:
    """Two results of one day that differ by more than 20 % (R-04)."""
    seen = {slip.name: slip for slip in taken(measure)}
    for slip in seen.values():
        right = float(Fraction(Decimal(slip.value)) / slip.unit.factor)
        both = answer_to([result(slip, right, "a", 3), result(slip, slip.number(), "b", 3)])
        assert [kept.measure for kept, _ in both.case.disagreements] == [measure], slip
