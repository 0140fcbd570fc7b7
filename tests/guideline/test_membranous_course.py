"""Membranous nephropathy on a line: steps 5, 9 to 12 and 14 to 17 of clinical-spec section 5."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cds_service.case.model import SetAside
from tests.guideline.expectations import Expected, answer_for, check, row, sentence
from tests.guideline.patients import (
    albumin,
    cd19,
    creatinine,
    egfr,
    elisa,
    infusion,
    mycophenolate,
    problem,
    proteinuria,
    pulses,
    rituximab,
    tacrolimus,
    without,
)
from tests.guideline.standard_patients import (
    CREATININE_STEADY,
    EARLIER_FAILURE,
    EGFR_DECLINING,
    EGFR_UNCONFIRMED,
    EGFR_UNKNOWN,
    after_cyclophosphamide,
    after_rituximab,
    resistant_mn,
    untreated_ln,
    untreated_mn,
)

MN_07 = ("MN-07", "RTX", "CYC_GC")
MN_30 = ("MN-30", "CYC_GC", "RTX_CNI", "CNI")
UP = (creatinine(-220, 80), creatinine(-10, 97))
NO_ELISA = without("anti_pla2r_elisa")
GONE = (elisa(-120, 1.2), elisa(-10, 0.8))


def since(day: int) -> tuple[object, ...]:
    """Tacrolimus for that long, with baselines at its start."""
    before = day - 5
    return (
        without("tacrolimus", "proteinuria_24h", "egfr"),
        tacrolimus(day),
        proteinuria(before, 8.4),
        proteinuria(-10, 7.6),
        egfr(before, 82),
        egfr(-30, 80),
        egfr(-10, 79),
    )


def stopped(agent: str, day: int, reason: str = "intolerance") -> tuple[object, ...]:
    return (without("tacrolimus"), tacrolimus(-215, day, reason=reason)) if agent == "tacrolimus" else ()


def cut_short(last: int) -> tuple[object, ...]:
    """A rituximab line that ended that many days after its first infusion, for intolerance."""
    first, second = infusion("rituximab", -210), infusion("rituximab", -210 + last, reason="intolerance")
    return (without("rituximab"), first, second)


DECLINING_BY_DAY_150 = (since(-150), egfr(-30, 62), egfr(-10, 60), CREATININE_STEADY)

SLOW_FALL = (egfr(-600, 75), egfr(-30, 64), egfr(-10, 64), creatinine(-735, 90), creatinine(-10, 100))

STEP_5 = [
    row("creatinine up 20 %", resistant_mn(creatinine(-220, 80), creatinine(-10, 96)), *MN_07),
    row("creatinine up 20.1 %", resistant_mn(creatinine(-220, 80), creatinine(-10, 96.1)), "MN-15b", "RTX", "CYC_GC"),
    row("creatinine up during acute kidney injury", resistant_mn(UP, problem("acute_kidney_injury", -15)), *MN_07),
    row("creatinine up, kidney injury resolved", resistant_mn(UP, problem("acute_kidney_injury", -15, "resolved")),
        "MN-15b", "RTX", "CYC_GC"),
    row("creatinine up after the tacrolimus", resistant_mn(UP, without("tacrolimus"), tacrolimus(-215, -20)), *MN_07),
    row("creatinine steady although eGFR fell", resistant_mn(CREATININE_STEADY, EGFR_DECLINING), "MN-08", "CYC_GC",
        "RTX"),
    row("no creatinine, eGFR of 65.8 after 82", resistant_mn(egfr(-10, 65.8)), "MN-15b", "RTX", "CYC_GC"),
    row("no creatinine, eGFR of 66.0 after 82", resistant_mn(egfr(-10, 66)), *MN_07),
    row("creatinine 91 days old, eGFR fell",
        resistant_mn(creatinine(-220, 80), creatinine(-91, 80), egfr(-10, 60)), "MN-15b", "RTX", "CYC_GC"),
    row("day 180", resistant_mn(since(-180), UP), "MN-15b", "RTX", "CYC_GC"),
    row("day 179", resistant_mn(since(-179), UP), "MN-15a"),
    row("creatinine up, fell 30 %", resistant_mn(UP, proteinuria(-10, 5.88)), "MN-15a"),
    row("creatinine up, fell 29.9 %", resistant_mn(UP, proteinuria(-10, 5.89)), "MN-15b", "RTX", "CYC_GC"),
    row("3.4 g/d", resistant_mn(UP, proteinuria(-220, 4.5), proteinuria(-10, 3.4)), "MN-15a"),
    row("3.5 g/d", resistant_mn(UP, proteinuria(-220, 4.5), proteinuria(-10, 3.5)), "MN-15b", "RTX", "CYC_GC"),
    row("no baseline", resistant_mn(UP, without("proteinuria_24h"), proteinuria(-10, 7.6)), "MN-15a"),
    row("antibody gone", resistant_mn(UP, GONE), "MN-15a"),
    row("antibody unknown is not gone", resistant_mn(UP, NO_ELISA), "MN-15b", "RTX", "CYC_GC"),
    row("albumin 35", resistant_mn(UP, albumin(-10, 35)), "MN-15a"),
    row("albumin 34.9", resistant_mn(UP, albumin(-10, 34.9)), "MN-15b", "RTX", "CYC_GC"),
    row("creatinine up, albumin missing", resistant_mn(UP, without("albumin")), "MN-15a"),
    row("rituximab has failed as well", resistant_mn(UP, EARLIER_FAILURE["RTX"]), "MN-15a"),
    row("creatinine up on the tacrolimus of a combination",
        resistant_mn(UP, rituximab(-210), cd19(-150, 0)), "MN-15a"),
]  # fmt: skip

STEPS_9_TO_12 = [
    row("no baseline proteinuria", resistant_mn(without("proteinuria_24h"), proteinuria(-10, 7.6)), "MN-D11",
        missing="BASELINE_PROTEINURIA"),
    row("rituximab not tolerated", after_rituximab(cut_short(14)), "MN-10", "ANTI_CD20_2G", "CYC_GC", "CNI",
        state="MN_INTOLERANT"),
    row("rituximab not tolerated, ended on day 179", after_rituximab(cut_short(179)), "MN-10", "ANTI_CD20_2G",
        "CYC_GC", "CNI", state="MN_INTOLERANT"),
    row("rituximab not tolerated, eGFR declining", after_rituximab(cut_short(14), EGFR_DECLINING), "MN-10", "CYC_GC",
        state="MN_INTOLERANT"),
    row("rituximab not tolerated, one low eGFR", after_rituximab(cut_short(14), EGFR_UNCONFIRMED), "MN-10",
        "ANTI_CD20_2G", "CYC_GC", "CNI", state="MN_INTOLERANT"),
    row("rituximab not tolerated, eGFR trend unknown", after_rituximab(cut_short(14), EGFR_UNKNOWN), "MN-10",
        "ANTI_CD20_2G", "CYC_GC", "CNI", state="MN_INTOLERANT"),
    row("tacrolimus not tolerated", resistant_mn(stopped("tacrolimus", -100)), "MN-19", "RTX", "CYC_GC"),
    row("tacrolimus not tolerated, ended on day 179", resistant_mn(stopped("tacrolimus", -36)), "MN-19", "RTX",
        "CYC_GC"),
    row("cyclophosphamide not tolerated", after_cyclophosphamide(without("cyclophosphamide"),
        pulses(-215, 3, reason="intolerance")), "MN-19", "RTX", "CNI"),
    row("not tolerated, and only begun 40 days ago",
        resistant_mn(since(-40), without("tacrolimus"), tacrolimus(-40, -20, reason="intolerance")), "MN-19", "RTX",
        "CYC_GC"),
    *(
        row(f"{drug} not tolerated beside mycophenolate that goes on", case, *answer)
        for drug, case, answer in (
            ("tacrolimus", resistant_mn(mycophenolate(-900), stopped("tacrolimus", -100)), ("MN-19", "RTX", "CYC_GC")),
            ("rituximab", after_rituximab(mycophenolate(-900), cut_short(14)),
             ("MN-10", "ANTI_CD20_2G", "CYC_GC", "CNI")),
            ("cyclophosphamide", after_cyclophosphamide(mycophenolate(-900), without("cyclophosphamide"),
             pulses(-215, 6, every=25, reason="intolerance")), ("MN-19", "RTX", "CNI")),
        )
    ),
    row("tacrolimus known from text only cannot complete a line",
        resistant_mn(without("tacrolimus"), replace(tacrolimus(-215), coded=False)), "MN-D8",
        missing="PRIOR_LINE_OUTCOME"),
    row("not tolerated, 3.4 g/d", resistant_mn(stopped("tacrolimus", -100), proteinuria(-220, 4.5),
        proteinuria(-120, 4.4), proteinuria(-10, 3.4)), "MN-18", state="MN_INTOLERANT"),
    row("day 119", resistant_mn(since(-119)), "MN-06"),
    row("day 120 with the antibody unmoved", resistant_mn(since(-120), elisa(-125, 180)), *MN_07),
    row("3.4 g/d and not halved", resistant_mn(proteinuria(-220, 4.5), proteinuria(-120, 4.4), proteinuria(-10, 3.4)),
        "MN-18", state="MN_SUBNEPHROTIC"),
]  # fmt: skip

STEPS_14_TO_17 = [
    row("albumin 35 on day 215", resistant_mn(albumin(-10, 35)), "MN-16"),
    row("albumin 34.9 on day 215", resistant_mn(albumin(-10, 34.9)), *MN_07),
    row("albumin 35 on day 180", resistant_mn(since(-180), albumin(-10, 35)), "MN-16"),
    row("albumin 35 on day 179", resistant_mn(since(-179), albumin(-10, 35)), "MN-06"),
    row("albumin 35, fell 49 %", resistant_mn(albumin(-10, 35), proteinuria(-10, 4.3)), "MN-16"),
    row("albumin 35, fell 50 %", resistant_mn(albumin(-10, 35), proteinuria(-10, 4.2)), "MN-11",
        state="MN_RESPONDING"),
    row("fell 30 %", resistant_mn(proteinuria(-10, 5.88)), "MN-11", state="MN_RESPONDING"),
    row("fell 29.9 %", resistant_mn(proteinuria(-10, 5.89)), *MN_07),
    row("fell 30 % on day 364", resistant_mn(since(-364), proteinuria(-10, 5.88)), "MN-11", state="MN_RESPONDING"),
    row("fell 30 % on day 365", resistant_mn(since(-365), proteinuria(-10, 5.88)), *MN_07),
    row("fell 49 % on day 365", resistant_mn(since(-365), proteinuria(-10, 4.3)), *MN_07),
    row("fell 50 % on day 700", resistant_mn(since(-700), proteinuria(-10, 4.2)), "MN-11", state="MN_RESPONDING"),
    row("day 179, antibody unmoved", resistant_mn(since(-179), elisa(-184, 180), elisa(-10, 91)), *MN_07),
    row("day 179, antibody halved", resistant_mn(since(-179), elisa(-184, 180), elisa(-10, 90)), "MN-06"),
    row("day 179, no antibody at the start", resistant_mn(since(-150), NO_ELISA, elisa(-10, 165)), "MN-06"),
    row("day 150, antibody not halved, but no longer positive",
        resistant_mn(since(-150), elisa(-155, 20), elisa(-10, 11)), "MN-06"),
    row("a line of 730 days: eGFR against its start", resistant_mn(since(-730), SLOW_FALL), "MN-08", "CYC_GC", "RTX"),
    row("a line of 731 days: eGFR against the oldest of two years", resistant_mn(since(-731), SLOW_FALL), *MN_07),
    row("day 179, antibody missing now", resistant_mn(since(-179), NO_ELISA, elisa(-184, 180)), "MN-06"),
    row("day 180, antibody halved", resistant_mn(since(-180), elisa(-184, 180), elisa(-10, 90)), *MN_07),
    row("day 150, eGFR declining, antibody halved",
        resistant_mn(DECLINING_BY_DAY_150, elisa(-155, 180), elisa(-10, 80)), "MN-08",
        "CYC_GC", "RTX"),
    row("day 150, eGFR declining, albumin 35 is not resistance",
        resistant_mn(DECLINING_BY_DAY_150, albumin(-10, 35)), "MN-06"),
    row("day 150, eGFR declining, albumin missing",
        resistant_mn(DECLINING_BY_DAY_150, without("albumin")), "MN-D3", missing="ALBUMIN"),
    row("albumin missing", resistant_mn(without("albumin")), "MN-D3", missing="ALBUMIN"),
    row("antibody missing", resistant_mn(NO_ELISA), "MN-D2", missing="ANTI_PLA2R"),
]  # fmt: skip
ROWS = [*STEP_5, *STEPS_9_TO_12, *STEPS_14_TO_17]


@pytest.mark.parametrize("expected", ROWS, ids=sentence)
def test_the_course_of_a_line(expected: Expected) -> None:
    check(expected)


@pytest.mark.parametrize("rise", [UP, (egfr(-10, 60),)], ids=["creatinine", "eGFR"])
def test_toxicity_of_a_calcineurin_inhibitor_is_critical(rise: tuple[object, ...]) -> None:
    seen = answer_for(resistant_mn(rise))
    assert "CNI_NEPHROTOXICITY" in seen.notes
    assert seen.severity == "critical"
    assert "CNI_NEPHROTOXICITY" not in answer_for(resistant_mn()).notes


def test_a_line_left_for_intolerance_after_half_a_year_is_not_asked_at_step_10() -> None:
    assert answer_for(resistant_mn(stopped("tacrolimus", -35))).state != "MN_INTOLERANT"
    assert answer_for(resistant_mn(stopped("tacrolimus", -100, "ineffective"))).state != "MN_INTOLERANT"


class TestStep10AfterAnEarlierFailure:
    """With F not empty the table 5.5 decides; the state of that answer is not checked here."""

    @pytest.mark.parametrize(
        ("failed", "rule", "offered"),
        [
            ("RTX", "MN-30", ("CYC_GC",)),  # RTX_CNI and CNI are vetoed: tacrolimus was not tolerated
            ("CYC", "MN-32", ("RTX",)),
            ("CNI", "MN-07", ("RTX", "CYC_GC")),
        ],
    )
    def test_the_line_that_was_not_tolerated_is_not_among_the_failed(
        self, failed: str, rule: str, offered: tuple[str, ...]
    ) -> None:
        seen = answer_for(resistant_mn(stopped("tacrolimus", -100), EARLIER_FAILURE[failed]))
        assert (seen.rule, (seen.next_class, *seen.alternatives)) == (rule, offered)

    def test_rituximab_and_cyclophosphamide_failed_before(self) -> None:
        seen = answer_for(resistant_mn(stopped("tacrolimus", -100), EARLIER_FAILURE["RTX"], EARLIER_FAILURE["CYC"]))
        assert (seen.rule, seen.action) == ("MN-37", "REFER_EXPERT")


def test_drug_records_that_could_not_be_read_leave_untreated_unknown() -> None:
    """Section 8: an answer does not rest on what is not known; "never treated" would be a guess."""
    unread = SetAside("MedicationStatement/7", "MEDICATION_UNRESOLVED")
    seen = answer_for(untreated_mn(unread))
    assert (seen.rule, seen.missing, seen.next_class) == ("MN-D8", ("PRIOR_LINE_OUTCOME",), "")
    lupus = answer_for(untreated_ln(unread))
    assert (lupus.rule, lupus.missing, lupus.next_class) == ("LN-D8", ("PRIOR_LINE_OUTCOME",), "")
    assert answer_for(untreated_mn(SetAside("Observation/7", "UNREADABLE"))).rule == "MN-03"
