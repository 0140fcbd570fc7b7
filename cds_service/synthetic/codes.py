"""How an invented record is written: for each concept a code that every chart may have, other codes, and other units.

Every code here is one that the shipped mappings know; a test asks them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
OURS = "https://nextline-cds.org/CodeSystem/finding"
LINE_END = "https://nextline-cds.org/CodeSystem/line-end"
UCUM = "http://unitsofmeasure.org"
LOCAL = "https://hospital.example.org/lab"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"

Coding = dict[str, str]


class Lab(NamedTuple):
    """A measure: its usual code and unit, and another unit with its factor and the code that goes with it."""

    code: str
    name: str
    unit: str
    ucum: str
    other_unit: str = ""
    factor: float = 1.0
    other_code: str = ""
    local: str = ""
    digits: int = 1


LABS: Mapping[str, Lab] = {
    "proteinuria_24h": Lab("2889-4", "Protein 24h urine", "g/d", "g/d", "mg/24hr", 1000, local="UPROT24", digits=2),
    "upcr": Lab("2890-2", "Protein/creatinine in urine", "g/g", "g/g", "mg/g", 1000, local="UPCR", digits=2),
    "albumin": Lab("1751-7", "Albumin in serum", "g/L", "g/L", "g/dL", 0.1, local="SALB"),
    "creatinine": Lab(
        "14682-9", "Creatinine in serum", "umol/L", "umol/L", "mg/dL", 1 / 88.4, "2160-0", local="CREA", digits=0
    ),
    "egfr": Lab("98979-8", "eGFR CKD-EPI 2021", "mL/min/1.73m2", "mL/min/{1.73_m2}", digits=0),
    "anti_pla2r_elisa": Lab("73737-9", "Phospholipase A2 receptor Ab ELISA", "RU/mL", "", local="PLA2R"),
    "cd19_count": Lab("8116-6", "CD19 cells in blood", "cells/uL", "{cells}/uL", "10*9/L", 0.001, digits=0),
    "igg": Lab("2465-3", "IgG in serum", "g/L", "g/L", "mg/dL", 100),
    "tacrolimus_trough": Lab("77348-1", "Tacrolimus trough", "ng/mL", "ng/mL", "ug/L", 1),
    "cyclosporine_trough": Lab("53828-0", "Cyclosporine trough", "ng/mL", "ng/mL", "ug/L", 1, digits=0),
    "c3": Lab("4485-9", "Complement C3", "g/L", "g/L", "mg/dL", 100, digits=2),
    "weight": Lab("29463-7", "Body weight", "kg", "kg"),
}
# What nobody asked for: most of a real chart.
ROUTINE: tuple[tuple[str, str, str, float, float], ...] = (
    ("718-7", "Hemoglobin in blood", "g/dL", 10.5, 15.5),
    ("2951-2", "Sodium in serum", "mmol/L", 134, 145),
    ("2823-3", "Potassium in serum", "mmol/L", 3.5, 5.2),
    ("2345-7", "Glucose in serum", "mg/dL", 75, 140),
    ("2093-3", "Cholesterol in serum", "mg/dL", 150, 320),
    ("3084-1", "Urate in serum", "mg/dL", 3.5, 8.5),
    ("1742-6", "Alanine aminotransferase", "U/L", 8, 55),
    ("777-3", "Platelets in blood", "10*3/uL", 150, 400),
)
DRUGS: Mapping[str, tuple[Coding, Coding, str]] = {
    "rituximab": (
        {"system": RXNORM, "code": "121191", "display": "rituximab"},
        {"system": ATC, "code": "L01FA01", "display": "rituximab"},
        "MabThera 500 mg infusion",
    ),
    "obinutuzumab": (
        {"system": RXNORM, "code": "974779", "display": "obinutuzumab"},
        {"system": ATC, "code": "L01FA03", "display": "obinutuzumab"},
        "Gazyva 1000 mg infusion",
    ),
    "tacrolimus": (
        {"system": RXNORM, "code": "42316", "display": "tacrolimus"},
        {"system": ATC, "code": "L04AD02", "display": "tacrolimus"},
        "Prograf 1 mg capsule",
    ),
    "cyclosporine": (
        {"system": RXNORM, "code": "3008", "display": "cyclosporine"},
        {"system": ATC, "code": "L04AD01", "display": "ciclosporin"},
        "Neoral 100 mg capsule",
    ),
    "cyclophosphamide": (
        {"system": RXNORM, "code": "3002", "display": "cyclophosphamide"},
        {"system": ATC, "code": "L01AA01", "display": "cyclophosphamide"},
        "Endoxan 50 mg tablet",
    ),
    "mycophenolate_mofetil": (
        {"system": RXNORM, "code": "68149", "display": "mycophenolate mofetil"},
        {"system": RXNORM, "code": "68149", "display": "mycophenolate mofetil"},
        "CellCept 500 mg tablet",
    ),
    "prednisone": (
        {"system": RXNORM, "code": "8640", "display": "prednisone"},
        {"system": ATC, "code": "H02AB07", "display": "prednisone"},
        "Prednisone 5 mg tablet",
    ),
    "hydroxychloroquine": (
        {"system": RXNORM, "code": "5521", "display": "hydroxychloroquine"},
        {"system": ATC, "code": "P01BA02", "display": "hydroxychloroquine"},
        "Plaquenil 200 mg tablet",
    ),
    "lisinopril": (
        {"system": RXNORM, "code": "29046", "display": "lisinopril"},
        {"system": ATC, "code": "C09AA03", "display": "lisinopril"},
        "Zestril 10 mg tablet",
    ),
    "atorvastatin": (
        {"system": RXNORM, "code": "83367", "display": "atorvastatin"},
        {"system": ATC, "code": "C10AA05", "display": "atorvastatin"},
        "Lipitor 20 mg tablet",
    ),
}
PROBLEMS: Mapping[str, tuple[Coding, Coding]] = {
    "membranous_nephropathy": (
        {"system": SNOMED, "code": "722119002", "display": "Idiopathic membranous glomerulonephritis (disorder)"},
        {"system": ICD10CM, "code": "N04.21", "display": "Primary membranous nephropathy with nephrotic syndrome"},
    ),
    "lupus_nephritis": (
        {"system": SNOMED, "code": "68815009", "display": "Systemic lupus erythematosus glomerulonephritis syndrome"},
        {"system": ICD10CM, "code": "M32.14", "display": "Glomerular disease in systemic lupus erythematosus"},
    ),
    "hypertension": (
        {"system": SNOMED, "code": "38341003", "display": "Hypertensive disorder (disorder)"},
        {"system": ICD10CM, "code": "I10", "display": "Essential (primary) hypertension"},
    ),
}
BIOPSY: Coding = {"system": SNOMED, "code": "7246002", "display": "Kidney biopsy (procedure)"}


def finding(concept: str) -> Coding:
    """A concept without a standard code."""
    return {"system": OURS, "code": concept, "display": concept.replace("_", " ")}


def concept_of(*codings: Coding) -> dict[str, Any]:
    """A CodeableConcept, called as its first coding."""
    return {"coding": list(codings), "text": codings[0]["display"]}


def status_concept(system: str, code: str) -> dict[str, Any]:
    """A status with HL7's own code system."""
    return {"coding": [{"system": f"{TERMINOLOGY}/{system}", "code": code}]}
