"""What became of a past line: the outcome table of clinical-spec 3.4 with rulings R-03, R-10, R-13, R-23."""

from __future__ import annotations

import pytest

from cds_service.case.model import Case
from tests.guideline.expectations import answer_for
from tests.guideline.patients import (
    drug,
    infusion,
    mycophenolate,
    proteinuria,
    pulses,
    rituximab,
    tacrolimus,
    upcr,
    without,
)
from tests.guideline.standard_patients import after_rituximab, resistant_ln, resistant_mn

# Tacrolimus from day -1100 to -800, started at 8 g/d; what counts is seen from day -1070 to -740.
CNI = (tacrolimus(-1100, -800), proteinuria(-1105, 8))
# Rituximab on days -1100 and -1086; what counts is seen from day -1070 to -906.
RTX = (rituximab(-1100), proteinuria(-1105, 8))
MMF = (mycophenolate(-1100, -800), upcr(-1105, 4))
SOON = (
    without("proteinuria_24h"),
    rituximab(-380),
    proteinuria(-385, 8.4),
    proteinuria(-261, 8.4),
    proteinuria(-10, 7.6),
)


def ended(reason: str, days: int = 300) -> object:
    return tacrolimus(-1100, -1100 + days, reason=reason)


MEMBRANOUS: list[tuple[str, Case, str]] = [
    ("not taken", after_rituximab(ended("non-adherence")), "INADEQUATE"),
    ("not taken, although proteinuria fell", after_rituximab(CNI, without("tacrolimus"), ended("non-adherence"),
     proteinuria(-900, 1)), "INADEQUATE"),
    ("ineffective after 120 days", after_rituximab(ended("ineffective", 120)), "FAILED"),
    ("ineffective after 119 days", after_rituximab(ended("ineffective", 119)), "INADEQUATE"),
    ("ineffective, although proteinuria fell once", after_rituximab(CNI, without("tacrolimus"), ended("ineffective"),
     proteinuria(-900, 1)), "FAILED"),
    ("rituximab 1.4 g, ineffective", resistant_mn(rituximab(-1100, 700, "ineffective")), "FAILED"),
    ("rituximab 1.39 g, ineffective (R-03)", resistant_mn(rituximab(-1100, 695, "ineffective")), "INADEQUATE"),
    ("rituximab 1.39 g, said to be in remission (R-03)", resistant_mn(rituximab(-1100, 695, "remission")),
     "INADEQUATE"),
    ("rituximab 1 g, not tolerated (R-03)", resistant_mn(infusion("rituximab", -1100, reason="intolerance")),
     "INTOLERANT"),
    ("not tolerated", after_rituximab(ended("intolerance")), "INTOLERANT"),
    ("not tolerated, although proteinuria fell", after_rituximab(CNI, without("tacrolimus"), ended("intolerance"),
     proteinuria(-900, 1)), "INTOLERANT"),
    ("stated remission", after_rituximab(ended("remission")), "RESPONDED"),
    ("stated remission after a month", after_rituximab(ended("remission", 30)), "RESPONDED"),
    ("3.49 g/d and halved", after_rituximab(CNI, proteinuria(-900, 3.49)), "RESPONDED"),
    ("3.5 g/d", after_rituximab(CNI, proteinuria(-900, 3.5)), "UNKNOWN"),
    ("3.4 g/d, not halved", after_rituximab(CNI, proteinuria(-1105, 6.7), proteinuria(-900, 3.4)), "UNKNOWN"),
    ("response on day 30", after_rituximab(CNI, proteinuria(-1070, 1)), "RESPONDED"),
    ("response on day 29", after_rituximab(CNI, proteinuria(-1071, 1)), "UNKNOWN"),
    ("response 60 days after the end", after_rituximab(CNI, proteinuria(-740, 1)), "RESPONDED"),
    ("response 61 days after the end", after_rituximab(CNI, proteinuria(-739, 1)), "UNKNOWN"),
    ("response 180 days after the last infusion", resistant_mn(RTX, proteinuria(-906, 1)), "RESPONDED"),
    ("response 181 days after the last infusion", resistant_mn(RTX, proteinuria(-905, 1)), "UNKNOWN"),
    ("fell 29.9 %", after_rituximab(CNI, proteinuria(-900, 5.61)), "FAILED"),
    ("fell 30 %", after_rituximab(CNI, proteinuria(-900, 5.6)), "UNKNOWN"),
    ("unchanged on day 120", after_rituximab(CNI, proteinuria(-980, 8)), "FAILED"),
    ("unchanged on day 119", after_rituximab(CNI, proteinuria(-981, 8)), "UNKNOWN"),
    ("unchanged 60 days after the end", after_rituximab(CNI, proteinuria(-740, 8)), "FAILED"),
    ("unchanged 61 days after the end", after_rituximab(CNI, proteinuria(-739, 8)), "UNKNOWN"),
    ("the last value counts", after_rituximab(CNI, proteinuria(-950, 5), proteinuria(-900, 7)), "FAILED"),
    ("unchanged 14 days into the next line (R-10)", resistant_mn(SOON, proteinuria(-201, 8.4)), "FAILED"),
    ("unchanged 15 days into the next line (R-10)", resistant_mn(SOON, proteinuria(-200, 8.4)), "UNKNOWN"),
    ("no value at all", after_rituximab(CNI), "UNKNOWN"),
    ("no baseline", after_rituximab(tacrolimus(-1100, -800), proteinuria(-900, 8)), "UNKNOWN"),
    ("two pulses beside tacrolimus that goes on are the past line (R-25)", resistant_mn(pulses(-50, 2, 750, 14)),
     "INADEQUATE"),
    ("119 days, no reason given", after_rituximab(tacrolimus(-1100, -981)), "INADEQUATE"),
    ("cyclophosphamide for 80 days, ineffective",
     resistant_mn(drug("cyclophosphamide", -1100, -1021, 100, "ineffective")), "FAILED"),
    ("cyclophosphamide for 79 days, ineffective",
     resistant_mn(drug("cyclophosphamide", -1100, -1022, 100, "ineffective")), "INADEQUATE"),
    ("five pulses, ineffective", resistant_mn(pulses(-1100, 5, reason="ineffective")), "INADEQUATE"),
]  # fmt: skip

LUPUS: list[tuple[str, Case, str]] = [
    ("mycophenolate below 2 g/d, ineffective", resistant_ln(mycophenolate(-1100, -800, 1990, "ineffective")),
     "INADEQUATE"),
    ("mycophenolate below 2 g/d, in remission", resistant_ln(mycophenolate(-1100, -800, 1990, "remission")),
     "INADEQUATE"),
    ("mycophenolate 2 g/d, ineffective", resistant_ln(mycophenolate(-1100, -800, 2000, "ineffective")), "FAILED"),
    ("2.99 g/g and halved", resistant_ln(MMF, upcr(-1105, 6), upcr(-900, 2.99)), "RESPONDED"),
    ("3.0 g/g and halved", resistant_ln(MMF, upcr(-1105, 6), upcr(-900, 3.0)), "UNKNOWN"),
    ("fell 24.9 %", resistant_ln(MMF, upcr(-900, 3.004)), "FAILED"),
    ("fell 25 %", resistant_ln(MMF, upcr(-900, 3.0)), "UNKNOWN"),
    ("cyclophosphamide 2.5 g, ineffective", resistant_ln(pulses(-1100, 5, 500, 14, "ineffective")), "FAILED"),
    ("cyclophosphamide 2.4 g, ineffective (R-13)", resistant_ln(pulses(-1100, 6, 400, 14, "ineffective")),
     "INADEQUATE"),
    ("six pulses of unknown dose, ineffective (R-13)", resistant_ln(pulses(-1100, 6, None, 14, "ineffective")),
     "FAILED"),
    ("azathioprine that still goes on under the next line, no fall", resistant_ln(drug("azathioprine", -900, None, 100),
     upcr(-905, 3), upcr(-700, 3)), "FAILED"),
    ("azathioprine after four months, ineffective", resistant_ln(drug("azathioprine", -1100, -980, 100, "ineffective")),
     "FAILED"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "outcome"),
    [(case, outcome) for _, case, outcome in (*MEMBRANOUS, *LUPUS)],
    ids=[f"MN: {sentence}" for sentence, *_ in MEMBRANOUS] + [f"LN: {sentence}" for sentence, *_ in LUPUS],
)
def test_the_outcome_of_a_past_line(case: Case, outcome: str) -> None:
    assert answer_for(case).lines[0].outcome == outcome


@pytest.mark.parametrize(
    "later", [mycophenolate(-100), drug("azathioprine", -100)], ids=["mycophenolate", "azathioprine"]
)
def test_the_last_standard_line_counts_although_another_drug_came_after_it(later: object) -> None:
    seen = answer_for(after_rituximab(without("rituximab"), tacrolimus(-400, -200), proteinuria(-405, 8.4), later))
    assert [line.outcome for line in seen.lines] == ["LAST", "NOT_STANDARD"]
    assert (seen.figures["line"], seen.figures["days"]) == ("CNI", 400)


def test_azathioprine_that_failed_is_counted_and_not_named_among_the_failed_classes() -> None:
    """Azathioprine has no place in U (section 6.4), so there is nothing to name; the count of regimens rises."""
    seen = answer_for(resistant_ln(drug("azathioprine", -1100, -900, 100, "ineffective")))
    assert "failed" not in seen.figures
    assert seen.figures["failed_count"] == 2
