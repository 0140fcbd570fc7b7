"""Drugs known by a name without a code: they raise doubt, and never make a line adequate or failed (terminology 6)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cds_service.case.model import Case, Exposure
from tests.guideline.expectations import answer_for, offered_by
from tests.guideline.patients import (
    Fact,
    albumin,
    by_name,
    drug,
    egfr,
    elisa,
    infusion,
    mycophenolate,
    proteinuria,
    pulses,
    rituximab,
    tacrolimus,
    upcr,
    without,
)
from tests.guideline.standard_patients import (
    after_cyclophosphamide,
    after_rituximab,
    flared_ln,
    relapsed_mn,
    resistant_ln,
    resistant_mn,
    untreated_ln,
    untreated_mn,
)

ASKED = ("DATA_REQUEST", ("PRIOR_LINE_OUTCOME",), ())
NAMED = "DRUG_KNOWN_FROM_TEXT_ONLY"


def on(*drugs: Fact) -> Case:
    """The patient of the table with these drugs in place of tacrolimus."""
    return resistant_mn(without("tacrolimus"), *drugs)


def asked(case: Case) -> bool:
    seen = answer_for(case)
    return (seen.action, seen.missing, offered_by(seen)) == ASKED and seen.rule in ("MN-D8", "LN-D8")


THE_LAST_LINE: list[tuple[str, Case, str]] = [
    ("seven months by name", on(by_name(tacrolimus(-215))), "MN-D8"),
    ("a day with a code, seven months by name", on(tacrolimus(-215, -214), by_name(tacrolimus(-214))), "MN-D8"),
    ("119 days with a code, then by name", on(tacrolimus(-215, -96), by_name(tacrolimus(-96))), "MN-D8"),
    ("120 days with a code, then by name", on(tacrolimus(-215, -95), by_name(tacrolimus(-95))), "MN-07"),
    ("by name first, 119 days with a code", on(by_name(tacrolimus(-215, -119)), tacrolimus(-119)), "MN-D8"),
    ("codes 90 days apart, by name between", on(tacrolimus(-215, -160), by_name(tacrolimus(-160, -60)),
     tacrolimus(-60)), "MN-D8"),
    ("too short even if the name is meant", on(tacrolimus(-215, -150), by_name(tacrolimus(-150, -100))), "MN-A2"),
    ("with a code throughout, by name beside it", on(tacrolimus(-215), by_name(tacrolimus(-100))), "MN-07"),
    ("2 g of rituximab by name", after_rituximab(without("rituximab"), by_name(rituximab(-210))), "MN-D8"),
    ("1 g with a code, 1 g by name", after_rituximab(without("rituximab"), infusion("rituximab", -210),
     by_name(infusion("rituximab", -196))), "MN-D8"),
    ("0.7 g with a code, 0.69 g by name", after_rituximab(without("rituximab"), infusion("rituximab", -210, 700),
     by_name(infusion("rituximab", -196, 690))), "MN-A3"),
    ("1.4 g with a code, 1 g by name", after_rituximab(without("rituximab"), rituximab(-210, 700),
     by_name(infusion("rituximab", -180))), "MN-30"),
    ("six pulses by name", after_cyclophosphamide(without("cyclophosphamide"), by_name(pulses(-215))), "MN-D8"),
    ("five pulses with a code, one by name", after_cyclophosphamide(without("cyclophosphamide"), pulses(-215, 5),
     by_name(infusion("cyclophosphamide", -65, 750))), "MN-D8"),
    ("four pulses with a code, one by name", after_cyclophosphamide(without("cyclophosphamide"), pulses(-215, 4),
     by_name(infusion("cyclophosphamide", -95, 750))), "MN-A5"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "rule"), [row[1:] for row in THE_LAST_LINE], ids=[sentence for sentence, _, _ in THE_LAST_LINE]
)
def test_a_line_is_adequate_by_its_codes_and_in_doubt_by_a_name(case: Case, rule: str) -> None:
    seen = answer_for(case)
    assert (seen.rule, NAMED in seen.remarks) == (rule, True)
    assert asked(case) is (rule == "MN-D8")


FULL = (without("mycophenolate_mofetil"),)
IN_LUPUS: list[tuple[str, Case, str]] = [
    ("200 days by name", resistant_ln(*FULL, by_name(mycophenolate(-200))), "LN-D8"),
    ("1.5 g by name", resistant_ln(*FULL, by_name(mycophenolate(-200, mg=1500))), "LN-15"),
    ("2 g with a code, 1 g by name", resistant_ln(by_name(mycophenolate(-199, mg=1000))), "LN-20c"),
    ("1.99 g with a code, 3 g by name", resistant_ln(*FULL, mycophenolate(-200, mg=1990),
     by_name(mycophenolate(-199, mg=3000))), "LN-15"),
    ("no dose with a code, 3 g by name", resistant_ln(*FULL, mycophenolate(-200, mg=None),
     by_name(mycophenolate(-199, mg=3000))), "LN-D4"),
    ("cyclophosphamide by name", resistant_ln(*FULL, by_name(pulses(-200, 6, 500, 14))), "LN-D8"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "rule"), [row[1:] for row in IN_LUPUS], ids=[row[0] for row in IN_LUPUS])
def test_in_lupus_nephritis(case: Case, rule: str) -> None:
    assert answer_for(case).rule == rule


CNI = tacrolimus(-1100, -800, reason="ineffective")
PAST: list[tuple[str, tuple[Exposure, ...], str]] = [
    ("seen as ineffective", by_name(CNI), "UNKNOWN"),
    ("without a reason", by_name(replace(CNI, reason="")), "UNKNOWN"),
    ("without an end", by_name(replace(CNI, end=CNI.start, end_stated=False)), "UNKNOWN"),
    ("119 days: too short even if it is meant", by_name(tacrolimus(-1100, -981, reason="ineffective")), "INADEQUATE"),
    ("120 days", by_name(tacrolimus(-1100, -980, reason="ineffective")), "UNKNOWN"),
    ("not taken", by_name(replace(CNI, reason="non-adherence")), "INADEQUATE"),
    ("not tolerated", by_name(replace(CNI, reason="intolerance")), "INTOLERANT"),
    ("in remission", by_name(replace(CNI, reason="remission")), "RESPONDED"),
    ("120 days with a code, ineffective, then by name", (tacrolimus(-1100, -980, reason="ineffective"),
     *by_name(tacrolimus(-979, -800))), "FAILED"),
    ("119 days with a code, ineffective, then by name", (tacrolimus(-1100, -981, reason="ineffective"),
     *by_name(tacrolimus(-980, -800))), "UNKNOWN"),
    ("120 days with a code, and only the name says ineffective", (tacrolimus(-1100, -980),
     *by_name(replace(CNI, start=CNI.start + 121))), "UNKNOWN"),
]  # fmt: skip


@pytest.mark.parametrize(("drugs", "verdict"), [row[1:] for row in PAST], ids=[row[0] for row in PAST])
def test_a_past_line(drugs: tuple[Exposure, ...], verdict: str) -> None:
    case = after_rituximab(*drugs)
    assert answer_for(case).lines[0].outcome == verdict
    assert asked(case) is (verdict == "UNKNOWN")


def test_a_past_line_of_anti_cd20_by_name_is_unknown_and_not_too_little() -> None:
    past = answer_for(resistant_mn(by_name(rituximab(-1100, reason="ineffective"))))
    assert (past.rule, past.lines[0].outcome, past.lines[0].why) == (
        "MN-D8",
        "UNKNOWN",
        "a drug is known by its name only",
    )
    assert answer_for(resistant_mn(by_name(rituximab(-1100, 695, "ineffective")))).lines[0].outcome == "INADEQUATE"


def test_a_partner_known_by_its_name_is_asked_for() -> None:
    """Rituximab failed at full dose; tacrolimus beside it may have, too."""
    assert answer_for(after_rituximab(by_name(tacrolimus(-155, -65)))).rule == "MN-30"
    assert asked(after_rituximab(by_name(tacrolimus(-180, -40))))
    assert asked(resistant_ln(by_name(tacrolimus(-180, -40))))


def test_it_is_said_which_class_a_name_stands_for() -> None:
    assert answer_for(on(by_name(tacrolimus(-215)))).figures["check"] == "CNI is known by a name only"


@pytest.mark.parametrize("treated", [untreated_mn, untreated_ln])
def test_it_ends_untreated(treated: object) -> None:
    seen = answer_for(treated(by_name(tacrolimus(-400, -200))))  # type: ignore[operator]
    assert (seen.lines[0].classes, offered_by(seen)) == (("CNI",), ())


def test_it_forbids_what_was_not_tolerated() -> None:
    seen = answer_for(resistant_mn(by_name(rituximab(-900, reason="intolerance"))))
    assert ("RTX", "INTOLERANCE") in [(veto.therapy_class, veto.reason) for veto in seen.vetoed]


@pytest.mark.parametrize(
    ("patient", "rule", "name"),
    [(relapsed_mn, "MN-23", "tacrolimus"), (flared_ln, "LN-40", "mycophenolate_mofetil")],
)
def test_a_relapse_or_a_flare_is_answered_all_the_same(patient: object, rule: str, name: str) -> None:
    """Section 3.4: what is not known of a line blocks resistance only."""
    coded = patient()  # type: ignore[operator]
    assert answer_for(coded).rule == rule
    named = replace(coded, exposures=tuple(replace(e, coded=e.agent != name) for e in coded.exposures))
    assert answer_for(named).rule == rule


class TestWhereTheNameDecides:
    """The codes tell of an adequate line; only with the name does it count as failed."""

    def test_half_a_year_that_only_a_name_completes(self) -> None:
        """Steps 16 and 17: with an antibody that has halved, 180 days are waited for."""
        halved = elisa(-10, 80)
        by_codes, in_all = answer_for(on(tacrolimus(-150), halved)), answer_for(on(tacrolimus(-215), halved))
        assert (by_codes.rule, in_all.rule) == ("MN-06", "MN-07")
        seen = answer_for(on(by_name(tacrolimus(-215, -150)), tacrolimus(-150), halved))
        assert (seen.rule, offered_by(seen)) == ("MN-06", ())
        assert [(item.reason, item.concept) for item in seen.undecided] == [("KNOWN_BY_NAME", "tacrolimus")]

    def test_a_start_that_only_a_name_tells(self) -> None:
        """Proteinuria doubled before the first record with a code; since then it was halved."""
        values: Fact = (
            without("proteinuria_24h"), proteinuria(-420, 4.4), proteinuria(-225, 9.6), proteinuria(-10, 4.4),
            egfr(-420, 82),
        )  # fmt: skip
        seen = answer_for(on(by_name(tacrolimus(-410, -215)), tacrolimus(-215), *values))
        assert answer_for(on(tacrolimus(-410), *values)).rule == "MN-07"
        assert answer_for(on(tacrolimus(-215), *values)).rule == "MN-11"
        assert (seen.rule, offered_by(seen)) == ("MN-11", ())

    def test_nothing_is_asked_where_the_answer_is_the_same(self) -> None:
        seen = answer_for(resistant_mn(by_name(tacrolimus(-214))))
        assert (seen.rule, seen.undecided) == (answer_for(resistant_mn()).rule, ())
        assert offered_by(seen) == offered_by(answer_for(resistant_mn()))

    def test_what_never_makes_a_line_is_not_looked_at(self) -> None:
        assert answer_for(resistant_mn(by_name(drug("prednisone", -214)))).rule == "MN-07"


def test_what_is_in_remission_or_too_early_is_not_asked_for() -> None:
    better: Fact = (without("proteinuria_24h"), proteinuria(-220, 8.4), proteinuria(-10, 0.9), albumin(-10, 40))
    assert answer_for(on(by_name(tacrolimus(-215)), *better)).rule.startswith("MN-1")
    assert answer_for(on(by_name(tacrolimus(-100)))).rule == answer_for(on(tacrolimus(-100))).rule


def test_toxicity_of_a_drug_known_by_its_name_is_seen() -> None:
    fallen: Fact = (without("egfr"), egfr(-220, 90), egfr(-10, 60))
    assert answer_for(on(by_name(tacrolimus(-215)), *fallen)).rule == "MN-15a"
    named = resistant_ln(by_name(tacrolimus(-100)), upcr(-10, 2.4), without("egfr"), egfr(-205, 90), egfr(-10, 60))
    assert answer_for(named).rule == "LN-17"
