"""What a card cites: evidence of the register, conflicts of clinical-spec section 9, remarks on the data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cds_service.case.model import Case
from cds_service.guideline.evidence import EVIDENCE
from tests.guideline.expectations import answer_for
from tests.guideline.patients import (
    drug,
    elisa,
    infusion,
    lupus_class,
    number,
    problem,
    tacrolimus,
    upcr,
    without,
    word,
)
from tests.guideline.standard_patients import (
    EARLIER_FAILURE,
    EGFR_DECLINING,
    after_rituximab,
    flared_ln,
    on_cyclosporine,
    relapsed_mn,
    resistant_ln,
    resistant_mn,
    untreated_ln,
)

BCP = number("albumin", -10, 27, method="BCP")


@pytest.mark.parametrize(
    ("conflict", "case"),
    [
        ("C-01", after_rituximab()),
        ("C-03", resistant_mn(EGFR_DECLINING, without("tacrolimus"), tacrolimus(-215, -20))),
        ("C-04", after_rituximab(word("anti_rituximab_ab", -100, "positive"))),
        ("C-05", after_rituximab()),
        ("C-05", on_cyclosporine()),
        ("C-06", resistant_ln()),
        ("C-06", resistant_ln(EARLIER_FAILURE["CYC"])),
        ("C-07", resistant_ln(EARLIER_FAILURE["CYC"])),
        ("C-08", resistant_mn()),
        ("C-09", relapsed_mn()),
        ("C-11", resistant_mn(BCP)),
        ("C-12", resistant_mn()),
        ("C-13", untreated_ln(lupus_class(-250, "V"))),
        ("C-13", untreated_ln(lupus_class(-250, "V"), upcr(-10, 0.9))),
        ("C-14", after_rituximab(elisa(-220, 100), elisa(-10, 50))),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_where_the_sources_disagree_it_is_said(conflict: str, case: Case) -> None:
    assert conflict in answer_for(case).conflicts


def test_conflicts_that_do_not_apply_are_not_said() -> None:
    seen = answer_for(resistant_mn())
    assert not {"C-01", "C-03", "C-04", "C-05", "C-06", "C-11", "C-13", "C-14"} & set(seen.conflicts)


@pytest.mark.parametrize(
    "case", [resistant_mn(), after_rituximab(), on_cyclosporine(), relapsed_mn(), resistant_ln(), untreated_ln()]
)
def test_every_start_cites_evidence_of_the_register(case: Case) -> None:
    seen = answer_for(case)
    assert seen.evidence
    assert set(seen.evidence) <= set(EVIDENCE)
    assert len(seen.evidence) == len(set(seen.evidence))


@pytest.mark.parametrize(
    ("case", "evidence"),
    [
        (resistant_mn(), "EV-12"),
        (on_cyclosporine(), "EV-03"),
        (after_rituximab(word("anti_rituximab_ab", -100, "positive")), "EV-18"),
        (resistant_ln(), "EV-31"),
        (resistant_ln(problem("tma", -10)), "EV-07"),
    ],
    ids=["rituximab", "rituximab with tacrolimus", "ofatumumab", "obinutuzumab", "a rule of the guideline alone"],
)
def test_the_trial_behind_a_class_is_cited(case: Case, evidence: str) -> None:
    assert evidence in answer_for(case).evidence


class TestRemarks:
    """What a reader must know about the drug records (R-27)."""

    def test_an_infusion_without_a_dose(self) -> None:
        without_dose = after_rituximab(
            without("rituximab"), infusion("rituximab", -210, None), infusion("rituximab", -196)
        )
        assert "INFUSION_DOSE_ASSUMED" in answer_for(without_dose).remarks
        assert "INFUSION_DOSE_ASSUMED" not in answer_for(after_rituximab()).remarks

    def test_rituximab_without_a_documented_infusion(self) -> None:
        stated = after_rituximab(without("rituximab"), drug("rituximab", -210, -196))
        assert "INFUSIONS_NOT_DOCUMENTED" in answer_for(stated).remarks
        assert "INFUSIONS_NOT_DOCUMENTED" not in answer_for(after_rituximab()).remarks

    def test_a_drug_known_from_text_only(self) -> None:
        text = resistant_mn(without("tacrolimus"), replace(tacrolimus(-215), coded=False))
        assert "DRUG_KNOWN_FROM_TEXT_ONLY" in answer_for(text).remarks
        assert "DRUG_KNOWN_FROM_TEXT_ONLY" not in answer_for(resistant_mn()).remarks


STOPPED = (without("tacrolimus"), tacrolimus(-215, -20))
NOT_TOLERATED = (without("tacrolimus"), tacrolimus(-215, -100, reason="intolerance"))


class TestLinesOnTheCard:
    """What became of each line; the last one as the answer itself judges it (contract section 3)."""

    @pytest.mark.parametrize(
        ("case", "outcome"),
        [
            (resistant_mn(), "FAILED"),
            (resistant_ln(), "FAILED"),
            (relapsed_mn(), "RESPONDED"),
            (resistant_mn(number("tacrolimus_trough", -20, 1), number("tacrolimus_trough", -90, 1)), "INADEQUATE"),
            (resistant_mn(NOT_TOLERATED), "INTOLERANT"),
            (resistant_mn(without("albumin")), "CURRENT"),
            (resistant_mn(without("albumin"), STOPPED), "LAST"),
            (resistant_mn(without("tacrolimus_trough")), "CURRENT"),
        ],
        ids=[
            "resistant",
            "no response",
            "relapse",
            "levels too low",
            "not tolerated",
            "asking",
            "ended, asking",
            "levels",
        ],
    )
    def test_the_last_line(self, case: Case, outcome: str) -> None:
        (line,) = answer_for(case).lines
        assert line.outcome == outcome

    def test_an_earlier_failure_stands_before_it(self) -> None:
        lines = answer_for(resistant_mn(EARLIER_FAILURE["RTX"])).lines
        assert [(line.classes, line.outcome) for line in lines] == [(("RTX",), "FAILED"), (("CNI",), "FAILED")]

    def test_what_is_no_standard_line_in_membranous_nephropathy(self) -> None:
        lines = answer_for(resistant_mn(EARLIER_FAILURE["MPAA"])).lines
        assert lines[0].outcome == "NOT_STANDARD"

    def test_the_reduction_is_shown(self) -> None:
        (line,) = answer_for(resistant_mn()).lines
        assert line.reduction == pytest.approx(1 - 7.6 / 8.4)

    def test_of_a_line_that_worked_and_was_followed_by_a_relapse_it_is_the_one_to_the_lowest_value(self) -> None:
        seen = answer_for(relapsed_mn())
        (line,) = seen.lines
        assert (seen.state, line.outcome) == ("MN_RELAPSE", "RESPONDED")
        assert line.reduction == pytest.approx(1 - 0.8 / 8.0)

    def test_of_a_line_before_a_lupus_flare_what_is_left_of_the_fall_is_not_shown(self) -> None:
        seen = answer_for(flared_ln())
        assert (seen.state, seen.lines[-1].outcome, seen.lines[-1].reduction) == ("LN_FLARE", "RESPONDED", None)
