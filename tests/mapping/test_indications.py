"""What a drug was given for, where that is another disease (traps 31 to 33, 41, 57)."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from fhir.resources.R4B.codeableconcept import CodeableConcept
from fhir_samples import ICD10CM, SNOMED, Resource, coded, terminology
from mapping_copies import copied_to

from cds_service.mapping.indications import OURS
from cds_service.mapping.location import mappings_root
from cds_service.mapping.terminology import MappingFault, load

WHO = "http://hl7.org/fhir/sid/icd-10"


def other(*reasons: Resource) -> str:
    return terminology().other_indication([CodeableConcept.model_validate(reason) for reason in reasons])


CODED = {
    "follicular lymphoma": (coded(ICD10CM, "C82.00"), "lymphoma"),
    "lymphoma without the dot": (coded(ICD10CM, "C8330"), "lymphoma"),
    "lymphoma, header": (coded(ICD10CM, "C85"), "lymphoma"),
    "lymphoma, WHO": (coded(WHO, "C83.3"), "lymphoma"),
    "lymphoma, SNOMED": (coded(SNOMED, "118600007"), "lymphoma"),
    "chronic lymphatic leukaemia": (coded(ICD10CM, "C91.10"), "leukaemia"),
    "myeloma": (coded(ICD10CM, "C90.00"), "myeloma"),
    "breast cancer, by our own value set": (coded(ICD10CM, "C50.911"), "cancer"),
    "rheumatoid arthritis": (coded(ICD10CM, "M05.79"), "rheumatoid arthritis"),
    "rheumatoid arthritis, seronegative": (coded(ICD10CM, "M06.00"), "rheumatoid arthritis"),
    "rheumatoid arthritis, SNOMED": (coded(SNOMED, "69896004"), "rheumatoid arthritis"),
    "multiple sclerosis": (coded(ICD10CM, "G35"), "multiple sclerosis"),
    "multiple sclerosis, newer child code": (coded(ICD10CM, "G35.A"), "multiple sclerosis"),
    "haemolytic uraemic syndrome": (coded(ICD10CM, "D59.39"), "thrombotic microangiopathy"),
    "haemolytic uraemic syndrome, old header": (coded(ICD10CM, "D59.3"), "thrombotic microangiopathy"),
    "granulomatosis with polyangiitis": (coded(ICD10CM, "M31.31"), "ANCA vasculitis"),
    "microscopic polyangiitis": (coded(ICD10CM, "M31.7"), "ANCA vasculitis"),
    "kidney transplant": (coded(ICD10CM, "Z94.0"), "transplantation"),
    "liver transplant": (coded(ICD10CM, "Z94.4"), "transplantation"),
    "rejection": (coded(ICD10CM, "T86.11"), "transplantation"),
    "immune thrombocytopenia": (coded(SNOMED, "32273002"), "immune thrombocytopenia"),
    "psoriasis": (coded(ICD10CM, "L40.0"), "psoriasis"),
    "our disease": (coded(ICD10CM, "N04.20"), ""),
    "lupus nephritis": (coded(ICD10CM, "M32.14"), ""),
    "lupus nephritis, SNOMED": (coded(SNOMED, "68815009"), ""),
    "another kidney disease says nothing: it may have been revised": (coded(ICD10CM, "N04.0"), ""),
    "hypertension says nothing": (coded(ICD10CM, "I10"), ""),
    "a code of a system that nobody knows": (coded("http://local.example", "C82.00"), ""),
    "no code": ({"coding": [{"display": "see chart"}]}, ""),
}


@pytest.mark.parametrize(("reason", "disease"), CODED.values(), ids=CODED.keys())
def test_a_coded_reason(reason: Resource, disease: str) -> None:
    assert other(reason) == disease


SPOKEN = {
    "Malignant lymphoma": "lymphoma",
    "for Rheumatoid Arthritis": "rheumatoid arthritis",
    "RRMS (relapsing multiple sclerosis)": "multiple sclerosis",
    "aHUS": "thrombotic microangiopathy",
    "ANCA-associated vasculitis": "ANCA vasculitis",
    "kidney transplant rejection prophylaxis": "transplantation",
    "GVHD prophylaxis": "transplantation",
    "metastatic breast carcinoma": "cancer",
    "Nephrotic syndrome": "",
    "lupus nephritis after lymphoma": "",
    "SLE": "",
    "membranous nephropathy, rejection risk discussed": "",
    "glomerulonephritis": "",
    "immunosuppression": "",
    "crash": "",
    "pancake": "",
    "": "",
}


@pytest.mark.parametrize(("text", "disease"), SPOKEN.items(), ids=SPOKEN.keys())
def test_a_reason_in_words(text: str, disease: str) -> None:
    assert other({"text": text or None}) == disease


def test_a_name_beside_a_code_that_nobody_knows_is_read() -> None:
    shown = {"coding": [{"system": "http://local.example", "code": "7", "display": "Multiple sclerosis"}]}
    assert other(shown) == "multiple sclerosis"


def test_a_known_code_goes_before_the_words_beside_it() -> None:
    assert other({**coded(ICD10CM, "N04.20"), "text": "history of lymphoma"}) == ""


def test_our_disease_among_several_reasons_wins() -> None:
    arthritis, membranous = coded(ICD10CM, "M05.79"), coded(ICD10CM, "N04.20")
    assert other(arthritis, membranous) == other(membranous, arthritis) == ""
    assert other(arthritis, {"text": "proteinuria"}) == "rheumatoid arthritis"
    assert other() == ""


def test_every_row_is_found_again() -> None:
    """By its own code, and a row for a branch by a child of it."""
    with (mappings_root() / "other_indications.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    known, wrong = terminology()._indications, []
    for row in rows:
        code = row["code"]
        child = code.removesuffix("*") + ("9" if code.endswith("*") else "")
        found = known.of_code(row["system"], child) if row["system"] else known.of_words(child)
        wrong += [] if found == row["indication"] else [(code, found)]
    assert wrong == []
    assert len(rows) > 250


def test_no_row_is_about_a_disease_of_ours() -> None:
    """A row that is a concept of ours and an indication of another disease would be two things."""
    ours = {"membranous_nephropathy", "secondary_membranous_nephropathy", "lupus_nephritis"}
    with (mappings_root() / "other_indications.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["system"]]
    meanings = [terminology().look_up(row["system"], row["code"].removesuffix("*")) for row in rows]
    assert [meaning.row for meaning in meanings if meaning is not None and meaning.concept in ours] == []
    assert [row["code"] for row in rows if row["indication"] == OURS] == []


WRONG = {
    "no indication": (f"{ICD10CM},C99,,,seen somewhere,high", "the indication is empty"),
    "no confidence": (f"{ICD10CM},C99,cancer,,seen somewhere,low", "a confidence of high or medium"),
    "listed twice": (f"{ICD10CM},G36.0,neuromyelitis optica,,seen somewhere,high", "'G36.0' is listed twice"),
    "not a code": (f"{SNOMED},24700008,multiple sclerosis,,seen somewhere,high", "fails its SNOMED CT check digit"),
    "not a word": (",Multiple Sclerosis!,multiple sclerosis,,seen somewhere,high", "is not in the normal spelling"),
}


@pytest.mark.parametrize(("row", "reason"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_row_stops_the_start_and_is_named(tmp_path: Path, row: str, reason: str) -> None:
    root = copied_to(tmp_path)
    with (root / "other_indications.csv").open("a", encoding="utf-8") as table:
        table.write(row + "\n")
    with pytest.raises(MappingFault) as caught:
        load(root)
    assert [reason in str(problem) for problem in caught.value.problems] == [True]
