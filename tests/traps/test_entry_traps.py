"""Traps 51, 53, 57 and 58: entries that are withdrawn, about others, or of two meanings (clinical-spec section 1)."""

from __future__ import annotations

import pytest
from fhir_samples import ICD10CM, LOINC, RXNORM, SNOMED, Resource, coded, made, verified

from tests.traps.answers import answer, laid, no_card, untouched
from tests.traps.charts import (
    ALBUMIN,
    BIOPSY,
    EGFR,
    LUPUS_NEPHRITIS,
    PRIMARY_MEMBRANOUS,
    PROTEINURIA,
    RITUXIMAB,
    TACROLIMUS,
    allergy,
    codings,
    diagnosed,
    done,
    lab,
    lupus_nephritis,
    on_tacrolimus,
    problem,
    taken,
    untreated,
    without,
)

Code = tuple[str, str]
ANTIPHOSPHOLIPID = "26843008"


@pytest.mark.parametrize("word", ["refuted", "entered-in-error"])
def test_trap_51_refuted_lupus_nephritis_is_no_diagnosis(word: str) -> None:
    """Section 1, status filters; attack case CLIN-18: no disease card."""
    withdrawn = problem("M32.14", ICD10CM, since=-400, verificationStatus=verified(word), clinicalStatus=None)
    no_card(withdrawn)
    said = untouched(on_tacrolimus(), withdrawn)
    assert said.said_of("trap") == ["REFUTED"]
    assert answer(diagnosed(lupus_nephritis(), problem("M32.14", ICD10CM), withdrawn)).rule == "LN-20c"


@pytest.mark.parametrize("word", ["provisional", "unconfirmed"])
def test_trap_51_suspected_lupus_nephritis_is_asked_for(word: str) -> None:
    """Section 1: provisional LN alone gives LN-D0."""
    suspected = problem(LUPUS_NEPHRITIS, verificationStatus=verified(word))
    assert answer(diagnosed(lupus_nephritis(), suspected)).rule == "LN-D0"


@pytest.mark.parametrize("word", ["provisional", "unconfirmed"])
def test_trap_51_suspected_lupus_nephritis_beside_confirmed_membranous_nephropathy_changes_nothing(word: str) -> None:
    """Section 1: LN routes to the LN engine only when confirmed; provisional LN *alone* gives LN-D0."""
    said = answer(laid(on_tacrolimus(), problem(LUPUS_NEPHRITIS, verificationStatus=verified(word))))
    assert (said.rule, said.offered) == ("MN-07", ["RTX", "CYC_GC"])


def relative(*codes: Code) -> Resource:
    mother = coded("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "MTH")
    problems = [{"code": codings(code)} for code in codes]
    return made("FamilyMemberHistory", "patient", status="completed", relationship=mother, condition=problems)


FAMILY: dict[str, Resource] = {
    "a relative's membranous nephropathy": relative((ICD10CM, "N04.21"), (SNOMED, PRIMARY_MEMBRANOUS)),
    "a relative's lupus nephritis": relative((ICD10CM, "M32.14"), (SNOMED, LUPUS_NEPHRITIS)),
    "a code of family history": problem("Z84.1", ICD10CM),
    "family history in words": problem({"text": "Family history of membranous nephropathy"}),
}


@pytest.mark.parametrize("trap", FAMILY.values(), ids=FAMILY.keys())
def test_trap_53_family_history_is_no_diagnosis(trap: Resource) -> None:
    """Section 1: family history and problem-list text never establish a diagnosis."""
    no_card(trap)
    untouched(on_tacrolimus(), trap)
    untouched(lupus_nephritis(), trap)


@pytest.mark.parametrize("text", ["FH: lupus nephritis (mother)", "Mother: membranous nephropathy", "Lupus nephritis"])
def test_trap_53_a_text_neither_treats_nor_pushes_a_coded_diagnosis_aside(text: str) -> None:
    """Section 1: a text establishes nothing, and LN-D0 is for suspected LN *alone*: confirmed MN keeps its answer."""
    for chart in (on_tacrolimus(), lupus_nephritis()):
        assert answer(diagnosed(chart, problem({"text": text}))).offered == []
        untouched(chart, problem({"text": text}))


TRANSPLANTS: dict[str, Resource] = {
    "status": problem("Z94.0", ICD10CM),
    "history": problem("161665007"),
    "rejection": problem("T86.11", ICD10CM),
    "the operation": done("70536003", -900),
}


@pytest.mark.parametrize("transplant", TRANSPLANTS.values(), ids=TRANSPLANTS.keys())
def test_trap_57_tacrolimus_of_a_transplant_recipient_is_no_trial(transplant: Resource) -> None:
    """Step 0, SC-02; section 9: never a transplant recipient pathway."""
    for chart in (untreated(), on_tacrolimus(), lupus_nephritis(), laid(untreated(), taken(TACROLIMUS, -900, mg=4))):
        assert answer(laid(chart, transplant, "transplant")).evaluation.cards == []


def test_trap_57_a_refuted_transplant_is_none() -> None:
    refuted = problem("Z94.0", ICD10CM, verificationStatus=verified("refuted"), clinicalStatus=None)
    assert answer(laid(on_tacrolimus(), refuted)).rule == "MN-07"


def test_trap_58_two_codings_of_two_measures_are_refused() -> None:
    """Neither the first nor the second: a value under both names belongs to none, and the card says so."""
    for pair in ([PROTEINURIA, ALBUMIN], [ALBUMIN, PROTEINURIA], [PROTEINURIA, "9318-7"], [EGFR, "2164-2"]):
        code = codings(*((LOINC, one) for one in pair))
        for chart in (on_tacrolimus(), without(on_tacrolimus(), "proteinuria-now", "egfr-now", "albumin-now")):
            said = untouched(chart, lab(code, -5, 1.2, "g/d"))
            assert said.said_of("trap") == ["CODE_CONFLICT"]


def test_trap_58_two_codings_of_two_drugs_are_refused() -> None:
    for pair in ([TACROLIMUS, RITUXIMAB], [RITUXIMAB, TACROLIMUS]):
        both = codings(*((RXNORM, one) for one in pair))
        said = answer(laid(untreated(), taken(both, -215, mg=6)))
        assert (said.lines, said.said_of("trap")) == ([], ["CODE_CONFLICT"])
        assert untouched(on_tacrolimus(), allergy(both)).said_of("trap") == ["CODE_CONFLICT"]


def test_trap_58_two_codings_of_two_diagnoses_or_procedures_are_refused() -> None:
    for pair in ([PRIMARY_MEMBRANOUS, ANTIPHOSPHOLIPID], [ANTIPHOSPHOLIPID, PRIMARY_MEMBRANOUS]):
        both = problem(codings(*((SNOMED, one) for one in pair)))
        for chart in (on_tacrolimus(), lupus_nephritis()):
            assert untouched(chart, both).said_of("trap") == ["CODE_CONFLICT"]
    operation = done(codings((SNOMED, BIOPSY), (SNOMED, "70536003")), -30)
    assert untouched(on_tacrolimus(), operation).said_of("trap") == ["CODE_CONFLICT"]


@pytest.mark.parametrize("turned", [False, True], ids=["membranous first", "membranous second"])
def test_trap_58_the_order_of_two_codings_of_two_diagnoses_decides_nothing(turned: bool) -> None:
    """The entry that could not be used is asked for and said, whichever coding comes first (decision 10)."""
    pair = [(SNOMED, PRIMARY_MEMBRANOUS), (SNOMED, ANTIPHOSPHOLIPID)]
    both = problem(codings(*(reversed(pair) if turned else pair)))
    said = answer(diagnosed(on_tacrolimus(), both))
    assert (said.rule, said.said_of("diagnosis-0")) == ("MN-D0", ["CODE_CONFLICT"])


@pytest.mark.parametrize(
    "other", [(LUPUS_NEPHRITIS, SNOMED), ("M32.14", ICD10CM), ("N04.22", ICD10CM), ("N04.5", ICD10CM)]
)
@pytest.mark.parametrize("turned", [False, True], ids=["membranous first", "membranous second"])
def test_trap_58_primary_membranous_nephropathy_and_another_disease_in_one_entry_get_no_class(
    other: Code, turned: bool
) -> None:
    """Refused, or the more careful one (section 1: LN wins; step 2: secondary MN): never the first that comes."""
    pair = [(SNOMED, PRIMARY_MEMBRANOUS), (other[1], other[0])]
    both = problem(codings(*(reversed(pair) if turned else pair)))
    said = answer(diagnosed(on_tacrolimus(), both))
    assert (said.offered, said.state_and_action[0] == "MN_RESISTANT") == ([], False)


def test_trap_58_two_codings_of_one_meaning_are_used() -> None:
    """Terminology 3.2 and 3.3: the same thing often carries several codes, a local one first."""
    local = ("https://ehr.example.org/codes", "72")
    measure = codings(local, (LOINC, PROTEINURIA))
    assert answer(laid(without(on_tacrolimus(), "proteinuria-now"), lab(measure, -5, 7.6, "g/d"))).rests_on("trap")
    medicine = codings(local, (RXNORM, TACROLIMUS), (RXNORM, "108513"))
    assert answer(laid(without(on_tacrolimus(), "tacrolimus"), taken(medicine, -215, mg=6))).rule == "MN-07"
    disease = codings(local, (SNOMED, PRIMARY_MEMBRANOUS), (ICD10CM, "N04.21"))
    assert answer(diagnosed(on_tacrolimus(), problem(disease))).rule == "MN-07"
