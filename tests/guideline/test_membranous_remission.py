"""Membranous nephropathy in remission: step 6, clinical-spec 4 (CR, PR, dose fraction) and 5.2."""

from __future__ import annotations

import pytest

from tests.guideline.expectations import Expected, answer_for, check, row, sentence
from tests.guideline.patients import albumin, creatinine, egfr, elisa, infusion, proteinuria, tacrolimus, without
from tests.guideline.standard_patients import (
    EGFR_DECLINING,
    EGFR_UNCONFIRMED,
    after_rituximab,
    resistant_mn,
)

CR, PR = "MN_REMISSION_CR", "MN_REMISSION_PR"
COMPLETE = (proteinuria(-10, 0.29), albumin(-10, 35))
PARTIAL = (proteinuria(-10, 3.4),)
CREATININE_STEADY = (creatinine(-220, 90), creatinine(-10, 100))


def long_on_tacrolimus(*doses: tuple[int, int | None, float], start: int = -500) -> tuple[object, ...]:
    """Years of tacrolimus with these doses (from, to, mg/d), after a baseline at its start."""
    return (
        without("tacrolimus", "proteinuria_24h"),
        proteinuria(start - 5, 8.4),
        egfr(start - 5, 82),
        *(tacrolimus(*dose) for dose in doses),
    )


HALF_FOR_A_YEAR = long_on_tacrolimus((-500, -366, 6), (-365, None, 3))
HALF_FOR_LESS = long_on_tacrolimus((-500, -365, 6), (-364, None, 3))

ROWS = [
    # what complete and partial mean
    row("0.29 g/d, albumin 35: complete", after_rituximab(COMPLETE), "MN-20", state=CR),
    row("0.3 g/d: partial", after_rituximab(COMPLETE, proteinuria(-10, 0.3)), "MN-20", state=PR),
    row("0.29 g/d, albumin 34.9: partial", after_rituximab(COMPLETE, albumin(-10, 34.9)), "MN-20", state=PR),
    row("0.29 g/d, albumin missing: cannot be complete", after_rituximab(COMPLETE, without("albumin")), "MN-20",
        state=PR),
    row("0.29 g/d and albumin 35 without a baseline: complete",
        after_rituximab(without("proteinuria_24h"), COMPLETE), "MN-20", state=CR),
    row("0.29 g/d, eGFR declining: no remission", after_rituximab(COMPLETE, EGFR_DECLINING), "MN-18"),
    row("0.29 g/d, one low eGFR: remission", after_rituximab(COMPLETE, EGFR_UNCONFIRMED), "MN-20", state=CR),
    row("3.49 g/d, halved: partial", after_rituximab(proteinuria(-220, 6.98), proteinuria(-10, 3.49)), "MN-20",
        state=PR),
    row("3.49 g/d, not quite halved", after_rituximab(proteinuria(-220, 6.97), proteinuria(-10, 3.49)), "MN-18"),
    row("3.5 g/d, halved: not below", after_rituximab(proteinuria(-220, 7.0), proteinuria(-10, 3.5)), "MN-11",
        state="MN_RESPONDING"),
    row("halved, eGFR declining: no remission", after_rituximab(PARTIAL, EGFR_DECLINING), "MN-18"),
    row("halved, one low eGFR: remission", after_rituximab(PARTIAL, EGFR_UNCONFIRMED), "MN-20", state=PR),
    # 5.2
    row("complete, half dose for 365 days", resistant_mn(HALF_FOR_A_YEAR, COMPLETE), "MN-14", state=CR),
    row("partial, half dose for 365 days", resistant_mn(HALF_FOR_A_YEAR, PARTIAL), "MN-14", state=PR),
    row("complete, half dose for 364 days", resistant_mn(HALF_FOR_LESS, COMPLETE), "MN-13", state=CR),
    row("partial, half dose for 364 days", resistant_mn(HALF_FOR_LESS, PARTIAL), "MN-13", state=PR),
    row("55 % of the first dose is reduced",
        resistant_mn(long_on_tacrolimus((-500, -101, 10), (-100, None, 5.5)), COMPLETE), "MN-13", state=CR),
    row("56 % of the first dose is not reduced",
        resistant_mn(long_on_tacrolimus((-500, -101, 10), (-100, None, 5.6)), COMPLETE), "MN-12", state=CR),
    row("only the last run of half doses counts",
        resistant_mn(long_on_tacrolimus((-900, -701, 6), (-700, -301, 3), (-300, -101, 6), (-100, None, 3), start=-900),
                     COMPLETE), "MN-13", state=CR),
    row("a further reduction does not restart the year",
        resistant_mn(long_on_tacrolimus((-900, -701, 6), (-700, -101, 3), (-100, None, 2), start=-900), COMPLETE),
        "MN-14", state=CR),
    row("complete at full dose", resistant_mn(COMPLETE), "MN-12", state=CR),
    row("complete at full dose, dose not recorded",
        resistant_mn(COMPLETE, without("tacrolimus"), tacrolimus(-215, mg=None)), "MN-12", state=CR),
    row("partial after 365 days", resistant_mn(long_on_tacrolimus((-365, None, 6), start=-365), PARTIAL), "MN-12",
        state=PR),
    row("partial after 364 days", resistant_mn(long_on_tacrolimus((-364, None, 6), start=-364), PARTIAL), "MN-11",
        state=PR),
    row("partial, tacrolimus stopped", resistant_mn(PARTIAL, without("tacrolimus"), tacrolimus(-215, -20)), "MN-20",
        state=PR),
    row("complete, tacrolimus stopped", resistant_mn(COMPLETE, without("tacrolimus"), tacrolimus(-215, -20)), "MN-20",
        state=CR),
    row("remission comes after toxicity", resistant_mn(COMPLETE, creatinine(-220, 80), creatinine(-10, 97)), "MN-15a"),
]  # fmt: skip


@pytest.mark.parametrize("expected", ROWS, ids=sentence)
def test_in_remission_the_question_is_how_to_continue(expected: Expected) -> None:
    check(expected)


@pytest.mark.parametrize(
    ("level", "high"), [(49.9, False), (50, True), (300, True)], ids=["49.9 RU/mL", "50 RU/mL", "300 RU/mL"]
)
def test_a_high_antibody_in_remission_on_a_cni_is_noted(level: float, high: bool) -> None:
    for remission in (COMPLETE, PARTIAL):
        assert ("AB_PERSISTENT_HIGH" in answer_for(resistant_mn(remission, elisa(-10, level))).notes) is high


def test_a_high_antibody_without_a_cni_or_without_remission_is_not_noted() -> None:
    assert "AB_PERSISTENT_HIGH" not in answer_for(after_rituximab(COMPLETE, elisa(-10, 300))).notes
    assert "AB_PERSISTENT_HIGH" not in answer_for(resistant_mn(elisa(-10, 300))).notes
    stale = resistant_mn(COMPLETE, without("anti_pla2r_elisa"), elisa(-121, 300))
    assert "AB_PERSISTENT_HIGH" not in answer_for(stale).notes


def test_rituximab_with_tacrolimus_in_remission_is_judged_by_the_tacrolimus() -> None:
    """A combination line: the calcineurin inhibitor is what is tapered."""
    combined = (infusion("rituximab", -210), infusion("rituximab", -196))
    assert answer_for(resistant_mn(COMPLETE, combined)).rule == "MN-12"
