"""Membranous nephropathy, before resistance is called: step 18 with clinical-spec 5.3, step 19, ruling R-13."""

from __future__ import annotations

import pytest

from tests.guideline.expectations import Expected, check, row, sentence
from tests.guideline.patients import (
    cd19,
    drug,
    infusion,
    problem,
    proteinuria,
    pulses,
    refused,
    rituximab,
    tacrolimus,
    trough,
    without,
    word,
)
from tests.guideline.standard_patients import (
    after_cyclophosphamide,
    after_rituximab,
    on_cyclosporine,
    resistant_mn,
)

MN_07 = ("MN-07", "RTX", "CYC_GC")
MN_30 = ("MN-30", "CYC_GC", "RTX_CNI", "CNI")
MN_32 = ("MN-32", "RTX", "RTX_CNI", "CNI")
NO_TROUGH = without("tacrolimus_trough")
NOT_TAKEN = word("adherence", -180, "non-adherent")


def troughs(*levels: float) -> tuple[object, ...]:
    return (NO_TROUGH, *(trough(-30 - 10 * index, level) for index, level in enumerate(levels)))


def stopped(day: int, reason: str = "") -> tuple[object, ...]:
    return (without("tacrolimus"), tacrolimus(-215, day, reason=reason))


def doses(*infusions: object) -> tuple[object, ...]:
    return (without("rituximab"), *infusions)


def cyclophosphamide(*records: object) -> tuple[object, ...]:
    return (without("cyclophosphamide"), *records)


ROWS = [
    # adherence
    row("non-adherence 180 days ago", resistant_mn(NOT_TAKEN), "MN-A1"),
    row("non-adherence 181 days ago", resistant_mn(word("adherence", -181, "non-adherent")), *MN_07),
    row("adherence recorded", resistant_mn(word("adherence", -20, "adherent")), *MN_07),
    row("non-adherence recorded before adherence", resistant_mn(NOT_TAKEN, word("adherence", -20, "adherent")),
        "MN-A1"),
    row("the line ended for non-adherence", resistant_mn(stopped(-20, "non-adherence")), "MN-A1"),
    row("tacrolimus recorded as not taken (3.2)", resistant_mn(refused("tacrolimus", -60)), "MN-A1"),
    row("tacrolimus recorded as not taken long ago", resistant_mn(refused("tacrolimus", -181)), *MN_07),
    row("another drug recorded as not taken", resistant_mn(refused("acei", -60)), *MN_07),
    row("non-adherence on the problem list", resistant_mn(problem("nonadherence", -100)), "MN-A1"),
    row("non-adherence on the problem list, resolved", resistant_mn(problem("nonadherence", -100, "resolved")), *MN_07),
    row("adherence comes before levels", resistant_mn(NOT_TAKEN, NO_TROUGH), "MN-A1"),
    # troughs
    row("tacrolimus trough 3", resistant_mn(troughs(3.0)), *MN_07),
    row("tacrolimus trough 2.9", resistant_mn(troughs(2.9)), "MN-A2"),
    row("half of the troughs at target", resistant_mn(troughs(3, 5, 1, 2)), *MN_07),
    row("one of three troughs at target", resistant_mn(troughs(5, 1, 2)), "MN-A2"),
    row("two of three troughs at target", resistant_mn(troughs(5, 4, 2)), *MN_07),
    row("no trough", resistant_mn(NO_TROUGH), "MN-D5", missing="CNI_TROUGH"),
    row("cyclosporine trough 125", on_cyclosporine(trough(-90, 125, "cyclosporine")), "MN-07", "RTX", "RTX_CNI",
        "CYC_GC"),
    row("cyclosporine trough 124.9", on_cyclosporine(trough(-90, 124.9, "cyclosporine")), "MN-A2"),
    row("a tacrolimus trough says nothing about cyclosporine",
        on_cyclosporine(without("cyclosporine_trough"), trough(-90, 6)), "MN-D5", missing="CNI_TROUGH"),
    row("voclosporin is dosed without levels", on_cyclosporine(without("cyclosporine", "cyclosporine_trough"),
        drug("voclosporin", -215)), "MN-07", "RTX", "RTX_CNI", "CYC_GC"),
    row("trough 180 days before the end", resistant_mn(NO_TROUGH, trough(-180, 6)), *MN_07),
    row("trough 181 days before the end", resistant_mn(NO_TROUGH, trough(-181, 6)), "MN-D5", missing="CNI_TROUGH"),
    row("trough before tacrolimus began", resistant_mn(without("tacrolimus"), tacrolimus(-150), NO_TROUGH,
        trough(-160, 6)), "MN-D5", missing="CNI_TROUGH"),
    row("the window ends with the tacrolimus", resistant_mn(stopped(-40), NO_TROUGH, trough(-200, 6)), *MN_07),
    row("a trough after the tacrolimus does not count", resistant_mn(stopped(-40), NO_TROUGH, trough(-30, 6)), "MN-D5",
        missing="CNI_TROUGH"),
    row("low troughs of long ago do not count", resistant_mn(troughs(5), trough(-190, 1), trough(-185, 1)), *MN_07),
    # anti-CD20 dose
    row("rituximab 1.39 g", after_rituximab(doses(infusion("rituximab", -210, 695), infusion("rituximab", -196, 695))),
        "MN-A3"),
    row("rituximab 1.4 g", after_rituximab(doses(infusion("rituximab", -210, 700), infusion("rituximab", -196, 700))),
        *MN_30),
    row("one infusion of 1 g", after_rituximab(doses(infusion("rituximab", -210))), "MN-A3"),
    row("twice 375 mg/m2", after_rituximab(doses(infusion("rituximab", -210, 375, "administration-m2"),
        infusion("rituximab", -203, 375, "administration-m2"))), *MN_30),
    row("once 375 mg/m2", after_rituximab(doses(infusion("rituximab", -210, 375, "administration-m2"))), "MN-A3"),
    row("two infusions without a dose count as 1 g each (R-27)",
        after_rituximab(doses(infusion("rituximab", -210, None), infusion("rituximab", -196, None))), *MN_30),
    row("one infusion without a dose counts as 1 g (R-27)",
        after_rituximab(doses(infusion("rituximab", -210, None))), "MN-A3"),
    row("rituximab known from a statement only is taken as adequate (R-27)",
        after_rituximab(doses(drug("rituximab", -210, -196))), *MN_30),
    row("dose comes before B cells", after_rituximab(doses(infusion("rituximab", -210)), without("cd19_count")),
        "MN-A3"),
    # B cells; the last infusion was on day -196
    row("CD19 4.9", after_rituximab(cd19(-150, 4.9)), *MN_30),
    row("CD19 5", after_rituximab(cd19(-150, 5)), "MN-A4"),
    row("the lowest CD19 counts", after_rituximab(cd19(-150, 60), cd19(-100, 4), cd19(-50, 80)), *MN_30),
    row("CD19 14 days after the last infusion", after_rituximab(without("cd19_count"), cd19(-182, 0)), *MN_30),
    row("CD19 13 days after the last infusion", after_rituximab(without("cd19_count"), cd19(-183, 0)), "MN-D6",
        missing="B_CELL_COUNT"),
    row("CD19 180 days after the last infusion", after_rituximab(without("cd19_count"), cd19(-16, 0)), *MN_30),
    row("CD19 181 days after the last infusion", after_rituximab(without("cd19_count"), cd19(-15, 0)), "MN-D6",
        missing="B_CELL_COUNT"),
    row("B cells never counted", after_rituximab(without("cd19_count")), "MN-D6", missing="B_CELL_COUNT"),
    row("obinutuzumab without depletion", after_rituximab(doses(rituximab(-210, agent="obinutuzumab")), cd19(-150, 9)),
        "MN-A4"),
    row("not depleted, no antibodies against rituximab",
        after_rituximab(cd19(-150, 9), word("anti_rituximab_ab", -100, "negative")), "MN-A4"),
    # cyclophosphamide
    row("six pulses", after_cyclophosphamide(), *MN_32),
    row("five pulses", after_cyclophosphamide(cyclophosphamide(pulses(-215, 5))), "MN-A5"),
    row("six pulses without a dose (R-13)", after_cyclophosphamide(cyclophosphamide(pulses(-215, mg=None))), *MN_32),
    row("80 days", after_cyclophosphamide(cyclophosphamide(drug("cyclophosphamide", -215, -136, 150))), *MN_32),
    row("79 days", after_cyclophosphamide(cyclophosphamide(drug("cyclophosphamide", -215, -137, 150))), "MN-A5"),
    row("80 days in three months of a Ponticelli course", after_cyclophosphamide(cyclophosphamide(
        drug("cyclophosphamide", -215, -186, 150), drug("cyclophosphamide", -155, -126, 150),
        drug("cyclophosphamide", -95, -76, 150))), *MN_32),
    # combinations: each class on its own exposure
    row("too little rituximab beside tacrolimus is not asked for B cells", resistant_mn(infusion("rituximab", -210)),
        *MN_07),
    row("enough rituximab beside tacrolimus is asked for B cells", resistant_mn(rituximab(-210)), "MN-D6",
        missing="B_CELL_COUNT"),
    # step 19
    row("outcome of an earlier line unknown", resistant_mn(rituximab(-1100)), "MN-D8", missing="PRIOR_LINE_OUTCOME"),
    row("an earlier fall between 30 and 50 % is unknown", resistant_mn(rituximab(-1100), proteinuria(-1105, 8),
        proteinuria(-950, 5)), "MN-D8", missing="PRIOR_LINE_OUTCOME"),
    row("an earlier fall below 30 % is a failure", resistant_mn(rituximab(-1100), proteinuria(-1105, 8),
        proteinuria(-950, 5.61)), "MN-36", "CYC_GC"),
    row("an earlier response is not a failure", resistant_mn(rituximab(-1100), proteinuria(-1105, 8),
        proteinuria(-950, 3)), *MN_07),
    row("outcome of earlier mycophenolate does not matter", resistant_mn(drug("mycophenolate_mofetil", -1100, -800)),
        *MN_07),
    row("adequacy comes before the unknown outcome", resistant_mn(rituximab(-1100), troughs(1)), "MN-A2"),
]  # fmt: skip


@pytest.mark.parametrize("expected", ROWS, ids=sentence)
def test_a_line_that_was_not_really_given_has_not_failed(expected: Expected) -> None:
    check(expected)
