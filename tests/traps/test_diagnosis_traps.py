"""Traps 46 to 50 and 52: other diseases, and other causes of the same picture (clinical-spec sections 1, 5 and 12)."""

from __future__ import annotations

import pytest
from fhir_samples import ICD10CM, OURS, SNOMED, Resource, coded

from tests.traps.answers import answer, differences, laid, no_card, untouched
from tests.traps.charts import (
    ICD10,
    LUPUS,
    LUPUS_NEPHRITIS,
    PRIMARY_MEMBRANOUS,
    Chart,
    answered,
    diagnosed,
    lupus_nephritis,
    on_tacrolimus,
    problem,
    untreated,
    without,
)

Code = tuple[str, str]

PROLIFERATIVE = [
    ("N04.5", ICD10CM), ("N045", ICD10CM), ("N04.6", ICD10CM), ("N04.A", ICD10CM), ("N04.B1", ICD10CM),
    ("N04.5", ICD10), ("197591002", SNOMED), ("197598008", SNOMED), ("368911000119109", SNOMED),
]  # fmt: skip


@pytest.mark.parametrize(("code", "system"), PROLIFERATIVE)
def test_trap_46_membranoproliferative_nephritis_is_not_membranous(code: str, system: str) -> None:
    no_card(problem(code, system))
    untouched(on_tacrolimus(), problem(code, system))


MEMBRANOUS = [("N04.21", ICD10CM), ("N0421", ICD10CM), ("N04.20", ICD10CM), ("N04.2", ICD10), ("77182004", SNOMED)]


@pytest.mark.parametrize(("code", "system"), MEMBRANOUS)
def test_trap_46_membranous_nephropathy_is(code: str, system: str) -> None:
    assert answer(diagnosed(on_tacrolimus(), problem(code, system))).rule == "MN-07"


SECONDARY = [
    ("N04.22", ICD10CM),
    ("N06.22", ICD10CM),
    ("722086002", SNOMED),
    ("722168002", SNOMED),
    ("722120008", SNOMED),
]


@pytest.mark.parametrize(("code", "system"), SECONDARY)
@pytest.mark.parametrize(
    "beside", [[], [problem(PRIMARY_MEMBRANOUS)], [problem("N04.20", ICD10CM)]], ids=["alone", "primary", "unspecified"]
)
@pytest.mark.parametrize("chart", [on_tacrolimus(), untreated()], ids=["treated", "untreated"])
def test_trap_47_secondary_membranous_nephropathy_belongs_to_experts(
    code: str, system: str, beside: list[Resource], chart: Chart
) -> None:
    """Step 2: secondary MN coded, MN-00, no class."""
    said = answer(diagnosed(chart, problem(code, system), *beside))
    assert (said.rule, said.state_and_action, said.offered) == ("MN-00", ("MN_SECONDARY", "REFER_EXPERT"), [])


CAUSES = {"hepatitis B": problem("B18.1", ICD10CM), "cancer": problem("C80.1", ICD10CM, since=-600)}


@pytest.mark.parametrize("cause", CAUSES.values(), ids=CAUSES.keys())
def test_trap_47_in_hepatitis_b_or_cancer_too(cause: Resource) -> None:
    assert answer(diagnosed(on_tacrolimus(), problem("N04.22", ICD10CM), cause)).rule == "MN-00"


@pytest.mark.parametrize(("since", "rule"), [(-600, "MN-00"), (-1100, "MN-07")])
def test_trap_47_cancer_within_a_year_of_onset_is_enough(since: int, rule: str) -> None:
    """Step 2: active malignancy within 365 days of MN onset."""
    assert answer(laid(on_tacrolimus(), problem("363346000", since=since))).rule == rule


@pytest.mark.parametrize(("code", "system"), [("Z85.9", ICD10CM), ("Z20.5", ICD10CM), ("Z23", ICD10CM)])
def test_trap_47_a_history_or_a_contact_is_not(code: str, system: str) -> None:
    untouched(on_tacrolimus(), problem(code, system, since=-600))


@pytest.mark.parametrize(("code", "system"), [("N04.20", ICD10CM), ("77182004", SNOMED), (PRIMARY_MEMBRANOUS, SNOMED)])
@pytest.mark.parametrize("known_as", [(LUPUS_NEPHRITIS, SNOMED), ("M32.14", ICD10CM), ("52042003", SNOMED)])
def test_trap_48_class_v_lupus_nephritis_is_not_primary_membranous(code: str, system: str, known_as: Code) -> None:
    """Section 1: confirmed LN always wins over an MN code; class V is often double-coded."""
    chart = laid(without(lupus_nephritis(), "class"), answered(coded(OURS, "ln_class"), -230, "V"), "class")
    lupus = diagnosed(chart, problem(known_as[0], known_as[1], since=-400))
    both = laid(lupus, problem(code, system))
    assert answer(lupus).rule == "LN-30"
    assert differences(answer(lupus), answer(both)) == {}
    assert [found.disease for found in answer(both).evaluation.assessments] == ["LN"]


def test_trap_48_membranous_nephropathy_with_lupus_elsewhere_is_membranous() -> None:
    said = answer(laid(on_tacrolimus(), problem(LUPUS)))
    assert [found.disease for found in said.evaluation.assessments] == ["MN"]


CUTANEOUS = [
    ("M32.0", ICD10CM), ("L93.0", ICD10CM), ("L93.1", ICD10CM), ("200938002", SNOMED), ("80258006", SNOMED),
    ("201436003", SNOMED), ("200936003", SNOMED),
]  # fmt: skip


@pytest.mark.parametrize(("code", "system"), CUTANEOUS)
def test_trap_49_drug_induced_or_cutaneous_lupus_is_no_nephritis(code: str, system: str) -> None:
    no_card(problem(code, system))
    untouched(on_tacrolimus(), problem(code, system))
    untouched(lupus_nephritis(), problem(code, system))


ORGAN_UNKNOWN = [
    ("M32.10", ICD10CM),
    ("M32.1", ICD10),
    ("M32.9", ICD10CM),
    ("M32.15", ICD10CM),
    ("N08", ICD10CM),
    (LUPUS, SNOMED),
]


@pytest.mark.parametrize(("code", "system"), ORGAN_UNKNOWN)
def test_trap_50_systemic_lupus_without_renal_involvement_is_no_nephritis(code: str, system: str) -> None:
    """Terminology 3.3: M32.14 is ICD-10-CM only; M32.1 does not prove nephritis."""
    no_card(problem(code, system))


@pytest.mark.parametrize(("code", "system"), [("M32.14", ICD10CM), ("M3214", ICD10CM), (LUPUS_NEPHRITIS, SNOMED)])
def test_traps_49_and_50_lupus_nephritis_is(code: str, system: str) -> None:
    assert answer(diagnosed(lupus_nephritis(), problem(code, system, since=-400))).rule == "LN-20c"


INHERITED = [("N07.2", ICD10CM), ("725592009", SNOMED), ("367541000119102", SNOMED), ("197731002", SNOMED)]


@pytest.mark.parametrize(("code", "system"), INHERITED)
def test_trap_52_hereditary_or_neonatal_membranous_is_another_disease(code: str, system: str) -> None:
    no_card(problem(code, system))
    assert not answer(diagnosed(on_tacrolimus(), problem(code, system))).rests_on("diagnosis-0")


@pytest.mark.parametrize(("code", "system"), INHERITED)
def test_trap_52_beside_the_primary_disease_it_is_refused_and_said(code: str, system: str) -> None:
    """Terminology, roles: an excluded code is recognised and refused."""
    assert answer(laid(on_tacrolimus(), problem(code, system))).said_of("trap")
