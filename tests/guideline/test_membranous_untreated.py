"""Membranous nephropathy without a standard line: clinical-spec 5.1."""

from __future__ import annotations

import pytest

from tests.guideline.expectations import Expected, answer_for, check, row, sentence
from tests.guideline.patients import (
    albumin,
    drug,
    egfr,
    elisa,
    iif,
    mn,
    mycophenolate,
    number,
    problem,
    proteinuria,
    without,
    word,
)
from tests.guideline.standard_patients import resistant_mn, untreated_mn

HIGH = ("RTX", "CYC_GC", "CNI")
MODERATE = ("RTX", "CNI")
RAPID = (without("egfr"), egfr(-60, 72), egfr(-10, 70))
FOR_LIFE = problem("life_threatening_nephrotic", -20)
ONLY_RECENT = (without("proteinuria_24h"), proteinuria(-179, 6), proteinuria(-10, 6))

ROWS = [
    row("moderate risk", untreated_mn(), "MN-03", *MODERATE),
    # 5.1-1
    row("eGFR 29.9", untreated_mn(egfr(-10, 29.9)), "MN-05b"),
    row("eGFR 29.9, kidneys of 7.9 cm", untreated_mn(egfr(-10, 29.9), number("kidney_length", -300, 7.9)), "MN-05a"),
    row("eGFR 29.9, kidneys of 8 cm", untreated_mn(egfr(-10, 29.9), number("kidney_length", -300, 8)), "MN-05b"),
    row("eGFR 29.9, 3.4 g/d", untreated_mn(egfr(-10, 29.9), proteinuria(-10, 3.4)), "MN-01"),
    row("eGFR 30, not known to have fallen quickly", untreated_mn(without("egfr"), egfr(-10, 30)), "MN-04", "RTX",
        "CYC_GC"),
    # 5.1-2
    row("life-threatening nephrotic syndrome", untreated_mn(FOR_LIFE), "MN-04b", "CYC_GC", "RTX"),
    row("life-threatening wins over below 3.5 g/d", untreated_mn(FOR_LIFE, proteinuria(-10, 3)), "MN-04b", "CYC_GC",
        "RTX"),
    row("life-threatening, resolved", untreated_mn(problem("life_threatening_nephrotic", -300, "resolved")), "MN-03",
        *MODERATE),
    row("eGFR fell 30 % within a year", untreated_mn(RAPID, egfr(-300, 100)), "MN-04b", "CYC_GC", "RTX"),
    row("eGFR fell 29.9 % within a year", untreated_mn(RAPID, egfr(-300, 99.85)), "MN-03", *MODERATE),
    row("the reference is 365 days old", untreated_mn(RAPID, egfr(-365, 100)), "MN-04b", "CYC_GC", "RTX"),
    row("the reference is 366 days old", untreated_mn(RAPID, egfr(-366, 100)), "MN-03", *MODERATE),
    row("an older reference within two years makes it slow", untreated_mn(RAPID, egfr(-500, 100), egfr(-300, 100)),
        "MN-03", *MODERATE),
    row("a value of more than two years ago is no reference", untreated_mn(RAPID, egfr(-731, 100), egfr(-300, 100)),
        "MN-04b", "CYC_GC", "RTX"),
    row("the fall is not confirmed", untreated_mn(RAPID, egfr(-300, 100), egfr(-60, 81)), "MN-03", *MODERATE),
    row("the confirming value fell 20 %", untreated_mn(RAPID, egfr(-300, 100), egfr(-60, 80)), "MN-04b", "CYC_GC",
        "RTX"),
    row("the reference is 28 days before today, the confirming value 14",
        untreated_mn(without("egfr"), egfr(-28, 100), egfr(-14, 70), egfr(0, 70)), "MN-04b", "CYC_GC", "RTX"),
    row("the reference is 27 days before today", untreated_mn(without("egfr"), egfr(-27, 100), egfr(-14, 70),
        egfr(0, 70)), "MN-03", *MODERATE),
    # 5.1-3
    row("3.49 g/d", untreated_mn(proteinuria(-10, 3.49)), "MN-01"),
    row("3.5 g/d", untreated_mn(proteinuria(-10, 3.5)), "MN-03", *MODERATE),
    row("fell by exactly half", untreated_mn(proteinuria(-250, 8), proteinuria(-10, 4)), "MN-03", *MODERATE),
    row("fell by more than half", untreated_mn(proteinuria(-250, 8), proteinuria(-10, 3.99)), "MN-01"),
    row("fell by more than half of a value 180 days old", untreated_mn(proteinuria(-180, 10), proteinuria(-10, 4.9)),
        "MN-01"),
    row("fell by more than half of a value 179 days old", untreated_mn(proteinuria(-179, 10), proteinuria(-10, 4.9)),
        "MN-03", *MODERATE),
    row("the highest of the old values is the reference",
        untreated_mn(proteinuria(-300, 10), proteinuria(-200, 6), proteinuria(-10, 4.9)), "MN-01"),
    # 5.1-4
    row("eGFR 59.9", untreated_mn(egfr(-10, 59.9), egfr(-100, 62), egfr(-250, 63)), "MN-04", *HIGH),
    row("eGFR 60", untreated_mn(egfr(-10, 60), egfr(-100, 62), egfr(-250, 63)), "MN-03", *MODERATE),
    row("eGFR 59.9 comes before the half year", untreated_mn(egfr(-10, 59.9), mn(-30)), "MN-04", *HIGH),
    # 5.1-5
    row("onset 179 days ago", untreated_mn(mn(-179)), "MN-02"),
    row("onset 180 days ago", untreated_mn(mn(-180)), "MN-03", *MODERATE),
    row("oldest proteinuria 179 days ago", untreated_mn(ONLY_RECENT), "MN-02"),
    row("oldest proteinuria 180 days ago", untreated_mn(ONLY_RECENT, proteinuria(-180, 6)), "MN-03", *MODERATE),
    row("onset not known, observed for half a year", untreated_mn(mn(None)), "MN-03", *MODERATE),
    # 5.1-6
    row("no albumin", untreated_mn(without("albumin")), "MN-D9", missing="ALBUMIN"),
    row("albumin 91 days old", untreated_mn(without("albumin"), albumin(-91, 28)), "MN-D9", missing="ALBUMIN"),
    row("albumin 90 days old", untreated_mn(without("albumin"), albumin(-90, 28)), "MN-03", *MODERATE),
    row("no antibody", untreated_mn(without("anti_pla2r_elisa")), "MN-D9", missing="ANTI_PLA2R"),
    row("antibody 121 days old", untreated_mn(without("anti_pla2r_elisa"), elisa(-121, 40)), "MN-D9",
        missing="ANTI_PLA2R"),
    row("antibody 120 days old", untreated_mn(without("anti_pla2r_elisa"), elisa(-120, 40)), "MN-03", *MODERATE),
    row("antibody by immunofluorescence only", untreated_mn(without("anti_pla2r_elisa"), iif(-10, "positive")),
        "MN-03", *MODERATE),
    row("neither albumin nor antibody", untreated_mn(without("albumin", "anti_pla2r_elisa")), "MN-D9",
        missing="ALBUMIN ANTI_PLA2R"),
    # 5.1-7
    row("albumin 24.9", untreated_mn(albumin(-10, 24.9)), "MN-04", *HIGH),
    row("albumin 25", untreated_mn(albumin(-10, 25)), "MN-03", *MODERATE),
    row("anti-PLA2R 50.1", untreated_mn(elisa(-10, 50.1)), "MN-04", *HIGH),
    row("anti-PLA2R 50", untreated_mn(elisa(-10, 50)), "MN-03", *MODERATE),
    row("8.1 g/d now and half a year ago", untreated_mn(proteinuria(-180, 8.1), proteinuria(-10, 8.1)), "MN-04", *HIGH),
    row("8 g/d now", untreated_mn(proteinuria(-250, 8.1), proteinuria(-10, 8)), "MN-03", *MODERATE),
    row("8 g/d half a year ago", untreated_mn(proteinuria(-250, 8), proteinuria(-10, 8.1)), "MN-03", *MODERATE),
    # only mycophenolate, azathioprine or glucocorticoid is no standard line
    row("only azathioprine before", untreated_mn(drug("azathioprine", -300)), "MN-03", *MODERATE),
    row("only prednisone before", untreated_mn(drug("prednisone", -300)), "MN-03", *MODERATE),
    Expected("only mycophenolate before", untreated_mn(mycophenolate(-300)), "MN-03", MODERATE,
             notes=("MPAA_MONO_NOT_RECOMMENDED",)),
    Expected("mycophenolate before, and low risk", untreated_mn(mycophenolate(-300), proteinuria(-10, 2)), "MN-01",
             notes=("MPAA_MONO_NOT_RECOMMENDED",)),
]  # fmt: skip


@pytest.mark.parametrize("expected", ROWS, ids=sentence)
def test_without_a_standard_line_risk_decides(expected: Expected) -> None:
    check(expected)


def test_the_note_on_mycophenolate_is_only_for_mycophenolate_alone() -> None:
    note = "MPAA_MONO_NOT_RECOMMENDED"
    assert note not in answer_for(untreated_mn(drug("azathioprine", -300))).notes
    assert note not in answer_for(resistant_mn(mycophenolate(-900, -700, reason="ineffective"))).notes


def test_disease_without_the_antibody_needs_no_antibody_value() -> None:
    """NA is known: stain and blood were negative; only a missing antibody is asked for."""
    seronegative = (without("pla2r_stain", "anti_pla2r_elisa"), word("pla2r_stain", -395, "negative"), elisa(-390, 1))
    assert answer_for(untreated_mn(seronegative)).rule == "MN-03"
