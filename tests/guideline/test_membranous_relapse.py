"""Membranous nephropathy that returns after a remission on its last line: step 8 and clinical-spec 5.4."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cds_service.case.model import Case, Condition, Span
from tests.guideline.expectations import Expected, answer_for, check, row, sentence
from tests.guideline.patients import (
    TODAY,
    albumin,
    drug,
    egfr,
    elisa,
    infusion,
    problem,
    proteinuria,
    pulses,
    rituximab,
    tacrolimus,
    without,
    word,
)
from tests.guideline.standard_patients import EARLIER_FAILURE, relapsed_mn

AGAIN = ("RTX", "ANTI_CD20_2G", "CYC_GC")
LATE = ("RTX", "CNI", "CYC_GC")
ONE_VALUE = (
    without("anti_pla2r_elisa", "proteinuria_24h"),
    elisa(-905, 150),
    albumin(-10, 31),
    proteinuria(-905, 8),
    proteinuria(-500, 0.8),
    proteinuria(-10, 5),
)
STATED = (
    without("tacrolimus", "proteinuria_24h"),
    tacrolimus(-900, -400, reason="remission"),
    proteinuria(-905, 6),
    proteinuria(-500, 3.2),
)
AFTER_RITUXIMAB = (without("tacrolimus"), rituximab(-900))
AFTER_CYCLOPHOSPHAMIDE = (without("tacrolimus"), pulses(-900))
FALLING = (egfr(-60, 62), egfr(-10, 60))


def on_tacrolimus_until(end: int | None) -> tuple[object, ...]:
    return (without("tacrolimus"), tacrolimus(-900, end))


def since(concept: str, first: int, last: int) -> Condition:
    """A problem that began some day of a month or a year."""
    return replace(problem(concept), onset=Span(TODAY + first, TODAY + last))


def nadir(value: float, now: float) -> tuple[object, ...]:
    """Two relapse values two weeks apart over this lowest value."""
    return (proteinuria(-500, value), proteinuria(-30, now), proteinuria(-10, now))


ROWS = [
    row("late relapse after tacrolimus", relapsed_mn(), "MN-23", *LATE),
    # what an earlier remission is
    row("below 3.5 and halved 30 days into the line", relapsed_mn(without("proteinuria_24h"), proteinuria(-905, 8),
        proteinuria(-870, 3.4), proteinuria(-10, 6)), "MN-23", *LATE),
    row("below 3.5 and halved 29 days into the line", relapsed_mn(without("proteinuria_24h"), proteinuria(-905, 8),
        proteinuria(-871, 3.4), proteinuria(-10, 8)), "MN-D5", missing="CNI_TROUGH"),
    row("3.5 g/d is no remission", relapsed_mn(without("proteinuria_24h"), proteinuria(-905, 8),
        proteinuria(-500, 3.5), proteinuria(-10, 8)), "MN-D5", missing="CNI_TROUGH"),
    row("below 3.5 and not halved is no remission", relapsed_mn(without("proteinuria_24h"), proteinuria(-905, 6),
        proteinuria(-500, 3.1), proteinuria(-10, 6)), "MN-D5", missing="CNI_TROUGH"),
    row("a stated remission counts", relapsed_mn(STATED, proteinuria(-30, 5), proteinuria(-10, 5)), "MN-23", *LATE),
    # 1
    row("3.49 g/d after a stated remission", relapsed_mn(STATED, proteinuria(-10, 3.49)), "MN-18"),
    row("3.4 g/d, halved, but eGFR declining", relapsed_mn(proteinuria(-10, 3.4), FALLING), "MN-18"),
    # 2
    row("just below one and a half times the lowest value", relapsed_mn(nadir(3.0, 4.49)), "MN-28"),
    row("one and a half times the lowest value", relapsed_mn(nadir(3.0, 4.5)), "MN-23", *LATE),
    row("one and a half times a lowest value that is no round number", relapsed_mn(nadir(2.8, 4.2)), "MN-23", *LATE),
    # 3
    row("one value, nothing else", relapsed_mn(ONE_VALUE), "MN-D10", missing="REPEAT_PROTEINURIA"),
    row("two values 13 days apart", relapsed_mn(ONE_VALUE, proteinuria(-23, 5)), "MN-D10",
        missing="REPEAT_PROTEINURIA"),
    row("two values 14 days apart", relapsed_mn(ONE_VALUE, proteinuria(-24, 5)), "MN-23", *LATE),
    row("the second value is 3.4 g/d", relapsed_mn(ONE_VALUE, proteinuria(-60, 3.4)), "MN-D10",
        missing="REPEAT_PROTEINURIA"),
    row("one value and the antibody 14", relapsed_mn(ONE_VALUE, elisa(-10, 14)), "MN-23", *LATE),
    row("one value and the antibody 13.9", relapsed_mn(ONE_VALUE, elisa(-10, 13.9)), "MN-D10",
        missing="REPEAT_PROTEINURIA"),
    row("one value and albumin 29.9", relapsed_mn(ONE_VALUE, albumin(-10, 29.9)), "MN-23", *LATE),
    row("one value and albumin 30", relapsed_mn(ONE_VALUE, albumin(-10, 30)), "MN-D10", missing="REPEAT_PROTEINURIA"),
    row("no nephrotic value after the stated remission", relapsed_mn(STATED, without("tacrolimus"),
        tacrolimus(-900, -5, reason="remission"), proteinuria(-30, 5), proteinuria(-10, 5)), "MN-D10",
        missing="REPEAT_PROTEINURIA"),
    row("no value at all since the line began", relapsed_mn(STATED, without("tacrolimus"),
        tacrolimus(-8, -2, reason="remission"), proteinuria(-10, 5)), "MN-D10", missing="REPEAT_PROTEINURIA"),
    # 4
    row("antibody negative in PLA2R disease", relapsed_mn(elisa(-10, 1.9)), "MN-27"),
    row("antibody low in PLA2R disease", relapsed_mn(elisa(-10, 2)), "MN-23", *LATE),
    row("antibody negative, never shown to be PLA2R disease",
        relapsed_mn(without("anti_pla2r_elisa", "pla2r_stain"), elisa(-10, 1)), "MN-23", *LATE),
    row("antibody negative in disease without it", relapsed_mn(without("anti_pla2r_elisa", "pla2r_stain"),
        word("pla2r_stain", -900, "negative"), elisa(-10, 1)), "MN-23", *LATE),
    # 5 and 6
    row("one eGFR down 20 %", relapsed_mn(egfr(-10, 64)), "MN-D7", missing="REPEAT_CREATININE"),
    row("one eGFR down 19.9 %", relapsed_mn(egfr(-10, 64.1)), "MN-23", *LATE),
    row("eGFR fell, confirmed", relapsed_mn(FALLING), "MN-26", "CYC_GC"),
    row("eGFR fell, confirmed, cyclophosphamide had failed",
        relapsed_mn(FALLING, pulses(-1400, reason="ineffective")), "MN-26"),
    row("eGFR at remission 60 days from the lowest value", relapsed_mn(FALLING, without("egfr"), egfr(-560, 80),
        FALLING), "MN-26", "CYC_GC"),
    row("no eGFR within 60 days of the lowest value", relapsed_mn(without("egfr"), egfr(-561, 80), FALLING), "MN-23",
        *LATE),
    row("the eGFR nearest the lowest value is the reference", relapsed_mn(egfr(-540, 120)), "MN-23", *LATE),
    # 7
    row("after rituximab", relapsed_mn(AFTER_RITUXIMAB), "MN-21", *AGAIN),
    row("after obinutuzumab", relapsed_mn(without("tacrolimus"), rituximab(-900, agent="obinutuzumab")), "MN-21",
        *AGAIN),
    row("after rituximab with tacrolimus", relapsed_mn(rituximab(-900)), "MN-21", *AGAIN),
    row("after rituximab that had failed once: a second course is the exception",
        relapsed_mn(AFTER_RITUXIMAB, rituximab(-1400, reason="ineffective")), "MN-21", *AGAIN),
    row("after rituximab, obinutuzumab had failed (R-07)",
        relapsed_mn(AFTER_RITUXIMAB, rituximab(-1400, reason="ineffective", agent="obinutuzumab")), "MN-21", "RTX",
        "CYC_GC"),
    row("after rituximab, cyclophosphamide had failed", relapsed_mn(AFTER_RITUXIMAB, EARLIER_FAILURE["CYC"]), "MN-21",
        "RTX", "ANTI_CD20_2G"),
    # 8
    row("relapse on tacrolimus", relapsed_mn(on_tacrolimus_until(None)), "MN-22", *AGAIN, state="MN_CNI_DEPENDENT"),
    row("relapse before tacrolimus was stopped", relapsed_mn(on_tacrolimus_until(-20)), "MN-22", *AGAIN),
    row("relapse 90 days after tacrolimus", relapsed_mn(on_tacrolimus_until(-120)), "MN-22", *AGAIN),
    row("relapse 91 days after tacrolimus", relapsed_mn(on_tacrolimus_until(-121)), "MN-23", *LATE),
    row("an earlier relapse is coded", relapsed_mn(problem("mn_relapse", -700)), "MN-22", *AGAIN),
    row("only this relapse is coded", relapsed_mn(problem("mn_relapse", -10)), "MN-23", *LATE),
    row("a relapse is coded without its day", relapsed_mn(problem("mn_relapse")), "MN-22", *AGAIN),
    row("a relapse is coded to the year", relapsed_mn(since("mn_relapse", -300, 40)), "MN-22", *AGAIN),
    row("a relapse is coded to this month", relapsed_mn(since("mn_relapse", -30, 0)), "MN-23", *LATE),
    row("dependent, rituximab had failed (R-07)",
        relapsed_mn(on_tacrolimus_until(None), rituximab(-1400, reason="ineffective")), "MN-22", "ANTI_CD20_2G",
        "CYC_GC"),
    row("dependent, obinutuzumab had failed: it counts as rituximab as well",
        relapsed_mn(on_tacrolimus_until(None), rituximab(-1400, reason="ineffective", agent="obinutuzumab")), "MN-22",
        "CYC_GC"),
    # 9
    row("late relapse, rituximab had failed", relapsed_mn(rituximab(-1400, reason="ineffective")), "MN-23", "CNI",
        "CYC_GC"),
    row("late relapse, cyclophosphamide had failed", relapsed_mn(pulses(-1400, reason="ineffective")), "MN-23", "RTX",
        "CNI"),
    row("late relapse, a tacrolimus line had failed before",
        relapsed_mn(tacrolimus(-1500, -1200, reason="ineffective")), "MN-23", "RTX", "CYC_GC"),
    row("late relapse, tacrolimus had not been tolerated before: not a failure, and vetoed",
        relapsed_mn(tacrolimus(-1500, -1400, reason="intolerance")), "MN-23", "RTX", "CYC_GC"),
    row("late relapse, half a rituximab course had not worked (R-03)",
        relapsed_mn(infusion("rituximab", -1400, reason="ineffective")), "MN-23", *LATE),
    row("the unknown outcome of an earlier line does not block a relapse answer (3.4)",
        relapsed_mn(rituximab(-1400), without("albumin"), albumin(-10, 27)), "MN-23", *LATE),
    # 10
    row("after cyclophosphamide", relapsed_mn(AFTER_CYCLOPHOSPHAMIDE), "MN-24", *LATE),
    row("after cyclophosphamide, rituximab had failed",
        relapsed_mn(AFTER_CYCLOPHOSPHAMIDE, rituximab(-1400, reason="ineffective")), "MN-24", "CNI", "CYC_GC"),
    row("after chlorambucil", relapsed_mn(without("tacrolimus"), drug("chlorambucil", -900, -700)), "MN-24", *LATE),
]  # fmt: skip


@pytest.mark.parametrize("expected", ROWS, ids=sentence)
def test_relapse(expected: Expected) -> None:
    check(expected)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (relapsed_mn(problem("mn_relapse")), True),
        (relapsed_mn(since("mn_relapse", -300, 40)), True),
        (relapsed_mn(problem("mn_relapse", -700)), False),
        (relapsed_mn(replace(problem("mn_relapse"), source="Condition/2"), problem("mn_relapse", -10)), False),
        (relapsed_mn(problem("ln_flare")), False),
        (relapsed_mn(), False),
    ],
)
def test_a_relapse_without_its_day_is_said(case: Case, said: bool) -> None:
    assert ("RELAPSE_UNDATED" in answer_for(case).remarks) is said
