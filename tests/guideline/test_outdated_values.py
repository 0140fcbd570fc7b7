"""A request for a result names the last one with its day: too old is not the same as never measured (CLIN-26)."""

from __future__ import annotations

import pytest

from cds_service.case.model import Case
from tests.guideline.expectations import answer_for
from tests.guideline.patients import (
    TODAY,
    Fact,
    albumin,
    cd19,
    creatinine,
    drug,
    egfr,
    elisa,
    iif,
    number,
    proteinuria,
    trough,
    upcr,
    without,
)
from tests.guideline.standard_patients import (
    after_rituximab,
    flared_ln,
    on_cyclosporine,
    relapsed_mn,
    resistant_ln,
    resistant_mn,
    untreated_mn,
)

ONCE = (
    without("proteinuria_24h", "anti_pla2r_elisa"),
    proteinuria(-905, 8),
    proteinuria(-500, 0.8),
    proteinuria(-10, 5),
)
OLD = "outdated"


def told(case: Case) -> list[tuple[str, str, float | str, int, str, str]]:
    """(code asked for, measure, value, day, role, why it does not count)."""
    seen = answer_for(case)
    facts = {(fact.name, fact.source, fact.role): fact for fact in seen.facts}
    found = []
    for item in seen.outdated:
        fact = facts[item.measure, item.source, item.role]
        found.append((item.code, fact.name, fact.value, fact.day - TODAY, fact.role, item.why))
    return found


def replaced(measure: str, *values: Fact) -> tuple[Fact, ...]:
    return (without(measure), *values)


CASES: dict[str, tuple[Case, str, list[tuple[str, str, float | str, int, str, str]]]] = {
    "proteinuria": (
        resistant_mn(replaced("proteinuria_24h", proteinuria(-220, 8.4), proteinuria(-91, 7.6))), "MN-D1",
        [("PROTEINURIA", "proteinuria_24h", 7.6, -91, OLD, "older than 90 days")]),
    "proteinuria and eGFR, each": (
        resistant_mn(replaced("proteinuria_24h", upcr(-400, 7.6)), replaced("egfr", egfr(-500, 60), egfr(-300, 50))),
        "MN-D1",
        [("PROTEINURIA", "upcr", 7.6, -400, OLD, "older than 90 days"),
         ("EGFR", "egfr", 50, -300, OLD, "older than 90 days")]),
    "never measured": (resistant_mn(without("proteinuria_24h")), "MN-D1", []),
    "UPCR in lupus nephritis": (
        resistant_ln(replaced("upcr", upcr(-100, 2.5))), "LN-D2",
        [("UPCR", "upcr", 2.5, -100, OLD, "older than 90 days")]),
    "antibody": (
        resistant_mn(replaced("anti_pla2r_elisa", elisa(-121, 165))), "MN-D2",
        [("ANTI_PLA2R", "anti_pla2r_elisa", 165, -121, OLD, "older than 120 days")]),
    "antibody by immunofluorescence, newer than the ELISA": (
        resistant_mn(replaced("anti_pla2r_elisa", elisa(-220, 165)), iif(-130, "positive")), "MN-D2",
        [("ANTI_PLA2R", "anti_pla2r_iif", "positive", -130, OLD, "older than 120 days")]),
    "albumin": (
        resistant_mn(replaced("albumin", albumin(-220, 24))), "MN-D3",
        [("ALBUMIN", "albumin", 24, -220, OLD, "older than 90 days")]),
    "immunofluorescence not near a borderline ELISA": (
        resistant_mn(elisa(-10, 9), iif(-60, "negative")), "MN-D4",
        [("ANTI_PLA2R_IIF", "anti_pla2r_iif", "negative", -60, OLD, "not within 30 days of the ELISA")]),
    "trough from before the line": (
        resistant_mn(replaced("tacrolimus_trough", trough(-230, 6))), "MN-D5",
        [("CNI_TROUGH", "tacrolimus_trough", 6, -230, OLD, "not from the last 180 days of the line")]),
    "trough from after the line": (
        resistant_mn(without("tacrolimus_trough", "tacrolimus"), drug("tacrolimus", -215, -20, 6), trough(-5, 2)),
        "MN-D5", [("CNI_TROUGH", "tacrolimus_trough", 2, -5, "too late", "not from the last 180 days of the line")]),
    "trough of the other agent": (
        on_cyclosporine(replaced("cyclosporine_trough", trough(-20, 6))), "MN-D5", []),
    "B cells counted before the infusion": (
        after_rituximab(replaced("cd19_count", cd19(-215, 180))), "MN-D6",
        [("B_CELL_COUNT", "cd19_count", 180, -215, OLD, "not from 14 to 180 days after the last infusion")]),
    "B cells counted too late": (
        after_rituximab(replaced("cd19_count", cd19(-10, 40))), "MN-D6",
        [("B_CELL_COUNT", "cd19_count", 40, -10, "too late", "not from 14 to 180 days after the last infusion")]),
    "B cells never counted": (after_rituximab(without("cd19_count")), "MN-D6", []),
    "albumin and antibody when risk is graded": (
        untreated_mn(replaced("albumin", albumin(-220, 24)), replaced("anti_pla2r_elisa", elisa(-200, 40))), "MN-D9",
        [("ALBUMIN", "albumin", 24, -220, OLD, "older than 90 days"),
         ("ANTI_PLA2R", "anti_pla2r_elisa", 40, -200, OLD, "older than 120 days")]),
    "what would confirm a relapse": (
        relapsed_mn(ONCE, elisa(-200, 60), replaced("albumin", albumin(-120, 27))), "MN-D10",
        [("REPEAT_PROTEINURIA", "albumin", 27, -120, OLD, "older than 90 days"),
         ("REPEAT_PROTEINURIA", "anti_pla2r_elisa", 60, -200, OLD, "older than 120 days")]),
    "a relapse with both known": (relapsed_mn(ONCE, elisa(-10, 1), albumin(-10, 33)), "MN-D10", []),
    "complement that would confirm a flare": (
        flared_ln(without("upcr"), upcr(-905, 3.2), upcr(-500, 0.3), upcr(-10, 2.0), number("c3", -61, 0.5)), "LN-D5",
        [("REPEAT_UPCR", "c3", 0.5, -61, OLD, "older than 60 days")]),
    "a flare with complement known": (
        flared_ln(without("upcr"), upcr(-905, 3.2), upcr(-500, 0.3), upcr(-10, 2.0), number("c3", -60, 1.1)), "LN-D5",
        []),
}  # fmt: skip


@pytest.mark.parametrize(("case", "rule", "expected"), CASES.values(), ids=CASES.keys())
def test_the_last_value_is_named_with_its_day_and_why_it_does_not_count(
    case: Case, rule: str, expected: list[tuple[str, str, float | str, int, str, str]]
) -> None:
    assert (answer_for(case).rule, told(case)) == (rule, expected)


def test_an_egfr_reckoned_from_an_old_creatinine_is_named() -> None:
    case = resistant_mn(replaced("egfr", creatinine(-100, 90)))
    ((code, measure, value, day, _, why),) = told(case)
    assert (code, measure, day, why) == ("EGFR", "egfr", -100, "older than 90 days")
    assert value == pytest.approx(88.4, abs=1)


def test_an_answer_that_asks_for_nothing_names_nothing() -> None:
    seen = answer_for(resistant_mn())
    assert (seen.outdated, [fact for fact in seen.facts if fact.role == OLD]) == ((), [])


class TestBesideANewerBoundThatCannotDecide:
    """An older value is not the last one when a newer one was there."""

    def test_of_the_same_measure(self) -> None:
        case = resistant_mn(replaced("anti_pla2r_elisa", elisa(-300, 165), elisa(-10, 14, "<")))
        assert (answer_for(case).rule, told(case)) == ("MN-D2", [])

    def test_of_another_measure_that_answers_the_same_request(self) -> None:
        old = (without("proteinuria_24h"), proteinuria(-220, 8.4), number("upcr", -10, 3.6, "<"))
        assert (answer_for(resistant_mn(old)).rule, told(resistant_mn(old))) == ("MN-D1", [])

    def test_of_another_request(self) -> None:
        old = (number("upcr", -10, 3.6, "<"), replaced("egfr", egfr(-300, 80)), without("proteinuria_24h"))
        assert told(resistant_mn(old)) == [("EGFR", "egfr", 80, -300, OLD, "older than 90 days")]
