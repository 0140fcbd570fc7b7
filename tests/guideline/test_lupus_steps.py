"""Lupus nephritis: steps 1 to 4, 6, 7 and 9 to 20 of clinical-spec 6.3, with the definitions of 6.1."""

from __future__ import annotations

import pytest

from tests.guideline.expectations import Expected, answer_for, check, row, sentence
from tests.guideline.patients import (
    biopsy,
    creatinine,
    drug,
    egfr,
    infusion,
    lupus_class,
    mycophenolate,
    number,
    problem,
    proteinuria,
    pulses,
    rituximab,
    tacrolimus,
    upcr,
    without,
    word,
)
from tests.guideline.standard_patients import (
    HEAVY,
    LN_DECLINING,
    LN_UNCONFIRMED,
    resistant_ln,
)

OTHERWISE = ("BEL_COMBO", "ANTI_CD20_COMBO", "CNI_COMBO", "CYC_GC")
SEVERE = ("CYC_GC", "ANTI_CD20_COMBO", "BEL_COMBO")
HEAVY_LIST = ("CNI_COMBO", "ANTI_CD20_COMBO", "CYC_GC", "BEL_COMBO")
CLASS_V = ("CNI_COMBO", "MPAA_GC", "CYC_GC")
NO_RESPONSE = ("LN-20c", *OTHERWISE)
PREGNANT = problem("pregnancy", -60)
V = lupus_class(-250, "V")
ON_TACROLIMUS = (without("mycophenolate_mofetil"), tacrolimus(-200))
DESPITE_ADHERENCE = word("adherence", -180, "non-adherent")


def index(activity: float, chronicity: float, day: int = -250) -> tuple[object, ...]:
    return (number("ln_activity_index", day, activity), number("ln_chronicity_index", day, chronicity))


def on_mycophenolate(mg: float | None, agent: str = "mycophenolate_mofetil") -> tuple[object, ...]:
    return (without("mycophenolate_mofetil"), drug(agent, -200, None, mg))


def since(day: int, before: float = 2.6, now: float = 2.4) -> tuple[object, ...]:
    """Mycophenolate for that long, with baselines at its start."""
    return (
        without("mycophenolate_mofetil", "upcr", "egfr"),
        mycophenolate(day),
        upcr(day - 5, before),
        upcr(-10, now),
        egfr(day - 5, 90),
        egfr(-30, 90),
        egfr(-10, 88),
    )


STEPS_1_TO_4 = [
    row("class unknown", resistant_ln(without("ln_class")), "LN-D1", missing="LN_CLASS"),
    row("microangiopathy on a biopsy 365 days old", resistant_ln(word("tma_on_biopsy", -365, "positive")), "LN-03"),
    row("microangiopathy on a biopsy 366 days old", resistant_ln(word("tma_on_biopsy", -366, "positive")),
        *NO_RESPONSE),
    row("no microangiopathy on the biopsy", resistant_ln(word("tma_on_biopsy", -100, "negative")), *NO_RESPONSE),
    row("microangiopathy coded", resistant_ln(problem("tma", -100)), "LN-03"),
    row("microangiopathy coded, long resolved", resistant_ln(problem("tma", -366, "resolved")), *NO_RESPONSE),
    row("class I", resistant_ln(lupus_class(-250, "I")), "LN-01"),
    row("class II", resistant_ln(lupus_class(-250, "II")), "LN-01"),
    row("class VI", resistant_ln(lupus_class(-250, "VI")), "LN-02"),
    row("class III", resistant_ln(lupus_class(-250, "III")), *NO_RESPONSE),
    row("class III+V is treated as proliferative", resistant_ln(lupus_class(-250, "III+V")), *NO_RESPONSE),
    row("class IV+V is treated as proliferative", resistant_ln(lupus_class(-250, "IV+V")), *NO_RESPONSE),
    row("the newest class counts", resistant_ln(word("ln_class", -900, "II")), *NO_RESPONSE),
    row("no current UPCR", resistant_ln(without("upcr"), upcr(-205, 2.6), upcr(-91, 2.5)), "LN-D2", missing="UPCR"),
    row("no current eGFR", resistant_ln(without("egfr"), egfr(-205, 90), egfr(-91, 90)), "LN-D2", missing="EGFR"),
    row("neither UPCR nor eGFR", resistant_ln(without("upcr", "egfr")), "LN-D2", missing="UPCR EGFR"),
    row("a 24 h collection is accepted", resistant_ln(without("upcr"), proteinuria(-205, 2.6), proteinuria(-10, 2.4)),
        *NO_RESPONSE),
]  # fmt: skip

TOXICITY = [
    row("eGFR 20 % down on a CNI", resistant_ln(ON_TACROLIMUS, egfr(-10, 72)), "LN-17"),
    row("eGFR 19.9 % down on a CNI", resistant_ln(ON_TACROLIMUS, egfr(-10, 72.1)), *NO_RESPONSE[:3], "CYC_GC"),
    row("eGFR down on a CNI in acute kidney injury",
        resistant_ln(ON_TACROLIMUS, egfr(-10, 72), problem("acute_kidney_injury", -20)), "LN-D6",
        missing="REPEAT_CREATININE"),
    row("eGFR down after the CNI", resistant_ln(without("mycophenolate_mofetil"), tacrolimus(-200, -20), egfr(-10, 72)),
        "LN-D6", missing="REPEAT_CREATININE"),
    row("eGFR down without a CNI", resistant_ln(egfr(-10, 72)), "LN-D6", missing="REPEAT_CREATININE"),
    row("no eGFR from before the CNI", resistant_ln(ON_TACROLIMUS, without("egfr"), egfr(-10, 50)), "LN-D3",
        missing="BASELINE_EGFR"),
    row("creatinine is not asked in lupus nephritis",
        resistant_ln(ON_TACROLIMUS, creatinine(-205, 70), creatinine(-10, 100)), *NO_RESPONSE[:3], "CYC_GC"),
]  # fmt: skip

STEPS_7_TO_13 = [
    row("no baseline UPCR", resistant_ln(without("upcr"), upcr(-10, 2.4)), "LN-D3", missing="BASELINE_UPCR"),
    row("no baseline eGFR", resistant_ln(without("egfr"), egfr(-10, 88)), "LN-D3", missing="BASELINE_EGFR"),
    row("no baseline at all", resistant_ln(without("upcr", "egfr"), upcr(-10, 2.4), egfr(-10, 88)), "LN-D3",
        missing="BASELINE_UPCR BASELINE_EGFR"),
    row("0.49 g/g, eGFR 85 % of baseline", resistant_ln(upcr(-10, 0.49), egfr(-10, 76.5)), "LN-50", state="LN_CR"),
    row("0.5 g/g, eGFR kept: partial", resistant_ln(upcr(-10, 0.5)), "LN-50", state="LN_PR"),
    row("0.49 g/g, eGFR 84.9 % of baseline", resistant_ln(upcr(-10, 0.49), egfr(-10, 76.4)), "LN-13"),
    row("halved", resistant_ln(upcr(-10, 1.3)), "LN-50", state="LN_PR"),
    row("not quite halved", resistant_ln(upcr(-10, 1.31)), "LN-13"),
    row("halved to 2.99", resistant_ln(upcr(-205, 5.98), upcr(-100, 5.5), upcr(-10, 2.99)), "LN-50", state="LN_PR"),
    row("halved to 3.0", resistant_ln(upcr(-205, 6), upcr(-100, 5.5), upcr(-10, 3.0)), "LN-13"),
    row("partial on day 365, 0.7 g/g", resistant_ln(since(-365, now=0.7)), "LN-51"),
    row("partial on day 365, 0.69 g/g", resistant_ln(since(-365, now=0.69)), "LN-50", state="LN_PR"),
    row("partial on day 364, 0.7 g/g", resistant_ln(since(-364, now=0.7)), "LN-50", state="LN_PR"),
    row("day 119", resistant_ln(since(-119)), "LN-10"),
    row("day 119, eGFR declining", resistant_ln(since(-119), egfr(-30, 70), egfr(-10, 70)), "LN-11"),
    row("day 119, one low eGFR", resistant_ln(since(-119), egfr(-10, 70)), "LN-10"),
    row("day 120, unchanged", resistant_ln(since(-120, now=2.6)), *NO_RESPONSE),
    row("day 179, unchanged", resistant_ln(since(-179, now=2.6)), *NO_RESPONSE),
    row("day 179, slightly lower", resistant_ln(since(-179, now=2.59)), "LN-13"),
    row("day 150, lower but eGFR declining", resistant_ln(since(-150, now=2.0), egfr(-30, 70), egfr(-10, 70)),
        "LN-20a", *SEVERE),
    row("day 180, fell 24.9 %", resistant_ln(since(-180, now=1.953)), *NO_RESPONSE),
    row("day 180, fell 25 %", resistant_ln(since(-180, now=1.95)), "LN-13"),
    row("day 180, fell 25 % but eGFR declining", resistant_ln(since(-180, now=1.95), egfr(-30, 70), egfr(-10, 70)),
        "LN-20a", *SEVERE),
    row("day 364, fell 40 %", resistant_ln(since(-364, now=1.56)), "LN-13"),
    row("day 365, fell 40 %", resistant_ln(since(-365, now=1.56)), *NO_RESPONSE),
]  # fmt: skip

INTOLERANCE = [
    row("mycophenolate not tolerated: it blocks no combination",
        resistant_ln(without("mycophenolate_mofetil"), mycophenolate(-200, -100, reason="intolerance")), "LN-19",
        *OTHERWISE),
    row("belimumab not tolerated", resistant_ln(without("mycophenolate_mofetil"), drug("belimumab", -200, -100,
        reason="intolerance")), "LN-19", *OTHERWISE[1:]),
    row("tacrolimus not tolerated, ended on day 179", resistant_ln(without("mycophenolate_mofetil"),
        tacrolimus(-200, -21, reason="intolerance")), "LN-19", "BEL_COMBO", "ANTI_CD20_COMBO", "CYC_GC"),
    row("not tolerated, severe", resistant_ln(without("mycophenolate_mofetil"),
        mycophenolate(-200, -100, reason="intolerance"), LN_DECLINING), "LN-19", *SEVERE),
    row("not tolerated, heavy", resistant_ln(without("mycophenolate_mofetil"),
        mycophenolate(-200, -100, reason="intolerance"), HEAVY), "LN-19", *HEAVY_LIST),
    row("not tolerated, class V", resistant_ln(V, without("mycophenolate_mofetil"),
        mycophenolate(-200, -100, reason="intolerance")), "LN-19", "CNI_COMBO", "ANTI_CD20_COMBO", "CYC_GC"),
    row("not tolerated, pregnant", resistant_ln(PREGNANT, without("mycophenolate_mofetil"),
        mycophenolate(-200, -100, reason="intolerance")), "LN-05", "AZA_CNI", state="LN_INTOLERANT"),
    row("not tolerated, and begun 60 days ago: too early comes first", resistant_ln(since(-60),
        without("mycophenolate_mofetil"), mycophenolate(-60, -30, reason="intolerance")), "LN-10"),
]  # fmt: skip

STEPS_14_TO_20 = [
    row("non-adherence", resistant_ln(DESPITE_ADHERENCE), "LN-14"),
    row("non-adherence 181 days ago", resistant_ln(word("adherence", -181, "non-adherent")), *NO_RESPONSE),
    row("ended for non-adherence", resistant_ln(without("mycophenolate_mofetil"),
        mycophenolate(-200, -20, reason="non-adherence")), "LN-14"),
    row("mycophenolate 1.99 g/d", resistant_ln(on_mycophenolate(1990)), "LN-15"),
    row("mycophenolate 2 g/d", resistant_ln(on_mycophenolate(2000)), *NO_RESPONSE),
    row("mycophenolic acid 1.44 g/d", resistant_ln(on_mycophenolate(1440, "mycophenolic_acid")), *NO_RESPONSE),
    row("mycophenolic acid 1.43 g/d", resistant_ln(on_mycophenolate(1430, "mycophenolic_acid")), "LN-15"),
    row("2 g/d once is enough", resistant_ln(without("mycophenolate_mofetil"), mycophenolate(-200, -100, 2000),
        mycophenolate(-99, None, 1000)), *NO_RESPONSE),
    row("mycophenolate of unknown dose", resistant_ln(on_mycophenolate(None)), "LN-D4", missing="MPAA_DOSE"),
    row("cyclophosphamide 2.49 g", resistant_ln(without("mycophenolate_mofetil"), pulses(-200, mg=415)), "LN-15"),
    row("cyclophosphamide 2.5 g", resistant_ln(without("mycophenolate_mofetil"), pulses(-200, 5, mg=500)), "LN-21c",
        *OTHERWISE[:3]),
    row("six pulses of unknown dose (R-13)", resistant_ln(without("mycophenolate_mofetil"), pulses(-200, mg=None)),
        "LN-21c", *OTHERWISE[:3]),
    row("five pulses of unknown dose (R-13)", resistant_ln(without("mycophenolate_mofetil"), pulses(-200, 5, None)),
        "LN-15"),
    row("too little rituximab alone", resistant_ln(without("mycophenolate_mofetil"), infusion("rituximab", -200)),
        "LN-15"),
    row("scarring: activity 2, chronicity 6", resistant_ln(index(2, 6)), "LN-16"),
    row("activity 3", resistant_ln(index(3, 6)), *NO_RESPONSE),
    row("chronicity 5", resistant_ln(index(2, 5)), *NO_RESPONSE),
    row("scarring 365 days ago", resistant_ln(index(0, 9, -365)), "LN-16"),
    row("scarring 366 days ago", resistant_ln(index(0, 9, -366)), *NO_RESPONSE),
    row("activity alone", resistant_ln(number("ln_activity_index", -250, 0)), *NO_RESPONSE),
    row("one low eGFR", resistant_ln(LN_UNCONFIRMED), "LN-D6", missing="REPEAT_CREATININE"),
    row("pregnant", resistant_ln(PREGNANT), "LN-05", "AZA_CNI", state="LN_NO_RESPONSE"),
    row("pregnant comes before an unknown past line", resistant_ln(PREGNANT, rituximab(-1100)), "LN-05", "AZA_CNI",
        state="LN_NO_RESPONSE"),
    row("outcome of an earlier line unknown", resistant_ln(rituximab(-1100)), "LN-D8", missing="PRIOR_LINE_OUTCOME"),
    row("an earlier fall of 40 % is unknown", resistant_ln(rituximab(-1100), upcr(-1105, 3), upcr(-950, 1.8)), "LN-D8",
        missing="PRIOR_LINE_OUTCOME"),
    row("an earlier fall of 24 % is a failure", resistant_ln(rituximab(-1100), upcr(-1105, 3), upcr(-950, 2.28)),
        "LN-26", "BEL_COMBO", "CNI_COMBO", "CYC_GC"),
    row("an earlier response is not a failure", resistant_ln(rituximab(-1100), upcr(-1105, 3), upcr(-950, 0.9)),
        *NO_RESPONSE),
    row("earlier mycophenolate below 2 g/d was inadequate",
        resistant_ln(mycophenolate(-1100, -800, 1500, reason="ineffective")), *NO_RESPONSE),
]  # fmt: skip
ROWS = [*STEPS_1_TO_4, *TOXICITY, *STEPS_7_TO_13, *INTOLERANCE, *STEPS_14_TO_20]


@pytest.mark.parametrize("expected", ROWS, ids=sentence)
def test_the_steps_of_lupus_nephritis(expected: Expected) -> None:
    check(expected)


class TestRebiopsy:
    """Step 18 and 6.3 step 9: the note, not the answer."""

    @pytest.mark.parametrize(("day", "advised"), [(-365, False), (-366, True)])
    def test_without_response_a_biopsy_older_than_a_year_is_repeated(self, day: int, advised: bool) -> None:
        seen = answer_for(resistant_ln(lupus_class(day, "IV")))
        assert (seen.rule, "REBIOPSY_RECOMMENDED" in seen.notes) == ("LN-20c", advised)

    def test_a_new_biopsy_without_a_new_class_counts(self) -> None:
        case = resistant_ln(lupus_class(-900, "IV"), biopsy(-100))
        assert "REBIOPSY_RECOMMENDED" not in answer_for(case).notes

    def test_an_incomplete_response_after_a_year_asks_for_one(self) -> None:
        assert "REBIOPSY_RECOMMENDED" in answer_for(resistant_ln(since(-365, now=0.7))).notes
        assert "REBIOPSY_RECOMMENDED" not in answer_for(resistant_ln(since(-365, now=0.6))).notes


def test_toxicity_of_a_calcineurin_inhibitor_is_critical() -> None:
    seen = answer_for(resistant_ln(ON_TACROLIMUS, egfr(-10, 60)))
    assert ("CNI_NEPHROTOXICITY" in seen.notes, seen.severity) == (True, "critical")


def test_response_in_the_first_months_is_not_called_early() -> None:
    """Step 9 comes before step 11."""
    assert answer_for(resistant_ln(since(-60, now=0.4))).state == "LN_CR"
