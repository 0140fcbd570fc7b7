"""Problems, procedures, allergies and the patient (clinical-spec section 1, R-02, R-12; attack case CLIN-18)."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_samples import (
    ICD10CM,
    ON,
    RITUXIMAB,
    RXNORM,
    SNOMED,
    add_up,
    case,
    chart,
    coded,
    condition,
    day,
    made,
    patient,
    reasons,
    statement,
    terminology,
    verified,
)

from cds_service.case.model import Allergy, Patient, Procedure, Span
from cds_service.mapping.chart import build_case

MEMBRANOUS, LUPUS, NEPHRITIS, BIOPSY, DIALYSIS = "722119002", "55464009", "68815009", "7246002", "265764009"


def span(first: str, last: str | None = None) -> Span:
    return Span(day(first), day(last or first))


def two_codes(*codes: tuple[str, str]) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} for system, code in codes]}


CODES: dict[str, tuple[Any, list[str]]] = {
    "SNOMED CT": (coded(SNOMED, MEMBRANOUS), ["membranous_nephropathy"]),
    "ICD-10-CM": (coded(ICD10CM, "N04.21"), ["membranous_nephropathy"]),
    "ICD-10-CM without the dot": (coded(ICD10CM, "N0421"), ["membranous_nephropathy"]),
    "both": (two_codes((SNOMED, MEMBRANOUS), (ICD10CM, "N04.21")), ["membranous_nephropathy"]),
    "lupus and its nephritis are the nephritis": (two_codes((SNOMED, LUPUS), (SNOMED, NEPHRITIS)), ["lupus_nephritis"]),
    "a text establishes nothing": ({"text": "Chronic kidney disease"}, []),
    "membranoproliferative is another disease (trap 46)": (coded(ICD10CM, "N04.5"), []),
    "diabetes": (coded(SNOMED, "73211009"), []),
    "no code": (None, []),
}


@pytest.mark.parametrize(("code", "concepts"), CODES.values(), ids=CODES.keys())
def test_a_problem_is_known_by_its_codes(code: Any, concepts: list[str]) -> None:
    read = case(made("Condition", code=code))
    assert [problem.concept for problem in read.conditions] == concepts
    assert (read.bins.not_relevant, reasons(read)) == (0 if concepts else 1, [])


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Membranous nephropathy", ["CODE_UNMAPPED"]),
        ("Lupus nephritis class IV", ["CODE_UNMAPPED"]),
        ("Family history of lupus nephritis", []),
        ("FH: lupus nephritis", []),
        ("FHx of membranous nephropathy", []),
        ("F/H membranous nephropathy", []),
        ("Mother: membranous nephropathy", []),
        ("Lupus nephritis in her sister", []),
        ("Lupus nephritis, maternal aunt", []),
        ("Her son's membranous nephropathy", []),
        ("Membranous nephropathy, personal physician Dr. Ramson", ["CODE_UNMAPPED"]),
        ("Membranoproliferative glomerulonephritis", []),
    ],
)
def test_a_diagnosis_of_ours_that_is_only_written_out_is_named(text: str, named: list[str]) -> None:
    read = case(made("Condition", code={"text": text}))
    assert (read.conditions, reasons(read)) == ((), named)


def test_two_codes_that_contradict_each_other_are_refused() -> None:
    """Each disease that is asked for, or counts as present, is named, whichever code comes first (trap 58)."""
    for pair in ((MEMBRANOUS, "77386006"), ("77386006", MEMBRANOUS)):
        read = case(condition(code=two_codes(*((SNOMED, code) for code in pair))))
        assert (read.conditions, reasons(read)) == ((), ["CODE_CONFLICT", "CODE_CONFLICT"])
        assert [item.concept for item in read.set_aside] == ["membranous_nephropathy", "pregnancy"]
        assert (read.bins.set_aside, add_up(read)) == (1, True)


ANTIPHOSPHOLIPID, MEMBRANOPROLIFERATIVE = "26843008", "N04.5"
CONTRARY: dict[str, tuple[list[tuple[str, str]], list[str]]] = {
    "the disease alone is named where the other one is not asked for": (
        [(SNOMED, ANTIPHOSPHOLIPID), (SNOMED, MEMBRANOUS)],
        ["membranous_nephropathy"],
    ),
    "a secondary form is asked for like the disease": (
        [(SNOMED, ANTIPHOSPHOLIPID), (ICD10CM, "N04.22")],
        ["membranous_nephropathy"],
    ),
    "another pattern beside the primary disease": (
        [(SNOMED, MEMBRANOUS), (ICD10CM, MEMBRANOPROLIFERATIVE)],
        ["membranous_nephropathy"],
    ),
    "another pattern first": (
        [(ICD10CM, MEMBRANOPROLIFERATIVE), (SNOMED, MEMBRANOUS)],
        ["membranous_nephropathy"],
    ),
    "lupus nephritis as exact as the ICD-10 of the WHO can be": (
        [(SNOMED, "68815009"), ("http://hl7.org/fhir/sid/icd-10", "M32.1")],
        [],
    ),
}


@pytest.mark.parametrize(("codes", "named"), CONTRARY.values(), ids=CONTRARY.keys())
def test_what_of_two_codes_of_one_problem_is_asked_for(codes: list[tuple[str, str]], named: list[str]) -> None:
    read = case(condition(code=two_codes(*codes)))
    assert [item.concept for item in read.set_aside if item.reason == "CODE_CONFLICT"] == named
    assert len(read.conditions) == (0 if named else 1)


OVER: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "refuted": ({"verificationStatus": verified("refuted")}, ("REFUTED", "membranous_nephropathy")),
    "resolved": (
        {"clinicalStatus": coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "resolved")},
        ("CODE_CONFLICT", ""),
    ),
}


@pytest.mark.parametrize(("elements", "said"), OVER.values(), ids=OVER.keys())
def test_two_diseases_in_an_entry_that_is_over_are_said_and_not_asked_for(
    elements: dict[str, Any], said: tuple[str, str]
) -> None:
    read = case(condition(code=two_codes((SNOMED, MEMBRANOUS), (SNOMED, "77386006")), **elements))
    assert [(item.reason, item.concept) for item in read.set_aside] == [said]


HEREDITARY, ATOPICA, EVEROLIMUS = "N07.2", "835917", "L04AH02"
EXCLUDED: dict[str, tuple[dict[str, Any], list[tuple[str, str, str]]]] = {
    "a hereditary disease (trap 52)": (
        condition(HEREDITARY, ICD10CM),
        [("CODE_EXCLUDED", "membranous_nephropathy", HEREDITARY)],
    ),
    "ruled out": (condition(HEREDITARY, ICD10CM, verificationStatus=verified("refuted")), []),
    "a product for animals (trap 43)": (statement(ATOPICA), [("CODE_EXCLUDED", "cyclosporine", ATOPICA)]),
    "another drug": (
        statement(medicationCodeableConcept=coded("http://www.whocc.no/atc", EVEROLIMUS)),
        [],
    ),
}


@pytest.mark.parametrize(("record", "said"), EXCLUDED.values(), ids=EXCLUDED.keys())
def test_an_excluded_code_is_recognised_refused_and_said(
    record: dict[str, Any], said: list[tuple[str, str, str]]
) -> None:
    """Terminology, roles: a different disease, deprecated or veterinary."""
    read = case(record)
    assert [(item.reason, item.concept, item.shown) for item in read.set_aside] == said
    assert (read.conditions, read.exposures, add_up(read)) == ((), (), True)


VERIFICATIONS = {
    "confirmed": True,
    "unconfirmed": True,
    "provisional": True,
    "differential": True,
    "refuted": False,
    "entered-in-error": False,
}


@pytest.mark.parametrize(("word", "stays"), VERIFICATIONS.items())
def test_a_withdrawn_problem_is_dropped_and_a_doubtful_one_keeps_its_doubt(word: str, stays: bool) -> None:
    read = case(condition(verificationStatus=verified(word)))
    assert [problem.verification for problem in read.conditions] == ([word] if stays else [])
    assert reasons(read) == ([] if stays else ["REFUTED"])


def test_what_the_chart_leaves_out_stays_unknown() -> None:
    [problem] = case(condition(verificationStatus=None, clinicalStatus=None, onsetDateTime=None)).conditions
    assert (problem.verification, problem.clinical, problem.onset, problem.ended) == ("", "", None, None)


ONSETS: dict[str, tuple[dict[str, Any], Span | None]] = {
    "a day": ({"onsetDateTime": "2024-12-22"}, span("2024-12-22")),
    "a month": ({"onsetDateTime": "2024-12"}, span("2024-12-01", "2024-12-31")),
    "a year": ({"onsetDateTime": "2024"}, span("2024-01-01", "2024-12-31")),
    "a period": ({"onsetPeriod": {"start": "2024-12-22"}}, span("2024-12-22")),
    "an age": (
        {"onsetAge": {"value": 50, "code": "a", "system": "http://unitsofmeasure.org"}},
        span("2024-03-01", "2025-03-01"),
    ),
    "a text": ({"onsetString": "last winter"}, None),
}


@pytest.mark.parametrize(("elements", "onset"), ONSETS.values(), ids=ONSETS.keys())
def test_when_it_began(elements: dict[str, Any], onset: Span | None) -> None:
    [problem] = case(condition(**{"onsetDateTime": None, **elements})).conditions
    assert problem.onset == onset


def test_a_code_of_another_kind_says_nothing_here() -> None:
    as_drug, as_problem = coded(RXNORM, RITUXIMAB), coded(SNOMED, MEMBRANOUS)
    read = case(condition(code=as_drug), procedure() | {"code": as_problem}, allergy(code=as_problem))
    assert (read.conditions, read.procedures, read.allergies, read.bins.not_relevant) == ((), (), (), 3)


def test_contradicting_codes_of_a_procedure_or_an_allergy_are_refused() -> None:
    biopsy_and_dialysis = two_codes((SNOMED, BIOPSY), (SNOMED, DIALYSIS))
    two_drugs = two_codes((RXNORM, RITUXIMAB), (RXNORM, "42316"))
    read = case(procedure() | {"code": biopsy_and_dialysis}, allergy(code=two_drugs))
    assert reasons(read) == ["CODE_CONFLICT", "CODE_CONFLICT"]


def test_when_it_was_recorded_and_ended() -> None:
    [problem] = case(condition(recordedDate="2025-01-10", abatementDateTime="2025-06")).conditions
    assert (problem.recorded, problem.ended) == (day("2025-01-10"), day("2025-06-30"))


def test_a_problem_of_the_future_is_set_aside() -> None:
    assert reasons(case(condition(onsetDateTime="2027-01-01"))) == ["FUTURE"]


def test_a_code_may_imply_the_class_of_nephritis() -> None:
    read = case(condition("36402006"))
    assert [(found.value, found.day) for found in read.answers("ln_class")] == [("IV", day("2024-12-22"))]
    assert read.conditions[0].concept == "lupus_nephritis"
    assert case(condition("36402006", onsetDateTime=None)).answers("ln_class") == ()
    assert case(condition("36402006", verificationStatus=verified("refuted"))).answers("ln_class") == ()


def procedure(code: str = BIOPSY, **elements: Any) -> dict[str, Any]:
    standard = {"status": "completed", "code": coded(SNOMED, code), "performedDateTime": "2025-01-10"}
    return made("Procedure", **{**standard, **elements})


PROCEDURES: dict[str, tuple[dict[str, Any], Procedure | str]] = {
    "done on a day": (procedure(), Procedure("kidney_biopsy", "Procedure/pro-1", day("2025-01-10"))),
    "done in a month: its first day": (
        procedure(performedDateTime="2025-01"),
        Procedure("kidney_biopsy", "Procedure/pro-1", day("2025-01-01")),
    ),
    "done over a period": (
        procedure(performedDateTime=None, performedPeriod={"start": "2025-01-10", "end": "2025-01-11"}),
        Procedure("kidney_biopsy", "Procedure/pro-1", day("2025-01-10")),
    ),
    "done some time": (procedure(performedDateTime=None), Procedure("kidney_biopsy", "Procedure/pro-1", None)),
    "dialysis under way": (
        procedure(DIALYSIS, status="in-progress"),
        Procedure("dialysis", "Procedure/pro-1", day("2025-01-10")),
    ),
    "a biopsy under way": (procedure(status="in-progress"), "STATUS"),
    "not done": (procedure(status="not-done"), "STATUS"),
    "entered in error": (procedure(status="entered-in-error"), "STATUS"),
    "planned": (procedure(performedDateTime="2027-01-10"), "FUTURE"),
}


@pytest.mark.parametrize(("resource", "expected"), PROCEDURES.values(), ids=PROCEDURES.keys())
def test_a_procedure(resource: dict[str, Any], expected: Procedure | str) -> None:
    read = case(resource)
    known = [expected] if isinstance(expected, Procedure) else []
    assert (list(read.procedures), reasons(read)) == (known, [] if known else [expected])


def allergy(**elements: Any) -> dict[str, Any]:
    return made("AllergyIntolerance", "patient", **{"code": coded(RXNORM, RITUXIMAB), **elements})


def clinical(word: str) -> dict[str, Any]:
    return coded("http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", word)


ALLERGIES: dict[str, tuple[dict[str, Any], bool, list[str]]] = {
    "statuses left out": (allergy(), True, []),
    "active and confirmed": (
        allergy(clinicalStatus=clinical("active"), verificationStatus=verified("confirmed")),
        True,
        [],
    ),
    "unconfirmed": (allergy(verificationStatus=verified("unconfirmed")), True, []),
    "refuted (R-12)": (allergy(verificationStatus=verified("refuted")), False, ["REFUTED"]),
    "entered in error": (allergy(verificationStatus=verified("entered-in-error")), False, ["REFUTED"]),
    "inactive (R-12)": (allergy(clinicalStatus=clinical("inactive")), False, []),
    "resolved": (allergy(clinicalStatus=clinical("resolved")), False, []),
    "known by name": (allergy(code={"text": "RITUXIMAB"}), True, []),
    "to penicillin": (allergy(code={"text": "Penicillin"}), False, []),
    "to nothing": (allergy(code=None), False, []),
}


@pytest.mark.parametrize(("resource", "counts", "why"), ALLERGIES.values(), ids=ALLERGIES.keys())
def test_an_allergy(resource: dict[str, Any], counts: bool, why: list[str]) -> None:
    read = case(resource)
    assert [known.agent for known in read.allergies] == (["rituximab"] if counts else [])
    assert reasons(read) == why
    assert add_up(read)


def test_an_allergy_keeps_its_kind_and_day() -> None:
    read = case(allergy(type="intolerance", recordedDate="2025-01-10"))
    assert read.allergies == (Allergy("rituximab", "intolerance", "AllergyIntolerance/all-1", day("2025-01-10")),)


PATIENTS: dict[str, tuple[dict[str, Any], Patient]] = {
    "known": ({}, Patient("female", span("1974-03-02"), False, "Patient/pat-a")),
    "born in a year": (
        {"birthDate": "1974"},
        Patient("female", span("1974-01-01", "1974-12-31"), False, "Patient/pat-a"),
    ),
    "of another gender": ({"gender": "other"}, Patient("unknown", span("1974-03-02"), False, "Patient/pat-a")),
    "dead (CLIN-38)": ({"deceasedBoolean": True}, Patient("female", span("1974-03-02"), True, "Patient/pat-a")),
    "dead since a day": (
        {"deceasedDateTime": "2026-01-01"},
        Patient("female", span("1974-03-02"), True, "Patient/pat-a"),
    ),
    "not dead": ({"deceasedBoolean": False}, Patient("female", span("1974-03-02"), False, "Patient/pat-a")),
    "unreadable": ({"birthDate": "soon"}, Patient()),
}


@pytest.mark.parametrize(("elements", "expected"), PATIENTS.values(), ids=PATIENTS.keys())
def test_the_patient(elements: dict[str, Any], expected: Patient) -> None:
    read = build_case(chart(patient(**elements)), terminology(), ON)
    assert read.patient == expected
    assert add_up(read)
