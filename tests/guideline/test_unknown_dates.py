"""Drugs whose days are not told: too short as far as sure is not too short (clinical-spec 3.4, decision 10)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cds_service.case.model import Case, Exposure, SetAside
from tests.guideline.expectations import answer_for, offered_by
from tests.guideline.patients import (
    Fact,
    allergy,
    drug,
    mycophenolate,
    patient,
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
    EARLIER_FAILURE,
    after_cyclophosphamide,
    after_rituximab,
    relapsed_mn,
    resistant_ln,
    resistant_mn,
    untreated_ln,
    untreated_mn,
)

ASKED = ("DATA_REQUEST", ("PRIOR_LINE_OUTCOME",), ())


def answered(case: Case) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    seen = answer_for(case)
    return seen.action, seen.missing, offered_by(seen)


def no_end(exposure: Exposure) -> Exposure:
    """It ended, and nobody wrote when: only the first day is sure."""
    return replace(exposure, end=exposure.start, end_stated=False)


def no_start(exposure: Exposure) -> Exposure:
    """It began, and nobody wrote when: on its last day at the latest."""
    assert exposure.end is not None
    return replace(exposure, start=exposure.end, start_stated=False)


def outcome(case: Case) -> str:
    return answer_for(case).lines[0].outcome


CNI = tacrolimus(-1100, -800, reason="ineffective")
ORAL = drug("cyclophosphamide", -1100, -950, 150, "ineffective")


class TestAPastLine:
    """UNKNOWN, which blocks a suggestion against resistance (MN-D8, LN-D8), instead of INADEQUATE, which does not."""

    @pytest.mark.parametrize("blurred", [no_end, no_start])
    @pytest.mark.parametrize("line", [CNI, ORAL], ids=["tacrolimus", "cyclophosphamide"])
    def test_of_unknown_length_in_membranous_nephropathy(self, line: Exposure, blurred: object) -> None:
        case = after_rituximab(blurred(line))  # type: ignore[operator]
        assert (answer_for(case).rule, answered(case), outcome(case)) == ("MN-D8", ASKED, "UNKNOWN")

    @pytest.mark.parametrize("blurred", [no_end, no_start])
    @pytest.mark.parametrize("agent", ["tacrolimus", "belimumab", "cyclophosphamide", "mycophenolate_mofetil"])
    def test_of_unknown_length_in_lupus_nephritis(self, agent: str, blurred: object) -> None:
        line = drug(agent, -1100, -800, 2000, "ineffective")
        case = resistant_ln(blurred(line))  # type: ignore[operator]
        assert (answer_for(case).rule, answered(case), outcome(case)) == ("LN-D8", ASKED, "UNKNOWN")

    def test_with_a_value_in_its_first_two_months_that_shows_a_response_has_responded(self) -> None:
        seen = (proteinuria(-1105, 8), proteinuria(-1060, 2))
        assert outcome(after_rituximab(no_end(replace(CNI, reason="")), *seen)) == "RESPONDED"
        assert outcome(after_rituximab(no_end(CNI), *seen)) == "UNKNOWN", "stated as ineffective"

    @pytest.mark.parametrize(("reason", "verdict"), [("non-adherence", "INADEQUATE"), ("intolerance", "INTOLERANT"),
                                                     ("remission", "RESPONDED"), ("", "UNKNOWN")])  # fmt: skip
    def test_whose_reason_says_enough(self, reason: str, verdict: str) -> None:
        assert outcome(after_rituximab(no_end(replace(CNI, reason=reason)))) == verdict

    def test_long_enough_as_far_as_sure_has_failed(self) -> None:
        """Five months from the last day that the start can be."""
        case = after_rituximab(replace(CNI, start_stated=False))
        assert outcome(case) == "FAILED"

    def test_whose_dose_was_too_low_stays_inadequate(self) -> None:
        low = no_end(mycophenolate(-1100, -800, 1000, "ineffective"))
        assert outcome(resistant_ln(low)) == "INADEQUATE"

    def test_that_failed_for_its_partner_leaves_the_doubtful_drug_open(self) -> None:
        """Rituximab at full dose failed; whether tacrolimus beside it had its chance is not told."""
        past, beside = rituximab(-1100, reason="ineffective"), drug("cyclosporine", -1040, -950, 250)
        case = after_cyclophosphamide(past, replace(beside, start_stated=False))
        assert (outcome(case), answer_for(case).rule) == ("FAILED", "MN-D8")
        assert answer_for(after_cyclophosphamide(past, beside)).rule == "MN-37"

    def test_does_not_block_a_relapse(self) -> None:
        """Section 3.4: UNKNOWN blocks resistance, not a relapse."""
        assert answer_for(relapsed_mn(no_end(tacrolimus(-1500, -1300, reason="ineffective")))).rule == "MN-23"


class TestTheLastLine:
    """Its dates are asked for where it would be called too short."""

    def test_of_a_calcineurin_inhibitor(self) -> None:
        case = resistant_mn(without("tacrolimus"), no_end(tacrolimus(-215, -20)))
        assert (answer_for(case).rule, answered(case)) == ("MN-D8", ASKED)

    def test_of_cyclophosphamide(self) -> None:
        case = after_cyclophosphamide(without("cyclophosphamide"), no_end(drug("cyclophosphamide", -215, -20, 150)))
        assert (answer_for(case).rule, answered(case)) == ("MN-D8", ASKED)

    @pytest.mark.parametrize("agent", ["cyclophosphamide", "belimumab", "tacrolimus"])
    def test_in_lupus_nephritis(self, agent: str) -> None:
        case = resistant_ln(without("mycophenolate_mofetil"), no_end(drug(agent, -200, -20, 100)))
        assert (answer_for(case).rule, answered(case)) == ("LN-D8", ASKED)

    def test_mycophenolate_below_full_dose_is_put_right_first(self) -> None:
        case = resistant_ln(without("mycophenolate_mofetil"), no_end(mycophenolate(-200, -20, 1000)))
        assert answer_for(case).rule == "LN-15"

    def test_beside_a_partner_that_failed(self) -> None:
        """Rituximab failed at full dose; for how long tacrolimus was taken with it is not told."""
        three_months = tacrolimus(-155, -65)
        assert answer_for(after_rituximab(replace(three_months, start_stated=False))).rule == "MN-D8"
        assert answer_for(after_rituximab(three_months)).rule == "MN-30"

    def test_beside_a_partner_that_failed_in_lupus_nephritis(self) -> None:
        three_months = tacrolimus(-150, -60)
        assert answer_for(resistant_ln(replace(three_months, start_stated=False))).rule == "LN-D8"
        assert answer_for(resistant_ln(three_months)).rule == "LN-20c"

    def test_a_drug_dropped_for_intolerance_asks_for_nothing(self) -> None:
        dropped = replace(tacrolimus(-155, -65, reason="intolerance"), start_stated=False)
        assert answer_for(after_rituximab(dropped)).rule == "MN-30"

    def test_azathioprine_as_maintenance_asks_for_nothing(self) -> None:
        induction = pulses(-400, 6, 500, 14)
        kept = no_end(drug("azathioprine", -320, -20, 100))
        case = resistant_ln(without("mycophenolate_mofetil", "upcr"), induction, kept, upcr(-405, 2.6), upcr(-10, 2.4))
        assert answer_for(case).rule != "LN-D8"


def aside(concept: str, reason: str = "DATE_MISSING", resource: str = "MedicationStatement/x") -> SetAside:
    return SetAside(resource, reason, concept)


WHY = ("DATE_MISSING", "DATE_IMPRECISE", "DATE_REVERSED", "ROUTE_CONFLICT", "UNREADABLE", "NO_SUBJECT")


class TestADrugRecordThatCannotBePlaced:
    """It may be a line that failed: a class that it may be of is not offered before that is known."""

    @pytest.mark.parametrize("reason", WHY)
    @pytest.mark.parametrize("agent", ["rituximab", "cyclophosphamide", "obinutuzumab"])
    def test_of_a_class_that_could_be_offered(self, agent: str, reason: str) -> None:
        case = resistant_mn(aside(agent, reason))
        assert (answer_for(case).rule, answered(case)) == ("MN-D8", ASKED)

    @pytest.mark.parametrize("agent", ["rituximab", "cyclophosphamide", "tacrolimus", "belimumab", "leflunomide"])
    def test_of_an_immunosuppressant_in_lupus_nephritis(self, agent: str) -> None:
        case = resistant_ln(aside(agent))
        assert (answer_for(case).rule, answered(case)) == ("LN-D8", ASKED)

    @pytest.mark.parametrize("reason", ["MEDICATION_UNRESOLVED", "UNREADABLE", "CODE_CONFLICT"])
    def test_of_no_known_class(self, reason: str) -> None:
        assert answer_for(resistant_mn(aside("", reason))).rule == "MN-D8"
        assert answer_for(resistant_ln(aside("", reason))).rule == "LN-D8"

    def test_of_two_names_one_of_which_has_failed(self) -> None:
        assert answer_for(resistant_mn(aside("tacrolimus", "CODE_CONFLICT"))).rule == "MN-D8"

    @pytest.mark.parametrize(
        ("case", "rule"),
        [
            (resistant_mn(aside("tacrolimus")), "MN-07"),
            (resistant_mn(aside("cyclosporine")), "MN-07"),
            (resistant_mn(aside("mycophenolate_mofetil")), "MN-07"),
            (resistant_mn(aside("acei")), "MN-07"),
            (resistant_mn(aside("rituximab", "OTHER_INDICATION")), "MN-07"),
            (resistant_mn(aside("rituximab", "FUTURE")), "MN-07"),
            (resistant_mn(aside("rituximab", "STATUS")), "MN-07"),
            (resistant_mn(aside("rituximab", resource="AllergyIntolerance/x")), "MN-07"),
            (after_rituximab(aside("rituximab")), "MN-30"),
            (after_rituximab(EARLIER_FAILURE["CD20_2G"], aside("rituximab")), "MN-30"),
            (resistant_ln(aside("mycophenolate_mofetil")), "LN-20c"),
            (resistant_ln(aside("azathioprine")), "LN-20c"),
            (resistant_ln(EARLIER_FAILURE["RTX"], aside("obinutuzumab")), "LN-26"),
            (resistant_ln(aside("prednisone")), "LN-20c"),
        ],
    )  # fmt: skip
    def test_that_can_change_nothing(self, case: Case, rule: str) -> None:
        """Of a class that has failed anyway, or that is no line; of another disease, of the future, never given."""
        assert answer_for(case).rule == rule

    def test_of_a_second_generation_drug_after_rituximab_had_failed(self) -> None:
        """R-07: rituximab in F leaves the second generation open."""
        immunised = word("anti_rituximab_ab", -50, "positive")
        assert answer_for(after_rituximab(immunised)).rule == "MN-10"
        assert answer_for(after_rituximab(immunised, aside("obinutuzumab"))).rule == "MN-D8"

    def test_does_not_block_a_relapse_or_an_intolerance(self) -> None:
        assert answer_for(relapsed_mn(aside("cyclophosphamide"))).rule == "MN-23"
        left = (without("tacrolimus"), tacrolimus(-215, -100, reason="intolerance"))
        assert answer_for(resistant_mn(*left, aside("rituximab"))).rule == "MN-19"

    @pytest.mark.parametrize("reason", WHY)
    def test_means_that_untreated_is_not_known(self, reason: str) -> None:
        assert answer_for(untreated_mn(aside("tacrolimus", reason))).rule == "MN-D8"
        assert answer_for(untreated_ln(aside("tacrolimus", reason))).rule == "LN-D8"

    def test_is_asked_for_in_pregnancy_only_after_the_answer_of_pregnancy(self) -> None:
        """Section 6.3: step 19 comes before step 20."""
        pregnant: tuple[Fact, ...] = (patient("female", 34), problem("pregnancy"), allergy("hydroxychloroquine"))
        assert answer_for(resistant_ln(*pregnant, aside("belimumab"))).rule == "LN-05"


class TestWhatIsSaid:
    def test_a_start_that_is_not_told_is_remarked_and_nothing_counted_from_it(self) -> None:
        seen = answer_for(resistant_mn(without("tacrolimus"), replace(tacrolimus(-215), start_stated=False)))
        assert ("LINE_START_IMPRECISE" in seen.remarks, seen.lines[-1].start_stated) == (True, False)
        assert seen.lines[-1].reduction is None
        assert {"days", "reduction"}.isdisjoint(seen.figures)

    def test_an_end_that_is_not_told_is_marked_in_its_line(self) -> None:
        line = answer_for(after_rituximab(no_end(CNI))).lines[0]
        assert (line.start_stated, line.end_stated) == (True, False)

    def test_exact_days_are_not_marked(self) -> None:
        seen = answer_for(after_rituximab(CNI))
        assert {(line.start_stated, line.end_stated) for line in seen.lines} == {(True, True)}
        assert {"LINE_START_IMPRECISE", "LINE_END_NOT_STATED"}.isdisjoint(seen.remarks)

    def test_a_later_record_without_a_start_leaves_the_start_of_the_line_told(self) -> None:
        more = replace(tacrolimus(-100, mg=4), start_stated=False)
        seen = answer_for(resistant_mn(more))
        assert ("LINE_START_IMPRECISE" in seen.remarks, seen.lines[-1].start_stated) == (True, True)
