"""Drugs that were given for another disease: no line, and looked at wherever safety rests on what was given."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cds_service.case.model import Case, Exposure
from tests.guideline.expectations import answer_for, offered_by
from tests.guideline.patients import (
    Fact,
    cd19,
    drug,
    elisa,
    elsewhere,
    infusion,
    mn,
    mycophenolate,
    number,
    patient,
    problem,
    proteinuria,
    pulses,
    rituximab,
    tacrolimus,
    word,
)
from tests.guideline.standard_patients import (
    after_rituximab,
    on_cyclosporine,
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


def vetoed(case: Case) -> set[tuple[str, str]]:
    return {(veto.therapy_class, veto.reason) for veto in answer_for(case).vetoed}


@pytest.mark.parametrize("patient_of", [resistant_mn, after_rituximab, untreated_mn, resistant_ln, untreated_ln])
def test_what_has_ceased_to_act_is_no_line_and_changes_no_rule(patient_of: object) -> None:
    for given in (rituximab(-900), pulses(-900, 3), drug("azathioprine", -900, -600)):
        plain, beside = answer_for(patient_of()), answer_for(patient_of(elsewhere(given)))  # type: ignore[operator]
        assert (beside.rule, beside.lines) == (plain.rule, plain.lines)


class TestCumulativeCyclophosphamide:
    """Section 3.4 and the ceilings of 7.2: every gram counts, for whatever it was given."""

    # 150 mg a day: 200 days are 30 g, inclusive of both.
    @pytest.mark.parametrize(("days", "forbidden"), [(200, False), (201, True)])
    def test_the_ceiling_in_membranous_nephropathy(self, days: int, forbidden: bool) -> None:
        taken = drug("cyclophosphamide", -1500, -1501 + days, 150)
        assert (("CYC_GC", "CUMULATIVE_DOSE") in vetoed(resistant_mn(elsewhere(taken)))) is forbidden
        assert answer_for(resistant_mn(elsewhere(taken))).figures["cyc_cumulative_g"] == pytest.approx(days * 0.15)

    def test_it_adds_to_what_was_given_for_this_disease_and_before(self) -> None:
        prior = number("cyc_cumulative_prior", -600, 10)
        here = infusion("cyclophosphamide", -1000, 1000)
        case = resistant_mn(elsewhere(drug("cyclophosphamide", -1500, -1401, 100)), here, prior)
        assert answer_for(case).figures["cyc_cumulative_g"] == pytest.approx(21)

    def test_one_dose_in_two_records_counts_once(self) -> None:
        """R-09, R-22: the order for the other disease and the statement that does not say for what."""
        taken = drug("cyclophosphamide", -1500, -1401, 100)
        ordered = replace(taken, kind="request", source="MedicationRequest/1")
        case = resistant_mn(taken, elsewhere(ordered))
        assert answer_for(case).figures["cyc_cumulative_g"] == pytest.approx(10)

    def test_the_limit_with_a_wish_for_children(self) -> None:
        wish = word("fertility_wish", -100, "yes")
        taken = drug("cyclophosphamide", -1500, -1460, 100)
        assert ("CYC_GC", "FERTILITY") in vetoed(resistant_mn(wish, elsewhere(taken)))
        assert ("CYC_GC", "FERTILITY") not in vetoed(resistant_mn(wish))

    def test_the_note_before_the_ceiling(self) -> None:
        taken = drug("cyclophosphamide", -1500, -1401, 140)
        assert "CYC_CUM_25G" in answer_for(resistant_mn(elsewhere(taken))).notes


class TestPregnancy:
    """Section 7.3: active, whatever the state and whatever for."""

    PREGNANT = (patient("female", 34), problem("pregnancy", -60))

    @pytest.mark.parametrize("agent", ["mycophenolate_mofetil", "cyclophosphamide", "leflunomide"])
    def test_a_harmful_drug_that_is_taken_for_another_disease(self, agent: str) -> None:
        note = "PREGNANCY_TERATOGEN_ACTIVE"
        for patient_of in (untreated_ln, relapsed_mn):
            case = patient_of(*self.PREGNANT, elsewhere(drug(agent, -400)))
            case = replace(case, exposures=tuple(e for e in case.exposures if e.agent != "acei"))
            seen = answer_for(case)
            assert (note in seen.notes, seen.severity) == (True, "critical")
            assert note not in answer_for(replace(case, elsewhere=())).notes

    def test_one_that_has_ended_is_not_active(self) -> None:
        seen = answer_for(untreated_ln(*self.PREGNANT, elsewhere(mycophenolate(-400, -100))))
        assert "PREGNANCY_TERATOGEN_ACTIVE" not in seen.notes


STILL_ACTING: list[tuple[str, tuple[Exposure, ...], bool]] = [
    ("rituximab 180 days ago", (infusion("rituximab", -180),), True),
    ("rituximab 181 days ago", (infusion("rituximab", -181),), False),
    ("a statement of rituximab that ended 180 days ago", (drug("rituximab", -210, -180),), True),
    ("obinutuzumab a month ago", (infusion("obinutuzumab", -30),), True),
    ("tacrolimus that is taken", (tacrolimus(-100),), True),
    ("tacrolimus until today", (tacrolimus(-100, 0),), True),
    ("tacrolimus until yesterday", (tacrolimus(-100, -1),), False),
    ("cyclophosphamide that is taken", (drug("cyclophosphamide", -50, None, 100),), True),
]


@pytest.mark.parametrize(("given", "doubt"), [row[1:] for row in STILL_ACTING], ids=[row[0] for row in STILL_ACTING])
def test_while_it_acts_nobody_knows_what_the_disease_does_without_it(given: tuple[Exposure, ...], doubt: bool) -> None:
    for patient_of, rule in ((untreated_mn, "MN-D8"), (untreated_ln, "LN-D8")):
        assert (answer_for(patient_of(elsewhere(given))).rule == rule) is doubt
        if doubt:
            assert answered(patient_of(elsewhere(given))) == ASKED


def test_while_it_acts_nothing_is_started_for_resistance() -> None:
    assert answered(resistant_mn(elsewhere(infusion("rituximab", -30)))) == ASKED
    assert answered(resistant_ln(elsewhere(infusion("rituximab", -30)))) == ASKED
    assert answer_for(resistant_mn(elsewhere(infusion("rituximab", -30)))).figures["check"] == (
        "rituximab for another disease still acts"
    )


def test_one_more_drug_of_a_class_that_failed_changes_nothing() -> None:
    assert answer_for(resistant_mn(elsewhere(drug("cyclosporine", -30)))).rule == "MN-07"
    assert answer_for(resistant_ln(elsewhere(drug("azathioprine", -30)))).rule == "LN-20c"


@pytest.mark.parametrize("agent", ["mycophenolate_mofetil", "azathioprine", "belimumab"])
def test_what_is_no_standard_in_membranous_nephropathy_ends_no_untreated(agent: str) -> None:
    assert answer_for(untreated_mn(elsewhere(drug(agent, -400)))).rule == answer_for(untreated_mn()).rule
    assert answer_for(untreated_ln(elsewhere(drug(agent, -400)))).rule == "LN-D8"


def test_a_relapse_is_answered_all_the_same() -> None:
    """Section 3.4: what is not known of lines blocks resistance only."""
    assert answer_for(relapsed_mn(elsewhere(infusion("cyclophosphamide", -30)))).rule == "MN-23"


FELL: tuple[Fact, ...] = (mn(-400), proteinuria(-250, 9.0), proteinuria(-10, 4.0))


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ((), False),
        ((pulses(-240, 3),), True),
        ((mycophenolate(-240, -100),), True),
        ((mycophenolate(-300, -250),), True),
        ((mycophenolate(-300, -251),), False),
        ((infusion("rituximab", -430),), True),
        ((infusion("rituximab", -431),), False),
    ],
)
def test_a_fall_in_the_time_of_another_immunosuppressant_is_not_spontaneous(
    given: tuple[tuple[Exposure, ...]], asked: bool
) -> None:
    """Section 5.1, MN-01: halved without immunosuppression."""
    case = untreated_mn(*FELL, *(elsewhere(records) for records in given))
    assert answer_for(case).rule == ("MN-D8" if asked else "MN-01")


def test_a_patient_who_has_had_rituximab_is_none_of_the_trial() -> None:
    """S002 studied rituximab with tacrolimus in patients who had had neither."""
    recent = replace(on_cyclosporine(), procedures=())
    recent = replace(
        recent, procedures=tuple(replace(p, day=p.day + 600) for p in on_cyclosporine().procedures if p.day)
    )
    assert "RTX_CNI" in offered_by(answer_for(recent))
    before = replace(recent, elsewhere=tuple(one.exposure for one in elsewhere(rituximab(-900))))
    assert (answer_for(before).rule, "RTX_CNI" in offered_by(answer_for(before))) == ("MN-07", False)


def test_a_course_for_another_disease_is_a_first_course() -> None:
    """MN-09 offers a second course after one only."""
    falling: tuple[Fact, ...] = (elisa(-220, 180), elisa(-10, 40), cd19(-150, 0))
    assert answer_for(after_rituximab(*falling)).rule == "MN-09"
    assert answer_for(after_rituximab(*falling, elsewhere(rituximab(-900)))).rule == "MN-30"
    assert answer_for(after_rituximab(*falling, elsewhere(tacrolimus(-900, -600)))).rule == "MN-09"
